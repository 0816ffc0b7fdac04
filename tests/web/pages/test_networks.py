"""Networks from where not everybody comes in, as admins close and open them with a browser."""

import pytest

from fedcomm import address_blocks
from fedcomm.app import App
from storage import address_blocks as stored
from storage import audit
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/admin/networks"


async def test_a_network_is_closed_changed_and_opened_again(app: App, admin: Browser, enter: Enter) -> None:
    page = await admin.get(HERE)
    assert "There are none." in page.main and flaws(page) == []

    closed = await admin.button(
        page, HERE, network="203.0.113.9/24", severity="sign_up_block", comment="Bots", until="2036-01-01"
    )

    (made,) = await stored.everything()
    assert (made.network, made.severity, made.comment) == ("203.0.113.0/24", "sign_up_block", "Bots")
    assert "They cannot sign up" in closed.main and "until" in closed.main and flaws(closed) == []
    assert await address_blocks.severity(app, "203.0.113.200") == "sign_up_block"

    form = await admin.get(f"{HERE}/{made.id}")
    assert form.one("input", name="until")["value"] == "2036-01-01" and flaws(form) == []
    await admin.button(form, f"{HERE}/{made.id}", comment="Bots again")
    (changed,) = await stored.everything()
    assert (changed.comment, changed.id) == ("Bots again", made.id)
    assert abs((changed.expires_at or 0) - (made.expires_at or 0)) <= 1_000
    await admin.button(await admin.get(f"{HERE}/{made.id}"), f"{HERE}/{made.id}", severity="no_access", until="")
    assert await address_blocks.severity(app, "203.0.113.200") == "no_access"
    assert (await stored.everything())[0].expires_at is None

    again = await admin.send(await admin.get(HERE), HERE, network="203.0.113.0/24")
    assert again.status == 409 and "holds for this network already" in again.main
    opened = await admin.button(await admin.get(HERE), f"{HERE}/{made.id}/open")
    assert "Nothing holds for it any more." in opened.main and await stored.everything() == []
    assert [each.act for each in await audit.newest(2)] == ["address.open", "address.close"]
    assert (await (await enter(await build.person("mia", role="moderator"))).get(HERE)).status == 403


@pytest.mark.attack("ADM-06")
async def test_nobody_locks_themselves_out_and_what_makes_no_sense_is_refused(app: App, admin: Browser) -> None:
    for given, said in (
        ({"network": "127.0.0.0/8"}, "You come from this network yourself (127.0.0.1)"),
        ({"network": "far away"}, "no address and no network"),
        ({"network": "0.0.0.0/0"}, "too wide"),
        ({"network": "192.0.2.0/24", "severity": "explode"}, "A severity is one of"),
        ({"network": "192.0.2.0/24", "until": "soon"}, "This is no day"),
        ({"network": "192.0.2.0/24", "until": "2001-01-01"}, "from today on"),
    ):
        refused = await admin.send(await admin.get(HERE), HERE, **given)

        assert refused.status == 422 and said in refused.main and given["network"] in refused.source
    assert await stored.everything() == []
    assert (await admin.get(f"{HERE}/7")).status == 404

    asks = await admin.button(await admin.get(HERE), HERE, network="127.0.0.0/8", severity="sign_up_requires_approval")
    assert "sign up only with a yes" in asks.main
    (made,) = await stored.everything()
    stricter = await admin.send(await admin.get(f"{HERE}/{made.id}"), f"{HERE}/{made.id}", severity="no_access")
    assert stricter.status == 422 and await stored.everything() == [made]


async def test_the_page_of_servers_is_also_where_other_programs_have_theirs(admin: Browser) -> None:
    assert (await admin.get("/admin/federation")).headers["location"] == "/admin/servers"
