"""What just happened, for whoever looks on: told to every process on this database, soon after it is durable.

Only ids travel; who hears of something reads it anew and asks `storage.visible` for each viewer. What was told may get
lost: lookers-on read anew when they come back.

Events are words separated by spaces:

    post ID                                   a new post
    edit ID                                   a post says something else
    gone ID AUTHOR GROUP VISIBILITY STARTER NAMED
                                              a post is deleted; 0 = in no group; whom it was addressed to, by commas
    removed ID                                a post was taken out of its group
    boost ID                                  somebody passed a post on, or a group took one in
    unboost ID ACTOR                          that was taken back, or what was passed on is gone
    hidden ACTOR                              somebody is suspended or gone, with all that they wrote
    notice ID OWNER                           a member here is told of something
    conversation OWNER THREAD                 a direct message came, was read, or is gone
    merged OWNER                              notifications that had waited were let in
    announcement ID                           the admins say something to all, or say it differently
    announcement.gone ID                      they say it no more
    announcement.reaction ID NAME             somebody answered that with an emoji
"""

import asyncio
from contextvars import Context
from functools import partial
from weakref import WeakKeyDictionary

from storage import bus, connect
from storage.connect import Database, Writes
from storage.dialect import Args
from storage.errors import OperationalError

CHANNEL = "events"
NEWS = 6 * 3_600_000  # ms: what is older when it comes is no news (Mastodon: "REAL_TIME_WINDOW")
_PAUSE = 0.02  # seconds in which events are collected for other processes
_MOST_BYTES = 7000  # of one message
_MOST_TOGETHER = 100  # of one kind that happen at once: more are on nobody's screen
_MOST_WAITING = 10_000  # while the database cannot be reached

_waiting: WeakKeyDictionary[Database, list[str]] = WeakKeyDictionary()
_sending: set[asyncio.Task[None]] = set()


def tell(writes: Writes, *words: object) -> None:
    """Tell it once these changes are durable."""
    writes.after(partial(happened, *words))


def tell_each(writes: Writes, sql: str, args: Args, kind: str) -> None:
    """Run this; once it is durable, tell an event of that kind for each of its rows, the newest if there are many."""
    writes.hearing(sql, args, partial(_happened_to_each, kind))


def _happened_to_each(kind: str, found: list[tuple[object, ...]]) -> None:
    for words in sorted(found, reverse=True)[:_MOST_TOGETHER]:
        happened(kind, *words)


def tell_together(writes: Writes, sql: str, args: Args, *words: object) -> None:
    """Run this; once it is durable, tell one event, whose last word is what its rows begin with; 0 = there are none."""
    writes.hearing(sql, args, partial(_happened_together, words))


def _happened_together(words: tuple[object, ...], found: list[tuple[object, ...]]) -> None:
    happened(*words, ",".join(str(first) for first, *_more in found[:_MOST_TOGETHER]) or 0)


def happened(*words: object) -> None:
    """It is durable already; tell it now."""
    database = connect.current()
    event = " ".join(map(str, words))
    database.subscribers.tell(CHANNEL, event)
    if database.dialect != "postgres":
        return
    waiting = _waiting.setdefault(database, [])
    if len(waiting) < _MOST_WAITING:
        waiting.append(event)
    if len(waiting) == 1:
        sending = asyncio.get_running_loop().create_task(_send(database), context=Context())
        _sending.add(sending)
        sending.add_done_callback(_sending.discard)


async def sent() -> None:
    """Wait until what happened before now has been told to other processes."""
    await asyncio.gather(*_sending)


async def _send(database: Database) -> None:
    await asyncio.sleep(_PAUSE)
    waiting = _waiting.pop(database, [])
    with connect.use(database):
        for payload in _payloads(waiting):
            try:
                await bus.publish_elsewhere(CHANNEL, payload)
            except OperationalError:
                return  # nobody is worse off than without streams


def _payloads(events: list[str]) -> list[str]:
    """The events, one a line, in messages that are not too long."""
    found: list[str] = []
    for event in events:
        if found and len(found[-1]) + len(event) < _MOST_BYTES:
            found[-1] += f"\n{event}"
        else:
            found.append(event)
    return found
