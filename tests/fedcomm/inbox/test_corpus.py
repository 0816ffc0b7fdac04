"""What other programs send has its effect here, or none, and never makes a fault of ours."""

import csv
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from activitypub import authenticity, documents, parse
from activitypub.activities import Activity
from activitypub.actors import Actor
from activitypub.errors import ProtocolError
from activitypub.objects import Note
from activitypub.origins import check_id, host_of, is_url, same_origin
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.inbox import Inbox
from storage import posts
from storage.connect import Database, rows
from storage.ids import next_id
from tests import build
from tests.corpus import ROOT, bodies, corpus, folders, present
from tests.fedcomm.inbox.recorded import take

pytestmark = pytest.mark.anyio

FINE = ("", "it is known already")  # some ids stand in several files
GROUPS = frozenset(("Group", "Organization", "Feed"))
VOTES = ("Like", "Dislike", "EmojiReact")
ORDER = {"Update": 1, "Undo": 2, "Delete": 3, "Block": 3, "Move": 3}  # what ends something comes last
Raw = dict[str, Any]


def _expected() -> dict[str, str]:
    if not present():
        return {}
    with (ROOT / "INDEX.csv").open(newline="") as lines:
        return {row["path"]: row["expected"] for row in csv.DictReader(lines)}


def _documents() -> Iterator[tuple[str, Raw]]:
    """Every document that is a JSON object without anything that can be read in two ways."""
    for folder in folders():
        for name, body in bodies(folder):
            try:
                yield name, documents.read(body)
            except ProtocolError:
                continue


def _within(raw: Any) -> Iterator[Raw]:
    if isinstance(raw, dict):
        yield raw
        for value in raw.values():
            yield from _within(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from _within(value)


class World:
    """All documents of the corpus, served where their ids say, as far as one can be at home there."""

    def __init__(self) -> None:
        self.served: dict[str, Raw] = {}
        self.activities: list[tuple[str, Raw, Activity]] = []
        self.kinds: dict[str, str] = {}  # of actors
        expected = _expected()
        for name, raw in _documents():
            believed = expected.get(name, "accept") in ("accept", "accept-if-mod", "doc")
            for part in _within(raw) if believed else ():
                self._serve(part)
            try:
                value = parse.document(raw)
            except ProtocolError:
                continue
            if isinstance(value, Activity):
                self.activities.append((name, raw, value))
                of_groups = value.type == "Announce" and isinstance(value.object, Activity)
                if self.kinds.setdefault(value.actor, "Group" if of_groups else "Person") == "Person" and of_groups:
                    self.kinds[value.actor] = "Group"
        self.activities.sort(key=lambda each: ORDER.get(each[2].type, 0))

    def _serve(self, raw: Raw) -> None:
        if not is_url(raw.get("id")) or len(raw) < 4:
            return
        try:
            value = parse.document(raw)
            if isinstance(value, Note | Activity):
                authenticity.genuine(value)
        except ProtocolError:
            return
        uri = check_id(raw["id"])
        if len(self.served.get(uri, ())) < len(raw):
            self.served[uri] = raw
        if isinstance(value, Actor):
            self.kinds[uri] = "Group" if value.kind in GROUPS else value.kind
        if isinstance(value, Note) and value.attributed_to:
            self.kinds.setdefault(value.attributed_to, "Person")

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the home of a document."""
        found = self.served.get(str(request.url))
        if found is None:
            return httpx.Response(404, json={"error": "not here"}, request=request)
        return httpx.Response(200, json=found, headers={"content-type": "application/activity+json"}, request=request)


@pytest.fixture(scope="module")
def world() -> World:
    """The world of the corpus."""
    corpus()  # skips
    return World()


@pytest.fixture
async def app(database: Database, database_url: str, world: World) -> AsyncIterator[App]:
    """An instance where anna follows everybody and is in every group."""
    settings = Config(
        base_url=build.BASE, host="home.test", database_url=database_url, test_mode=True, rate_limits=False
    )
    opened = await App.open(settings, transport=httpx.MockTransport(world.answer))
    anna = await build.person("anna")
    for uri, kind in world.kinds.items():
        name = str(next_id())
        if kind == "Group":
            group = await build.group(name, host_of(uri), uri=uri)
            await build.join(anna, group)
        else:
            await build.follow(anna, await build.person(name, host_of(uri), kind=kind, uri=uri))
    yield opened
    await opened.close()


@pytest.mark.thorough("postgres")
async def test_everything_has_its_effect_or_none_and_nothing_fails(
    app: App, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    why: dict[str, str] = {}

    with caplog.at_level(logging.ERROR, "fedcomm"):
        for name, raw, activity in world.activities:
            why[name] = await take(app, Inbox(app), name, raw, activity.actor)

    assert [record.getMessage() for record in caplog.records] == []
    assert len(world.activities) > 400
    written = [name for name, _raw, activity in world.activities if _brings_a_post(activity)]
    expected = _expected()
    without = [(name, why[name]) for name in written if expected.get(name) == "accept" and why[name] not in FINE]
    assert without == []
    assert sum(1 for name in written if why[name] == "") > 40


async def test_what_is_to_be_refused_or_passed_over_has_no_effect_and_votes_on_what_is_known_have_theirs(
    app: App, world: World
) -> None:
    expected, why = _expected(), dict[str, str]()
    somebody = await build.person("somebody", "elsewhere.test")

    for name, raw, activity in world.activities:
        wanted, uri = expected.get(name), activity.object_id
        if activity.type in VOTES and wanted in ("accept", "reject"):
            if await posts.by_uri(uri or "") is None:
                await build.post(somebody, uri=uri, url=uri)
        elif activity.type in VOTES or wanted not in ("reject", "refetch", "ignore", "reject-or-ignore"):
            continue
        why[name] = await take(app, Inbox(app), name, raw, activity.actor)

    assert [(name, said) for name, said in why.items() if (said in FINE) != (expected[name] == "accept")] == []
    assert len(why) > 20


@pytest.mark.thorough("postgres")
async def test_nothing_is_shown_as_written_by_somebody_at_another_origin(app: App, world: World) -> None:
    for name, raw, activity in world.activities:
        if activity.type in ("Create", "Announce", "Update"):
            await take(app, Inbox(app), name, raw, activity.actor)

    authors = await rows("SELECT p.uri, a.uri FROM post p JOIN actor a ON a.id = p.author_id")
    assert len(authors) > 60
    assert [pair for pair in authors if not same_origin(*pair)] == []
    assert await rows("SELECT uri FROM post WHERE local = 1") == []


async def test_a_document_of_somebody_else_has_no_effect_whoever_signs_it(app: App, world: World) -> None:
    mallory = await build.person("mallory", "evil.test")
    others = [found for found in world.activities if found[2].actor != mallory.uri]

    assert len(others) > 400
    for name, raw, _activity in others:
        assert await take(app, Inbox(app), name, raw, mallory.uri) != "", name

    for table in ("post", "reaction", "boost", "report", "block"):
        assert await rows(f"SELECT * FROM {table}") == []


def _brings_a_post(activity: Activity) -> bool:
    return activity.type == "Create" and isinstance(activity.object, Note) and bool(activity.object.readable)
