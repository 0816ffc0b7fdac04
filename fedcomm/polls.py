"""Votes of members here in polls, wherever these were asked; and how everybody learns what came of ours."""

from collections.abc import Sequence

import msgspec

from fedcomm import addressing, admit, clock, groups, members, posts, proving, telling
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, blocks, jobs, polls, visible
from storage import groups as stored
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.errors import IntegrityError
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Poll, Post

TOGETHER = 60_000  # ms: the votes of a minute are told at once

_titles = msgspec.json.Decoder(list[str])


async def vote(app: App, voter: Actor, post_id: int, choices: Sequence[int]) -> None:
    """A member chooses answers by their places: once, or where several can be chosen, each once.

    Raises:
        NotFound: there is no such poll for the member.
        Invalid: it is over, or their own; they voted before; or there are no such answers, or too many.
        NotAllowed: banned from the poll's group, blocked, or moved away.
    """
    admit.acting(voter)
    post = await rows.by_id(post_id)
    poll = await rows.poll_of(post_id) if post is not None and await visible.sees(voter.id, post_id) else None
    author = await actors.by_id(post.author_id) if post is not None else None
    if post is None or poll is None or author is None:
        raise NotFound("There is no such poll.")
    before = await polls.own_votes(post.id, voter.id)
    names = _chosen(voter, post, poll, choices, before)
    if await blocks.between(voter.id, author.id):
        raise NotAllowed("You cannot vote in a poll of an account that you block or that blocks you.")
    group = await stored.by_id(post.group_id) if post.group_id else None
    if group is not None and group.local:
        admit.voting(group, await members.standing(group, voter))
    writes, now = Writes(), clock.now_ms()
    if not post.local and not before:
        polls.count_voter(writes, post.id)
    for place, name in names.items():
        uri = f"{voter.uri}#votes/{next_id()}"
        if post.local:
            polls.cast(writes, post.id, voter.id, name, uri, now)
        else:
            polls.cast_elsewhere(writes, post.id, voter.id, place, uri, now)
            ballot = activities.ballot(uri, voter.uri, name, post.uri, author.uri)
            publish(app, writes, voter, ballot, Audience(inboxes=(author.inbox,)))
    if post.local:
        changed(app, writes, post.id, poll.ends_at)
    telling.of_end(writes, poll)
    writes.after(lambda: app.forget_post(post_id))
    try:
        await apply(writes)
    except IntegrityError:  # the same vote came twice at once
        raise Invalid(_TWICE) from None


def changed(app: App, writes: Writes, post_id: int, ends_at: int | None = None) -> None:
    """A poll of ours was voted in: everybody who has it is told soon, and once more when it is over."""
    now = clock.now_ms()
    window = now // TOGETHER + 1
    key = f"tell_poll:{post_id}:{window}"  # a vote that comes while one is told belongs to the next
    jobs.add(writes, next_id(), "tell_poll", {"post": post_id}, window * TOGETHER, key=key)
    if ends_at is not None:
        jobs.add(writes, next_id(), "tell_poll", {"post": post_id}, ends_at + 1, key=f"end_poll:{post_id}")


async def tell(app: App, post: int) -> None:
    """Tell everybody who has a poll of ours how many voted for what (FEP-9967 §Question object)."""
    known = await rows.by_id(post)
    author = await actors.by_id(known.author_id) if known is not None else None
    if known is None or author is None or author.gone or not known.local or known.deleted_at is not None:
        return
    document = await posts.document_of(app, known)
    update = activities.update(f"{known.uri}#counts/{clock.now_ms()}", author.uri, document)
    if known.visibility in (rows.PUBLIC, rows.UNLISTED, rows.MEMBERS):
        update = await proving.proven(app, author, update)
    writes = Writes()
    group, face = await stored.with_face(known.group_id)
    everybody = await posts.everybody(known, author, await polls.voters(known.id))
    audience = await addressing.apart(app, group if known.removed_at is None else None, face, known, everybody)
    publish(app, writes, author, update, audience, thread_id=known.thread_id, post_id=known.id)
    if group is not None and group.local and face is not None and known.removed_at is None:
        groups.pass_on(
            app, writes, group, face, update, about=known, post_id=known.id, **addressing.once(known, audience)
        )
        await addressing.tell_boosted(app, writes, group, face, author, update, known, audience)
    await apply(writes)


_TWICE = "You have already voted on this poll."  # the words that programs look for, here and below


def _chosen(voter: Actor, post: Post, poll: Poll, choices: Sequence[int], before: Sequence[int]) -> dict[int, str]:
    """The answers by their places."""
    now = clock.now_ms()
    if poll.over(now):
        raise Invalid("This poll is over.")
    if post.author_id == voter.id:
        raise Invalid("One does not vote in a poll of one's own.")
    titles = _titles.decode(poll.options)
    wanted = list(dict.fromkeys(choices))
    if not wanted:
        raise Invalid("Please choose among the answers of the poll.", field="choices")
    if any(not 0 <= place < len(titles) for place in wanted):
        raise Invalid("The chosen vote option does not exist.", field="choices")
    if len(wanted) > 1 and not poll.multiple:
        raise Invalid("Only one answer can be chosen.", field="choices")
    if before and not (poll.multiple and set(before).isdisjoint(wanted)):
        raise Invalid(_TWICE)
    return {place: titles[place] for place in wanted}
