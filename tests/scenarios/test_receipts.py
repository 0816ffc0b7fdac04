"""Where a post has gone, as its author and the moderators of its group are told."""

import json
from typing import Any

import httpx
import pytest

from fedcomm import audit, peers, receipts, tokens
from fedcomm.errors import NotFound
from fedcomm.receipts import Receipt
from storage.posts import Post
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Host, send

pytestmark = pytest.mark.anyio


async def receipt(instance: Instance, person: Person, post: Post, **more: Any) -> Receipt:
    with instance.here():
        return await receipts.of(instance.app, person.actor, post, **({"admin": False} | more))


def states(found: Receipt) -> dict[str, str]:
    return {server.host: server.state for server in found.servers}


async def test_the_receipt_says_who_has_it_who_is_tried_again_and_who_said_no(fediverse: Fediverse) -> None:
    ours, well = await fediverse.instance("ours.test"), await fediverse.instance("well.test")
    anna, mod, eve = await ours.person("anna"), await ours.person("mona"), await ours.person("eve")
    club = await ours.group("club", moderator=mod)
    wim = await well.person("wim")
    hosts = {name: Host(fediverse, f"{name}.test") for name in ("down", "no", "shut", "late")}
    faces = {name: host.actor("bob") for name, host in hosts.items()}
    await fediverse.join(club, wim)
    for name in ("down", "no", "shut"):
        await send(fediverse, ours, faces[name], faces[name].does("Follow", club.uri))
    fediverse.wire.down.add("down.test")
    hosts["no"].statuses = [422, 422]
    with ours.here():
        await peers.set_policy(ours.app, "shut.test", "suspend", comment="", by=audit.OPERATOR)

    post = await anna.post("Hello @club@ours.test")
    await fediverse.settle()
    await ours.agreed()
    found = await receipt(ours, anna, post)

    assert states(found) == {
        "well.test": "delivered", "down.test": "retrying", "no.test": "refused", "shut.test": "not_sent",
    }  # fmt: skip
    down = next(server for server in found.servers if server.host == "down.test")
    no = next(server for server in found.servers if server.host == "no.test")
    assert down.next_try and down.at and down.next_try > down.at and "down" in down.answer
    assert (no.status, no.next_try) == (422, None) and no.at
    assert found.counts["delivered"] == 1 and [act.announced for act in found.acts] == [False, True]
    assert states(await receipt(ours, mod, post)) == states(found) == states(await receipt(ours, eve, post, admin=True))
    with pytest.raises(NotFound):
        await receipt(ours, eve, post)

    fediverse.wire.down.clear()
    ours.deliver_now("down.test")
    await fediverse.settle()
    await send(fediverse, ours, faces["late"], faces["late"].does("Follow", club.uri))
    await ours.agreed()
    later = await receipt(ours, anna, post)
    assert states(later)["down.test"] == "delivered" and "late.test" not in states(later)


async def test_a_receipt_is_about_the_post_alone_and_names_no_person(fediverse: Fediverse) -> None:
    ours = await fediverse.instance("ours.test")
    anna = await ours.person("anna")
    host = Host(fediverse, "theirs.test")
    bob = host.actor("bob")
    await send(fediverse, ours, bob, bob.does("Follow", anna.actor.uri))
    fediverse.wire.down.add("theirs.test")

    post = await anna.post("Only for followers", visibility="private")
    await anna.edit(post, "Only for my followers")
    await anna.like(post)
    await fediverse.settle()
    await ours.agreed()

    found = await receipt(ours, anna, post)
    assert states(found) == {"theirs.test": "retrying"} and len(found.acts) == 1
    assert receipts.told("no such inbox https://a.test/users/bob/inbox, bob@a.test\nsecond") == (
        "no such inbox https://a.test/…, …@a.test"
    )


async def test_programs_and_pages_show_the_receipt_to_whom_it_is_for(fediverse: Fediverse) -> None:
    ours = await fediverse.instance("ours.test")
    anna, _eve = await ours.person("anna"), await ours.person("eve")
    bob = Host(fediverse, "theirs.test").actor("bob")
    await send(fediverse, ours, bob, bob.does("Follow", anna.actor.uri))
    post = await anna.post("Hello")
    hidden = await anna.post("Hidden", visibility="direct")
    await fediverse.settle()
    await ours.agreed()

    async def ask(who: str, post_id: int) -> httpx.Response:
        with ours.here():
            token = await tokens.issue(ours.app, who, "read:statuses")
        async with httpx.AsyncClient(transport=ours.asgi, base_url=ours.app.base_url) as client:
            return await client.get(
                f"/api/v1/statuses/{post_id}/delivery", headers={"authorization": f"Bearer {token}"}
            )

    answer = (await ask("anna", post.id)).json()
    nobody, missing = await ask("eve", post.id), await ask("eve", 1)

    assert {key: answer[key] for key in ("id", "delivered", "total", "refused")} == {
        "id": str(post.id), "delivered": 1, "total": 1, "refused": 0,
    }  # fmt: skip
    assert answer["servers"] == [
        {"host": "theirs.test", "state": "delivered", "at": None, "next_try_at": None, "status": None, "answer": ""}
    ]
    assert [(act["type"], act["by"]) for act in answer["acts"]] == [("create", "anna")]
    assert nobody.status_code == missing.status_code == (await ask("eve", hidden.id)).status_code == 404
    assert (await ask("anna", hidden.id)).json()["total"] == 0
    assert "bob" not in json.dumps(answer)
