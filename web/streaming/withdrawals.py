"""What is not shown any more: lookers-on are told the ids under which they may have seen it.

An id tells nothing to those who could read what it stood for, and little to others; what a post said is never told.
"""

from storage import groups, lists, live
from storage.posts import DIRECT, MEMBERS, PUBLIC, UNLISTED
from web.streaming import sending
from web.streaming.hub import Hub
from web.streaming.sending import HOME, send, send_all


async def gone(hub: Hub, post_id: str, author: str, group: str, visibility: str, starter: str, named: str) -> None:
    """A post is deleted."""
    told = {int(author), *map(int, named.split(","))}
    if int(visibility) == DIRECT:  # which is in no list
        send(hub, HOME, "delete", dict.fromkeys(told, post_id.encode()))
        return
    face = 0
    if int(group) and int(starter):
        found = (await groups.by_ids([int(group)])).get(int(group))
        face = found.actor_id if found else 0
    if int(visibility) < MEMBERS:  # else who reads it has it from the group
        told |= set(await sending.followers(hub, HOME, int(author)))
    await _from_lists(hub, post_id, int(author))
    await _everywhere(hub, post_id, told, face, public=int(visibility) == PUBLIC)


async def removed(hub: Hub, post_id: str) -> None:
    """A moderator took a post out of its group: it is left to its author, if the act counts."""
    about = await live.about(int(post_id))
    if about is None or not about.removed:
        return
    there = sending.viewers(hub, HOME)
    told = {*await live.followers(about.author_id, there), *await live.named(about.post_id, there)}
    await _from_lists(hub, post_id, about.author_id)
    face = about.face if about.starter else 0
    if face and (boost_id := await live.boost_of(face, about.post_id)):  # of a group elsewhere, which takes it back
        await unboost(hub, str(boost_id), str(face))
    await _everywhere(hub, post_id, told, face, public=about.visibility == PUBLIC, left_to=about.author_id)


async def unboost(hub: Hub, boost_id: str, actor: str) -> None:
    """A boost was taken back, or what it showed is gone."""
    told = {int(actor), *await sending.followers(hub, HOME, int(actor))}
    send(hub, HOME, "delete", dict.fromkeys(told, boost_id.encode()))
    await _from_lists(hub, boost_id, int(actor))


async def hidden(hub: Hub, actor: str) -> None:
    """Somebody is suspended or gone: so is what they wrote and boosted last. Nobody may follow them any more."""
    kinds = await live.lately(int(actor))
    followers = await sending.followers(hub, HOME, int(actor))
    among = await lists.among(sending.lists(hub), int(actor))
    for entry_id, visibility in kinds.items():
        text = str(entry_id).encode()
        for_all = visibility <= UNLISTED
        send(hub, HOME, "delete", dict.fromkeys(sending.viewers(hub, HOME) if for_all else followers, text))
        for each in among:
            send(hub, sending.of_list(each.id), "delete", {each.owner_id: text})
        for channel in sending.public(hub) if visibility == PUBLIC else ():
            send_all(hub, channel, "delete", text)


async def _everywhere(hub: Hub, post_id: str, at_home: set[int], face: int, *, public: bool, left_to: int = 0) -> None:
    """From homes, from the group with this actor (0 = in none), and from what is for everybody; one may be left it."""
    told = [(HOME, at_home)]
    if face:
        at_home |= set(await sending.followers(hub, HOME, face))
        told.append((sending.of_list(face), set(await sending.followers(hub, sending.of_list(face), face))))
    told += [(channel, set(sending.viewers(hub, channel))) for channel in (sending.public(hub) if public else ())]
    for channel, viewers in told:
        send(hub, channel, "delete", dict.fromkeys(viewers - {left_to}, post_id.encode()))


async def _from_lists(hub: Hub, entry_id: str, brought_by: int) -> None:
    """From lists that their owners made: whoever has somebody in one follows them."""
    for each in await lists.among(sending.lists(hub), brought_by):
        send(hub, sending.of_list(each.id), "delete", {each.owner_id: entry_id.encode()})
