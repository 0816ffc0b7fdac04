"""Invitations: links with which somebody comes in, some times and for a while; and the link for the first admin.

Admins invite as they like. Members invite friends into an open group that they belong to, if the server's settings
let them; who looks after a group invites into it however it is joined, since who is invited comes in at once. What they
invite with ends when they could not invite any more (docs/decisions/0024-joining.md).
"""

import msgspec

import storage.accounts
import storage.actors
import storage.groups
import storage.invites
import storage.members
from fedcomm import audit, clock, rights, settings, tokens
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound, TooMany
from storage import registers
from storage.accounts import Account
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.invites import Invite
from storage.registers import Register


class _By(msgspec.Struct, frozen=True):
    by: str = ""


ROLES = ("member", "moderator", "admin")  # of an account on this server
MOST_USES, MOST_DAYS = 1000, 365
MEMBERS_USES, MEMBERS_DAYS, MEMBERS_OPEN = 10, 30, 10  # uses and days of a member's invitation; how many are open
DAY = 86_400_000  # ms
_BY = msgspec.json.Decoder(_By)
_FIRST_ADMIN_DAYS = 7  # each start of the server makes a new link


async def create(
    app: App, by: Account | None, role: str = "member", group_id: int | None = None, max_uses: int = 1, days: int = 7
) -> str:
    """A link to give to somebody: it works `max_uses` times within `days`.

    Raises:
        NotAllowed: `by` is no admin, and invites to more than a group they belong to, or members do not invite here.
        NotFound: there is no such group.
        Invalid: no such role, or too many uses or days.
        TooMany: so many invitations of a member are open already.
    """
    if by and by.role != "admin":
        await _check_member(app, by, role, group_id, max_uses, days)
    if group_id is not None and await storage.groups.by_id(group_id) is None:
        raise NotFound("There is no such group.")
    if role not in ROLES:
        raise Invalid("There is no such role: it is member, moderator or admin.", field="role")
    if not 1 <= max_uses <= MOST_USES or not 1 <= days <= MOST_DAYS:
        raise Invalid("An invitation works 1 to {uses} times and for 1 to {days} days.", field="uses",
                      uses=MOST_USES, days=MOST_DAYS)  # fmt: skip
    token = tokens.new()
    invite = _row(token, by.id if by else 0, role, group_id, max_uses, days)
    async with transaction():
        if by and by.role != "admin":
            await _check_open(by)
        await storage.invites.insert(invite)
        await audit.record(by, "invite.create", str(invite.id), role=role, uses=max_uses, days=days)
    return f"{app.base_url}/invite/{token}"


async def find(app: App, token: str) -> Invite:
    """The invitation of a link.

    Raises:
        NotFound: there is none, or nobody can come in with it any more.
    """
    invite = await _usable(token)
    if invite is None or invite.created_by is None or not await _stands(app, invite):
        raise NotFound("This invitation is not valid (any more). Please ask for a new one.")
    return invite


async def revoke(app: App, by: Account | None, invite_id: int) -> None:
    """Take an invitation back.

    Raises:
        NotAllowed: `by` is no admin, did not make it, and does not look after the group that it is into.
        NotFound: there is no such invitation, or nobody could come in with it anyway.
    """
    found = await storage.invites.by_id(invite_id)
    if by and by.role != "admin" and (found is None or found.created_by != by.id):
        theirs = found is not None and found.group_id is not None and found.role == "member"
        if found is None or not theirs or not await _looks_after(by, found.group_id or 0):
            raise NotAllowed("Only admins can take invitations of others back.")
    async with transaction():
        if not await storage.invites.revoke(invite_id, clock.now_ms()):
            raise NotFound("There is no such invitation any more.")
        await audit.record(by, "invite.revoke", str(invite_id))


async def first_admin_link(app: App) -> str | None:
    """A new link with which one person becomes admin, as long as there is none; earlier such links end."""
    token = tokens.new()
    async with transaction():
        await storage.invites.revoke_first_admin(clock.now_ms())
        if await storage.accounts.has_admin():
            return None
        await storage.invites.insert(_row(token, None, "admin", None, 1, _FIRST_ADMIN_DAYS))
    return f"{app.base_url}/setup/{token}"


async def find_first_admin(app: App, token: str) -> Invite:
    """The invitation of the link for the first admin.

    Raises:
        NotFound: it is another link, its time is over, or there is an admin.
    """
    invite = await _usable(token)
    if invite is None or invite.created_by is not None or await storage.accounts.has_admin():
        raise NotFound("This link is not valid (any more). The server prints a new one at its start, until there is an"
                       " admin.")  # fmt: skip
    return invite


async def use(invite: Invite) -> None:
    """Count one use; belongs in the transaction of the sign-up.

    Raises:
        NotFound: somebody else was faster.
    """
    if not await storage.invites.use(invite.id, clock.now_ms()):
        raise NotFound("This invitation has just been used up. Please ask for a new one.")


async def use_by_id(app: App, invite_id: int) -> bool:
    """Count one use of an invitation, if it is good for anybody still; belongs in a transaction."""
    return await is_good(app, invite_id) and await storage.invites.use(invite_id, clock.now_ms())


async def is_good(app: App, invite_id: int) -> bool:
    """Whether somebody could come in with an invitation now."""
    invite = await storage.invites.usable_by_id(invite_id, clock.now_ms())
    return invite is not None and await _stands(app, invite)


async def inviting(app: App, account: Account, group: Group) -> bool:
    """Whether a member may invite others into a group: who looks after it; into an open one who belongs to it as well.

    These invite only where the server's settings let members invite, since they invite to this server.
    """
    if not group.local or group.closed_at is not None or account.state != "active":
        return False
    if await _looks_after(account, group.id):
        return True
    member = await storage.members.of(group.id, account.actor_id)
    belongs = member is not None and member.state == "joined"
    return belongs and group.join_mode == "open" and (await settings.current(app)).members_invite


async def maker_elsewhere(invite: Invite) -> str:
    """Who made an invitation into a group, looks after that and lives elsewhere; '' for all others."""
    if invite.created_by or invite.group_id is None:
        return ""
    return _said(await registers.get(invite.group_id, "invitation", str(invite.id)))


def by(register: Register) -> str:
    """Who made the invitation that a register of its group is about."""
    return _said(register.value)


def _said(value: str | None) -> str:
    return _BY.decode(value).by if value is not None else ""


async def opens_account(app: App, invite: Invite) -> bool:
    """Whether one can have an account here with an invitation; with any other one joins as who one is already."""
    if await maker_elsewhere(invite):
        return False
    maker = await storage.accounts.by_id(invite.created_by) if invite.created_by else None
    return maker is None or maker.role == "admin" or (await settings.current(app)).members_invite


async def _looks_after(account: Account, group_id: int) -> bool:
    actor = await storage.actors.by_id(account.actor_id)
    given = await registers.get(group_id, "role", actor.uri) if actor is not None else None
    return rights.INVITE in rights.of(registers.role(given))


async def _holds(maker: str, group_id: int | None) -> bool:
    """Whether who made an invitation elsewhere still may; '' made none elsewhere."""
    if not maker:
        return True
    group = await storage.groups.by_id(group_id or 0)
    given = await registers.get(group_id or 0, "role", maker)
    return group is not None and group.closed_at is None and rights.INVITE in rights.of(registers.role(given))


async def _check_member(app: App, by: Account, role: str, group_id: int | None, uses: int, days: int) -> None:
    group = await storage.groups.by_id(group_id) if group_id is not None else None
    if role != "member" or group is None or not await inviting(app, by, group):
        raise NotAllowed(
            "You can invite people into groups that you look after, and into open groups that you belong to, if this"
            " server lets members invite."
        )
    if not 1 <= uses <= MEMBERS_USES or not 1 <= days <= MEMBERS_DAYS:
        raise Invalid("Your invitation works 1 to {uses} times and for 1 to {days} days.", field="uses",
                      uses=MEMBERS_USES, days=MEMBERS_DAYS)  # fmt: skip


async def _check_open(by: Account) -> None:
    """Who invites in two browsers at once waits here for themselves until the transaction ends."""
    writes = Writes()
    hold(writes, "account", by.id)
    await write(writes)
    if len(await storage.invites.of_maker(by.id, clock.now_ms())) >= MEMBERS_OPEN:
        raise TooMany("You have {most} open invitations. Please take one of them back first.", retry_after=DAY / 1000,
                      most=MEMBERS_OPEN)  # fmt: skip


async def _stands(app: App, invite: Invite) -> bool:
    """Whether who made an invitation could still make it: who is no admin (any more) only as a member of the group."""
    if not invite.created_by:  # whoever runs the server, or a moderator elsewhere
        return await _holds(await maker_elsewhere(invite), invite.group_id)
    maker = await storage.accounts.by_id(invite.created_by)
    if maker is None or maker.state != "active":
        return False
    group = await storage.groups.by_id(invite.group_id) if invite.group_id is not None else None
    return maker.role == "admin" or (
        invite.role == "member" and group is not None and await inviting(app, maker, group)
    )


async def _usable(token: str) -> Invite | None:
    return await storage.invites.usable(tokens.hash_of(token), clock.now_ms()) if len(token) <= 100 else None


def _row(token: str, by: int | None, role: str, group_id: int | None, uses: int, days: int) -> Invite:
    now = clock.now_ms()
    return Invite(
        id=next_id(), token_hash=tokens.hash_of(token), created_by=by, role=role, group_id=group_id, uses=0,
        max_uses=uses, created_at=now, expires_at=now + days * DAY, revoked_at=None,
    )  # fmt: skip
