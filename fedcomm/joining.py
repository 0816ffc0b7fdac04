"""Coming in, to this server and to a group: whoever does has the rules before their eyes, and says yes to them."""

import storage.actors
import storage.follows
import storage.groups
from fedcomm import consents, follows, invites, telling
from fedcomm.app import App
from fedcomm.consents import Agreement
from fedcomm.errors import Invalid, NotFound
from fedcomm.recording import MAX_ANSWER
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.invites import Invite


async def come_in(
    app: App, actor_id: int, group_id: int | None, agreement: Agreement | None, *, tell: bool = True
) -> None:
    """What a sign-up means for others; joins its transaction. A group has a member or a request more.

    Admins are told, if `tell`: later of who has not confirmed an address yet.

    Raises:
        Invalid: the rules are not any more what `agreement` says yes to.
    """
    actor = await storage.actors.by_id(actor_id)
    assert actor is not None  # it was added just now
    if agreement is not None:
        await consents.agree(actor, agreement)
    if tell:
        await telling.admins(writes := Writes(), "admin.sign_up", actor.id)
        await write(writes)
    group, face = await storage.groups.with_face(group_id)
    if group is not None and face is not None and group.closed_at is None and not face.gone:
        await follows.follow(app, actor, face.id, invited=True)


async def join(
    app: App, member: Actor, group: Group, read: str, invitation: str = "", answer: str = ""
) -> None:  # fmt: skip
    """A member of ours joins a group, or asks to; `read` is the seal of the rules that stood there (`consents.seal`).

    With an invitation (the last part of its link) into a group that is not open they ask nobody. `answer` is what they
    say to the group's question; who waits may answer anew.

    Raises:
        Invalid: the group has other rules by now, or the question is not answered, or at too great length.
        NotFound: there is no such group any more, or the invitation is not valid.
        NotAllowed: banned, closed, not invited, or of a server that is not spoken with.
    """
    rules = await consents.of_group(group)
    invite = await _needed(app, member, group, invitation)
    if invite is None:
        _check_answer(group, answer)
    async with transaction():
        if invite is not None:
            await invites.use(invite)
        await consents.agree(member, Agreement((rules,), read))
        await follows.follow(app, member, group.actor_id, invited=invite is not None, answer=answer)


def _check_answer(group: Group, answer: str) -> None:
    if len(answer) > MAX_ANSWER:
        raise Invalid("An answer may have {limit} characters.", field="answer", limit=MAX_ANSWER)
    if group.local and group.join_mode == "approval" and group.question and not answer.strip():
        raise Invalid("Please answer the question of the group.", field="answer")


async def _needed(app: App, member: Actor, group: Group, invitation: str) -> Invite | None:
    """The invitation that lets somebody in who would have to wait or stay outside without it."""
    if not invitation or not group.local or group.join_mode == "open":
        return None
    known = await storage.follows.of(member.id, group.actor_id)
    if known is not None and known.state == "accepted":
        return None
    invite = await invites.find(app, invitation)
    if invite.group_id != group.id:
        raise NotFound("This invitation is not valid (any more). Please ask for a new one.")
    return invite
