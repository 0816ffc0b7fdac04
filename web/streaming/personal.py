"""What is for one member, or for all of them alike: notifications, filters, direct messages, announcements."""

import msgspec

from fedcomm import clock, emojis
from storage import bulletins, conversations, notifications
from storage.bulletins import Reaction
from storage.paging import Page
from storage.visible import ANYBODY
from web.mastodon.entities import announcement, conversation, notification
from web.streaming import sending
from web.streaming.channels import DIRECT, Channel
from web.streaming.hub import Hub
from web.streaming.sending import HOME, NOTICES, send, send_all

_DIRECT = Channel(DIRECT)
_NOTIFICATIONS = "read:notifications"
_json = msgspec.json.Encoder().encode


async def notice(hub: Hub, notice_id: str, owner: str) -> None:
    """A member here is told of something."""
    viewer = int(owner)
    if not sending.is_there(hub, viewer, HOME, NOTICES):
        return
    page = Page(before=int(notice_id) + 1, since=int(notice_id) - 1, limit=1)  # without what waits to be let in
    found, _ = await notifications.page(viewer, page, notification.KINDS)
    for entity in await notification.each(hub.app, viewer, found):
        payloads = {viewer: _json(entity)}
        send(hub, HOME, "notification", payloads, _NOTIFICATIONS)
        send(hub, NOTICES, "notification", payloads)


async def merged(hub: Hub, owner: str) -> None:
    """Notifications that had waited were let in."""
    for channel in (HOME, NOTICES):
        send(hub, channel, "notifications_merged", {int(owner): b"1"}, _NOTIFICATIONS)


async def filters(hub: Hub, owner: str) -> None:
    """A member's filters are others now."""
    send(hub, HOME, "filters_changed", {int(owner): b""})


async def told(hub: Hub, owner: str, thread_id: str) -> None:
    """A direct message came, was read, or is gone."""
    viewer = int(owner)
    if not sending.is_there(hub, viewer, _DIRECT):
        return
    found = await conversations.one(viewer, int(thread_id))
    for entity in await conversation.each(hub.app.base_url, viewer, [found] if found else []):
        send(hub, _DIRECT, "conversation", {viewer: _json(entity)})


async def announced(hub: Hub, bulletin_id: str) -> None:
    """Admins tell everybody here something, or say it differently: so that it is shown no more, if it ends now."""
    if not sending.viewers(hub, HOME):
        return
    found = [each for each in await bulletins.shown(clock.now_ms()) if each.id == int(bulletin_id)]
    for entity in await announcement.several(hub.app.base_url, ANYBODY, found):
        send_all(hub, HOME, "announcement", _json(entity))
    if not found:
        await announced_no_more(hub, bulletin_id)


async def announced_no_more(hub: Hub, bulletin_id: str) -> None:
    """What admins told is not shown any more."""
    send_all(hub, HOME, "announcement.delete", bulletin_id.encode())


async def answered(hub: Hub, bulletin_id: str, name: str) -> None:
    """Somebody answered an announcement with an emoji, or took that back."""
    if not sending.viewers(hub, HOME):
        return
    _read, reactions = await bulletins.around(ANYBODY, [int(bulletin_id)])
    found = next((each for each in reactions if each.name == name), Reaction(int(bulletin_id), name, 0, 0))
    entity = announcement.reaction(hub.app.base_url, found, (await emojis.ours()).get(name))
    del entity["me"]  # which differs by viewer
    send_all(hub, HOME, "announcement.reaction", _json(entity | {"announcement_id": bulletin_id}))
