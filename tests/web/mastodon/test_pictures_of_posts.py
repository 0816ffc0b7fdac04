"""Pictures in posts: chosen, in order, changed, deleted; and how other servers read them."""

from typing import Any

import httpx
import pytest

from fedcomm.config import Config
from storage.connect import rows
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member
from tests.web.mastodon.test_media import files_in, sent

pytestmark = pytest.mark.anyio

PROGRAM = {"accept": "application/activity+json"}


def shown(status: dict[str, Any]) -> list[str]:
    """The ids of its pictures, in order."""
    return [file["id"] for file in status["media_attachments"]]


async def test_pictures_are_shown_in_the_order_of_their_ids_in_the_wish(alice: Member, bob: Member) -> None:
    first, second, third = [await sent(alice, description=word) for word in ("one", "two", "three")]

    status = await alice.post("Three", media_ids=[third["id"], first["id"], second["id"]])

    assert shown(status) == [third["id"], first["id"], second["id"]]
    assert status["media_attachments"][1] == first
    assert (await bob.get(f"statuses/{status['id']}"))["media_attachments"] == status["media_attachments"]
    assert shown((await bob.get(f"accounts/{alice.id}/statuses", only_media="true"))[0]) == shown(status)


@pytest.mark.parametrize("form", ["json", "data", "bracketed"])
@whichever_database
async def test_a_picture_needs_no_text(alice: Member, form: str) -> None:
    found = await sent(alice)
    wish: dict[str, Any] = {
        "json": {"json": {"media_ids": [found["id"]]}},
        "data": {"data": {"media_ids[]": [found["id"]], "status": ""}},
        "bracketed": {"json": {"media_ids[]": [int(found["id"])]}},
    }[form]

    answer = await alice.ask("POST", "statuses", **wish)

    assert answer.status_code == 200 and shown(answer.json()) == [found["id"]]


async def test_a_picture_is_in_one_post_only_and_no_post_has_five(alice: Member) -> None:
    many = [(await sent(alice))["id"] for _ in range(5)]
    await alice.post("One", media_ids=many[:1])

    used = await alice.refused("POST", "statuses", status="Two", media_ids=many[:1])
    five = await alice.refused("POST", "statuses", status="Five", media_ids=many)
    unknown = await alice.refused("POST", "statuses", status="None", media_ids=["12345"])

    assert [used[0], five[0], unknown[0]] == [422] * 3 and "4 pictures" in five[1]
    assert await rows("SELECT COUNT(*) FROM post") == [(1,)]


async def test_the_same_request_twice_is_one_post_with_its_picture(alice: Member) -> None:
    found = await sent(alice)
    wish = {"json": {"status": "Once", "media_ids": [found["id"]]}, "headers": {"idempotency-key": "k"}}

    first, second = await alice.ask("POST", "statuses", **wish), await alice.ask("POST", "statuses", **wish)

    assert first.json()["id"] == second.json()["id"] and shown(second.json()) == [found["id"]]


async def test_an_edit_changes_order_words_and_what_is_there(
    alice: Member, bob: Member, client: httpx.AsyncClient
) -> None:
    first, second, third = [await sent(alice, description=word) for word in ("one", "two", "three")]
    status = await alice.post("Two", media_ids=[first["id"], second["id"]])
    words = {"id": second["id"], "description": "2", "focus": "0.5,0.5"}

    changed = await alice.do(
        f"statuses/{status['id']}", "PUT", status="Two", media_ids=[third["id"], second["id"]], media_attributes=[words]
    )

    assert shown(changed) == [third["id"], second["id"]] and changed["edited_at"]
    assert changed["media_attachments"][1]["description"] == "2"
    assert changed["media_attachments"][1]["meta"]["focus"] == {"x": 0.5, "y": 0.5}
    assert (await bob.get(f"statuses/{status['id']}"))["media_attachments"] == changed["media_attachments"]
    before, now = await bob.get(f"statuses/{status['id']}/history")
    assert [(each["id"], each["description"]) for each in before["media_attachments"]] == [(second["id"], "two")]
    assert [each["description"] for each in now["media_attachments"]] == ["three", "2"]
    assert (await client.get(first["url"])).status_code == 404
    assert (await client.get(third["url"])).status_code == 200


async def test_an_edit_that_says_nothing_of_pictures_leaves_them(alice: Member) -> None:
    found = await sent(alice, description="one")
    status = await alice.post("Text", media_ids=[found["id"]])

    changed = await alice.do(f"statuses/{status['id']}", "PUT", status="Other text")
    emptied = await alice.do(f"statuses/{status['id']}", "PUT", status="", spoiler_text="")
    without = await alice.do(f"statuses/{status['id']}", "PUT", status="Without", media_ids=[])

    assert changed["media_attachments"] == emptied["media_attachments"] == [found]
    assert without["media_attachments"] == []
    assert (await alice.refused("PUT", f"statuses/{status['id']}", status=""))[0] == 422


@pytest.mark.parametrize("words", [{"description": "x" * 1501}, {"focus": "9,9"}])
@whichever_database
async def test_an_edit_with_words_that_cannot_be_changes_nothing(alice: Member, words: dict[str, str]) -> None:
    found = await sent(alice, description="one")
    status = await alice.post("Text", media_ids=[found["id"]])

    refused = await alice.refused(
        "PUT", f"statuses/{status['id']}", status="New", media_attributes=[{"id": found["id"], **words}]
    )

    after = await alice.get(f"statuses/{status['id']}")
    assert refused[0] == 422 and after["media_attachments"] == [found] and after["content"] == status["content"]


@pytest.mark.attack("OAU-13")
async def test_nobody_describes_or_takes_the_picture_of_another(alice: Member, bob: Member) -> None:
    hers = await sent(alice, description="hers")
    theirs = await alice.post("Hers", media_ids=[hers["id"]])
    his = await bob.post("His")

    refused = await bob.refused("PUT", f"statuses/{his['id']}", status="His", media_ids=[hers["id"]])
    await bob.do(
        f"statuses/{his['id']}", "PUT", status="His", media_attributes=[{"id": hers["id"], "description": "his"}]
    )

    assert refused[0] == 422
    assert (await bob.get(f"statuses/{his['id']}"))["media_attachments"] == []
    assert (await bob.get(f"statuses/{theirs['id']}"))["media_attachments"] == [hers]


@pytest.mark.attack("PRI-13")
@pytest.mark.parametrize("at_once", [True, False])
async def test_the_pictures_of_a_deleted_post_are_not_served(
    alice: Member, client: httpx.AsyncClient, config: Config, at_once: bool
) -> None:
    found = await sent(alice)
    status = await alice.post("Soon gone", media_ids=[found["id"]])

    deleted = await alice.ask("DELETE", f"statuses/{status['id']}", params={"delete_media": str(at_once).lower()})

    assert shown(deleted.json()) == [found["id"]]
    for address in (found["url"], found["preview_url"]):
        assert (await client.get(address)).status_code == 404
    assert (not files_in(config.data_dir)) == at_once
    again = await alice.ask("POST", "statuses", json={"status": "Anew", "media_ids": [found["id"]]})
    assert again.status_code == (422 if at_once else 200)
    if not at_once:
        assert (await client.get(found["url"])).status_code == 200


async def test_other_servers_read_what_it_is_and_shows(alice: Member, client: httpx.AsyncClient) -> None:
    found = await sent(alice, description="A red corner", focus="-1.0,0.5")
    status = await alice.post("Look", media_ids=[found["id"]])
    wanted = {
        "type": "Document", "mediaType": "image/jpeg", "url": found["url"], "name": "A red corner", "width": 40,
        "height": 30, "blurhash": found["blurhash"], "focalPoint": [-1.0, 0.5],
    }  # fmt: skip

    note = (await client.get(status["uri"], headers=PROGRAM)).json()
    create = (await client.get(f"{status['uri']}/create", headers=PROGRAM)).json()
    outbox = (await client.get(f"{alice.actor.outbox}?page=true", headers=PROGRAM)).json()

    assert note["attachment"] == create["object"]["attachment"] == [wanted]
    assert outbox["orderedItems"][0]["object"]["attachment"] == [wanted]


async def test_the_picture_of_somebody_elsewhere_is_shown_with_what_their_server_says(alice: Member) -> None:
    far = await build.person("carol", "far.test")
    post = await build.post(far, "Look", attachments_count=1)
    await build.insert(
        "media", id=5, owner_id=far.id, post_id=post.id, kind="image", mime="image/png", origin="remote",
        remote_url="https://far.test/a.png", description="A cat", blurhash="LEHV6nWB2yk8", width=8, height=4,
        meta='{"focus":{"x":0.1,"y":0.2}}', state="remote", created_at=0,
    )  # fmt: skip

    (file,) = (await alice.get(f"statuses/{post.id}"))["media_attachments"]

    assert (file["type"], file["url"], file["preview_url"]) == ("image", *["https://far.test/a.png"] * 2)
    assert (file["remote_url"], file["description"]) == ("https://far.test/a.png", "A cat")
    assert file["meta"] == {
        "focus": {"x": 0.1, "y": 0.2}, "original": {"width": 8, "height": 4, "size": "8x4", "aspect": 2.0},
    }  # fmt: skip
