"""What a stranger writes into every field of everything they can send, and where it may come to light again."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

import storage.accounts
from fedcomm import sessions
from storage.connect import rows, value
from tests import build
from tests.fedcomm.test_sanitise import ALLOWED
from tests.forger import PUBLIC
from tests.scenarios.town import Town
from tests.web.client import bearer

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

ATTACK = "\"'><img src=x onerror=alert(1)><script>alert(2)</script></title></textarea>]]>"
CONTENT = f'<p onclick=x>Hello #rye</p><a href="javascript:x">y</a>{ATTACK}'
HTML = frozenset({"content", "note"})  # the fields that clients show as HTML; the values of profiles' lines too
PATHS = (
    "timelines/home", "timelines/public", "timelines/tag/rye", "accounts/{bob}", "accounts/{bob}/statuses",
    "accounts/lookup?acct=bob@theirs.test", "accounts/search?q=bob", "statuses/{note}", "statuses/{note}/context",
    "statuses/{note}/history", "statuses/{note}/source", "statuses/{note}/favourited_by", "notifications",
    "/api/v2/notifications", "/api/v2/search?q=rye", "/api/v2/search?q=bob", "bookmarks", "accounts/{anna}/following",
)  # fmt: skip
PAGES = (
    "/", "/@bob@theirs.test", "/@bob@theirs.test/{note}", "/@bob@theirs.test/{poll}", "/tags/rye", "/home",
    "/notifications", "/bookmarks",
)  # fmt: skip


@pytest.fixture
async def places(town: Town) -> dict[str, str]:
    """bob has sent all he can, and anna has it: the ids of what came of it."""
    fields = [{"type": "PropertyValue", "name": ATTACK, "value": CONTENT}]
    town.theirs.serve(
        town.bob.uri, town.bob.document(name=ATTACK, summary=CONTENT, attachment=fields, url=f"javascript:{ATTACK}")
    )
    await town.anna.follow(town.bob.uri)
    await town.fediverse.settle()
    follow = next(thing for thing in town.theirs.received if thing["type"] == "Follow")
    picture = {"type": "Document", "mediaType": "image/png", "url": "https://theirs.test/x.png", "name": ATTACK}
    tags = [
        {"type": "Hashtag", "name": "#rye", "href": "https://theirs.test/tags/rye"},
        {"type": "Hashtag", "name": f"#{ATTACK}", "href": "javascript:x"},
        {"type": "Mention", "name": ATTACK, "href": town.anna.actor.uri},
        {"type": "Emoji", "name": f":{ATTACK}:", "icon": {"type": "Image", "url": f"https://theirs.test/{ATTACK}"}},
    ]
    note = town.bob.note(
        "n", CONTENT, summary=ATTACK, name=ATTACK, tag=tags, attachment=[picture], to=[PUBLIC, town.anna.actor.uri],
        contentMap={f"en{ATTACK}": CONTENT}, url=f"https://theirs.test/{ATTACK}",
    )  # fmt: skip
    poll = town.bob.note("p", CONTENT, type="Question", oneOf=[{"type": "Note", "name": ATTACK + c} for c in "ab"])
    await town.send(town.bob, town.bob.does("Accept", follow, to=[town.anna.actor.uri]))
    await town.send(town.bob, town.bob.does("Create", note), town.bob.does("Create", poll))
    await town.send(town.bob, town.bob.does("Update", note | {"updated": "2026-11-21T13:00:00Z", "content": CONTENT}))
    ids = {"anna": str(town.anna.actor.id)}
    for name in ("n", "p"):
        ids[{"n": "note", "p": "poll"}[name]] = str((await town.ours.knows(f"https://theirs.test/notes/{name}")).id)
    with town.ours.here():
        ids["bob"] = str(await value("SELECT id FROM actor WHERE uri = ?", (town.bob.uri,)))
        await build.insert("bookmark", actor_id=town.anna.actor.id, post_id=int(ids["note"]), created_at=build.NOW)
    return ids


@pytest.mark.attack("XSS-03", "XSS-18")
async def test_every_html_that_a_program_is_given_is_clean(town: Town, places: dict[str, str]) -> None:
    with town.ours.here():
        token = bearer(await build.token(town.anna.actor))
    found = []
    async with httpx.AsyncClient(transport=town.ours.asgi, base_url="https://ours.test", headers=token) as client:
        for path in PATHS:
            address = path if path.startswith("/") else f"/api/v1/{path}"
            answer = await client.get(address.format(**places))
            if answer.status_code == 404 and path.startswith("/api/v2/notifications"):
                continue
            assert answer.status_code == 200, (path, answer.text)
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
            assert answer.headers["x-content-type-options"] == "nosniff"
            found += [(path, where, text) for where, text in texts(answer.json())]

    html = [(path, where, text) for path, where, text in found if where in HTML or where == "value"]
    assert [each for each in html if not ALLOWED.match(each[2])] == []
    assert {path for path, where, text in html if "Hello" in text} >= {
        "timelines/home",
        "timelines/public",
        "statuses/{note}/history",
        "notifications",
        "accounts/{bob}",
    }
    for path, where, text in found:
        if where == "url" or where.endswith(("_url", "avatar", "header")):
            assert text == "" or re.match(r"https://[^\s<>\"]+\Z", text), (path, where, text)


@pytest.mark.attack("XSS-03", "XSS-08", "XSS-10", "XSS-18")
async def test_every_page_shows_it_as_words(town: Town, places: dict[str, str]) -> None:
    shown = 0
    with town.ours.here():
        from_anna = await _session(town)
    async with httpx.AsyncClient(
        transport=town.ours.asgi, base_url="https://ours.test", headers={"accept": "text/html"}, cookies=from_anna
    ) as client:
        for path in PAGES:
            answer = await client.get(path.format(**places))
            assert answer.status_code == 200, path
            page = Elements()
            page.feed(answer.text)
            assert "alert" not in page.code, path
            assert not page.handlers and not page.odd_links, (path, page.handlers, page.odd_links)
            shown += "alert(1)" in page.words
    assert shown >= 2


@pytest.mark.attack("PRI-07")
async def test_who_got_a_blind_copy_is_kept_nowhere_and_told_to_nobody(town: Town) -> None:
    """Neither here nor by a group that passes on what came; what it came with is forgotten once it had its effect."""
    face = await town.ours.group("bread", moderator=town.anna)
    for who in (town.bob, town.mallory):
        await town.send(who, who.does("Follow", face.uri))
    secret = {"bto": ["https://secret.test/u/x"], "bcc": "https://secret.test/u/y"}
    note = town.bob.note("b", to=[PUBLIC, town.anna.actor.uri, face.uri], **secret)
    town.evil.received.clear()

    await town.send(town.bob, town.bob.does("Create", note, to=note["to"], **secret))
    again = note | {"content": "<p>Rye</p>", "updated": "2026-11-26T12:00:00Z"}
    await town.send(town.bob, town.bob.does("Update", again, to=note["to"], **secret))

    post = await town.ours.knows(note["id"])
    assert {type(each["object"]) for each in town.evil.received} == {dict, str} and post.group_id
    assert "secret.test" not in str(town.evil.received)
    with town.ours.here():
        for table in ("post", "mention", "outbox", "job", "notification", "proven"):
            assert "secret.test" not in str(await rows(f"SELECT * FROM {table}", ())), table
        token = bearer(await build.token(town.anna.actor))
    async with httpx.AsyncClient(transport=town.ours.asgi, base_url="https://ours.test", headers=token) as client:
        for path in (f"/api/v1/statuses/{post.id}", "/c/bread/outbox", f"/@bob@theirs.test/{post.id}"):
            shown = await client.get(path)
            assert "Rye" in shown.text and "secret.test" not in shown.text, path


@pytest.mark.attack("PRI-21")
async def test_a_reader_asks_nobody_but_this_server(town: Town, places: dict[str, str]) -> None:
    with town.ours.here():
        from_anna = await _session(town)
    async with httpx.AsyncClient(
        transport=town.ours.asgi, base_url="https://ours.test", headers={"accept": "text/html"}, cookies=from_anna
    ) as client:
        for path in PAGES:
            answer = await client.get(path.format(**places))
            page = Elements()
            page.feed(answer.text)
            assert page.loaded and all(address.startswith(("/", "https://ours.test/"))
                                       for address in page.loaded), (path, page.loaded)  # fmt: skip
            assert "img-src 'self'" in answer.headers["content-security-policy"]


class Elements(HTMLParser):
    """What of a page runs, leads somewhere odd, is loaded or is read."""

    def __init__(self) -> None:
        super().__init__()
        self.code, self.words = "", ""
        self.handlers: list[str] = []
        self.odd_links: list[str] = []
        self.loaded: list[str] = []
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: text or "" for name, text in attrs}
        self._in_code = tag in ("script", "style")
        self.handlers += [name for name in found if name.startswith("on") or name == "style"]
        if tag in ("img", "script", "source", "video", "audio", "iframe", "object", "embed") and "src" in found:
            self.loaded.append(found["src"])
        if tag == "link" and found.get("rel") not in ("canonical", "alternate", "me"):
            self.loaded.append(found.get("href", "/"))
        self.odd_links += [found[name] for name in ("href", "action", "formaction") if _odd(found.get(name, "/"))]

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code += data
        else:
            self.words += data

    def handle_endtag(self, tag: str) -> None:
        self._in_code = False


def texts(thing: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an answer with the name of its field."""
    if isinstance(thing, dict):
        for name, inner in thing.items():
            yield from texts(inner, name)
    elif isinstance(thing, list):
        for inner in thing:
            yield from texts(inner, where)
    elif isinstance(thing, str):
        yield where, thing


async def _session(town: Town) -> dict[str, str]:
    account = await storage.accounts.by_name("anna")
    assert account
    return {"__Host-session": await sessions.open(town.ours.app, account.id, "Test")}


def _odd(address: str) -> bool:
    return not re.match(r"(?:https?://|/(?!/)|[?#]|\Z)", address)
