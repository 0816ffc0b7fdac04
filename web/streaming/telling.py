"""For whom an event is, and how it reads for them: loaded and rendered once, completed for who is shown more."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from fedcomm import clock, filtering
from storage import events, live, unanswered
from storage.ids import ms_of
from storage.live import About, Passed
from storage.timelines import Entry
from web.mastodon.entities import status
from web.streaming import personal, sending, withdrawals
from web.streaming.channels import Channel
from web.streaming.hub import Hub
from web.streaming.sending import HOME, Payloads, send

_REMEMBERED = 40  # posts that came into somebody's home last: none comes a second time as a boost
_MOST_HOMES = 5000
_NOTHING: Mapping[int, int] = {}  # of the flags of a viewer who has nothing to do with a post


class Teller:
    """Tells the onlookers of one process what happened."""

    def __init__(self) -> None:
        self._shown: OrderedDict[int, deque[int]] = OrderedDict()  # by member: posts in their home

    async def __call__(self, hub: Hub, event: str) -> None:
        """Put an event to those whom it is for."""
        kind, *words = event.split(" ")
        if tell := _KINDS.get(kind):
            await tell(hub, *words)
        elif show := _TIMELINES.get(kind):
            await show(self, hub, *words)

    async def post(self, hub: Hub, post_id: str) -> None:
        """A new post."""
        about = None if _old(post_id) else await live.about(int(post_id))
        if about is None:
            return
        viewers = await live.at_home(about.post_id, sending.viewers(hub, HOME))
        for viewer in viewers:
            self._remember(viewer, about.post_id)
        await _show(hub, "update", about, viewers)
        line = Entry(about.post_id, about.post_id)
        await _to_own_lists(hub, "update", line, await live.in_lists(line.id, sending.lists(hub)))

    async def edit(self, hub: Hub, post_id: str) -> None:
        """A post says something else."""
        about = await live.about(int(post_id))
        if about is None:
            return
        viewers = set(await live.at_home(about.post_id, sending.viewers(hub, HOME)))
        listed = await live.in_lists(about.post_id, sending.lists(hub))
        in_group = bool(about.face and about.starter)
        if in_group and (boost_id := await live.boost_of(about.face, about.post_id)):
            viewers |= set(await live.at_home_of_members(boost_id, sending.viewers(hub, HOME)))
            listed |= await live.in_lists_with_group(boost_id, sending.lists(hub))
        await _show(hub, "status.update", about, viewers)
        await _to_own_lists(hub, "status.update", Entry(about.post_id, about.post_id), listed)
        if in_group:
            await _to_list_of_group(hub, "status.update", about.face, about.post_id)

    async def boost(self, hub: Hub, boost_id: str) -> None:
        """Somebody passed a post on, or a group took one in."""
        found = None if _old(boost_id) else await live.passed(int(boost_id))
        if found is None:
            return
        viewers = [viewer for viewer in await _homes(hub, found) if found.post_id not in self._shown.get(viewer, ())]
        for viewer in viewers:
            self._remember(viewer, found.post_id)
        entry = Entry(found.boost_id, found.post_id, found.actor_id)
        send(hub, HOME, "update", await _statuses(hub, entry, viewers))
        listing = live.in_lists_with_group if found.group else live.in_lists
        await _to_own_lists(hub, "update", entry, await listing(entry.id, sending.lists(hub)))
        if found.group:
            await _to_list_of_group(hub, "update", found.actor_id, found.post_id)
            await _to_queue(hub, found.group, found.post_id)

    def _remember(self, viewer: int, post_id: int) -> None:
        posts = self._shown.setdefault(viewer, deque(maxlen=_REMEMBERED))
        posts.append(post_id)
        self._shown.move_to_end(viewer)
        while len(self._shown) > _MOST_HOMES:
            self._shown.popitem(last=False)


_TIMELINES: dict[str, Callable[..., Awaitable[None]]] = {
    "post": Teller.post,
    "edit": Teller.edit,
    "boost": Teller.boost,
}
_KINDS: dict[str, Callable[..., Awaitable[None]]] = {
    "gone": withdrawals.gone,
    "removed": withdrawals.removed,
    "unboost": withdrawals.unboost,
    "hidden": withdrawals.hidden,
    "notice": personal.notice,
    "merged": personal.merged,
    "filters": personal.filters,
    "conversation": personal.told,
    "announcement": personal.announced,
    "announcement.gone": personal.announced_no_more,
    "announcement.reaction": personal.answered,
}


def _old(entry_id: str) -> bool:
    """Whether clients, which put what they are told on top, would show it in the wrong place."""
    return ms_of(int(entry_id)) < clock.now_ms() - events.NEWS


async def _homes(hub: Hub, found: Passed) -> list[int]:
    viewers = sending.viewers(hub, HOME)
    if found.group:
        return await live.at_home_of_members(found.boost_id, viewers)
    return await live.at_home(found.boost_id, viewers)


async def _show(hub: Hub, event: str, about: About, at_home: Iterable[int]) -> None:
    """Put a post to those who have it at home, and to those who look at public posts or one of its tags."""
    channels = [channel for channel in sending.public(hub) if _belongs(about, channel)]
    others = {viewer for channel in channels for viewer in sending.viewers(hub, channel)}
    readers = await live.readers(about.post_id, list(others)) if others else set()
    home = set(at_home)
    payloads = await _statuses(hub, Entry(about.post_id, about.post_id), [*home, *(readers - home)])
    send(hub, HOME, event, {viewer: payloads[viewer] for viewer in home if viewer in payloads})
    shown = {viewer: payloads[viewer] for viewer in readers if viewer in payloads}
    for channel in channels:
        send(hub, channel, event, shown)


async def _to_list_of_group(hub: Hub, event: str, face: int, post_id: int) -> None:
    """Put what begins a thread to those who look at the list of its group, as that list shows it to them."""
    channel = sending.of_list(face)
    if members := await sending.followers(hub, channel, face):
        readers = await live.readers(post_id, members)
        send(hub, channel, event, await _statuses(hub, Entry(post_id, post_id), list(readers)))


async def _to_queue(hub: Hub, group_id: int, post_id: int) -> None:
    """Put what waits from the first moment on to those who look at what waits; all else comes later, and untold."""
    channel = sending.of_list(group_id)
    if (viewers := sending.viewers(hub, channel)) and await unanswered.waits(post_id):
        readers = await live.readers(post_id, list(viewers))
        send(hub, channel, "update", await _statuses(hub, Entry(post_id, post_id), list(readers)))


async def _to_own_lists(hub: Hub, event: str, entry: Entry, listed: Mapping[int, int]) -> None:
    """Put a post or boost to those who look at a list of theirs that shows it; `listed` has the owner of each."""
    payloads = await _statuses(hub, entry, list({*listed.values()}))
    for list_id, owner in listed.items():
        if owner in payloads:
            send(hub, sending.of_list(list_id), event, {owner: payloads[owner]})


async def _statuses(hub: Hub, entry: Entry, viewers: Sequence[int]) -> Payloads:
    """The status as each of them is shown it: rendered by itself only for who is shown more than others."""
    if not viewers:
        return {}
    touched = await live.touched(entry.post_id, viewers)
    found: Payloads = {}
    plain: bytes | None = None
    for viewer in viewers:
        own = viewer in touched or bool(await filtering.active(viewer))
        if own or plain is None:
            known = None if viewer in touched else _NOTHING
            texts = await status.each(hub.app.base_url, viewer, [entry], known)
            if not texts:
                return found
            found[viewer] = texts[0]
            plain = plain if own else texts[0]
        else:
            found[viewer] = plain
    return found


def _belongs(about: About, channel: Channel) -> bool:
    """Whether a post is shown in a channel that is for everybody."""
    name = channel.name
    if about.visibility != 0:
        return False
    if name.startswith("hashtag"):
        return channel.about in about.tags and (name == "hashtag" or bool(about.local))
    kinds = name.split(":")
    return bool(
        about.starter
        and ("local" not in kinds or about.local)
        and ("remote" not in kinds or not about.local)
        and ("media" not in kinds or about.media)
    )
