"""Emergencies, and work on the server: new keys, everybody signed out, nothing new taken in for a while."""

import httpx
import pytest

import storage.actors
from activitypub import keys
from fedcomm import actors, backlog, commands, maintenance, settings
from fedcomm.errors import Invalid, NotFound
from storage import audit, tokens
from storage.connect import execute, value
from tests.fediverse import Fediverse
from tests.forger import Host, send

pytestmark = pytest.mark.anyio


async def test_who_has_new_keys_is_believed_with_them_and_not_with_the_old_ones(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    anna, bert = await a.person("anna"), await b.person("bert")
    await bert.follow(f"anna@{a.host}")
    await fediverse.settle()
    with b.here():
        known = await storage.actors.by_uri(anna.actor.uri)
        assert known is not None
        before = {key.key_id for key in await storage.actors.keys_of(known.id)}
    fediverse.wire.down.add(b.host)
    late = await anna.post("Written with the old key")
    await fediverse.settle()
    monkeypatch.setattr(actors, "KEYS", ((keys.make_rsa, "main-key"), (keys.make_ed25519, "ed25519-key")))
    with a.here():
        await commands.run(a.app, "account.rotate", {"name": "@Anna"})
        for wrong, error in (("nobody", NotFound), ("actor", Invalid)):
            with pytest.raises(error):
                await maintenance.rotate(a.app, wrong)
        assert [(entry.act, entry.subject) for entry in await audit.newest(1)] == [("keys.rotate", "@anna")]
        _key, key_id = await a.app.keyring.private(anna.actor.id, "cavage", late.published)
        assert key_id in before
        _key, key_id = await a.app.keyring.private(anna.actor.id, "cavage", 2**53)
        assert key_id not in before
        told = await actors.document(a.app, anna.actor)
        assert told["publicKey"]["id"] not in before and len(told["assertionMethod"]) == 1
    after = await anna.post("Written with the new key")
    fediverse.wire.down.clear()
    a.deliver_now(b.host)
    await fediverse.settle()

    with b.here():
        assert {key.key_id for key in await storage.actors.keys_of(known.id)}.isdisjoint(before)
    assert (await b.knows(late.uri)).uri == late.uri and (await b.knows(after.uri)).uri == after.uri
    with a.here():
        assert await value("SELECT COUNT(*) FROM delivery_note WHERE status NOT BETWEEN 200 AND 299") == 0
        assert await backlog.refused() == []  # though it is noted when each server took the new keys
        assert await maintenance.forget_keys() == 0
        await execute("UPDATE actor_key SET fetched_at = fetched_at - ?", (maintenance.RETIRED + 60_000,))
        assert await maintenance.forget_keys() == 2
        assert len(await storage.actors.keys_of(anna.actor.id)) == 2


async def test_nothing_new_is_taken_in_and_afterwards_nothing_is_missing(fediverse: Fediverse) -> None:
    ours = await fediverse.instance("ours.test")
    anna, bob = await ours.person("anna"), await ours.person("bob")
    face = Host(fediverse, "far.test").actor("bob")
    await send(fediverse, ours, face, face.does("Follow", anna.actor.uri))
    with ours.here():
        app = ours.app
        secrets = {name: await commands.run(app, "account.token", {"name": name, "scopes": "read write"})
                   for name in ("anna", "bob")}  # fmt: skip
        await commands.run(app, "maintenance", {"on": True, "reason": "New disk"})
    await ours.agreed()

    async with httpx.AsyncClient(transport=ours.asgi, base_url="https://ours.test") as client:
        headers = {name: {"authorization": f"Bearer {found['token']}"} for name, found in secrets.items()}

        async def post(name: str = "anna") -> httpx.Response:
            return await client.post("/api/v1/statuses", data={"status": "Hello"}, headers=headers[name])

        for refused in (
            await post(),
            await client.post("/inbox", content=b"{}"),
            await client.post("/sign_in", data={}),
        ):
            assert refused.status_code == 503 and refused.headers["retry-after"] == "300"
            assert "New disk" in refused.text
        page = await client.get("/about", headers={"accept": "text/html"})
        assert page.status_code == 200 and "everything can be read" in page.text and "New disk" in page.text
        assert (await client.get("/api/v1/timelines/home", headers=headers["anna"])).status_code == 200

        with ours.here():
            await commands.run(ours.app, "maintenance", {"on": True, "reason": ""})
        await ours.agreed()
        assert (await post()).json()["error"].endswith("Please try again later.")

        with ours.here():
            await commands.run(ours.app, "maintenance", {"on": False, "reason": ""})
            assert not (await settings.current(ours.app)).read_only
        await ours.agreed()
        assert (await post()).status_code == 200
        with ours.here():
            await commands.run(ours.app, "account.revoke", {"name": "anna"})
        assert (await post()).status_code == 401 and (await post("bob")).status_code == 200
        with ours.here():
            ended = await commands.run(ours.app, "account.revoke", {"name": ""})
            assert ended == {"tokens": 1, "sessions": 0}
            assert await tokens.revoke_everybodys(1) == 0
            acts = [entry.act for entry in await audit.newest(4)]
        assert (await post("bob")).status_code == 401
    assert acts == ["tokens.revoke", "tokens.revoke", "settings.change", "settings.change"]
    assert bob.actor.id
