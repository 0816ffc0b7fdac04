"""What an admin does with a browser about what waits and what was given up."""

import pytest

from fedcomm import accounts, clock, commands, settings, unattended
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.jobs import JOBS
from storage import audit, inbox, jobs, peers
from storage.backlog import INBOX
from storage.connect import Writes, apply, execute, value
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws
from tests.web.pages.world import FOR_ADMINS
from web.admin import job_words

pytestmark = pytest.mark.anyio

FAR = "far.example"
SEEN = build.NOW << 16


async def _given_up(number: int, name: str = "tell_post") -> None:
    jobs.add(writes := Writes(), SEEN + number, name, {"post": number}, build.NOW)
    await apply(writes)
    await jobs.park(SEEN + number, "ValueError('no such post')")


def test_every_kind_of_job_has_a_plain_name() -> None:
    assert set(job_words.JOBS) == {*JOBS, INBOX}


async def test_what_was_given_up_is_looked_at_tried_again_or_dropped(app: App, admin: Browser) -> None:
    for number in range(3):
        await _given_up(number, "tell_poll" if number else "tell_post")
    sql = "INSERT INTO inbox_item (id, uri_hash, signer, body, state, error) VALUES (?, ?, ?, ?, 0, '')"
    await execute(sql, (SEEN + 9, b"mark", f"https://{FAR}/eve", b"{}"))
    await inbox.park(SEEN + 9, "TypeError('ours')")

    page = await admin.get("/admin/queue")
    assert all(name in page.main for name in ("Tell how many voted in a poll", "What came in from another server"))
    assert "There are 4." in page.main and "no such post" in page.main and f"https://{FAR}/eve" in page.main
    only = await admin.get("/admin/queue?kind=tell_poll")
    assert "Only: Tell how many voted in a poll" in only.main
    refs = [each["value"] for each in only.all("input", name="refs[]")]
    assert refs == [f"job:{SEEN + 2}", f"job:{SEEN + 1}"]

    fields: dict[str, str | list[str]] = {"csrf": page.all("input", name="csrf")[0]["value"]}
    tried = await admin.post("/admin/queue", fields | {"act": "retry", "refs[]": [refs[0], f"inbox:{SEEN + 9}"]})
    unsure = await admin.post("/admin/queue", fields | {"act": "drop", "refs[]": refs[1:]})
    dropped = await admin.post("/admin/queue", fields | {"act": "drop", "refs[]": refs[1:], "sure": "true"})
    late = await admin.post("/admin/queue", fields | {"act": "retry", "refs[]": [f"job:{SEEN}", refs[1]]})
    wrong = await admin.post("/admin/queue", fields | {"act": "retry", "refs[]": ["job:x"]})

    assert tried.headers["location"] == "/admin/queue?done=retry" and "done=drop" in dropped.headers["location"]
    assert (unsure.status, late.status, wrong.status) == (422, 404, 422) and "sure" in unsure.problem
    assert await value("SELECT COUNT(*) FROM job WHERE state = 0 AND attempts = 0 AND error = ''") == 1
    assert (await inbox.backlog(), await jobs.backlog(clock.now_ms())) == ((1, 0), (1, 1))
    assert [(entry.act, entry.subject) for entry in await audit.newest()] == [
        ("queue.drop", refs[1]), ("queue.retry", f"{refs[0]}, inbox:{SEEN + 9}"),
    ]  # fmt: skip
    assert "no such post" in (await audit.newest(1))[0].detail


async def test_long_lists_go_on_and_what_servers_refused_is_one_line_a_server(admin: Browser) -> None:
    for number in range(51):
        await _given_up(number)
    note = "INSERT INTO delivery_note (host, seq, inbox, status, answer, noted_at) VALUES (?, ?, ?, 403, 'Go away', 1)"
    for number in range(52):
        await execute(note, (f"h{number}.example", 7 + number // 50, f"https://h{number}.example/inbox"))
        await execute(note, (f"h{number}.example", 7 + number // 50, f"https://h{number}.example/in"))

    first = await admin.get("/admin/queue")
    older, further = [each["href"] for each in first.all("a", rel="next")]
    second, third = await admin.get(older), await admin.get(further)

    refs = [each["value"] for each in first.all("input", name="refs[]")]
    assert len(refs) == len(set(refs)) == 100 and "403 Go away" in first.main
    for rest, kind, count in ((second, "job", 1), (third, "delivery", 2)):
        found = {each["value"] for each in rest.all("input", name="refs[]") if each["value"].startswith(kind)}
        assert len(found) == count and not found & set(refs)
    assert (await admin.get("/admin/queue?refused=nonsense")).status == 422


async def test_what_waits_for_a_server_can_be_dropped_and_is_seen_before(app: App, admin: Browser) -> None:
    await peers.meet_at(FAR, 0, build.NOW)
    await execute("UPDATE peer SET failures = 2, next_attempt_at = 9, last_error = '503 busy' WHERE host = ?", (FAR,))
    publish = "INSERT INTO outbox (seq, uri, actor_id, body, audience, created_at) VALUES (?, 'x', 1, ?, '{}', ?)"
    for seq in (1, 2):
        await execute(publish, (seq, b"{}", build.NOW))
    jobs.add(writes := Writes(), SEEN, "lapse", {}, build.NOW * 3)
    await apply(writes)
    page = await admin.get("/admin/queue")
    assert "At most 2 deliveries wait." in page.main and "503 busy" in page.main and "lapse" in page.main

    unsure = await admin.send(page, f"/admin/queue/{FAR}/drop")
    done = await admin.button(page, f"/admin/queue/{FAR}/drop", sure="true")
    again = await admin.send(page, f"/admin/queue/{FAR}/drop", sure="true")

    assert (unsure.status, again.status) == (422, 404) and "Dropped" in done.main
    assert (found := await peers.get(FAR)) and found.cursor == 2
    (entry,) = await audit.newest()
    assert (entry.act, entry.subject) == ("queue.drop", FAR) and '"number":2' in entry.detail


async def test_the_command_line_does_the_same_and_names_servers_that_are_set_aside(app: App) -> None:
    for number in range(3):
        await _given_up(number)
    await peers.meet_at(FAR, 0, build.NOW)
    month = 31 * 86_400_000
    await execute(
        "UPDATE peer SET failures = 40, failing_since = ?, next_attempt_at = ?, last_error = 'down' WHERE host = ?",
        (build.NOW, build.NOW + month, FAR),
    )

    listed = await commands.run(app, "queue.list", {"kind": ""})
    assert [each["ref"] for each in listed["given_up"]] == [f"job:{SEEN + number}" for number in (2, 1, 0)]
    assert listed["set_aside"] == [{"host": FAR, "since": build.NOW, "error": "down"}]
    assert (await commands.run(app, "queue.list", {"kind": "inbox"})) == {
        "given_up": [],
        "refused": [],
        "set_aside": [],
    }
    assert (await commands.run(app, "queue.stats", {}))["given_up"] == 3
    assert await commands.run(app, "queue.retry", {"refs": [f"job:{SEEN}"], "host": FAR}) == {"number": 1}
    assert await commands.run(app, "queue.drop", {"refs": [f"job:{SEEN + 1}"], "host": ""}) == {"number": 1}
    with pytest.raises(NotFound):
        await commands.run(app, "queue.drop", {"refs": [f"job:{SEEN + 1}"], "host": ""})
    assert [(entry.act, entry.actor) for entry in await audit.newest()] == [
        ("queue.drop", "(command line)"), ("queue.retry", "(command line)"), ("peer.retry", "(command line)"),
    ]  # fmt: skip


async def test_the_first_page_of_admins_says_what_waits_and_leads_everywhere(app: App, admin: Browser) -> None:
    calm = await admin.get("/admin")
    assert "Nothing waits." in calm.main or "Little is free" in calm.main
    await _given_up(1)
    await peers.meet_at(FAR, 0, build.NOW)
    await execute("UPDATE peer SET failures = 3 WHERE host = ?", (FAR,))
    await accounts.sign_up(app, "anna", "correct horse battery")
    await settings.change(app, None, {"registration": "open"})
    await execute("UPDATE setting SET changed_at = 1")
    await execute("UPDATE account SET last_active_at = 1, created_at = 1")
    await unattended.look(app)

    page = await admin.get("/admin")

    main = page.one("main")
    for text, address in (
        ("1 job was given up.", "/admin/queue"),
        ("1 server takes nothing at the moment.", "/admin/servers?sort=failing"),
        ("1 sign-up waits for an answer.", "/admin/sign_ups"), ("Nobody gets an account unasked", "/admin/site"),
    ):  # fmt: skip
        assert [link for link in main.all("a", href=address) if link.text.startswith(text)], text
    assert flaws(page) == []
    paths = {path.partition("?")[0] for path in FOR_ADMINS if path.count("/") == 2 and path != "/admin/mail_domains"}
    assert paths <= {link.partition("?")[0] for link in page.links}
