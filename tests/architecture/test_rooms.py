"""The rules of the house hold, and each of them notices when it is broken."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.architecture import chokepoints, rooms
from tests.architecture.rooms import Source

Rule = Callable[[Sequence[Source]], Iterator[str]]

RULES: tuple[Rule, ...] = (
    rooms.upward,
    rooms.homeless,
    rooms.late,
    rooms.circles,
    rooms.long,
    rooms.undescribed,
    chokepoints.writing_in_web,
    chokepoints.connecting,
    chokepoints.asking_the_database,
    chokepoints.verifying,
    chokepoints.showing,
    chokepoints.deciding,
    chokepoints.forging,
)

# What a rule has to see besides the planted module to find the breach.
CONTEXT: dict[Rule, tuple[str, ...]] = {rooms.circles: rooms.ROOMS, chokepoints.writing_in_web: ("storage",)}

# Each line: the rule, where the breach is planted, and the code that breaks it.
PLANTED: tuple[tuple[Rule, str, str], ...] = (
    (rooms.upward, "storage.posts", "import activitypub.keys"),
    (rooms.upward, "storage.posts", "from fedcomm import clock"),
    (rooms.upward, "storage.posts", "import importlib\nimportlib.import_module('fedcomm.clock')"),
    (rooms.upward, "activitypub.parse", "from storage.posts import Post"),
    (rooms.upward, "fedcomm.posts", "from web import respond"),
    (rooms.upward, "fedcomm.cli.run", "import web.app"),
    (rooms.upward, "web.app", "from tests import build"),
    (rooms.homeless, "web.app", "import httpx"),
    (rooms.homeless, "fedcomm.posts", "from starlette.responses import Response"),
    (rooms.homeless, "fedcomm.posts", "import click"),
    (rooms.homeless, "fedcomm.posts", "import sqlite3"),
    (rooms.homeless, "activitypub.keys", "import requests"),
    (rooms.homeless, "web.app", "import uvicorn"),
    (rooms.late, "fedcomm.posts", "def create():\n    import json"),
    (rooms.circles, "fedcomm.clock", "from fedcomm.errors import AppError\nfrom fedcomm import app"),
    (rooms.circles, "storage.ids", "import storage.connect"),
    (rooms.long, "fedcomm.posts", "x = 1\n" * 401),
    (rooms.long, "fedcomm.posts", "def long():\n" + "    x = 1\n" * 60),
    (rooms.undescribed, "fedcomm.posts", "x = 1"),
    (chokepoints.writing_in_web, "web.pages.home", "SQL = 'UPDATE post SET title = 1'"),
    (chokepoints.writing_in_web, "web.pages.home", "table = 'post'\nSQL = f'DELETE FROM {table}'"),
    (chokepoints.writing_in_web, "web.pages.home", "from storage.connect import transaction"
                                                   "\nasync def f():\n    async with transaction(): pass"),
    (chokepoints.writing_in_web, "web.pages.home", "import storage.connect as c\nasync def f(): await c.rows('')"),
    (chokepoints.writing_in_web, "web.pages.home", "import storage.sessions as s\nasync def f(): await s.delete(1, 2)"),
    (chokepoints.writing_in_web, "web.pages.home", "from storage.sessions import extend\ndef f(): return extend(1)"),
    (chokepoints.writing_in_web, "web.pages.home", "from storage import invites\nasync def f(): await invites.use(1)"),
    (chokepoints.writing_in_web, "web.pages.home", "async def f(post): await post.save()"),
    (chokepoints.writing_in_web, "web.pages.home", "from storage.posts import Post\ndef f(): return Post.create(id=1)"),
    (chokepoints.connecting, "fedcomm.fetching", "import httpx\nclient = httpx.AsyncClient()"),
    (chokepoints.connecting, "activitypub.webfinger", "from httpx import get\nget('https://a.example')"),
    (chokepoints.connecting, "fedcomm.media", "import asyncio\nasync def f(): await asyncio.open_connection('a', 1)"),
    (chokepoints.connecting, "fedcomm.media", "import socket\nsocket.create_connection(('a', 1))"),
    (chokepoints.connecting, "fedcomm.media", "async def f(loop): await loop.create_connection(None, 'a', 1)"),
    (chokepoints.connecting, "fedcomm.media", "from urllib.request import urlopen"),
    (chokepoints.connecting, "fedcomm.media", "import http.client"),
    (chokepoints.connecting, "fedcomm.accounts", "import smtplib"),
    (chokepoints.connecting, "fedcomm.scouting", "async def f(app): await app.transport.handle_async_request(1)"),
    (chokepoints.connecting, "fedcomm.backfill", "import socket\ndef f(): socket.socket().connect(('a', 1))"),
    (chokepoints.asking_the_database, "fedcomm.sharing", "def f(w): w.add('INSERT INTO reaction VALUES (?)', ())"),
    (chokepoints.asking_the_database, "fedcomm.receipts", "ALL = 'SELECT content FROM post WHERE group_id = ?'"),
    (chokepoints.asking_the_database, "fedcomm.inbox.facts", "W = 'UPDATE post SET group_id = ? WHERE id = ?'"),
    (chokepoints.verifying, "fedcomm.intake", "from activitypub import signatures\nsignatures.check(1, 2)"),
    (chokepoints.verifying, "web.federation.inbox", "from activitypub.signatures import parse\nparse(1)"),
    (chokepoints.verifying, "fedcomm.intake", "import activitypub.proofs\nactivitypub.proofs.verify(1)"),
    (chokepoints.verifying, "fedcomm.intake", "from activitypub.signatures.digest import check_digest as c\nx = c"),
    (chokepoints.showing, "storage.timelines", "SQL = 'SELECT post.id FROM post WHERE post.id < ?'"),
    (chokepoints.showing, "storage.threads", "def f(x): return f'SELECT id FROM boost JOIN  post ON {x}'"),
    (chokepoints.showing, "storage.posts", "S = 'SELECT id FROM post'\nasync def mine(viewer): return await rows(S)"),
    (chokepoints.showing, "web.mastodon.statuses", "import storage.posts\ndef get(id): return storage.posts.by_id(id)"),
    (chokepoints.showing, "web.pages.many", "import storage.posts\ndef get(ids): return storage.posts.by_ids(ids)"),
    (chokepoints.showing, "storage.syndication", "ALL = 'post.id > 0'\nSQL = f'SELECT post.id FROM post WHERE {ALL}'"),
    (chokepoints.showing, "storage.interests", "SQL = 'SELECT COUNT(*) FROM post WHERE post.group_id = ?'"),
    (chokepoints.showing, "storage.collections", "SQL = 'SELECT id FROM post WHERE thread_id = ?'"),
    (chokepoints.showing, "storage.timelines", "SQL = 'SELECT p.id FROM actor a, post p WHERE p.author_id = a.id'"),
    (chokepoints.showing, "storage.search", "SQL = 'select id from post where group_id = ?'"),
    (chokepoints.connecting, "fedcomm.completing", "import httpx\nasync def f(): await httpx.AsyncClient().get('')"),
    (chokepoints.forging, "web.pages.danger", "async def undo(request): await rollback.order(request)"
                                              "\nroutes = [Route('/undo', undo, methods=['POST'])]"),
    (chokepoints.forging, "web.admin.danger", "def form(): pass\nasync def f(r): await read(r)"
                                              "\nroutes = [Route('/f', f, methods=['POST'])]"),
    (chokepoints.deciding, "fedcomm.crossing", "from storage import shares\ndef f(w): shares.put(w, 1, 2, 3, 4)"),
    (chokepoints.deciding, "fedcomm.doors", "from storage import admissions\ndef f(w): admissions.grant(w, 1)"),
    (chokepoints.deciding, "fedcomm.relaying", "from fedcomm import groups\ndef f(): groups.pass_on(1, 2)"),
    (chokepoints.deciding, "fedcomm.moves", "from storage import posts\ndef f(w): posts.change(w, 1, group_id=2)"),
    (chokepoints.deciding, "fedcomm.hold", "from storage import held\ndef f(w): held.let_in(w, 1, 2)"),
    (chokepoints.deciding, "fedcomm.labels", "from fedcomm import acts\ndef f(): acts.record(1, 2, 3)"),
    (chokepoints.deciding, "fedcomm.importing", "from fedcomm import recording\ndef f(): recording.record(1, 2, 3)"),
    (chokepoints.deciding, "fedcomm.inbox.like", "from storage import reactions\ndef f(): reactions.put(1, 2)"),
    (chokepoints.deciding, "fedcomm.inbox.add", "from fedcomm.groups import accept_post\ndef f(): accept_post(1)"),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    breaches = list(rule(rooms.house()))

    assert not breaches, f"{rule.__doc__}\n" + "\n".join(breaches)


@pytest.mark.parametrize(("rule", "module", "code"), PLANTED)
def test_a_planted_breach_is_caught(rule: Rule, module: str, code: str) -> None:
    house = {source.module: source for source in rooms.house() if source.room in CONTEXT.get(rule, ())}
    before = set(rule(tuple(house.values())))
    kept = house[module].text if module in house else '"""Planted."""'
    text = code if rule is rooms.undescribed else f"{kept}\n{code}\n"

    house[module] = Source(module, text)

    assert set(rule(tuple(house.values()))) - before


def test_every_rule_was_broken_once() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


def test_what_is_allowed_is_not_taken_for_a_breach() -> None:
    allowed = [
        Source("fedcomm.server", '"""Assembly."""\nimport uvicorn\nimport uvloop\nimport web.app'),
        Source("fedcomm.posts", '"""A."""\nimport storage.posts\nfrom activitypub import parse\nimport msgspec'),
        Source("storage.sessions", '"""A."""\nfrom storage.connect import row\ndef one(): return row("SELECT 1")'),
        Source("web.a", '"""A page."""\nimport storage.sessions\nasync def f(): return await storage.sessions.one()'),
        Source("web.b", '"""A page."""\nfrom fedcomm import posts\nasync def f(app): await posts.create(app)'),
        Source("web.c", '"""One post."""\nfrom storage import posts, visible\nasync def f(viewer, id):\n'
                        "    return await posts.by_id(id) if await visible.sees(viewer, id) else None"),
        Source("storage.timelines", '"""A."""\nfrom storage import visible\nS = f"FROM post {visible.TO_VIEWER}"'),
    ]  # fmt: skip

    assert [breach for rule in RULES for breach in rule(allowed)] == []
