"""What Mastodon.py's tests of entities ask for: an account and posts with the ids that they have on another server.

The services make all of it, but give these few the ids that are written down in the tests.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import storage.accounts
import storage.actors
import storage.posts
import storage.settings
from fedcomm import (
    actors,
    bulletins,
    clock,
    emojis,
    filters,
    follows,
    lists,
    markers,
    media,
    peers,
    posts,
    profiles,
    reactions,
    settings,
    tags,
)  # fmt: skip
from fedcomm.app import App
from fedcomm.drafting import Draft, PollDraft
from fedcomm.filters import KeywordWish
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id
from storage.posts import Attachment
from tests import build
from tests.people import person
from tests.pictures import picture

HALCY, SECOND = 23972, 2
HELLO, PLAIN, ASKED, THREAD, FILTERED = (
    110446223051565765, 110446183735368325, 110446383900387196, 110446983926957470, 110447998920481458,
)  # fmt: skip
PICTURED, SOUNDING, FILMED, MOVING = 110447003454258227, 110447012773105565, 110447001287656894, 113358687695262945
AUGUST = 1_755_388_800_000  # ms: the day of the terms of service


async def seed(app: App) -> None:
    """Everything that can be had of this server."""
    asking, admin = await _member("mastodonpy_test_2"), await _member("admin2")
    with _numbered(actors, SECOND):
        second = await person(app, "second")
    with _numbered(actors, HALCY):
        halcy = await person(app, "halcy")
    line = profiles.Line("Site", "https://example.org/")
    halcy = await profiles.change(app, halcy, profiles.Change(fields=(line,), discoverable=True))
    await profiles.change(app, asking, profiles.Change(fields=(line,)))
    await follows.follow(app, asking, second.id)
    await follows.follow(app, admin, halcy.id)
    await follows.follow(app, halcy, second.id)
    await _everywhere(app, admin)
    await _posts(app, halcy, asking)
    await _files(app, halcy)
    await _of(app, asking)
    await _liked(app, admin, halcy, second)


async def _everywhere(app: App, admin: Actor) -> None:
    """What admins decide."""
    account = await storage.accounts.by_name(admin.username)
    await emojis.add(account, "blobcat", picture("PNG"))
    bulletin = await bulletins.publish(account, "Everything is new")
    await bulletins.react(admin.id, bulletin.id, "🎉")
    await settings.change(
        app, account, {"rules": ("Be kind",), "about": "A server", "terms": "Be here", "blocks_shown": "everybody"}
    )
    await storage.settings.store("terms", "Be here", AUGUST)
    await peers.set_policy(app, "bad.example", "suspend")


async def _posts(app: App, halcy: Actor, asking: Actor) -> None:
    """What halcy wrote."""

    async def post(post_id: int, text: str, **more: Any) -> None:
        with _numbered(posts, post_id):
            await posts.create(app, halcy, Draft(text=text, **more))

    await post(HELLO, f"Hello @{asking.username} :blobcat: #python")
    await post(PLAIN, "Plain")
    await post(ASKED, "Which?", poll=PollDraft(("one", "two")))
    await post(THREAD, "A thread")
    await post(FILTERED, "About spoilers")
    await posts.create(app, halcy, Draft(text="And on", in_reply_to_id=THREAD))
    await posts.create(app, halcy, Draft(text=f"@{asking.username} psst", visibility="direct"))
    sent = await media.upload(app, halcy, picture(), "A corner", "0.5,0.5")
    await post(PICTURED, "A picture", media_ids=(sent.id,))


async def _files(app: App, halcy: Actor) -> None:
    """Posts of another server with what cannot be sent here."""
    far = await build.person("far", "far.example")
    there = "https://far.example/file"
    writes = Writes()
    for post_id, kind, mime in (
        (SOUNDING, "audio", "audio/ogg"), (FILMED, "video", "video/mp4"), (MOVING, "gifv", "video/mp4"),
    ):  # fmt: skip
        await build.post(far, kind, id=post_id)
        size = (None, None) if kind == "audio" else (640, 480)
        file = Attachment(kind, mime, f"{there}/{post_id}", "", "", *size)
        storage.posts.attach(writes, next_id(), far.id, post_id, 0, file, clock.now_ms())
    await apply(writes)


async def _of(app: App, asking: Actor) -> None:
    """What is kept for who asks."""
    wish = filters.Wish("Spoilers", ("home", "thread", "public", "account", "notifications"), "warn")
    made = await filters.create(asking, wish, (KeywordWish(keyword="spoilers"),))
    await filters.add_post(asking, made.id, FILTERED)
    await lists.create(app, asking, lists.Change("Friends"))
    await tags.feature(app, asking, "python")
    account = await storage.accounts.by_name(asking.username)
    assert account
    await markers.move(app, account.id, {"home": HELLO})


async def _liked(app: App, admin: Actor, *by: Actor) -> None:
    """A post that several people like."""
    post_id = await posts.create(app, admin, Draft(text="Do you like this?"))
    for actor in by:
        await reactions.like(app, actor, post_id)


async def _member(name: str) -> Actor:
    found = await storage.actors.local(name)
    assert found
    return found


@contextmanager
def _numbered(module: ModuleType, first: int) -> Iterator[None]:
    """The next thing that the module makes has this id, what follows another."""
    given: list[int] = []

    def number(real: Callable[[], int] = next_id) -> int:
        given.append(first if not given else real())
        return given[-1]

    with patch.object(module, "next_id", number):
        yield
