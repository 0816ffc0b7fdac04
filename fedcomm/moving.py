"""Accounts that move: members who go elsewhere, and members that follow one who goes."""

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import admit, aliases, clock, finding, follows, profiles, proving
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, TooMany
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, jobs
from storage import follows as stored
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id
from storage.outbox import Audience

COOLDOWN = 30 * 86_400_000  # ms between two moves of a member, as at Mastodon


async def away(app: App, actor: Actor, handle_or_url: str) -> Actor:
    """A member goes to another account, with all followers. Gives the new one.

    The new account must say that it is of the same person: its home is asked how it reads now (FEP-7628 §Move
    activity). The old one stays to be read, and does nothing new until the move is taken back.

    Raises:
        TooMany: the last move was not long ago.
        NotFound: there is nobody of that name.
        Invalid: its server does not answer; or the new account is the old one, a group, has moved itself, or does not
            name the old one.
        NotAllowed: suspended, or the new account's server is not spoken with.
        Conflict: they have moved there already.
    """
    admit.actor(actor)
    now = clock.now_ms()
    if actor.moved_at is not None and actor.moved_at > now - COOLDOWN:
        raise _too_soon(actor.moved_at, now)
    target = await finding.somebody(app, handle_or_url, fresh=True)
    _fits(app, actor, target)
    writes = Writes()
    actors.change_later(writes, actor.id, updated_at=now)
    await profiles.tell(app, writes, msgspec.structs.replace(actor, moved_to_id=target.id, updated_at=now))
    move = activities.activity(
        "Move", app.urls.activity(next_id()), actor.uri, actor.uri, to=[actor.followers], cc=[PUBLIC], target=target.uri
    )
    publish(app, writes, actor, await proving.proven(app, actor, move), Audience(followers=(actor.id,)))
    jobs.add(writes, next_id(), "follow_moved", {"old": actor.id, "new": target.id}, 0, key=f"follow_moved:{actor.id}")
    app.jobs_added(writes)
    async with transaction():
        if not await actors.set_moved(actor.id, target.id, now, now - COOLDOWN):
            raise _too_soon(now, now)  # it was asked twice at once
        await write(writes)
    return target


async def back(app: App, actor: Actor) -> None:
    """A member uses an account again from which they had moved; followers' servers are told.

    Who went along stays with the other account.

    Raises:
        Conflict: they had not moved.
    """
    if actor.moved_to_id is None:
        raise Conflict("This account has not moved.")
    now = clock.now_ms()
    writes = Writes()
    actors.change_later(writes, actor.id, moved_to_id=None, updated_at=now)
    await profiles.tell(app, writes, msgspec.structs.replace(actor, moved_to_id=None, updated_at=now))
    await apply(writes)


def next_move(actor: Actor) -> int | None:
    """When a member may move again, in ms; None when they may now."""
    until = (actor.moved_at or 0) + COOLDOWN
    return until if until > clock.now_ms() else None


def _fits(app: App, actor: Actor, target: Actor) -> None:
    """Whether a member can go to this account.

    Raises:
        AppError: as `away` says.
    """
    if target.id == actor.id:
        raise Invalid("This is the account itself.", field="account")
    if target.kind == "Group":
        raise Invalid("A group is nobody's account.", field="account")
    if target.gone:
        raise Invalid("There is no such account any more.", field="account")
    admit.server(app.peers, target.host)
    if target.id == actor.moved_to_id:
        raise Conflict("This account has moved there already.")
    if target.moved_to_id is not None:
        raise Invalid("That account has moved away itself. Please undo that there first.", field="account")
    if actor.uri not in aliases.of(target):
        raise Invalid(
            "That account does not say that it is yours. Please sign in there first, and name {handle} as another"
            " account of yours: as an alias, or an account that you move from.",
            field="account",
            handle=app.urls.handle(actor.username),
        )


def _too_soon(moved_at: int, now: int) -> TooMany:
    return TooMany(
        "An account moves once in 30 days, and this one has moved not long ago.",
        retry_after=(moved_at + COOLDOWN - now) / 1000,
    )


async def take_followers_along(app: App, old: int, new: int) -> None:
    """Everybody here that follows the old account follows the new one."""
    for follower_id in await stored.followers_here(old):
        follower = await actors.by_id(follower_id)
        if follower is None or follower.gone:
            continue
        try:
            await follows.follow(app, follower, new)
        except AppError:
            continue  # blocked or banned there: this one stays behind
        await follows.unfollow(app, follower, old)
