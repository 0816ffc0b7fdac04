"""Networks and e-mail addresses of those who come again and again: by program, and at the door."""

import hashlib

import httpx
import msgspec
import pytest

import web.app
from fedcomm import accounts, address_blocks, clock, confirming, settings
from fedcomm.address_blocks import Wanted
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed
from storage import address_blocks as stored
from storage import audit
from storage.connect import transaction
from tests import build
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
MONTH = 30 * 86_400


@pytest.mark.attack("ADM-06", "ADM-11")
async def test_who_comes_from_a_blocked_network_is_kept_out_as_was_decided(app: App, client: httpx.AsyncClient) -> None:
    boss = await Member.of(client, await build.person("boss", role="admin"), "admin:read admin:write")
    moderator = await Member.of(client, await build.person("mia", role="moderator"), "admin:read admin:write")
    await settings.change(app, None, {"registration": "open"})

    async def at(address: str, path: str = "/about") -> int:
        transport = httpx.ASGITransport(web.app.build(app), client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as visitor:
            return (await visitor.get(path)).status_code

    assert await at("203.0.113.9") == 200
    made = await boss.do("admin/ip_blocks", ip="203.0.113.9/24", severity="no_access", comment="Bots  again")
    later = await boss.do("admin/ip_blocks", ip="2001:db8:1::/48", severity="sign_up_block", expires_in=MONTH)
    asks = await boss.do("admin/ip_blocks", ip="198.51.100.7", severity="sign_up_requires_approval")

    assert Schema().wrong(made, {"$ref": "#/components/schemas/AdminIpBlock"}) == []
    assert (made["ip"], made["comment"], made["expires_at"]) == ("203.0.113.0/24", "Bots again", None)
    assert asks["ip"] == "198.51.100.7/32" and later["expires_at"]
    assert [ids(page) for page in await boss.pages("admin/ip_blocks", limit=2)] == [
        [asks["id"], later["id"]], [made["id"]],
    ]  # fmt: skip
    for address, status in (("203.0.113.200", 403), ("::ffff:203.0.113.1", 403), ("203.0.114.1", 200),
                            ("2001:db8:1::5", 200), ("198.51.100.7", 200), ("odd", 200)):  # fmt: skip
        assert await at(address) == status, address
    assert await at("203.0.113.200", "/api/v1/instance") == 403
    for address in ("203.0.113.3", "2001:db8:1:2::9"):
        with pytest.raises(NotAllowed, match="your network"):
            await accounts.sign_up(app, "late", PASSWORD, address=address)
    assert (await accounts.sign_up(app, "held", PASSWORD, address="198.51.100.7")).state == "pending"
    assert (await accounts.sign_up(app, "free", PASSWORD, address="198.51.100.8")).state == "active"

    changed = await boss.do(f"admin/ip_blocks/{made['id']}", "PUT", severity="sign_up_requires_approval")
    assert (changed["ip"], changed["comment"]) == ("203.0.113.0/24", "Bots again") and await at("203.0.113.9") == 200
    assert await boss.get(f"admin/ip_blocks/{made['id']}") == changed
    ended = msgspec.structs.replace((await stored.everything())[1], expires_at=clock.now_ms() - 1)
    async with transaction():
        await stored.put(ended)
        await address_blocks.make(None, Wanted("192.0.2.0/24", "no_access", seconds=60))  # tells that something changed
    assert (await accounts.sign_up(app, "late", PASSWORD, address="2001:db8:1:2::9")).state == "active"
    wrong = (("", "no_access"), ("a.example", "no_access"), ("0.0.0.0/0", "no_access"), ("2001::/8", "no_access"),
             ("192.0.2.9", "explode"), ("192.0.2.9", ""), ("::ffff:192.0.2.9", "no_access"))  # fmt: skip
    for ip, severity in wrong:
        assert (await boss.refused("POST", "admin/ip_blocks", ip=ip, severity=severity))[0] == 422, (ip, severity)
    assert (await boss.refused("POST", "admin/ip_blocks", ip="198.51.100.7", severity="no_access"))[0] == 409
    assert "yourself" in (await boss.refused("POST", "admin/ip_blocks", ip="127.0.0.1", severity="no_access"))[1]
    assert (await moderator.refused("GET", "admin/ip_blocks"))[0] == 403
    assert (await moderator.refused("POST", "admin/ip_blocks", ip="192.0.2.9", severity="no_access"))[0] == 403
    assert await boss.do(f"admin/ip_blocks/{made['id']}", "DELETE") == {}
    assert (await boss.refused("DELETE", f"admin/ip_blocks/{made['id']}"))[0] == 404
    assert (await boss.refused("PUT", f"admin/ip_blocks/{made['id']}", comment="x"))[0] == 404
    assert (await audit.newest(1))[0].act == "address.open"


async def test_who_waits_for_a_mail_first_waits_for_an_admin_after_it(app: App) -> None:
    await settings.change(app, None, {"registration": "open"})
    for name, held in (("held", True), ("free", False)):
        account = await accounts.sign_up(app, name, PASSWORD)
        await build.execute("UPDATE account SET state = 'unconfirmed' WHERE id = ?", (account.id,))
        if held:
            await stored.hold(account.id)
        async with transaction():
            await confirming._come_in(app, account)
        assert (await accounts.named(name)).state == ("pending" if held else "active")


@pytest.mark.attack("ADM-06", "ADM-11")
async def test_nobody_signs_up_with_a_blocked_address_in_any_spelling(app: App, client: httpx.AsyncClient) -> None:
    boss = await Member.of(client, await build.person("boss", role="admin"), "admin:read admin:write")
    made = await boss.do("admin/canonical_email_blocks", email="Eve.Evil+news@Mail.Example")
    digest = hashlib.sha256(b"mal@mail.example").hexdigest()
    other = await boss.do("admin/canonical_email_blocks", canonical_email_hash=digest.upper())

    assert Schema().wrong(made, {"$ref": "#/components/schemas/AdminCanonicalEmailBlock"}) == []
    assert made["canonical_email_hash"] == hashlib.sha256(b"eveevil@mail.example").hexdigest()
    assert await boss.get(f"admin/canonical_email_blocks/{made['id']}") == made
    assert [ids(page) for page in await boss.pages("admin/canonical_email_blocks", limit=1)] == [
        [other["id"]], [made["id"]],
    ]  # fmt: skip
    for email in ("eveevil@mail.example", "E.V.E.evil@MAIL.example", "eveevil+1@mail.example", "m.al@mail.example"):
        with pytest.raises(Invalid, match="that address") as refused:
            await accounts.sign_up(app, "late", PASSWORD, email)
        assert refused.value.field == "email"
        assert len(await boss.do("admin/canonical_email_blocks/test", email=email)) == 1
    assert await boss.do("admin/canonical_email_blocks/test", email="eve@mail.example") == []
    await accounts.sign_up(app, "fine", PASSWORD, "eve@mail.example")
    await accounts.sign_up(app, "none", PASSWORD)
    for wish, status in (({"email": "eveevil@mail.example"}, 409), ({"email": "no address"}, 422), ({}, 422),
                         ({"canonical_email_hash": "xyz"}, 422)):  # fmt: skip
        assert (await boss.refused("POST", "admin/canonical_email_blocks", **wish))[0] == status, wish
    assert await boss.do(f"admin/canonical_email_blocks/{made['id']}", "DELETE") == {}
    assert (await boss.refused("DELETE", f"admin/canonical_email_blocks/{made['id']}"))[0] == 404
    assert (await boss.refused("GET", f"admin/canonical_email_blocks/{made['id']}"))[0] == 404
    await accounts.sign_up(app, "late", PASSWORD, "eveevil@mail.example")
    assert [each.act for each in await audit.newest(1)] == ["email.open"]


@pytest.mark.attack("ADM-06")
async def test_the_address_of_who_is_suspended_is_closed_until_that_is_taken_back(
    app: App, client: httpx.AsyncClient
) -> None:
    boss = await Member.of(client, await build.person("boss", role="admin"), "admin:read admin:write")
    for name, email in (("eve", "eve@mail.example"), ("mal", "mal@mail.example")):
        await accounts.create(app, name, PASSWORD, email)
    ghost = await accounts.create(app, "ghost", PASSWORD, "victim@mail.example")
    await build.execute("UPDATE account SET email_key = NULL WHERE id = ?", (ghost.id,))  # never confirmed
    by_hand = await boss.do("admin/canonical_email_blocks", email="mal@mail.example")

    for name in ("eve", "mal", "ghost"):
        await accounts.set_suspended(app, name, True)

    assert len(await boss.get("admin/canonical_email_blocks")) == 2
    with pytest.raises(Invalid, match="that address"):
        await accounts.sign_up(app, "again", PASSWORD, "e.ve+2@mail.example")
    await accounts.sign_up(app, "victim", PASSWORD, "victim@mail.example")
    for name in ("eve", "mal", "ghost"):
        await accounts.set_suspended(app, name, False)
    assert ids(await boss.get("admin/canonical_email_blocks")) == [by_hand["id"]]
    await accounts.sign_up(app, "again", PASSWORD, "eve+2@mail.example")
    await accounts.set_suspended(app, "eve", True)
    await accounts.delete(app, "eve")
    with pytest.raises(Invalid, match="that address"):
        await accounts.sign_up(app, "third", PASSWORD, "ev.e@mail.example")
