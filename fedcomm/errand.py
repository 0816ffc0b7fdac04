"""Asks peers on one occasion: few things of each at a time, all within an allowance, and who is silent not again."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from activitypub import collections
from activitypub.client import Allowance
from activitypub.collections import Budget
from activitypub.errors import ProtocolError, Unreachable
from activitypub.objects import Note
from activitypub.origins import host_of
from fedcomm import errors, fetching, hearsay, listed
from fedcomm.app import App
from fedcomm.inbox import found as taking
from fedcomm.listed import Listed
from storage.actors import Actor
from storage.groups import Group

T = TypeVar("T")
OF_HOST = 3  # requests that one peer has at a time
AT_ONCE = 12
_LEMMYS = re.compile(r"(https?://[^/]+)/post/([0-9]{1,18})")
_COMMENT_PAGES = 10
_LIST = Budget(pages=10, items=500, seconds=20)


class Errand:
    """What is asked of peers for one thread. What cannot be had is None, and nobody hears why."""

    def __init__(self, app: App, allowance: Allowance) -> None:
        self.app = app
        self.allowance = allowance
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._of_host: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(OF_HOST))
        self._silent: set[str] = set()
        self._without_create: set[str] = set()

    async def notes(self, uris: Sequence[str]) -> list[Note]:
        """Those of the posts that their origins tell now; nothing of them is kept."""
        asked = await asyncio.gather(*(self._ask(uri, fetching.note_at) for uri in uris))
        return [note for note in asked if note is not None]

    async def actors(self, uris: Sequence[str]) -> None:
        """Get to know who is not known yet."""

        async def ask(app: App, uri: str, allowance: Allowance) -> object:
            return await fetching.actor(app, uri, allowance=allowance)

        await asyncio.gather(*(self._ask(uri, ask) for uri in uris))

    async def keep(self, note: Note, teller: tuple[Group, Actor] | None = None) -> bool:
        """Keep a post that its origin told, or a group for its members with that face; says whether it is kept."""

        async def ask(app: App, _uri: str, allowance: Allowance) -> object:
            if teller is not None:
                return await hearsay.keep(app, *teller, note.raw, allowance)
            await fetching.keep(app, note, allowance)
            return note

        return await self._ask(note.uri, ask) is not None

    async def take(self, note: Note) -> bool:
        """Take a post that its origin told into the thread of a group of ours that it answers in; says if it is in."""

        async def ask(app: App, _uri: str, allowance: Allowance) -> bool:
            return await taking.take(app, note, allowance, self._without_create)

        return bool(await self._ask(note.uri, ask))

    async def ancestors(self, uri: str) -> bool:
        """Fetch the post with this id and what is above it; says whether it is here."""

        async def ask(app: App, uri: str, allowance: Allowance) -> object:
            return await fetching.post(app, uri, allowance=allowance)

        return await self._ask(uri, ask) is not None

    async def lists(self, urls: Sequence[str]) -> list[tuple[str, list[Listed]]]:
        """The lists at these URLs, and the posts that each names; one that ends in the middle names what came."""
        return list(zip(urls, await asyncio.gather(*map(self._list, urls)), strict=True))

    async def comments(self, note: Note) -> list[Listed]:
        """What was answered to a post of Lemmy, as its API lists it: 0.19 serves neither `context` nor `replies`."""
        found: list[Listed] = []
        if (match := _LEMMYS.fullmatch(note.uri)) is None:
            return found
        for page in range(1, _COMMENT_PAGES + 1):
            url = f"{match[1]}/api/v3/comment/list?post_id={match[2]}&type_=All&sort=Old&limit=50&page={page}"
            told = await self._ask(url, _json)
            views = told.get("comments") if told is not None else None
            comments = [view.get("comment") for view in views if isinstance(view, dict)] if type(views) is list else []
            for comment in comments:
                if isinstance(comment, dict) and not comment.get("removed") and not comment.get("deleted"):
                    each = listed.read(comment.get("ap_id") or "")
                    found += () if each is None else (each,)
            if len(comments) < 50:
                break
        return found

    async def _list(self, url: str) -> list[Listed]:
        found: dict[str, Listed] = {}

        async def ask(app: App, url: str, allowance: Allowance) -> object:
            async for item in collections.walk(app.client, url, _LIST, allowance=allowance):
                if (each := listed.read(item)) is not None:
                    found.setdefault(each.uri, each)
            return found

        await self._ask(url, ask)
        return list(found.values())

    async def _ask(self, uri: str, ask: Callable[[App, str, Allowance], Awaitable[T]]) -> T | None:
        try:
            host = host_of(uri)
            async with self._turns, self._of_host[host]:
                if host in self._silent or self.allowance.used_up or self.app.urls.own(uri):
                    return None
                return await ask(self.app, uri, self.allowance)
        except Unreachable:
            self._silent.add(host)
        except (ProtocolError, errors.AppError):
            pass
        return None


async def _json(app: App, url: str, allowance: Allowance) -> dict[str, Any]:
    return await app.client.get_json(url, allowance=allowance)
