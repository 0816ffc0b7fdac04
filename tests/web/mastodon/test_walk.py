"""Whatever can be asked for is asked for, and everything in the answers has the keys that are always there."""

from collections import Counter
from typing import Any

import httpx
import pytest

from fedcomm import bulletins, emojis
from fedcomm.app import App
from storage.actors import Actor
from tests import build
from tests.pictures import picture
from tests.web.mastodon import answers, kinds
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema
from tests.web.mastodon.test_custom_emojis import PNG
from web.routes import compiled

pytestmark = pytest.mark.anyio

# What the walk meets at least once; a kind that it never meets would not be looked at.
MET = {
    "account", "mention", "status", "edit", "source", "poll", "media", "emoji", "filter", "filtered", "old filter",
    "word", "notification", "group of notifications", "relationship", "list", "conversation", "marker", "tag",
    "policy", "announcement", "suggestion", "featured tag",
}  # fmt: skip


def asked() -> list[str]:
    """Every address of the client API that is read, streams left out."""
    found = [each.pattern for each in compiled().handlers if each.method == "GET"]
    return [each for each in found if each.startswith(("/api/v1/", "/api/v2/")) and "/streaming" not in each]


@pytest.fixture
async def alice_s(app: App, client: httpx.AsyncClient, alice: Member, bob: Member, gardening: Actor) -> list[str]:
    """alice's server, where much has happened; words that fit into addresses."""
    await answers.everything(client, alice, bob, gardening)
    await emojis.add(None, "oven", PNG)
    sent = await alice.ask("POST", "/api/v1/media", files={"file": ("x.png", picture(), "image/png")})
    assert sent.status_code == 200, sent.text
    post = await alice.post("Ripe :oven: #tomatoes", media_ids=[sent.json()["id"]])
    loose = await alice.ask("POST", "/api/v1/media", files={"file": ("y.png", picture(), "image/png")})
    await bob.post("@alice Psst, tomatoes", visibility="direct")
    await build.follow(await build.person("fay", "far.test"), alice.actor, "pending")
    await alice.do(f"accounts/{(await build.person('eve', 'far.test')).id}/block")
    await bob.do(f"statuses/{post['id']}/favourite")
    one = await alice.do(
        "/api/v2/filters", title="Soil", context=["home", "public", "notifications"],
        keywords_attributes=[{"keyword": "tomatoes", "whole_word": False}],
    )  # fmt: skip
    about = await alice.do(f"/api/v2/filters/{one['id']}/statuses", status_id=post["id"])
    await alice.do("tags/rye/follow")
    await alice.do("featured_tags", name="tomatoes")
    await bob.do(f"accounts/{(await build.person('gil', 'far.test', discoverable=1)).id}/follow")
    await bulletins.publish(None, "We bake on Friday")
    poll = await alice.post("Which?", poll={"options": ["one", "two"], "expires_in": 3600})
    notices = await alice.get("notifications")
    return [
        post["id"], alice.id, bob.id, str(gardening.id), one["id"], one["keywords"][0]["id"], about["id"], poll["id"],
        notices[0]["id"], notices[0]["group_key"], loose.json()["id"], "tomatoes",
    ]  # fmt: skip


def addresses(pattern: str, words: list[str]) -> list[str]:
    """An address of this form for each of the words."""
    head, brace, rest = pattern.partition("{")
    return [f"{head}{word}{rest.partition('}')[2]}" for word in words] if brace else [pattern]


PARAMETERS: dict[str, Any] = {"q": "tomatoes", "acct": "bob", "timeline[]": "home"}


async def test_everything_in_every_answer_has_its_keys(alice: Member, alice_s: list[str]) -> None:
    met: Counter[str] = Counter()
    faults = []

    for pattern in asked():
        for path in addresses(pattern, alice_s):
            answer = await alice.ask("GET", path, params=PARAMETERS | {"id[]": alice_s[:3]})
            assert answer.status_code in (200, 404, 422), (path, answer.text)
            if answer.status_code == 200:
                met.update(kind for _, kind, _, _ in kinds.things(answer.json()))
                faults += [f"{path}{fault}" for fault in kinds.wrong(answer.json())]

    assert faults == []
    assert set(met) >= MET


async def test_everything_in_every_answer_is_as_the_api_is_described(alice: Member, alice_s: list[str]) -> None:
    schema = Schema()
    faults, described = [], 0

    for pattern in asked():
        try:
            shape = schema.of(pattern, "get")
        except LookupError:
            continue
        for path in addresses(pattern, alice_s):
            answer = await alice.ask("GET", path, params=PARAMETERS | {"id[]": alice_s[:3]})
            if answer.status_code == 200:
                described += 1
                faults += [f"get {path}{fault}" for fault in schema.wrong(answer.json(), shape)]

    assert sorted(set(faults)) == []
    assert described > 60


def test_a_kind_is_told_by_its_keys_and_what_is_missing_is_noticed() -> None:
    emoji = {"shortcode": "x", "url": "https://a.test/x", "static_url": "https://a.test/x", "visible_in_picker": True}
    deep = {"statuses": [{"emojis": [emoji, {"shortcode": "y"}]}]}

    assert [kind for _, kind, _, _ in kinds.things(deep)] == ["emoji", "emoji"]
    assert kinds.wrong(emoji) == [] and kinds.wrong(deep)[0].startswith(".statuses[0].emojis[1] (emoji).url is missing")
