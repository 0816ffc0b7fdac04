"""Whatever can be asked for is asked for, and everything in the answers has the keys that are always there."""

import re
from typing import Any, Self

import httpx
import pytest

from fedcomm.app import App
from storage.actors import Actor
from tests.web.client import whichever_database
from tests.web.mastodon import filled, kinds
from tests.web.mastodon.busy import Busy, busy
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema
from web.routes import compiled

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

# What the walk meets at least once; a kind that it never meets would not be looked at.
MET = {
    "account", "mention", "status", "edit", "source", "poll", "media", "emoji", "filter", "filtered", "old filter",
    "word", "notification", "group of notifications", "relationship", "list", "conversation", "marker", "tag",
    "policy", "announcement", "scheduled", "suggestion", "featured tag", "collection",
}  # fmt: skip


# Of these nothing is found, and why.
NOTHING = {
    "/api/v1/annual_reports/{year}": "not offered",
    "/api/v1/apps/verify_credentials": "this token is of no program",
    "/api/v1/push/subscription": "not offered",
    "/api/v1/modlog/{id}/posts": "nobody was banned (test_public_log.py)",
    "/api/v1/timelines/link": "not offered",
}
# The lists that have no pages, and why: each other list must be in `filled.LISTS`, whose pages are turned.
WHOLE = {
    "/api/v1/accounts": "those that were asked for",
    "/api/v1/accounts/familiar_followers": "those that were asked for",
    "/api/v1/accounts/relationships": "those that were asked for",
    "/api/v1/accounts/search": "by offset",
    "/api/v1/accounts/{id}/featured_tags": "few",
    "/api/v1/accounts/{id}/identity_proofs": "none",
    "/api/v1/accounts/{id}/lists": "few",
    "/api/v1/announcements": "few",
    "/api/v1/custom_emojis": "all, since pickers show all",
    "/api/v1/directory": "by offset",
    "/api/v1/featured_tags": "few",
    "/api/v1/featured_tags/suggestions": "few",
    "/api/v1/filters": "few",
    "/api/v1/instance/activity": "twelve weeks",
    "/api/v1/instance/domain_blocks": "all",
    "/api/v1/instance/languages": "all",
    "/api/v1/instance/peers": "all",
    "/api/v1/instance/rules": "few",
    "/api/v1/lists": "few",
    "/api/v1/statuses": "those that were asked for",
    "/api/v1/statuses/{id}/history": "all",
    "/api/v1/statuses/{id}/quotes": "none",
    "/api/v1/modlog": "none",  # its entries and pages: test_public_log.py
    "/api/v1/suggestions": "few",
    "/api/v1/trends": "by offset",
    "/api/v1/trends/links": "by offset",
    "/api/v1/trends/statuses": "by offset",
    "/api/v1/trends/tags": "by offset",
    "/api/v2/filters": "few",
    "/api/v2/filters/{id}/keywords": "few",
    "/api/v2/filters/{id}/statuses": "few",
    "/api/v2/suggestions": "few",
}
# Changes that do not succeed here, and why.
UNDONE = {
    "POST /api/v1/statuses/{id}/translate": "not offered",
    "POST /api/v1/annual_reports/{year}/generate": "not offered",
    "POST /api/v1/annual_reports/{year}/read": "not offered",
    "PUT /api/v1/statuses/{id}/interaction_policy": "not offered",
    "POST /api/v1/statuses/{id}/quotes/{quoting}/revoke": "not offered",
    **{f"{method} /api/v1/push/subscription": "not offered" for method in ("POST", "PUT", "DELETE")},
    "POST /api/v1/collections": "not offered",
    "PATCH /api/v1/collections/{id}": "not offered",
    "DELETE /api/v1/collections/{id}": "not offered",
    "POST /api/v1/collections/{id}/items": "not offered",
    "DELETE /api/v1/collections/{id}/items/{item}": "not offered",
    "POST /api/v1/collections/{id}/items/{item}/revoke": "not offered",
    "POST /api/v1/media": "wants a file; `busy` sends one",
    "POST /api/v2/media": "wants a file; `answers` sends one",
    "POST /api/v1/accounts": "by a program that acts for nobody (test_registration.py)",
    "POST /api/v1/emails/confirmations": "by a program whose member has to confirm their address (test_confirming.py)",
    "POST /api/v1/apps": "by a program (tests/web/oauth)",
    "DELETE /api/v1/notifications/destroy_multiple": "names them in the address (test_notifications.py)",
}
# What is wished for in every change: each takes from it what it knows.
WISH: dict[str, Any] = {
    "status": "Tomatoes, once more", "title": "Soil", "keyword": "rye", "phrase": "rye", "context": ["home"],
    "name": "basil", "comment": "kind", "domain": "rude.test", "choices": [0], "display_name": "Alice",
}  # fmt: skip
# The lists that are empty, so that the walk sees nothing of what would be in them.
EMPTY = {path for path, why in WHOLE.items() if why == "none" or ("/trends" in path and "statuses" not in path)}


def routes() -> list[str]:
    """Every route of the client API, streams and what only admins do (test_admin_domains.py) left out."""
    found = [f"{each.method} {each.pattern}" for each in compiled().handlers]
    return [
        each for each in found if re.search(" /api/v[12]/", each) and "/streaming" not in each and "/admin/" not in each
    ]


def ending(route: str) -> tuple[int, int]:
    """How much ends with this change, and how deep it lies: what ends much goes last, and the deepest of that first."""
    rank = 2 if re.search("^DELETE|clear$|block$", route) else 1 if re.search("dismiss|reject|/un|remove", route) else 0
    return rank, -route.count("/")


def asked() -> list[str]:
    """Every address of the client API that is read."""
    return [each.removeprefix("GET ") for each in routes() if each.startswith("GET ")]


@pytest.fixture
async def server(app: App, client: httpx.AsyncClient, alice: Member, bob: Member, gardening: Actor) -> Busy:
    """alice's server, where much has happened."""
    return await busy(app, client, alice, bob, gardening)


def pattern_of(address: str) -> str:
    """That of the route behind an address; a path without a leading slash is below /api/v1."""
    path = address.partition("?")[0]
    found = compiled().find(path if path.startswith("/") else f"/api/v1/{path}")
    assert found, address
    return found.methods["GET"].pattern


PARAMETERS: dict[str, Any] = {"q": "tomatoes", "acct": "bob", "timeline[]": "home", "domain": "rude.test"}


class Walk:
    """What alice was answered wherever she could ask: each path that was found, with its pattern."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, httpx.Response]] = []

    @classmethod
    async def of(cls, alice: Member, server: Busy) -> Self:
        """With each id that fits."""
        walk = cls()
        parameters = PARAMETERS | {"id[]": server.words["accounts"] + server.words["statuses"]}
        for pattern in asked():
            for path in server.addresses(pattern):
                answer = await alice.ask("GET", path, params=parameters)
                assert answer.status_code in (200, 404, 422), (path, answer.text)
                if answer.status_code == 200:
                    walk.found.append((pattern, path, answer))
        return walk

    @property
    def empty(self) -> set[str]:
        """The patterns of lists in which nothing was found."""
        return self.patterns - {pattern for pattern, _, answer in self.found if answer.json() != []}

    @property
    def patterns(self) -> set[str]:
        """Those of which something was found."""
        return {pattern for pattern, _, _ in self.found}


async def test_everything_in_every_answer_has_its_keys(alice: Member, server: Busy) -> None:
    walk = await Walk.of(alice, server)

    met = {kind for _, _, answer in walk.found for _, kind, _, _ in kinds.things(answer.json())}
    assert [f"{path}{fault}" for _, path, answer in walk.found for fault in kinds.wrong(answer.json())] == []
    assert met >= MET
    assert sorted(set(asked()) - walk.patterns) == sorted(NOTHING)
    assert sorted(walk.empty) == sorted(EMPTY)
    lists = {pattern for pattern, _, answer in walk.found if "link" in answer.headers or type(answer.json()) is list}
    paged = {pattern_of(address.format(me=1, first=1, list=1, key=1)) for address in filled.LISTS}
    assert sorted(lists - set(WHOLE)) == sorted(paged)
    assert [path for pattern, path, answer in walk.found if pattern in WHOLE and "link" in answer.headers] == []


@whichever_database
async def test_everything_in_what_is_answered_to_a_change_has_its_keys(alice: Member, server: Busy) -> None:
    """Of each change the first that succeeds counts."""
    bob, group = server.words["accounts"][1:]
    wish = WISH | {"account_id": bob, "account_ids": [group], "id": [bob], "status_id": server.words["statuses"][1]}
    changes = sorted((each for each in routes() if not each.startswith("GET ")), key=ending)
    done, faults = set(), []

    for route in changes:
        method, _, pattern = route.partition(" ")
        for path in server.addresses(pattern):
            answer = await alice.ask(method, path, json=wish)
            assert answer.status_code in (200, 403, 404, 422), (route, answer.text)
            if answer.status_code == 200:
                done.add(route)
                faults += [f"{route}{fault}" for fault in kinds.wrong(answer.json())]
                break

    assert faults == []
    assert sorted(set(changes) - done) == sorted(UNDONE)


@whichever_database
async def test_everything_in_every_answer_is_as_the_api_is_described(alice: Member, server: Busy) -> None:
    schema = Schema()
    faults, described = [], 0

    for pattern, path, answer in (await Walk.of(alice, server)).found:
        try:
            shape = schema.of(pattern, "get")
        except LookupError:
            continue
        described += 1
        faults += [f"get {path}{fault}" for fault in schema.wrong(answer.json(), shape)]

    assert sorted(set(faults)) == []
    assert described > 60


def test_a_kind_is_told_by_its_keys_and_what_is_missing_is_noticed() -> None:
    emoji = {"shortcode": "x", "url": "https://a.test/x", "static_url": "https://a.test/x", "visible_in_picker": True}
    deep = {"statuses": [{"emojis": [emoji, {"shortcode": "y"}]}]}

    assert [kind for _, kind, _, _ in kinds.things(deep)] == ["emoji", "emoji"]
    assert kinds.wrong(emoji) == [] and kinds.wrong(deep)[0].startswith(".statuses[0].emojis[1] (emoji).url is missing")
