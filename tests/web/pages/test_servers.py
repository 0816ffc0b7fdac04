"""What admins decide about other servers with a browser, and what they are told before."""

import csv
import io

import pytest

from fedcomm import admit, clock, settings
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from fedcomm.peers import decide, hold
from storage import actors, audit, peer_days, peers, servers
from storage.connect import execute, value
from tests import build
from tests.web.pages.browser import Browser

pytestmark = pytest.mark.anyio

FAR = "far.example"


async def test_a_decision_is_made_read_by_others_and_taken_back(app: App, admin: Browser, stranger: Browser) -> None:
    alice = await build.person("alice")
    await build.follow(alice, bob := await build.person("bob", f"below.{FAR}"))
    await build.group("rye")
    face = await actors.local("rye")
    assert face is not None
    await build.follow(bob, face)
    listed = await admin.get(f"/admin/servers?host={FAR}")
    assert listed.headers["location"] == f"/admin/servers/{FAR}"
    page = await admin.get(f"/admin/servers/{FAR}")
    assert "Members here with ties to it: 1. They follow 1 there, and are followed by 0." in page.main
    assert "Memberships in groups here, of people there: 1." in page.main

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


async def test_how_deliveries_go_is_told_and_they_can_be_tried_again(app: App, admin: Browser) -> None:
    await peers.meet_at(FAR, 0, build.NOW)
    await execute(
        "UPDATE peer SET failures = 3, failing_since = ?, next_attempt_at = ?, last_error = '503 busy', software = 'x'"
        " WHERE host = ?",
        (build.NOW, build.NOW + 60_000, FAR),
    )
    today = clock.now_ms() // peer_days.DAY
    for day, came in ((today, 4), (today - 3, 9), (today - 30, 99)):
        await build.insert("peer_day", host=FAR, day=day, came=came, taken=2, failed=1, refused=0)
    page = await admin.get(f"/admin/servers/{FAR}")
    assert "503 busy" in page.main and "Failures in a row" in page.main
    assert "In all it took 4, and 13 came." in page.main and len(page.all("rect")) == 4
    assert "All13420" in page.main.replace(" ", "") and "99" not in page.main
    assert await peer_days.forget(today - 3) == 1 and len(await peer_days.of(FAR, 0)) == 2

    tried = await admin.button(page, f"/admin/servers/{FAR}/retry")

    assert "tried now" in tried.main
    await execute("UPDATE peer SET failures = 0, failing_since = NULL, last_error = ''")
    await hold(app, FAR, 2)
    held = await admin.get(f"/admin/servers/{FAR}")
    assert "Held: nothing is sent to it until" in held.main and "Failing since" not in held.main
    (listed,) = csv.DictReader(io.StringIO((await admin.get("/admin/servers/export.csv")).source))
    assert listed["state"] == "held" and listed["next_try"] > "2026"
    assert "Held:" not in (await admin.button(held, f"/admin/servers/{FAR}/retry")).main
    assert (await audit.newest(1))[0].act == "peer.retry"
    assert (
        await admin.post("/admin/servers/new.example/retry", {"csrf": page.all("input", name="csrf")[0]["value"]})
    ).status == 404


async def test_everybody_reads_what_holds_and_whom_it_is_about_is_told_as_admins_want(
    app: App, admin: Browser, stranger: Browser
) -> None:
    await decide(app, "bad.example", peers.Decision("suspend", True, public_comment="Spam", private_comment="note"))
    await decide(app, "loud.example", peers.Decision("limit", obfuscate=True))
    await decide(app, "friend.example", peers.Decision("allow"))
    named = await admin.get("/admin/servers/friend.example")
    assert [
        each["value"] for each in named.all("input", name="policy") if each.attributes.get("checked", "no") != "no"
    ] == ["allow"]
    assert "allow" not in [
        each["value"] for each in (await admin.get(f"/admin/servers/{FAR}")).all("input", name="policy")
    ]
    closed = await stranger.get("/about/federation")
    assert "do not publish" in closed.main and "bad.example" not in closed.main and closed.status == 200
    for shown_to, ours, theirs in (("members", True, False), ("everybody", True, True)):
        await settings.change(app, None, {"blocks_shown": shown_to})
        for browser, told in ((admin, ours), (stranger, theirs)):
            page = (await browser.get("/about/federation")).main
            assert ("bad.example" in page and "Spam" in page and "No pictures." in page) == told, (shown_to, page)
            assert not any(word in page for word in ("loud.example", "friend.example", "note "))
    assert "Only with servers" not in (await stranger.get("/about/federation")).main
    app.peers.allow_list = True
    assert "of these only that lets it in" in (await admin.get(f"/admin/servers/{FAR}")).main
    board = (await admin.get("/admin/servers")).main
    assert board.count("Not let in.") == 1 and "Not let in. Limited" in board, board
    assert "Only with servers" in (await stranger.get("/about/federation")).main
    with pytest.raises(NotAllowed, match=f"let in by name. What holds: {app.base_url}/about/federation"):
        admit.server(app.peers, "other.example")
    with pytest.raises(NotAllowed, match="does not speak with"):
        admit.server(app.peers, "bad.example")
    admit.server(app.peers, "friend.example")
    refused = await stranger.client.get("/users/ada", headers={"accept": "application/activity+json"})
    assert refused.status_code == 403 and f"{app.base_url}/about/federation" in refused.json()["error"]


async def test_the_board_sorts_by_what_wants_a_look_and_is_taken_along_as_csv(app: App, admin: Browser) -> None:
    alice = await build.person("alice")
    await build.follow(alice, await build.person("bob", "liked.example"))
    for host, failures, waited in (("calm.example", 0, 0), ("down.example", 3, 1), ("gone.example", 40, 31)):
        await peers.meet_at(host, 5 if failures else 9, build.NOW)
        since = build.NOW if failures else None
        await execute(
            "UPDATE peer SET failures = ?, failing_since = ?, next_attempt_at = ?, last_error = ?, software = ?"
            " WHERE host = ?",
            (
                failures,
                since,
                since and since + waited * peer_days.DAY,
                "=1+1" if failures else "",
                "lemmy" if failures else "zap",
                host,
            ),
        )
    await peers.meet_at("liked.example", 9, build.NOW)
    await build.insert("outbox", seq=9, uri="https://x/1", actor_id=alice.id, body=b"{}", audience="{}",
                       created_at=build.NOW)  # fmt: skip
    await execute("UPDATE peer SET software_checked_at = ? WHERE host = 'calm.example'", (build.NOW,))
    await peers.decide("gone.example", peers.Decision("limit"), 7, build.NOW)
    await peers.decide("named.example", peers.Decision(reject_media=True), 8, build.NOW)
    await app.look_at_peers()

    first = {}
    for sort in servers.SORTS:
        page = await admin.get(f"/admin/servers?sort={sort}")
        assert page.status == 200 and page.source.count('<td class="problem">') == 2 and "Set aside" in page.main
        first[sort] = next(link for link in page.links if ".example" in link).rpartition("/")[2]
    strict = [link.rpartition("/")[2] for link in (await admin.get("/admin/servers?sort=decided")).links]
    assert [host for host in strict if ".example" in host][:3] == ["gone.example", "named.example", "calm.example"]
    assert (first["failing"], first["followed"], first["decided"], first["software"], first["backlog"]) == (
        "down.example", "liked.example", "gone.example", "down.example", "down.example",
    )  # fmt: skip

    lines = {line.split(",")[0]: line for line in (await admin.get("/admin/servers/export.csv")).source.splitlines()}
    assert lines["calm.example"] == "calm.example,zap,,,,0,0,,,well,,0,,false,false,false"
    assert ",not met," in lines["named.example"]
    assert ",4,3," in lines["down.example"] and ",down,'=1+1,0," in lines["down.example"]
    assert ",set aside," in lines["gone.example"] and ",limit,false" in lines["gone.example"]
    assert lines["liked.example"].endswith(",1,,false,false,false")
    gone = await admin.get("/admin/servers/gone.example")
    assert "set aside: what waited for it was dropped" in gone.main and "Try now" in gone.main
