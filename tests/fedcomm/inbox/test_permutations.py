"""Whatever order a few activities come in, and however often each: in the end everything is the same (FLT-20)."""

import itertools
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest

from activitypub.contexts import PUBLIC
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.inbox import Inbox
from storage.connect import Database, rows
from storage.ids import next_id
from storage.inbox import Item
from tests import build

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

BOB, CAROL = "https://theirs.test/users/bob", "https://others.test/users/carol"
KINDS = ("create", "first edit", "second edit", "like", "undo", "delete")
Said = tuple[str, dict[str, Any]]  # who signed it, and the activity


@pytest.fixture
async def app(database: Database, database_url: str) -> AsyncIterator[App]:
    """An app where anna is mentioned by bob, who lives elsewhere as carol does."""
    opened = await App.open(
        Config(base_url=build.BASE, host="home.test", database_url=database_url, test_mode=True, rate_limits=False)
    )
    await build.person("anna")
    await build.person("bob", "theirs.test")
    await build.person("carol", "others.test")
    yield opened
    await opened.close()


def _said(number: int) -> dict[str, Said]:
    """All that is said about post `number`, by kind."""
    note = f"https://theirs.test/notes/{number}"
    like = {"id": f"https://others.test/likes/{number}", "type": "Like", "actor": CAROL, "object": note}

    def version(content: str, minute: int) -> dict[str, Any]:
        at = {"updated": f"2026-11-21T12:{minute:02d}:00Z"} if minute else {}
        return {
            "id": note, "type": "Note", "attributedTo": BOB, "content": f"<p>{content}</p>", "to": [PUBLIC],
            "cc": [f"{build.BASE}/users/anna"], "published": "2026-11-21T12:00:00Z",
        } | at  # fmt: skip

    def by_bob(kind: str, thing: Any, name: str) -> Said:
        return BOB, {"id": f"https://theirs.test/{name}/{number}", "type": kind, "actor": BOB, "object": thing}

    return {
        "create": by_bob("Create", version("one", 0), "creates"),
        "first edit": by_bob("Update", version("two", 1), "edits"),
        "second edit": by_bob("Update", version("three", 2), "more-edits"),
        "like": (CAROL, like),
        "undo": (CAROL, {"id": f"{like['id']}/undo", "type": "Undo", "actor": CAROL, "object": like}),
        "delete": by_bob("Delete", {"id": note, "type": "Tombstone"}, "deletes"),
    }


def _item(said: Said) -> Item:
    return Item(next_id(), said[0], msgspec.json.encode(said[1]), 0)


async def _outcomes() -> list[tuple[Any, ...]]:
    """What became of the posts, each different outcome once."""
    return await rows(
        "SELECT DISTINCT content, deleted_at IS NULL, likes_count, (SELECT COUNT(*) FROM reaction r WHERE r.post_id"
        " = p.id), (SELECT COUNT(*) FROM notification n WHERE n.post_id = p.id) FROM post p"
    )


def _orders(kinds: Sequence[str], *, twice: bool) -> list[list[str]]:
    """All orders; when each comes `twice`, the second one comes anywhere."""
    orders = [list(order) for order in itertools.permutations(kinds)]
    chance = random.Random(20)
    if twice:
        for order in orders:
            for kind in kinds:
                order.insert(chance.randint(0, len(order)), kind)
    return orders


@pytest.mark.attack("FLT-20", "ORI-23", "SIG-05")
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [
        (KINDS, ("", False, 0, 0, 0)),
        (KINDS[:5], ("<p>three</p>", True, 0, 0, 1)),
        (KINDS[:4], ("<p>three</p>", True, 1, 1, 1)),
        (("create", "second edit", "delete"), ("", False, 0, 0, 0)),
        (("create", "like"), ("<p>one</p>", True, 1, 1, 1)),
    ],
    ids=["all", "not deleted", "liked", "edited and deleted", "one like"],
)
async def test_every_order_has_one_outcome(
    app: App, dialect: str, kinds: tuple[str, ...], outcome: tuple[Any, ...], twice: bool
) -> None:
    orders = _orders(kinds, twice=twice)[:: 4 if dialect == "postgres" else 1]
    inbox = Inbox(app)

    for step in range(len(orders[0])):  # of every order one at once: each has a post of its own
        await inbox.settle([_item(_said(number)[order[step]]) for number, order in enumerate(orders)])

    assert not inbox.waiting
    found = [(content, bool(alive), *counts) for content, alive, *counts in await _outcomes()]
    assert found in ([outcome], []) if "delete" in kinds else found == [outcome]
    (count,) = (await rows("SELECT posts_count FROM actor WHERE uri = ?", (BOB,)))[0]
    assert count == (0 if "delete" in kinds else len(orders))


@pytest.mark.attack("ORI-23")
async def test_every_order_has_one_outcome_also_when_all_come_in_one_batch(app: App) -> None:
    orders = _orders(KINDS, twice=False)[::7]
    inbox = Inbox(app)

    await inbox.settle([_item(_said(number)[kind]) for number, order in enumerate(orders) for kind in order])

    assert [(content, bool(alive)) for content, alive, *_ in await _outcomes()] == [("", False)]


async def test_an_order_that_mattered_would_be_seen(app: App) -> None:
    inbox = Inbox(app)

    await inbox.settle([_item(_said(1)["create"]), _item(_said(2)["create"]), _item(_said(2)["like"])])

    assert len(await _outcomes()) == 2


async def test_a_post_that_is_edited_beside_a_new_one_keeps_whom_it_names(app: App) -> None:
    inbox, edited, beside = Inbox(app), _said(1), _said(2)
    await inbox.settle([_item(edited["create"])])

    await inbox.settle([_item(beside["create"]), _item(edited["first edit"])])

    named = "SELECT post.uri, post.content FROM mention JOIN post ON post.id = mention.post_id ORDER BY post.uri"
    assert await rows(named) == [
        ("https://theirs.test/notes/1", "<p>two</p>"), ("https://theirs.test/notes/2", "<p>one</p>"),
    ]  # fmt: skip
