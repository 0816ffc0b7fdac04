"""What waits for an answer in a group: who says that they will answer, and who has it as a list in their programs."""

import msgspec

import storage.accounts
import storage.actors
import storage.groups
import storage.lists
import storage.members
from fedcomm import admit, clock, members
from fedcomm.app import App
from fedcomm.errors import Conflict, NotFound
from storage import registers, unanswered, visible
from storage.actors import Actor
from storage.groups import Group


class Queue(msgspec.Struct, frozen=True):
    """What waits in a group as a list of somebody's; its id is that of the group's row, and not that of its face."""

    group: Group
    face: Actor
    title: str


async def take(app: App, actor: Actor, group: Group, thread_id: int) -> None:
    """A member says that they will answer a thread within the hour, so that nobody else needs to.

    Raises:
        NotAllowed: no member, or banned.
        NotFound: there is no such thread.
        Conflict: somebody else has said so, or it is answered.
    """
    await _may(actor, group, thread_id)
    if not await unanswered.take(group.id, thread_id, actor.id, clock.now_ms()):
        raise Conflict("Somebody else takes this thread, or has answered it already.")


async def give_back(app: App, actor: Actor, group: Group, thread_id: int) -> None:
    """Who has said that they will answer a thread cannot do it after all.

    Raises:
        NotAllowed, NotFound: as `take`.
    """
    await _may(actor, group, thread_id)
    await unanswered.give_back(group.id, thread_id, actor.id)


async def queues(app: App, actor: Actor) -> list[Queue]:
    """The lists of what waits that somebody has: of groups that they look after or greet in, or wanted it of."""
    looked_after = await registers.moderated(actor.uri)
    wishes = await storage.lists.group_lists(actor.id)
    found = await storage.groups.by_ids([*await storage.members.groups_of(actor.id), *looked_after])
    greets = await unanswered.greeted(msgspec.json.encode(actor.uri).decode(), list(found))
    usual = greets | set(looked_after)
    wanted = [
        group
        for group in found.values()
        if group.local and _wanted(wishes.get(group.actor_id), usual=group.id in usual)
    ]
    return await _as_lists(app, actor, wanted)


async def queue(app: App, actor: Actor, group_id: int) -> Queue | None:
    """One such list, of a group of ours that somebody is in or looks after; whether it is among theirs or not."""
    group = await storage.groups.by_id(group_id)
    if group is None or not group.local:
        return None
    standing = await members.standing(group, actor)
    found = await _as_lists(app, actor, [group] if standing.member or standing.role else [])
    return found[0] if found else None


def _wanted(wish: storage.lists.GroupList | None, *, usual: bool) -> bool:
    return usual if wish is None or wish.queue is None else bool(wish.queue)


async def _may(actor: Actor, group: Group, thread_id: int) -> None:
    admit.acting(actor)
    admit.taking(group, await members.standing(group, actor))
    if not await visible.sees(actor.id, thread_id):
        raise NotFound("There is no such thread.")


async def _as_lists(app: App, actor: Actor, groups: list[Group]) -> list[Queue]:
    faces = await storage.actors.by_ids(sorted(await visible.seen_actors(actor.id, [each.actor_id for each in groups])))
    gettext = app.translations(await storage.accounts.language_of(actor.id) or "en").gettext
    title = gettext("Unanswered · {group}")
    found = [
        Queue(group, face, title.replace("{group}", face.name or face.acct))
        for group in groups
        if (face := faces.get(group.actor_id)) is not None
    ]
    return sorted(found, key=lambda each: (each.title.casefold(), each.group.id))
