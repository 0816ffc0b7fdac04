"""For whom an event is, and how it reads for them: loaded and rendered once, completed for who is shown more."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from fedcomm import filtering
from storage import bulletins, conversations, groups, lists, live, notifications, timelines
from storage.live import About, Passed
from storage.paging import Page
from storage.posts import DIRECT as DIRECT_MESSAGE
from storage.timelines import Entry
from storage.visible import ANYBODY
from web.mastodon.entities import announcement, conversation, notification, status
from web.streaming import onlooker
from web.streaming.channels import DIRECT, LIST, NOTIFICATIONS, USER, Channel
from web.streaming.hub import Hub
from web.streaming.onlooker import Onlooker

_REMEMBERED = 40  # posts that came into somebody's home last: none comes a second time as a boost
_MOST_HOMES = 5000

_USER = Channel(USER)
_NOTIFICATIONS = Channel(NOTIFICATIONS)
_DIRECT = Channel(DIRECT)
_json = msgspec.json.Encoder().encode

Payloads = dict[int, bytes]  # by viewer


class Teller:
    """Tells the onlookers of one process what happened."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._shown: OrderedDict[int, deque[int]] = OrderedDict()  # by member: posts in their home

    async def __call__(self, hub: Hub, happened: Sequence[str]) -> None:
        """Put every event to those whom it is for."""
        for event in happened:
            kind, *words = event.split(" ")
            if tell := _KINDS.get(kind):
                await tell(self, hub, *words)

    async def post(self, hub: Hub, post_id: str) -> None:
        """A new post."""
        about = await live.about(int(post_id))
        if about is None:
            return
        viewers = await self._home_lines(hub, about.post_id)
        for viewer in viewers:
            self._remember(viewer, about.post_id)
        await self._show(hub, "update", about, viewers)
        await self._to_own_lists(hub, "update", about.author_id, Entry(about.post_id, about.post_id))

    async def edit(self, hub: Hub, post_id: str) -> None:
        """A post says something else."""
        about = await live.about(int(post_id))
        if about is None:
            return
        viewers = set(await self._home_lines(hub, about.post_id))
        in_group = bool(about.face and about.starter)
        if in_group and (boost_id := await live.boost_of(about.face, about.post_id)):
            viewers |= set(await self._home_of_group(hub, Passed(boost_id, about.post_id, about.face, 1)))
        await self._show(hub, "status.update", about, viewers)
        await self._to_own_lists(hub, "status.update", about.author_id, Entry(about.post_id, about.post_id))
        if in_group:
            await self._to_lists(hub, "status.update", about.face, about.post_id)

    async def gone(self, hub: Hub, post_id: str, author: str, group: str, visibility: str, starter: str) -> None:
        """A post is not shown any more. Its id tells nothing that those who could read it did not know."""
        viewers = _viewers(hub.at(_USER))
        if int(visibility) == DIRECT_MESSAGE:  # whom it was for is forgotten with it
            told = {int(author), *(viewer for viewer in viewers if int(post_id) in self._shown.get(viewer, ()))}
        else:
            told = {int(author), *await live.followers(int(author), viewers)}
        face = 0
        if int(group) and int(starter):
            found = (await groups.by_ids([int(group)])).get(int(group))
            face = found.actor_id if found else 0
            told |= set(await live.followers(face, viewers)) if face else set()
        text = post_id.encode()
        _send(hub, _USER, "delete", dict.fromkeys(told, text))
        if int(visibility) != DIRECT_MESSAGE:  # which is in no list; whoever has its author in one follows them
            for each in await lists.among(_lists(hub), int(author)):
                _send(hub, Channel(LIST, str(each.id)), "delete", {each.owner_id: text})
        if int(visibility) == 0:
            for channel in _public(hub):
                _send(hub, channel, "delete", dict.fromkeys(_viewers(hub.at(channel)), text))
        if face:
            channel = Channel(LIST, str(face))
            _send(hub, channel, "delete", dict.fromkeys(await live.followers(face, _viewers(hub.at(channel))), text))

    async def boost(self, hub: Hub, boost_id: str) -> None:
        """Somebody passed a post on, or a group took one in."""
        found = await live.passed(int(boost_id))
        if found is None:
            return
        here = await (self._home_of_group(hub, found) if found.group else self._home_lines(hub, found.boost_id))
        viewers = [viewer for viewer in here if found.post_id not in self._shown.get(viewer, ())]
        for viewer in viewers:
            self._remember(viewer, found.post_id)
        entry = Entry(found.boost_id, found.post_id, found.actor_id)
        _send(hub, _USER, "update", await self._statuses(entry, viewers))
        await self._to_own_lists(hub, "update", found.actor_id, entry)
        if found.group:
            await self._to_lists(hub, "update", found.actor_id, found.post_id)

    async def unboost(self, hub: Hub, boost_id: str, actor: str) -> None:
        """A boost was taken back."""
        told = await live.followers(int(actor), _viewers(hub.at(_USER)))
        _send(hub, _USER, "delete", dict.fromkeys([*told, int(actor)], boost_id.encode()))

    async def notice(self, hub: Hub, notice_id: str, owner: str) -> None:
        """A member here is told of something."""
        viewer = int(owner)
        if not _is_there(hub, viewer, _USER, _NOTIFICATIONS):
            return
        page = Page(before=int(notice_id) + 1, since=int(notice_id) - 1, limit=1)  # without what waits to be let in
        found, _ = await notifications.page(viewer, page, notification.KINDS)
        for entity in await notification.each(self._base, viewer, found):
            payloads = {viewer: _json(entity)}
            _send(hub, _USER, "notification", payloads, "read:notifications")
            _send(hub, _NOTIFICATIONS, "notification", payloads)

    async def filters(self, hub: Hub, owner: str) -> None:
        """A member's filters are others now."""
        _send(hub, _USER, "filters_changed", {int(owner): b""})

    async def conversation(self, hub: Hub, owner: str, thread_id: str) -> None:
        """A direct message came."""
        viewer = int(owner)
        if not _is_there(hub, viewer, _DIRECT):
            return
        found = await conversations.one(viewer, int(thread_id))
        for entity in await conversation.each(self._base, viewer, [found] if found else []):
            _send(hub, _DIRECT, "conversation", {viewer: _json(entity)})

    async def merged(self, hub: Hub, owner: str) -> None:
        """Notifications that had waited were let in."""
        for channel in (_USER, _NOTIFICATIONS):
            _send(hub, channel, "notifications_merged", {int(owner): b"1"}, "read:notifications")

    async def announced(self, hub: Hub, bulletin_id: str) -> None:
        """Admins tell everybody here something, or say it differently."""
        found = await bulletins.by_id(int(bulletin_id))
        if found is not None and hub.at(_USER):
            for entity in await announcement.several(self._base, ANYBODY, [found]):
                _send(hub, _USER, "announcement", dict.fromkeys(_viewers(hub.at(_USER)), _json(entity)))

    async def announced_no_more(self, hub: Hub, bulletin_id: str) -> None:
        """What admins told is not shown any more."""
        _send(hub, _USER, "announcement.delete", dict.fromkeys(_viewers(hub.at(_USER)), bulletin_id.encode()))

    async def answered(self, hub: Hub, bulletin_id: str, name: str) -> None:
        """Somebody answered an announcement with an emoji, or took that back."""
        _read, reactions = await bulletins.around(ANYBODY, [int(bulletin_id)])
        count = next((each.count for each in reactions if each.name == name), 0)
        told = _json({"announcement_id": bulletin_id, "name": name, "count": count})
        _send(hub, _USER, "announcement.reaction", dict.fromkeys(_viewers(hub.at(_USER)), told))

    async def _show(self, hub: Hub, event: str, about: About, at_home: Iterable[int]) -> None:
        """Put a post to those who have it at home, and to those who look at public posts or one of its tags."""
        channels = [channel for channel in _public(hub) if _belongs(about, channel)]
        others = {viewer for channel in channels for viewer in _viewers(hub.at(channel))}
        readers = await live.readers(about.post_id, list(others)) if others else set()
        home = set(at_home)
        payloads = await self._statuses(Entry(about.post_id, about.post_id), [*home, *(readers - home)])
        _send(hub, _USER, event, {viewer: payloads[viewer] for viewer in home if viewer in payloads})
        shown = {viewer: payloads[viewer] for viewer in readers if viewer in payloads}
        for channel in channels:
            _send(hub, channel, event, shown)

    async def _to_lists(self, hub: Hub, event: str, face: int, post_id: int) -> None:
        """Put what begins a thread to those who look at the list of its group, as that list shows it to them."""
        channel = Channel(LIST, str(face))
        viewers = _viewers(hub.at(channel))
        if not viewers:
            return
        members = await live.followers(face, viewers)
        readers = await live.readers(post_id, members)
        _send(hub, channel, event, await self._statuses(Entry(post_id, post_id), list(readers)))

    async def _to_own_lists(self, hub: Hub, event: str, brought_by: int, entry: Entry) -> None:
        """Put a post or boost to those who look at a list of theirs that has its author in it and shows it."""
        page = Page(before=entry.id + 1, since=entry.id - 1, limit=1)
        for each in await lists.among(_lists(hub), brought_by):
            if (await timelines.of_list(each, page)).entries:
                _send(hub, Channel(LIST, str(each.id)), event, await self._statuses(entry, [each.owner_id]))

    async def _home_lines(self, hub: Hub, entry_id: int) -> list[int]:
        viewers = _viewers(hub.at(_USER))
        return await self._shown_at_home(entry_id, await live.at_home(entry_id, viewers)) if viewers else []

    async def _home_of_group(self, hub: Hub, passed: Passed) -> list[int]:
        viewers = _viewers(hub.at(_USER))
        members = await live.followers(passed.actor_id, viewers) if viewers else []
        return await self._shown_at_home(passed.boost_id, members)

    async def _shown_at_home(self, entry_id: int, viewers: Sequence[int]) -> list[int]:
        """Those of them whose home shows the line: with all that they muted, listed apart and do not understand."""
        page = Page(before=entry_id + 1, since=entry_id - 1, limit=1)
        return [viewer for viewer in viewers if (await timelines.home(viewer, page)).entries]

    async def _statuses(self, entry: Entry, viewers: Sequence[int]) -> Payloads:
        """The status as each of them is shown it: rendered by itself only for who is shown more than others."""
        if not viewers:
            return {}
        touched = await live.touched(entry.post_id, viewers)
        found: Payloads = {}
        plain: bytes | None = None
        for viewer in viewers:
            own = viewer in touched or bool(await filtering.active(viewer))
            if own or plain is None:
                texts = await status.each(self._base, viewer, [entry])
                if not texts:
                    return found
                found[viewer] = texts[0]
                plain = plain if own else texts[0]
            else:
                found[viewer] = plain
        return found

    def _remember(self, viewer: int, post_id: int) -> None:
        posts = self._shown.setdefault(viewer, deque(maxlen=_REMEMBERED))
        posts.append(post_id)
        self._shown.move_to_end(viewer)
        while len(self._shown) > _MOST_HOMES:
            self._shown.popitem(last=False)


_KINDS: dict[str, Callable[..., Awaitable[None]]] = {
    "post": Teller.post, "edit": Teller.edit, "gone": Teller.gone, "boost": Teller.boost, "unboost": Teller.unboost,
    "notice": Teller.notice, "filters": Teller.filters, "merged": Teller.merged,
    "conversation": Teller.conversation,
    "announcement": Teller.announced, "announcement.gone": Teller.announced_no_more,
    "announcement.reaction": Teller.answered,
}  # fmt: skip


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


def _public(hub: Hub) -> list[Channel]:
    return [channel for channel in hub.occupied() if channel.name.startswith(("public", "hashtag"))]


def _lists(hub: Hub) -> list[int]:
    return [int(channel.about) for channel in hub.occupied() if channel.name == LIST]


def _viewers(those: Iterable[Onlooker]) -> list[int]:
    return list({each.viewer.actor_id for each in those})


def _is_there(hub: Hub, viewer: int, *channels: Channel) -> bool:
    return any(each.viewer.actor_id == viewer for channel in channels for each in hub.at(channel))


def _send(hub: Hub, channel: Channel, event: str, payloads: Payloads, scope: str = "") -> None:
    """Put a payload to each viewer in a channel, in the form of their connection; each form is made once."""
    frames: dict[tuple[bytes, bytes], bytes] = {}
    for each in tuple(hub.at(channel)):
        text = payloads.get(each.viewer.actor_id)
        if text is None or (scope and not each.may(scope)):
            continue
        name = b"" if each.event_source else each.channels[channel]
        frame = frames.get((name, text))
        if frame is None:
            made = onlooker.for_event_sources(event, text) if each.event_source else b""
            frame = frames[name, text] = made or onlooker.for_sockets(name, event, text)
        each.put(frame)
