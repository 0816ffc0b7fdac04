"""The collection that the server makes of its groups: who finds it where, and what is in it."""

import httpx
import pytest

from fedcomm import actors
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import execute
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio


@whichever_database
async def test_the_groups_of_this_server_are_a_collection(
    app: App, client: httpx.AsyncClient, alice: Member, gardening: Actor
) -> None:
    service = (await actors.service(app)).id
    bread = await build.group("bread")
    await build.group("away", "far.test", discoverable=1)
    await execute("UPDATE actor SET last_post_at = 5 WHERE id = ?", (bread.actor_id,))

    shown = (await client.get(f"/api/v1/collections/{service}")).json()
    of_server = (await alice.get(f"accounts/{service}/collections"))["collections"]
    beyond = (await alice.get(f"accounts/{service}/collections", offset=1))["collections"]
    german = (await client.get("/api/v2/search?q=gruppen", headers={"accept-language": "de"})).json()["collections"]
    english = (await alice.get("/api/v2/search", q="Groups"))["collections"]
    tagged = (await alice.get("/api/v2/search", q="Groups", type="accounts"))["collections"]
    other = (await alice.get("/api/v2/search", q="bread"))["collections"]

    inside = [str(bread.actor_id), str(gardening.id)]
    assert ids(shown["accounts"]) == inside == [each["account_id"] for each in shown["collection"]["items"]]
    assert all(each["group"] for each in shown["accounts"])
    assert (shown["collection"]["name"], shown["collection"]["item_count"]) == ("Groups here", 2)
    assert of_server == [shown["collection"]] == english and beyond == tagged == other == []
    assert [each["id"] for each in german] == [str(service)] and german[0]["name"] == "Gruppen hier"
    assert (await client.get(shown["collection"]["uri"])).json() == shown


async def test_groups_that_one_keeps_away_are_not_in_it(app: App, alice: Member, bob: Member, gardening: Actor) -> None:
    service = (await actors.service(app)).id
    await alice.do(f"accounts/{gardening.id}/mute")

    seen = [(await member.get(f"collections/{service}"))["accounts"] for member in (alice, bob)]

    assert [ids(each) for each in seen] == [[], [str(gardening.id)]]


async def test_members_have_no_collections_and_change_none(app: App, alice: Member, bob: Member) -> None:
    service = (await actors.service(app)).id

    assert await alice.get(f"accounts/{bob.id}/collections") == {"collections": []}
    assert await alice.get(f"accounts/{alice.id}/in_collections") == {"collections": []}
    assert (await alice.refused("GET", f"accounts/{bob.id}/in_collections"))[0] == 404
    assert (await alice.refused("GET", f"collections/{bob.id}"))[0] == 404
    assert (await alice.refused("POST", "collections", name="Mine"))[0] == 422
    assert (await alice.refused("DELETE", f"collections/{service}"))[0] == 404
    assert (await alice.refused("POST", f"collections/{service}/items", account_id=bob.id))[0] == 404
