"""Groups of ours: made, changed, and what they pass on of what reaches them (FEP-1b12)."""

from typing import Any

import msgspec

from activitypub.contexts import GOTOSOCIAL, including
from activitypub.origins import host_of
from activitypub.quirks import THREADS
from fedcomm import acts, audit, clock, names, rights, sanitise
from fedcomm.actors import create_local
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, announcements, boosts, groups, jobs, registers
from storage.accounts import Account
from storage.actors import Actor
from storage.boosts import Boost
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import DIRECT, FOLLOWERS, LOCAL, MEMBERS, PUBLIC, UNLISTED, Post

JOIN_MODES = ("open", "approval", "invite")
LEVELS = {"public": PUBLIC, "members": MEMBERS, "local": LOCAL}  # of what is said in a group, by its `visibility`
NO_SUCH_WAY = "A group is joined 'open', by 'approval' or by 'invite'."
NO_SUCH_LEVEL = "What is written can be for 'public', 'members' or 'local'."
NO_SECRET = "What only members read is no secret while everybody can join. Let members be let in, or invited."
MAX_TITLE, MAX_SUMMARY = 100, 5_000  # characters


async def create(
    app: App, name: str, title: str, summary: str = "", steward: str | None = None, join_mode: str = "open",
    by: Account | None = None, ladder: bool = False, visibility: str = "public",
) -> Group:  # fmt: skip
    """A new group here; `steward` is the name of a member of ours who becomes its first steward.

    `by` is the admin who makes it, None whoever runs the server. With `ladder` newcomers write with limits on their
    first day. `visibility` says for whom is what is written in it: public, members or local.

    Raises:
        Invalid: no such name, title, visibility or way to join, or open to whoever comes and yet for members only.
        Conflict: the name is taken.
        NotFound: there is no such member.
    """
    username = names.check(name, app.host)
    title, summary = title.strip(), summary.strip()
    if not 0 < len(title) <= MAX_TITLE:
        raise Invalid("A group needs a title of at most {most} characters.", field="title", most=MAX_TITLE)
    if len(summary) > MAX_SUMMARY:
        raise Invalid("The summary may have {most} characters.", field="summary", most=MAX_SUMMARY)
    if join_mode not in JOIN_MODES:
        raise Invalid(NO_SUCH_WAY, field="join_mode")
    if visibility not in LEVELS:
        raise Invalid(NO_SUCH_LEVEL, field="visibility")
    if visibility == "members" and join_mode == "open":
        raise Invalid(NO_SECRET, field="join_mode")
    first = await _member_called(steward) if steward else None
    async with transaction():
        face = await create_local(app, "Group", username, title, sanitise.from_text(summary))
        group = msgspec.structs.replace(_row(face, join_mode, first, ladder), visibility=visibility)
        writes = Writes()
        groups.insert(writes, group, face.uri, "own")
        if join_mode != "open":
            actors.change_later(writes, face.id, locked=1)
        if first is not None:
            uri = app.urls.activity(next_id())
            acts.record(app, writes, group, face, "role", first.uri, {"role": rights.STEWARD}, by=face.uri, uri=uri)
        await write(writes)
        detail = {"steward": f"@{first.username}"} if first else {}
        await audit.record(by, "group.create", f"!{username}", title=title, **detail)
    return group


async def named(name: str) -> tuple[Group, Actor]:
    """One of our groups and its face.

    Raises:
        NotFound: there is none of that name.
    """
    face = await actors.local(name.strip().lstrip("!@"))
    group = await groups.by_actor(face.id) if face and face.deleted_at is None else None
    if face is None or group is None:
        raise NotFound("There is no group called {name} here.", name=name)
    return group, face


async def called(handle: str) -> tuple[Group, Actor]:
    """The group of that handle and its face, also one of another server (`name@host`).

    Raises:
        NotFound: none of that handle is known here.
    """
    name, _at, host = handle.strip().lstrip("!@").partition("@")
    if not host:
        return await named(name)
    face = await actors.by_handle(name, host)
    group = await groups.by_actor(face.id) if face is not None and not face.gone else None
    if face is None or group is None:
        raise NotFound("There is no group called {name} here.", name=handle)
    return group, face


def accept_post(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, create_: dict[str, Any] | str,
    told: Audience | None = None, *, limited: bool = False,
) -> None:  # fmt: skip
    """A post is in the group: followers learn of it, each server in one form. Of `create_` the id is enough.

    Where there is none to be had, it is the id of the post: who understands groups asks for that (FEP-1b12 leaves open
    what is announced; Lemmy alone takes activities only). To whom is not known, it would be a boost of an answer.

    `told` is to whom one of ours tells it as well (`addressing.apart`).

    Who understands groups gets the activity; microblogs get the id of what begins a thread, and no answers: announcing
    those floods timelines (groups-on-the-wire.md §2.3). The author's own server is told too: only so does it know that
    the group took the post; Lemmy and NodeBB do the same, PieFed 1.6.6 passes over it. Answers of others are boosted
    for programs that put boosts into threads; ours are sent to these as they are (addressing.py). Whose author says who
    boosts it (`limited`) is boosted as they want it (granting.py).
    """
    pass_on(
        app, writes, group, face, create_, about=post, post_id=post.id, back=True, both=told.both if told else (),
        twin=bool(post.starter) or create_ == post.uri,
    )  # fmt: skip
    (show_limited if limited else show_thread)(app, writes, group, face, post)
    if not post.starter and not post.local and reach(group, post) == MEMBERS:
        retell(app, writes, post)
    if not post.starter and not post.local and app.peers.of_family(THREADS) and reach(group, post) <= UNLISTED:
        boost = activities.announce(app.urls.activity(next_id()), face.uri, face.followers, post.uri, clock.now_ms())
        audience = Audience(followers=(face.id,), without=(host_of(post.uri),))
        publish(app, writes, face, boost, audience, form="answer", thread_id=post.thread_id, post_id=post.id)


def show_limited(app: App, writes: Writes, group: Group, face: Actor, post: Post) -> None:
    """As `show_thread`, soon, if its author lets the group boost it, or agrees when asked (granting.py)."""
    if not post.starter or post.local or reach(group, post) >= MEMBERS:
        return show_thread(app, writes, group, face, post)
    jobs.add(writes, next_id(), "show_limited", {"post": post.id, "group": group.id}, clock.now_ms())
    app.jobs_added(writes)


def show_thread(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, named: tuple[int, str] | None = None,
    more: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """What begins a thread is boosted by the group, for its members' homes and for microblogs; anything else is not.

    Microblogs cannot read what is for the members of a group: the group tells it again for them (retelling.py). `named`
    are number and id of the boost, if it was asked for under these, and `more` what it says besides.
    """
    if not post.starter or post.visibility in (FOLLOWERS, DIRECT):
        return
    now = clock.now_ms()
    boost_id, uri = named or (boost_id := next_id(), app.urls.activity(boost_id))
    boosts.insert(writes, Boost(boost_id, uri, face.id, post.id, PUBLIC, now))
    level = reach(group, post)
    if level == MEMBERS:
        retell(app, writes, post)
    if level >= MEMBERS:
        return
    announcements.put(writes, face.uri, post.uri, "plain", uri, now)
    plain = activities.announce(uri, face.uri, face.followers, post.uri, now)
    if more:
        plain |= {"@context": including(plain["@context"], GOTOSOCIAL), **more}
    audience = Audience(followers=(face.id,))
    publish(app, writes, face, plain, audience, form="plain", thread_id=post.thread_id, post_id=post.id, boost=boost_id)


def pass_on(
    app: App, writes: Writes, group: Group, face: Actor, inner: dict[str, Any] | str, *, about: Post | None = None,
    post_id: int | None = None, back: bool = False, form: str = "wrapped",
    known_to: tuple[int, ...] = (), without: tuple[str, ...] = (), also: tuple[str, ...] = (),
    both: tuple[str, ...] = (), twin: bool = False,
) -> None:  # fmt: skip
    """Announce an activity as it came to all followers that understand groups; `back`: also to where it came from.

    `also` are inboxes that get it whether or not anybody there follows the group.

    It may be of a thread of another group, which this one shows (`form`, see `outbox.publish`): servers where somebody
    follows one of `known_to`, groups that pass on the same, hear it from these, and those `without` have it. Where it
    is not known what runs, those in `both` hear it from its author, and what is told `plain` too (`twin`) in that form.

    One that is not at hand is announced by its id, at which Lemmy asks for it. What concerns the members of a group
    alone, as its post `about` or itself says, is told to nobody else (Lemmy: generate_to), and what is for those who
    are signed in here leaves this server in no form.
    """
    level, once, since = reach(group, about), tuple[int, ...](), 0
    if about is not None and isinstance(inner, dict) and inner["type"] == "Delete":
        if about.visibility < level:
            level, once = about.visibility, (face.id,)  # who has it from when the group was for more people is to know
        since = about.published if level <= UNLISTED else 0  # so is who followed it then (attack PRI-13)
    if level == LOCAL:
        return
    if about is not None and about.visibility == MEMBERS and isinstance(inner, dict):
        twin = _told_again(app, writes, about, inner) or twin
    now = clock.now_ms()
    uri = app.urls.activity(next_id())
    inner_uri, by = (inner, inner) if isinstance(inner, str) else (inner["id"], inner.get("actor"))
    origin = by if isinstance(by, str) else ""
    without = without if back or not origin or app.urls.own(origin) else (*without, host_of(origin))
    announcements.put(writes, face.uri, inner_uri, "wrapped", uri, now)
    if level > UNLISTED and isinstance(inner, dict) and app.urls.own(origin):
        inner = activities.for_followers(inner, face.followers)
    announce = activities.announce(uri, face.uri, face.followers, inner, now, public=level <= UNLISTED)
    audience = Audience(
        (face.id,), also, once=once, without=without, known_to=known_to, both=both, since=since, twin=twin
    )  # fmt: skip
    thread_id = about.thread_id if about is not None else 0
    publish(app, writes, face, announce, audience, form=form, thread_id=thread_id, post_id=post_id)


def reach(group: Group, about: Post | None = None) -> int:
    """For whom what is done in a group is, at most; `about` a post, which may be for fewer than the group is now."""
    level = LEVELS[group.visibility]
    return level if about is None else max(level, about.visibility)


def take_back(app: App, writes: Writes, group: Group, face: Actor, post: Post, announce_uri: str) -> None:
    """Undo the plain announcement of a thread that is gone, for those who know nothing but boosts.

    Also for those who had it when the group was for more people than it is now.
    """
    level = reach(group, post)
    if post.visibility == LOCAL:
        return
    if level == MEMBERS or post.visibility == MEMBERS:
        _untell(app, writes, post)
    if post.visibility == MEMBERS:
        return
    once = (face.id,) if post.visibility < level else ()
    followers = Audience(followers=(face.id,), once=once, since=post.published if level <= UNLISTED else 0)
    announcements.withdraw(writes, face.uri, post.uri, "plain", clock.now_ms())
    announced = activities.announce(announce_uri, face.uri, face.followers, post.uri, clock.now_ms())
    undo = activities.undo(app.urls.activity(next_id()), face.uri, announced, to=announced["to"], cc=announced["cc"])
    publish(app, writes, face, undo, followers, form="plain", thread_id=post.thread_id)


def retell(app: App, writes: Writes, post: Post) -> None:
    """Soon: it takes more than is known here."""
    jobs.add(writes, next_id(), "retell_thread", {"post": post.id}, clock.now_ms())
    app.jobs_added(writes)


def _told_again(app: App, writes: Writes, post: Post, act: dict[str, Any]) -> bool:
    """What was told again to servers without groups (retelling.py) reads otherwise now, is gone, or there again.

    Gives whether all of these are told so.
    """
    kind, inner = act["type"], act.get("object")
    if kind == "Update" and (post.starter or not post.local):
        retell(app, writes, post)
    elif kind == "Delete":
        unretell(app, writes, post)
    elif kind == "Undo" and isinstance(inner, dict) and inner.get("type") == "Delete":
        retell_answer(app, writes, post)
    else:
        return False
    return bool(post.starter)


def retell_answer(app: App, writes: Writes, post: Post) -> None:
    """An answer is in its group again, and is told again; a thread is shown again as a whole (`show_thread`)."""
    if post.visibility == MEMBERS and not post.starter and not post.local:
        retell(app, writes, post)


def unretell(app: App, writes: Writes, post: Post) -> None:
    """What the group told again of an answer is gone with it, soon; a thread is taken back with its boost."""
    if post.visibility == MEMBERS and not post.starter and not post.local:
        _untell(app, writes, post)


def _untell(app: App, writes: Writes, post: Post) -> None:
    jobs.add(writes, next_id(), "unretell_post", {"post": post.id}, clock.now_ms())
    app.jobs_added(writes)


async def _member_called(name: str) -> Actor:
    found = await actors.local(name.strip().lstrip("@"))
    if found is None or found.gone or found.kind != "Person":
        raise NotFound("There is no member called {name} here.", name=name)
    return found


def _row(face: Actor, join_mode: str, founder: Actor | None, ladder: bool) -> Group:
    return Group(
        id=next_id(), actor_id=face.id, local=1, genesis=None, join_mode=join_mode,
        posting="anyone" if join_mode == "open" else "members", fold_version=registers.FOLD_VERSION,
        members_count=0, threads_count=0, last_active_at=None, created_by=founder.id if founder else None,
        created_at=face.created_at, closed_at=None, ladder=int(ladder),
    )  # fmt: skip
