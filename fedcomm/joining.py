"""Coming in, to this server and to a group: whoever does has the rules before their eyes, and says yes to them."""

import storage.actors
import storage.groups
from fedcomm import consents, follows, telling
from fedcomm.app import App
from fedcomm.consents import Agreement
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group


async def come_in(app: App, actor_id: int, group_id: int | None, agreement: Agreement | None) -> None:
    """What a sign-up means for others; joins its transaction. Admins are told, a group has a member or a request more.

    Raises:
        Invalid: the rules are not any more what `agreement` says yes to.
    """
    actor = await storage.actors.by_id(actor_id)
    assert actor is not None  # it was added just now
    if agreement is not None:
        await consents.agree(actor, agreement)
    writes = Writes()
    await telling.admins(writes, "admin.sign_up", actor.id)
    await write(writes)
    group, face = await storage.groups.with_face(group_id)
    if group is not None and face is not None and group.closed_at is None and not face.gone:
        await follows.follow(app, actor, face.id)


async def join(app: App, member: Actor, group: Group, read: str) -> None:
    """A member of ours joins a group, or asks to; `read` is the seal of the rules that stood there (`consents.seal`).

    Raises:
        Invalid: the group has other rules by now.
        NotFound: there is no such group any more.
        NotAllowed: banned, closed, or of a server that is not spoken with.
    """
    rules = await consents.of_group(group)
    async with transaction():
        await consents.agree(member, Agreement((rules,), read))
        await follows.follow(app, member, group.actor_id)
