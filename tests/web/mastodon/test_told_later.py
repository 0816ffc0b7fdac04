"""Members are told of polls that ended and posts that were edited, admins of reports and sign-ups."""

import httpx
import pytest

from activitypub.contexts import PUBLIC
from activitypub.objects import Audience, Note
from fedcomm import accounts, clock, fetching, recording, telling
from fedcomm.app import App
from storage import events
from storage.connect import Writes, apply, execute, rows
from tests import build
from tests.people import person
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

LATER = ("admin.sign_up", "admin.report", "poll", "update")


async def _jobs(name: str) -> list[int]:
    """For which posts a job of that name waits."""
    found = await rows("SELECT args FROM job WHERE name = ? ORDER BY id", (name,))
    return [int(args.partition(":")[2].rstrip("}")) for (args,) in found]


async def _kinds(member: Member, **wish: object) -> list[str]:
    return [each["type"] for each in await member.get("notifications", **wish)]


async def test_whoever_asked_and_voted_is_told_when_a_poll_is_over(app: App, alice: Member, bob: Member) -> None:
    asked = await alice.post("Which?", poll={"options": ["one", "two"], "expires_in": 3600})
    post_id = int(asked["id"])
    await bob.do(f"polls/{asked['poll']['id']}/votes", choices=[1])
    waiting = await _jobs("tell_end")

    await telling.tell_end(app, post_id)
    early = await _kinds(alice)
    await execute("UPDATE poll SET ends_at = ? WHERE post_id = ?", (build.NOW, post_id))
    for _ in range(2):
        await telling.tell_end(app, post_id)

    assert waiting == [post_id] and early == []
    for member in (alice, bob):
        (told,) = await member.get("notifications")
        assert (told["type"], told["account"]["id"], told["status"]["id"]) == ("poll", alice.id, asked["id"])


async def test_who_voted_elsewhere_is_told_as_well(app: App, alice: Member, bob: Member) -> None:
    far = await build.person("carol", "far.test")
    post = await build.post(far, "Which?")
    await build.insert("poll", post_id=post.id, multiple=0, options='["a","b"]', votes="[0,0]", ends_at=build.NOW * 2)
    await alice.do(f"polls/{post.id}/votes", choices=[0])
    assert await _jobs("tell_end") == [post.id]

    await execute("UPDATE poll SET ends_at = ? WHERE post_id = ?", (build.NOW, post.id))
    await telling.tell_end(app, post.id)

    assert await _kinds(alice) == ["poll"] and await _kinds(bob) == []


async def test_whoever_passed_a_post_on_is_told_of_the_latest_edit(app: App, alice: Member, bob: Member) -> None:
    post = await alice.post("Hello")
    await alice.do(f"statuses/{post['id']}", "PUT", status="Hello!")
    nobody = await _jobs("tell_edit")
    await bob.do(f"statuses/{post['id']}/reblog")

    await alice.do(f"statuses/{post['id']}", "PUT", status="Hello, all")
    assert nobody == [] and await _jobs("tell_edit") == [int(post["id"])]
    await telling.tell_edit(app, int(post["id"]))
    first = ids(await bob.get("notifications"))
    await telling.tell_edit(app, int(post["id"]))

    (told,) = await bob.get("notifications")
    assert (told["type"], told["account"]["id"], told["status"]["id"]) == ("update", alice.id, post["id"])
    assert first != [told["id"]] and await _kinds(alice) == ["reblog"]


async def test_who_looks_after_the_server_is_told_of_reports_and_sign_ups_when_they_ask(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    root = await Member.of(client, await person(app, "rosa", "admin"))
    moderator = await Member.of(client, await person(app, "mia", "moderator"))
    post = await bob.post("rude")
    made = await alice.do("reports", account_id=bob.id, status_ids=[post["id"]], comment="rude", category="spam")
    await accounts.sign_up(app, "newcomer", "correct horse battery", "new@example.org", "I grow beans")

    told = await root.get("notifications", **{"types[]": list(LATER)})

    assert [each["type"] for each in told] == ["admin.sign_up", "admin.report"]
    assert await _kinds(moderator, **{"types[]": list(LATER)}) == ["admin.sign_up", "admin.report"]
    assert told[0]["account"]["acct"] == "newcomer"
    assert told[1]["report"]["id"] == made["id"] and told[1]["report"]["target_account"]["id"] == bob.id
    groups = (await root.get("/api/v2/notifications", **{"types[]": "admin.report"}))["notification_groups"]
    assert groups[0]["report"]["comment"] == "rude"
    assert await _kinds(root) == []  # nothing that a program may not know is sent unasked


@pytest.mark.attack("PRI-02")
async def test_who_is_no_admin_any_more_learns_of_no_report(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    root = await Member.of(client, await person(app, "rosa", "admin"))
    await alice.do("reports", account_id=bob.id, comment="rude")
    (told,) = await root.get("notifications", **{"types[]": "admin.report"})
    await execute("UPDATE account SET role = 'member' WHERE actor_id = ?", (root.actor.id,))

    assert await _kinds(root, **{"types[]": "admin.report"}) == []
    assert await root.refused("GET", f"notifications/{told['id']}") == (404, "Record not found")
    assert await _kinds(alice, **{"types[]": "admin.report"}) == []


async def test_what_was_written_long_ago_tells_nobody_when_it_is_fetched(app: App, alice: Member) -> None:
    far = await build.person("carol", "far.test")
    now = clock.now_ms()
    for age in (events.NEWS - 60_000, events.NEWS + 60_000):
        note = Note(
            uri=f"https://far.test/{age}", kind="Note", attributed_to=far.uri, content="@alice", published=now - age,
            audience=Audience(to=(PUBLIC, alice.actor.uri)),
        )  # fmt: skip
        writes = Writes()
        recording.record(app, writes, await fetching.arrival_of(app, note, far, None, "far.test"))
        await apply(writes)

    (told,) = await alice.get("notifications")
    assert told["status"]["uri"] == f"https://far.test/{events.NEWS - 60_000}"
