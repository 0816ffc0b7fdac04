"""Putting what happened to those who look on, in the form of their connection."""

from collections.abc import Iterable

from storage import live
from web.streaming import onlooker
from web.streaming.channels import LIST, NOTIFICATIONS, USER, Channel
from web.streaming.hub import Hub
from web.streaming.onlooker import Onlooker

HOME = Channel(USER)
NOTICES = Channel(NOTIFICATIONS)

Payloads = dict[int, bytes]  # by viewer


def send(hub: Hub, channel: Channel, event: str, payloads: Payloads, scope: str = "") -> None:
    """Put a payload to each viewer in a channel whose program has the scope; each frame is made once."""
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


def send_all(hub: Hub, channel: Channel, event: str, payload: bytes) -> None:
    """Put the same to everybody in a channel."""
    send(hub, channel, event, dict.fromkeys(viewers(hub, channel), payload))


def viewers(hub: Hub, channel: Channel) -> list[int]:
    """Who looks at a channel."""
    return _members(hub.at(channel))


def public(hub: Hub) -> list[Channel]:
    """The channels that are for everybody, and that somebody looks at."""
    return [channel for channel in hub.occupied() if channel.name.startswith(("public", "hashtag"))]


def lists(hub: Hub) -> list[int]:
    """The ids of the lists that somebody looks at."""
    return [int(channel.about) for channel in hub.occupied() if channel.name == LIST]


def of_list(list_id: int) -> Channel:
    """The channel of a list, or of the group with this actor."""
    return Channel(LIST, str(list_id))


def is_there(hub: Hub, viewer: int, *channels: Channel) -> bool:
    """Whether somebody looks at one of the channels."""
    return any(each.viewer.actor_id == viewer for channel in channels for each in hub.at(channel))


async def followers(hub: Hub, channel: Channel, actor_id: int) -> list[int]:
    """Those in a channel who follow an actor."""
    there = viewers(hub, channel)
    return await live.followers(actor_id, there) if there else []


def _members(those: Iterable[Onlooker]) -> list[int]:
    return list({each.viewer.actor_id for each in those})
