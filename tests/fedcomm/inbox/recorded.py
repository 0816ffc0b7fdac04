"""What running servers sent, taken in here in their order; their origins are served as they were then."""

import asyncio
import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from activitypub import documents
from fedcomm import fetching
from fedcomm.app import App
from fedcomm.inbox import Inbox
from storage import inbox as items
from storage import posts
from storage.connect import Writes, apply, rows, value
from storage.ids import next_id
from storage.inbox import Item
from storage.posts import Post
from tests import build
from tests.corpus import corpus

Raw = dict[str, Any]


async def take(app: App, inbox: Inbox, name: str, raw: Raw, signer: str) -> str:
    """Give a document its effect as an activity of `signer`; '', or why it had none. A fault of ours is an error."""
    writes = Writes()
    item = Item(next_id(), signer, documents.write(raw), 0)
    writes.add_many(items.INSERT, [(item.id, item.id.to_bytes(16, "big"), signer, item.body)])
    await apply(writes)
    await inbox.settle([item])
    while inbox.waiting:
        await asyncio.wait(inbox.waiting)
    ((state, attempts, error),) = await rows("SELECT state, attempts, error FROM inbox_item WHERE id = ?", (item.id,))
    assert attempts == 0 and state in (items.DONE, items.REFUSED), f"{name}: {error}"
    return error if state == items.REFUSED else ""


def sent(program: str) -> Iterator[tuple[str, Raw]]:
    """Name and body of each delivery, oldest first."""
    found = []
    for file in corpus(f"recorded/{program}").glob("*.json"):
        recorded = json.loads(file.read_bytes())
        if isinstance(recorded, dict) and isinstance(recorded.get("body"), dict) and "headers" in recorded:
            headers = {name.lower(): said for name, said in dict(recorded["headers"]).items()}
            if "date" in headers:
                found.append((parsedate_to_datetime(headers["date"]), file.stem, recorded["body"]))
    for _at, name, body in sorted(found, key=lambda each: each[:2]):
        yield name, body


class World:
    """What the origins of posts and actors serve; it changes with what is sent."""

    def __init__(self, program: str) -> None:
        self.served: dict[str, Raw] = {}
        self.gone: set[str] = set()
        for file in sorted(corpus(f"recorded/{program}").glob("*.json")):
            raw = json.loads(file.read_bytes())
            if isinstance(raw, dict) and isinstance(raw.get("id"), str):
                self.served.setdefault(raw["id"], raw)

    def serve(self, raw: Any, undone: bool = False) -> None:
        """Serve what an activity is about as it is at its origin once that was done."""
        inner = raw.get("object") if isinstance(raw, dict) else None
        if isinstance(inner, dict) and "object" in inner:
            return self.serve(inner, raw.get("type") == "Undo")
        if raw.get("type") == "Delete":
            (self.gone.discard if undone else self.gone.add)(inner["id"] if isinstance(inner, dict) else inner)
        elif isinstance(inner, dict) and len(inner) > 4:
            self.served[inner["id"]] = inner

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the origin of a document; actors nobody recorded are plain people."""
        url = str(request.url)
        if url in self.gone:
            return httpx.Response(410, json={"error": "gone"}, request=request)
        found = self.served.get(url)
        if found is None and any(part in url for part in ("/u/", "/uid/")):
            found = {"id": url, "type": "Person", "preferredUsername": url.rsplit("/", 1)[1], "inbox": f"{url}/inbox"}
        headers = {"content-type": "application/activity+json"}
        return httpx.Response(200 if found else 404, json=found or {}, headers=headers, request=request)


class Story:
    """A member here, and what a group elsewhere sends."""

    def __init__(self, app: App, world: World, program: str) -> None:
        self.app, self.world = app, world
        self.inbox = Inbox(app)
        self._left = list(sent(program))

    async def join(self, group: str) -> None:
        """Let anna be a member of a group."""
        anna = await build.person("anna")
        face = await fetching.actor(self.app, group)
        await build.follow(anna, face)

    async def until(self, name: str, *but: str) -> str:
        """Take in what was sent up to and with that, `but` some; says why the last had no effect, or ''."""
        while self._left:
            following, raw = self._left.pop(0)
            if following in but:
                continue
            self.world.serve(raw)
            why = await take(self.app, self.inbox, following, raw, raw["actor"])
            if following == name:
                return why
        raise AssertionError(f"{name} was not sent")

    async def post(self, uri: str) -> Post:
        """The post as it is known here."""
        found = await posts.by_uri(uri)
        assert found is not None, uri
        return found

    async def register(self, property_: str, subject: str) -> str | None:
        """The value of a register of the one group there is."""
        sql = "SELECT value FROM register WHERE property = ? AND subject = ?"
        found: str | None = await value(sql, (property_, subject))
        return found
