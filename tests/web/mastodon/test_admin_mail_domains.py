"""Domains in which nobody who signs up may have their e-mail address: by program, by page, and at the door."""

import httpx
import pytest

from fedcomm import accounts, mail_domains
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage import audit
from storage.connect import execute, value
from tests import build
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.mark.attack("ADM-06", "ADM-11")
async def test_nobody_signs_up_with_an_address_of_a_closed_domain(app: App, client: httpx.AsyncClient) -> None:
    boss = await Member.of(client, await build.person("boss", role="admin"), "admin:read admin:write")
    moderator = await Member.of(client, await build.person("mia", role="moderator"), "admin:read admin:write")
    await accounts.create(app, "early", PASSWORD, "early@trash.example")

    made = await boss.do("admin/email_domain_blocks", domain="Trash.Example")
    more = [await boss.do("admin/email_domain_blocks", domain=f"b{n}.example") for n in range(2)]

    assert Schema().wrong(made, {"$ref": "#/components/schemas/AdminEmailDomainBlock"}) == []
    assert made["domain"] == "trash.example" and await boss.get(f"admin/email_domain_blocks/{made['id']}") == made
    pages = await boss.pages("admin/email_domain_blocks", limit=2)
    assert [ids(page) for page in pages] == [[more[1]["id"], more[0]["id"]], [made["id"]]]
    for email in ("a@trash.example", "A@TRASH.example", "a@deep.below.trash.example"):
        with pytest.raises(Invalid, match="that domain") as refused:
            await accounts.sign_up(app, "late", PASSWORD, email)
        assert refused.value.field == "email"
    for place in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        with pytest.raises(Invalid, match="that domain"):
            await accounts.sign_up(app, "late", PASSWORD, "a@deep.trash.example", address=place)
    today, *before = (await boss.get(f"admin/email_domain_blocks/{made['id']}"))["history"]
    assert (today["accounts"], today["uses"]) == ("2", "3") and int(today["day"]) % 86_400 == 0
    assert [(day["accounts"], day["uses"]) for day in before] == [("0", "0")] * 6
    listed = {each["id"]: each for each in await boss.get("admin/email_domain_blocks")}
    assert listed[made["id"]]["history"][0] == today and listed[more[0]["id"]]["history"][0]["uses"] == "0"
    assert await mail_domains.forget() == 0
    await execute("UPDATE mail_domain_try SET day = day - 8")
    assert await mail_domains.forget() == 2
    for email in ("", "a@nottrash.example", "trash.example@fine.example"):
        await accounts.sign_up(app, f"fine{len(email)}", PASSWORD, email)
    assert (await accounts.authenticate(app, "early@trash.example", PASSWORD)).state == "active"
    assert (await boss.refused("POST", "admin/email_domain_blocks", domain="trash.example"))[0] == 409
    for wrong in ("", "no domain", "com", "trash.example:80", "tra sh.example"):
        assert (await boss.refused("POST", "admin/email_domain_blocks", domain=wrong))[0] == 422, wrong
    assert (await moderator.refused("POST", "admin/email_domain_blocks", domain="x.example"))[0] == 403
    assert (await moderator.refused("GET", "admin/email_domain_blocks"))[0] == 403
    assert await boss.do(f"admin/email_domain_blocks/{made['id']}", "DELETE") == {}
    assert (await boss.refused("DELETE", f"admin/email_domain_blocks/{made['id']}"))[0] == 404
    await accounts.sign_up(app, "late", PASSWORD, "a@trash.example")
    assert [each.act for each in await audit.newest(1)] == ["mail_domain.open"]
    assert await value("SELECT COUNT(*) FROM mail_domain") == 2
