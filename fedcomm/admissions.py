"""How somebody comes into a group of ours: at once, by asking its moderators, or later, when many come at a time.

Somebody with an account elsewhere says on the page of an invitation who they are; their follow is let in then. What
they say there gives nothing to anybody else: who follows has signed it.
"""

import enum

from fedcomm import admit, clock, finding, invites, rights
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from fedcomm.standing import Standing
from storage import admissions as stored
from storage import follows, members, registers
from storage import groups as stored_groups
from storage.actors import Actor
from storage.admissions import Admission
from storage.connect import Writes, apply
from storage.follows import Follow
from storage.groups import Group

DAY = 86_400_000  # ms
LET_IN_DAYS = 90  # to follow the group again, for whom moderators let in after all
MOST_OPEN = 20  # more people than an invitation has uses may say who they are: some mistype, some do not come
MOST_WAITING = 2_000  # of those who came when many did


class Way(enum.Enum):
    """How somebody comes in."""

    AT_ONCE = enum.auto()
    ASKS = enum.auto()
    LATER = enum.auto()  # by `follows.let_in`, without anybody being asked


async def way(app: App, group: Group, follower: Actor, known: Follow | None, *, invited: bool) -> Way:
    """How somebody comes into a group of ours; belongs in the transaction of their follow, and uses up an invitation.

    Raises:
        NotAllowed: closed, banned, of another server where all are of this one, not invited where one must be, or
            too many wait already.
    """
    standing_ = await standing(group, follower)
    admit.voting(group, standing_)
    if group.visibility == "local" and not follower.local:
        raise NotAllowed("This group is for people of its own server.")
    if known is not None and known.state == "accepted":
        return Way.AT_ONCE
    guest = group.join_mode != "open" and not invited and await _admitted(app, group, follower) is not None
    admit.joining(group, standing_, invited=invited or guest or known is not None)
    if not _room(app, group, follower):
        if known is None and await follows.count_waiting(group.actor_id, MOST_WAITING) >= MOST_WAITING:
            raise NotAllowed("Too many want to join this group at this moment. Please come back later.")
        return Way.LATER
    if guest:
        invited = await spend(app, group, follower)
    return Way.AT_ONCE if group.join_mode == "open" or invited or standing_.may(rights.APPROVE) else Way.ASKS


async def outside(group: Group, known: Follow) -> bool:
    """Whether somebody follows a group that is not for everybody, and is not in it: they come in as others do.

    Who is banned from a public group goes on following it (`members.expel`), also when it becomes private meanwhile.
    """
    if group.visibility == "public" or known.state != "accepted":
        return False
    member = await members.of(group.id, known.follower_id)
    return member is None or member.state != "joined"


async def standing(group: Group, follower: Actor) -> Standing:
    """What somebody is in a group, who is no member yet."""
    ban, role = [await registers.get(group.id, property_, follower.uri) for property_ in ("ban", "role")]
    return Standing(ban=ban, role=registers.role(role))


async def reserve(app: App, token: str, address: str) -> tuple[Actor, Actor]:
    """Somebody with an account elsewhere says who they are, by handle, with the invitation of a link.

    Gives them and the group that they are to follow now: within the time of the invitation they are let in.

    Raises:
        NotFound: the invitation is not valid (any more), is into no group, or there is nobody of that name.
        Invalid: it is no handle, or its server does not answer.
        Conflict: it is an account here.
        NotAllowed: this server does not speak with theirs.
        TooMany: so many have said who they are with this invitation, and have not come.
    """
    invite = await invites.find(app, token)
    group, face = await stored_groups.with_face(invite.group_id)
    if group is None or face is None or not group.local or face.gone:
        raise NotFound("This invitation is not valid (any more). Please ask for a new one.")
    if "@" not in address.strip().lstrip("@"):
        raise Invalid("Please give your whole address, such as @name@server.example.", field="address")
    now = clock.now_ms()
    if await stored.count(invite.id, now) >= (invite.max_uses or 0) - invite.uses + MOST_OPEN:
        raise TooMany("Too many have begun to join with this invitation. Please ask for a new one.", retry_after=3_600)
    who = await finding.somebody(app, address)
    if who.local:
        raise Conflict("This is an account here. Please sign in with it.")
    admit.server(app.peers, who.host)
    stored.grant(writes := Writes(), Admission(group.id, who.uri, invite.id, invite.expires_at or now + DAY))
    await apply(writes)
    return who, face


def let_in_after_all(writes: Writes, group: Group, who: Actor) -> None:
    """Somebody elsewhere whom moderators had turned down comes in when they follow the group again."""
    stored.grant(writes, Admission(group.id, who.uri, None, clock.now_ms() + LET_IN_DAYS * DAY))


async def spend(app: App, group: Group, follower: Actor) -> bool:
    """Whether somebody comes in without asking: they have used that up now, and the invitation once."""
    found = await _admitted(app, group, follower)
    if found is None or (found.invite_id is not None and not await invites.use_by_id(app, found.invite_id)):
        return False
    await stored.use(group.id, follower.uri)
    return True


async def _admitted(app: App, group: Group, follower: Actor) -> Admission | None:
    """How somebody may come in without asking; who has to wait for room has not used it up."""
    found = await stored.of(group.id, follower.uri, clock.now_ms())
    if found is None or (found.invite_id is not None and not await invites.is_good(app, found.invite_id)):
        return None
    return found


def _room(app: App, group: Group, follower: Actor) -> bool:
    """Whether the group takes in, or its moderators hear of, one more from that server in this minute (GRP-23)."""
    of_server = app.join_limit.allows(group.id, follower.host)
    return of_server and app.crowd_limit.allows(group.id, "everybody" if follower.host else "")
