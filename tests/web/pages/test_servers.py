"""What admins decide about other servers with a browser, and what they are told before."""

import pytest

from fedcomm.app import App
from storage import audit, peers
from storage.connect import execute, value
from tests import build
from tests.web.pages.browser import Browser

pytestmark = pytest.mark.anyio

FAR = "far.example"


async def test_a_decision_is_made_read_by_others_and_taken_back(app: App, admin: Browser, stranger: Browser) -> None:
    alice = await build.person("alice")
    await build.follow(alice, await build.person("bob", f"below.{FAR}"))
    listed = await admin.get(f"/admin/servers?host={FAR}")
    assert listed.headers["location"] == f"/admin/servers/{FAR}"
    page = await admin.get(f"/admin/servers/{FAR}")
    assert "Members here with ties to it: 1. They follow 1 there, and are followed by 0." in page.main

    saved = await admin.button(
        page, f"/admin/servers/{FAR}", policy="suspend", reject_media="1", public_comment="Spam  waves",
        private_comment="Ask carol", obfuscate="1",
    )  # fmt: skip

    assert "It holds from now on." in saved.main
    decided = await peers.decision(FAR)
    assert decided and decided.decision == peers.Decision("suspend", True, False, "Spam waves", "Ask carol", True)
    assert app.peers.blocked(f"below.{FAR}") and not app.peers.blocked("notfar.example")
    (entry,) = await audit.newest(1)
    assert (entry.act, entry.subject) == ("peer.policy", FAR) and "Ask carol" in entry.detail
    below = await admin.get(f"/admin/servers/below.{FAR}")
    assert "Decided about a domain above it: Suspended" in below.main
    only = await admin.get("/admin/servers?only=decided&sort=failing")
    assert FAR in only.main and "No pictures." in only.main

    cleared = await admin.button(
        await admin.get(f"/admin/servers/{FAR}"), f"/admin/servers/{FAR}", policy="", reject_media="", obfuscate=""
    )
    assert "Nobody here" not in cleared.main and await peers.decision(FAR) is None
    assert not app.peers.blocked(FAR)


async def test_what_is_no_other_server_is_refused_with_a_sentence(app: App, admin: Browser) -> None:
    for host, said in ((app.host, "this server itself"), ("no name", "is not the name of a server")):
        page = await admin.get(f"/admin/servers?host={host}")

        assert page.status == 422 and said in page.main


async def test_a_wrong_decision_changes_nothing_and_is_kept_in_the_form(admin: Browser) -> None:
    page = await admin.get(f"/admin/servers/{FAR}")

    refused = await admin.send(page, f"/admin/servers/{FAR}", policy="suspend", public_comment="x" * 1001)
    unknown = await admin.send(page, f"/admin/servers/{FAR}", policy="explode")

    assert (refused.status, unknown.status) == (422, 422)
    assert "at most 1000 characters" in refused.main and "x" * 1001 in refused.main
    assert await peers.decision(FAR) is None
    assert await value("SELECT COUNT(*) FROM audit WHERE act = 'peer.policy'") == 0


async def test_how_deliveries_go_is_told_and_they_can_be_tried_again(admin: Browser) -> None:
    await peers.meet_at(FAR, 0, build.NOW)
    await execute(
        "UPDATE peer SET failures = 3, failing_since = ?, next_attempt_at = ?, last_error = '503 busy', software = 'x'"
        " WHERE host = ?",
        (build.NOW, build.NOW + 60_000, FAR),
    )
    page = await admin.get(f"/admin/servers/{FAR}")
    assert "503 busy" in page.main and "Failures in a row" in page.main

    tried = await admin.button(page, f"/admin/servers/{FAR}/retry")

    assert "tried now" in tried.main
    assert (await audit.newest(1))[0].act == "peer.retry"
    assert (
        await admin.post("/admin/servers/new.example/retry", {"csrf": page.all("input", name="csrf")[0]["value"]})
    ).status == 404
