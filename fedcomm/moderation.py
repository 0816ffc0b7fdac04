"""What moderators of a group do: each act is a register; what it means here is recorded the same way whoever acted."""

from typing import Any

from fedcomm import acts, clock, elsewhere, rights, settling
from fedcomm.app import App
from storage import boosts, events, flairs, fragments, guests, held, jobs, removals, talks, welcomes
from storage.actors import Actor
from storage.connect import Writes
from storage.counting import hold, hold_written
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post, keep_revision
from storage.registers import take_effect


def stewards_of(face: Actor) -> str:
    """The id of the list of a group's stewards, as fedcomm has it beside that of all who look after it."""
    return f"{face.uri}/stewards"


def record_removal(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, moderator: Actor, uri: str, reason: str,
    *, proposer: str = "", review: bool = False,
) -> None:  # fmt: skip
    """A moderator took a post out of its group; it stays its author's (FEP-1b12 §Group moderation).

    `proposer` is another who had proposed it, to which this one agreed (`seconding.py`). With `review` it is out until
    somebody has looked at it again, and its author is told when they decide (`reviews.py`).
    """
    value = {"removed": True} | ({"proposer": proposer} if proposer else {}) | ({"review": True} if review else {})
    act = acts.record(app, writes, group, face, "removed", post.uri, value, by=moderator.uri, uri=uri, summary=reason)
    take_effect(writes, act, "post", post.id, removed_at=clock.now_ms())
    if post.author_id != moderator.id and (group.local or post.local) and not review:
        jobs.add(writes, next_id(), "tell_removal", {"act": act.id, "post": post.id}, clock.now_ms())
        app.jobs_added(writes)
    talks.again(writes, post)
    _settle(app, writes, post)
    events.tell(writes, "removed", post.id)
    if group.local:  # what a group elsewhere announced is its own to take back; meanwhile it is not shown
        boosts.remove_where_removed(writes, face.id, post.id)
    if not post.local and post.attachments_count:
        elsewhere.erase_later(app, writes, group.id, post.author_id)
    writes.after(lambda: app.forget_post(post.id))


def record_restoration(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, moderator: Actor, uri: str, undone: str
) -> None:
    """A moderator put a post back into its group."""
    act = acts.record(app, writes, group, face, "removed", post.uri, None, by=moderator.uri, uri=uri, undoes=undone)
    take_effect(writes, act, "post", post.id, removed_at=None)
    talks.again(writes, post)
    _settle(app, writes, post)
    writes.after(lambda: app.forget_post(post.id))


def _settle(app: App, writes: Writes, post: Post) -> None:
    if post.starter:
        settling.later(app, writes, post.author_id)


def record_lock(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, moderator: Actor, uri: str, reason: str = "",
    until: int | None = None,
) -> None:  # fmt: skip
    """A moderator closed a thread to answers; what the group shows beside its own, there alone.

    `until` a time (ms since 1970) when it opens by itself: the server of the group sees to that, or for one that does
    not know of such locks that of who closed it.
    """
    act = acts.record(
        app, writes, group, face, "locked", post.uri, {"locked": True} | ({"until": until} if until else {}),
        by=moderator.uri, uri=uri, summary=reason,
    )  # fmt: skip
    if post.group_id == group.id:
        take_effect(writes, act, "post", post.id, locked=1, locked_until=until)
    if until is not None and (group.local or (moderator.local and not app.peers.keeps_apart(face.host))):
        jobs.add(writes, next_id(), "open_thread", {"post": post.id, "act": act.id}, until)
    writes.after(lambda: app.forget_post(post.id))


def record_unlock(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, moderator: Actor, uri: str, undone: str = ""
) -> None:
    """A moderator opened a thread to answers again."""
    act = acts.record(app, writes, group, face, "locked", post.uri, None, by=moderator.uri, uri=uri, undoes=undone)
    if post.group_id == group.id:
        take_effect(writes, act, "post", post.id, locked=0, locked_until=None)
    if group.local:
        held.take_up_cooled(writes, group.id, next_id(), clock.now_ms())
        app.jobs_added(writes)
    writes.after(lambda: app.forget_post(post.id))


def record_pin(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, moderator: Actor, uri: str, *, pinned: bool
) -> None:
    """A moderator put a thread above the others of the group, or back among them."""
    value = {"pinned": True} if pinned else None
    acts.record(app, writes, group, face, "pinned", post.uri, value, by=moderator.uri, uri=uri)


def record_flair(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, uris: list[str], by: str, uri: str
) -> None:
    """A thread has these flairs of its group, whatever its author chose."""
    act = acts.record(app, writes, group, face, "flair", post.uri, uris or None, by=by, uri=uri)
    flairs.decide(writes, act, post.id, uris)
    writes.after(lambda: app.forget_post(post.id))


def record_title(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, title: str, own: str, by: str, uri: str,
    reason: str = "",
) -> None:  # fmt: skip
    """A thread is called `title`, or again as its author called it (`own`); what it was called before is kept as
    of any edit, and goes with the post."""
    value = {"title": title} if title != own else None
    act = acts.record(app, writes, group, face, "title", post.uri, value, by=by, uri=uri, summary=reason)
    now = clock.now_ms()
    changed: dict[str, Any] = {"title": title, "own_title": own if value is not None else None, "edited_at": now}
    if post.local:  # else that is its author's own clock
        changed["author_updated"] = now
    keep_revision(writes, post)
    take_effect(writes, act, "post", post.id, **changed)
    events.tell(writes, "edit", post.id)
    writes.after(lambda: app.forget_post(post.id))


def record_role(
    app: App, writes: Writes, group: Group, face: Actor, subject_uri: str, moderator_uri: str, uri: str, *, given: bool,
    role: str = rights.MODERATOR,
) -> None:  # fmt: skip
    """Somebody has a role in the group from now on, or none any more: a later one opens no browser of before."""
    value = {"role": role} if given else None
    acts.record(app, writes, group, face, "role", subject_uri, value, by=moderator_uri, uri=uri)
    if not given:
        guests.end_all(writes, group.id, subject_uri)


def record_ban(
    app: App,
    writes: Writes,
    group: Group,
    face: Actor,
    subject: Actor,
    moderator_uri: str,
    uri: str,
    *,
    until: int | None = None,
    reason: str = "",
    remove: bool = False,
    site: bool = False,
    under: int = 0,
) -> None:
    """Somebody is banned from a group until `until` ms since 1970, or for good; membership ends with it.

    With `remove` all that they wrote in the group is out of it. `site` says that its server has banned them from all of
    its groups at once; `under` is the ban of moderators, an act, that holds on when that is lifted.
    """
    if remove:
        hold_written(writes, subject.id, group.id)
    else:
        hold(writes, "groups", group.id)
    value = ({"until": until} if until is not None else {}) | ({"remove": True} if remove else {})
    value |= ({"site": True} if site else {}) | ({"under": under} if under else {})
    act = acts.record(app, writes, group, face, "ban", subject.uri, value, by=moderator_uri, uri=uri, summary=reason)
    held.refuse_all(writes, group.id, subject.id)
    if remove:
        settling.later(app, writes, subject.id)
        removals.take_out(writes, act, subject.id, face.id if group.local else None, clock.now_ms())
        talks.of_person(writes, subject.id, group.id)
        fragments.forget_actor_later(writes, subject.id)
        welcomes.take_back_of(writes, group.id, subject.id, next_id(), clock.now_ms())
        app.jobs_added(writes)
        if not subject.local:
            elsewhere.erase_later(app, writes, group.id, subject.id)


def record_unban(
    app: App, writes: Writes, group: Group, face: Actor, subject: Actor, moderator_uri: str, uri: str, undone: str
) -> None:
    """A ban is lifted, and what it took out of the group is in it again."""
    hold_written(writes, subject.id, group.id)
    act = acts.record(app, writes, group, face, "ban", subject.uri, None, by=moderator_uri, uri=uri, undoes=undone)
    removals.put_back(writes, act, subject.id)
    settling.later(app, writes, subject.id)
    talks.of_person(writes, subject.id, group.id)
    fragments.forget_actor_later(writes, subject.id)
