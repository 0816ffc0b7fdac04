"""Avatar and header: sent, cut to size, shown everywhere, told to other servers, replaced and taken away."""

from typing import Any

import httpx
import msgspec
import pytest

from fedcomm.config import Config
from storage.connect import execute, rows
from tests import build
from tests.pictures import located, moving, opened, picture
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema
from tests.web.mastodon.test_media import files_in

pytestmark = pytest.mark.anyio

UPDATE = "accounts/update_credentials"
PROGRAM = {"accept": "application/activity+json"}


async def changed(member: Member, data: dict[str, str] | None = None, **files: bytes) -> dict[str, Any]:
    """The member with these pictures."""
    sent = {name: (f"{name}.jpg", content, "image/jpeg") for name, content in files.items()}
    answer = await member.ask("PATCH", UPDATE, files=sent, data=data or {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_avatar_and_header_are_shown_to_everybody(alice: Member, bob: Member, client: httpx.AsyncClient) -> None:
    status = await alice.post("Before")
    found = await changed(alice, {"display_name": "Alice"}, avatar=picture("PNG", (900, 300)), header=picture())

    seen = await bob.get(f"accounts/{alice.id}")
    assert found["display_name"] == "Alice"
    for name, size in (("avatar", (400, 400)), ("header", (1500, 500))):
        assert found[name] == found[f"{name}_static"] == seen[name]
        assert opened((await client.get(seen[name])).content).size == size
    assert (await bob.get(f"statuses/{status['id']}"))["account"]["avatar"] == found["avatar"]


async def test_other_servers_are_told(alice: Member, client: httpx.AsyncClient) -> None:
    await changed(alice, avatar=picture("PNG"), header=picture())

    document = (await client.get(alice.actor.uri, headers=PROGRAM)).json()
    (body,) = (await rows("SELECT body FROM outbox WHERE actor_id = ?", (alice.actor.id,)))[-1]
    update = msgspec.json.decode(bytes(body))
    mine = await alice.get("accounts/verify_credentials")
    wanted = {
        "icon": {"type": "Image", "mediaType": "image/png", "url": mine["avatar"]},
        "image": {"type": "Image", "mediaType": "image/jpeg", "url": mine["header"]},
    }
    assert update["type"] == "Update"
    for found in (document, update["object"]):
        assert {name: found[name] for name in wanted} == wanted


@pytest.mark.attack("PRI-15")
@pytest.mark.parametrize("content", [located(), moving()])
@whichever_database
async def test_an_avatar_is_nothing_but_a_still_picture(
    alice: Member, client: httpx.AsyncClient, content: bytes
) -> None:
    found = await changed(alice, avatar=content)

    served = (await client.get(found["avatar"])).content
    assert b"Camera of Anna" not in served and getattr(opened(served), "n_frames", 1) == 1


@pytest.mark.attack("PRI-13")
async def test_what_was_shown_before_is_gone(alice: Member, client: httpx.AsyncClient) -> None:
    first = await changed(alice, avatar=picture())
    second = await changed(alice, avatar=picture("PNG"))

    taken = await alice.ask("DELETE", "profile/avatar")

    for found in (first, second):
        assert (await client.get(found["avatar"])).status_code == 404
    assert taken.status_code == 200 and taken.json()["avatar"] == f"{build.BASE}/static/person.png"
    assert "source" in taken.json()
    assert "icon" not in (await client.get(alice.actor.uri, headers=PROGRAM)).json()


async def test_taking_away_what_is_not_there_is_fine(alice: Member) -> None:
    for name in ("avatar", "header"):
        answer = await alice.ask("DELETE", f"profile/{name}")
        assert answer.status_code == 200 and answer.json()[name].startswith(f"{build.BASE}/static/")
    assert Schema().wrong(answer.json(), Schema().of("/api/v1/profile/header", "delete")) == []


@pytest.mark.parametrize("name", ["avatar", "header"])
async def test_what_is_no_picture_changes_nothing(alice: Member, config: Config, name: str) -> None:
    before = await alice.get("accounts/verify_credentials")
    other = {"avatar": "header", "header": "avatar"}[name]

    answer = await alice.ask(
        "PATCH", UPDATE, files={name: ("x.svg", b"<svg/>"), other: ("y.jpg", picture())}, data={"display_name": "New"}
    )

    assert answer.status_code == 422 and answer.json()["error"]
    assert await alice.get("accounts/verify_credentials") == before
    assert await rows("SELECT id FROM media") == [] and files_in(config.data_dir) == set()


async def test_what_else_is_wrong_keeps_no_picture(alice: Member, config: Config) -> None:
    answer = await alice.ask("PATCH", UPDATE, files={"avatar": ("y.jpg", picture())}, data={"display_name": "x" * 101})

    assert answer.status_code == 422
    assert await rows("SELECT id FROM media") == []


@pytest.mark.attack("OAU-13")
async def test_the_avatar_of_somebody_is_no_picture_for_a_post(alice: Member) -> None:
    await changed(alice, avatar=picture())
    ((media_id,),) = await rows("SELECT id FROM media")

    assert (await alice.refused("GET", f"media/{media_id}"))[0] == 404
    assert (await alice.refused("DELETE", f"media/{media_id}"))[0] == 404
    assert (await alice.refused("POST", "statuses", status="x", media_ids=[str(media_id)]))[0] == 422


async def test_nothing_of_who_is_gone_is_served(alice: Member, client: httpx.AsyncClient) -> None:
    found = await changed(alice, avatar=picture())
    await execute("UPDATE media SET state = 'dropped' WHERE owner_id = ?", (alice.actor.id,))

    assert (await client.get(found["avatar"])).status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@whichever_database
async def test_a_profile_is_read_as_it_was_typed_and_changed_with_its_pictures(
    alice: Member, bob: Member, client: httpx.AsyncClient, method: str
) -> None:
    await alice.do("featured_tags", name="beans")
    before = await alice.get("profile")
    data = {
        "note": "I *grow* beans", "avatar_description": "Me", "header_description": "A field", "show_media": "false",
        "show_media_replies": "false", "show_featured": "false", "attribution_domains[]": "https://Example.org/about",
        "fields_attributes[0][name]": "Bed", "fields_attributes[0][value]": "https://beds.test/1",
    }  # fmt: skip
    files = {name: ("x.png", picture("PNG"), "image/png") for name in ("avatar", "header")}

    changed = (await alice.ask(method, "profile", data=data, files=files)).json()
    seen = await bob.get(f"accounts/{alice.id}")
    told = (await client.get(alice.actor.uri, headers=PROGRAM)).json()
    refused = await alice.refused(method, "profile", attribution_domains=["not a site"], note="x")

    assert (before["avatar"], before["header"], before["note"], before["show_media"]) == (None, None, "", True)
    assert (changed["note"], changed["formatted_note"]) == ("I *grow* beans", "<p>I <em>grow</em> beans</p>")
    assert changed["fields"][0]["value"] == "https://beds.test/1" and "<a" in changed["formatted_fields"][0]["value"]
    assert [tag["name"] for tag in changed["featured_tags"]] == ["beans"]
    for name in ("avatar", "header", "avatar_description", "show_media", "show_media_replies", "show_featured"):
        assert changed[name] == seen[name] and changed[name] not in (None, "", True)
    assert changed["attribution_domains"] == told["attributionDomains"] == ["example.org"]
    assert (told["icon"]["name"], told["image"]["name"]) == ("Me", "A field")
    assert refused[0] == 422 and (await alice.get("profile")) == changed

    again = (await alice.ask("PATCH", "profile", files={"avatar": files["avatar"]})).json()
    await alice.do("profile/header", "DELETE")
    after = await alice.get("profile")
    assert (again["avatar_description"], again["header_description"]) == ("", "A field")
    assert (after["header"], after["header_description"]) == (None, "") and after["avatar"] == again["avatar"]
