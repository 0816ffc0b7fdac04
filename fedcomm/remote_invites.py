"""Invitations into groups of ours by those who look after them and live elsewhere.

Their server makes up the secret of the link and tells only its SHA-256, which is all that is kept here of any link. An
act of the group says whose each is: as who made it can no account here be looked up (`invites.py`).
"""

import msgspec

import storage.invites
from fedcomm import acts, clock, groups, invites, members, rights
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound, TooMany
from fedcomm.invites import DAY, MEMBERS_DAYS, MEMBERS_OPEN, MEMBERS_USES
from storage import registers
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.ids import next_id
from storage.invites import Invite


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A link that somebody elsewhere makes: the SHA-256 of its secret in hex, for how many people and days."""

    hash: str
    uses: int = 1
    days: int = 7


async def make(app: App, group_name: str, by: Actor, wanted: Wanted) -> None:
    """Let in whoever has that link; as for members here there is a limit to how many are open.

    Raises:
        NotAllowed: `by` does not invite into the group.
        Invalid: too many uses or days, or no such hash.
        Conflict: that secret is in use.
        TooMany: so many invitations of theirs are open already.
    """
    group, face = await groups.named(group_name)
    await members.who_acts(group, face, by, rights.INVITE)
    if not 1 <= wanted.uses <= MEMBERS_USES or not 1 <= wanted.days <= MEMBERS_DAYS:
        raise Invalid("Your invitation works 1 to {uses} times and for 1 to {days} days.", field="uses",
                      uses=MEMBERS_USES, days=MEMBERS_DAYS)  # fmt: skip
    secret, now = _hash(wanted.hash), clock.now_ms()
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        if await storage.invites.by_hash(secret) is not None:
            raise Conflict("There is such an invitation already.")
        theirs = [each.subject for each in await registers.all_of(group.id, "invitation") if invites.by(each) == by.uri]
        if sum(str(each.id) in theirs for each in await storage.invites.into(group.id, now, 1_000)) >= MEMBERS_OPEN:
            raise TooMany("You have {most} open invitations. Please take one of them back first.",
                          retry_after=DAY / 1000, most=MEMBERS_OPEN)  # fmt: skip
        made = Invite(
            id=next_id(), token_hash=secret, created_by=0, role="member", group_id=group.id, uses=0,
            max_uses=wanted.uses, created_at=now, expires_at=now + wanted.days * DAY, revoked_at=None,
        )  # fmt: skip
        await storage.invites.insert(made)
        uri, subject = app.urls.activity(next_id()), str(made.id)
        acts.record(app, writes := Writes(), group, face, "invitation", subject, {"by": by.uri}, by=by.uri, uri=uri)
        await write(writes)


async def revoke(app: App, group_name: str, by: Actor | None, invite_id: int) -> None:
    """Take an invitation into the group back, whoever made it; `by` None is whoever runs the server.

    Raises:
        NotAllowed: `by` does not invite into the group.
        NotFound: there is no such invitation into it, or nobody could come in with it anyway.
    """
    group, face = await groups.named(group_name)
    actor_uri = await members.who_acts(group, face, by, rights.INVITE)
    found = await storage.invites.by_id(invite_id)
    if found is None or found.group_id != group.id or found.role != "member":
        raise NotFound("There is no such invitation any more.")
    async with transaction():
        if not await storage.invites.revoke(found.id, clock.now_ms()):
            raise NotFound("There is no such invitation any more.")
        uri = app.urls.activity(next_id())
        acts.record(app, writes := Writes(), group, face, "invitation", str(found.id), None, by=actor_uri, uri=uri)
        await write(writes)


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise Invalid("This is no SHA-256.", field="hash")
    return found
