"""Lists: those that members make of people they follow, and those that their groups are."""

from collections.abc import Sequence

import msgspec

import storage.actors
import storage.groups
import storage.lists
import storage.members
from fedcomm import clock, follows
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import relationships, visible
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.lists import GroupList, List
from storage.rankings import SORTS
from storage.relationships import Relationship

MAX_LISTS = 50  # of one member, as with Mastodon
MAX_ENTRIES = 1000  # people in one list
MAX_TITLE = 255  # characters
POLICIES = ("followed", "list", "none")


class Change(msgspec.Struct, frozen=True):
    """What is to be otherwise; None leaves a thing as it is. `sort` and `queue` are for lists of groups only."""

    title: str | None = None
    replies_policy: str | None = None
    exclusive: bool | None = None
    sort: str | None = None
    queue: bool | None = None  # whether there is a list of what waits for an answer beside it


class OfGroup(msgspec.Struct, frozen=True):
    """The list that a joined group is to a member: threads of it in an order of theirs.

    `exclusive` keeps the group's boosts out of home; one that is `hidden` is shown to no program.
    """

    group: Group
    face: Actor
    title: str
    sort: str
    exclusive: bool
    hidden: bool


async def of_groups(actor_id: int) -> list[OfGroup]:
    """The lists of all groups that a member is in, by title."""
    joined = await storage.groups.by_ids(await storage.members.groups_of(actor_id))
    by_face = {group.actor_id: group for group in joined.values()}
    faces = await storage.actors.by_ids(sorted(await visible.seen_actors(actor_id, list(by_face))))
    wishes = await storage.lists.group_lists(actor_id)
    found = [
        _of_group(by_face[known.id], faces[known.id], wishes.get(known.id, GroupList()), known)
        for known in await relationships.between(actor_id, list(faces))
    ]
    return sorted(found, key=lambda each: (each.title.casefold(), each.face.id))


async def create(app: App, actor: Actor, wish: Change) -> List:
    """A new list of a member.

    Raises:
        Invalid: no title or a long one, no such policy, or there are too many lists.
    """
    if wish.title is None:
        raise Invalid("A list needs a title.", field="title")
    if await storage.lists.count(actor.id) >= MAX_LISTS:
        raise Invalid("You cannot have more than {limit} lists.", field="title", limit=MAX_LISTS)
    made = _changed(List(next_id(), actor.id, "", "list", 0, clock.now_ms()), wish)
    await _keep(made)
    return made


async def change(app: App, actor: Actor, list_id: int, wish: Change) -> List:
    """The list as it is after the change.

    Raises:
        NotFound: the member has no such list.
        Invalid: as `create`.
    """
    changed = _changed(await _own(actor, list_id), wish)
    await _keep(changed)
    return changed


async def delete(app: App, actor: Actor, list_id: int) -> None:
    """A list is there no more.

    Raises:
        NotFound: the member has no such list.
    """
    writes = Writes()
    storage.lists.delete(writes, (await _own(actor, list_id)).id)
    await apply(writes)


async def add(app: App, actor: Actor, list_id: int, actor_ids: Sequence[int]) -> None:
    """Put people whom the member follows into a list, all of them or none.

    Raises:
        NotFound: the member has no such list, or does not follow them all.
        Invalid: one of them is in it already, or it would be too long.
    """
    found = await _own(actor, list_id)
    present = await storage.lists.members(found.id)
    wanted = set(actor_ids)
    if present & wanted:
        raise Invalid("Account has already been taken", field="account_ids")
    if len(present | wanted) > MAX_ENTRIES:
        raise Invalid("A list may have {limit} people.", field="account_ids", limit=MAX_ENTRIES)
    known = await relationships.between(actor.id, list(wanted))
    if not all(each.following or each.requested for each in known):
        raise NotFound("Record not found")
    writes = Writes()
    storage.lists.add(writes, found.id, list(wanted))
    await apply(writes)


async def drop(app: App, actor: Actor, list_id: int, actor_ids: Sequence[int]) -> None:
    """Take people out of a list; who was not in it stays out.

    Raises:
        NotFound: the member has no such list.
    """
    writes = Writes()
    storage.lists.drop(writes, (await _own(actor, list_id)).id, actor_ids)
    await apply(writes)


async def change_group(app: App, actor: Actor, face: Actor, wish: Change) -> None:
    """How a member wants the list of a group they are in; `exclusive` keeps the group's boosts out of home.

    Raises:
        Invalid: a long title, or no such order.
    """
    before = (await storage.lists.group_lists(actor.id)).get(face.id, GroupList())
    title = before.title if wish.title is None else _title(wish.title, "" if wish.title.strip() else face.name)
    sort = wish.sort or before.sort
    if sort not in SORTS:
        raise Invalid(
            "The threads of a group stand in one of these orders: {sorts}.", field="sort", sorts=", ".join(SORTS)
        )
    queue = before.queue if wish.queue is None else int(wish.queue)
    title = "" if title == face.name else title
    await _keep_group(actor, face, msgspec.structs.replace(before, title=title, sort=sort, queue=queue))
    if wish.exclusive is not None:
        (known,) = await relationships.between(actor.id, [face.id])
        if known.following and known.showing_reblogs == wish.exclusive:
            await follows.follow(
                app, actor, face.id, reblogs=not wish.exclusive, notify=known.notifying,
                languages=known.languages.split(),
            )  # fmt: skip


async def hide_group(app: App, actor: Actor, face: Actor, *, hidden: bool = True) -> None:
    """The list of a group is not shown to the programs of a member any more, who stays in the group; or is again."""
    before = (await storage.lists.group_lists(actor.id)).get(face.id, GroupList())
    await _keep_group(actor, face, msgspec.structs.replace(before, hidden=int(hidden)))


def _of_group(group: Group, face: Actor, wish: GroupList, known: Relationship) -> OfGroup:
    title = wish.title or face.name or face.acct
    return OfGroup(group, face, title, wish.sort, known.following and not known.showing_reblogs, bool(wish.hidden))


async def _own(actor: Actor, list_id: int) -> List:
    found = await storage.lists.one(actor.id, list_id)
    if found is None:
        raise NotFound("Record not found")
    return found


async def _keep(list_: List) -> None:
    writes = Writes()
    storage.lists.put(writes, list_)
    await apply(writes)


async def _keep_group(actor: Actor, face: Actor, wish: GroupList) -> None:
    writes = Writes()
    storage.lists.put_group_list(writes, actor.id, face.id, wish)
    await apply(writes)


def _changed(list_: List, wish: Change) -> List:
    policy = list_.replies_policy if wish.replies_policy is None else wish.replies_policy
    if policy not in POLICIES:
        raise Invalid("The replies in a list are followed, list or none.", field="replies_policy")
    return msgspec.structs.replace(
        list_,
        title=list_.title if wish.title is None else _title(wish.title),
        replies_policy=policy,
        exclusive=list_.exclusive if wish.exclusive is None else int(wish.exclusive),
    )


def _title(text: str, instead: str = "") -> str:
    title = "".join(character for character in text.strip() if character.isprintable()) or instead
    if not title:
        raise Invalid("A list needs a title.", field="title")
    if len(title) > MAX_TITLE:
        raise Invalid("A title may have {limit} characters.", field="title", limit=MAX_TITLE)
    return title
