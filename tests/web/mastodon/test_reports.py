"""What members report by programs, and what becomes of it."""

import msgspec
import pytest

from fedcomm import reports, settings
from fedcomm.app import App
from storage.connect import row, rows, value
from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


async def test_a_report_is_kept_for_the_admins(alice: Member, bob: Member) -> None:
    post = await bob.post("Buy watches")

    made = await alice.do(
        "reports", account_id=bob.id, status_ids=[post["id"]], comment=" Spam again ", category="spam", forward=True
    )

    assert (made["category"], made["comment"], made["action_taken"]) == ("spam", "Spam again", False)
    assert (made["forwarded"], made["status_ids"]) == (False, [post["id"]])
    assert made["target_account"]["id"] == bob.id
    kept = await row("SELECT id, reporter_id, target_id, post_ids, state FROM report")
    assert kept == (int(made["id"]), alice.actor.id, bob.actor.id, f"[{post['id']}]", "open")


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"account_id": "1"}, 404),
        ({"account_id": "ALICE"}, 403),
        ({"account_id": "BOB", "category": "boring"}, 422),
        ({"account_id": "BOB", "comment": "x" * 1001}, 422),
        ({"account_id": "BOB", "rule_ids": ["1"]}, 422),
        ({"account_id": "BOB", "status_ids": ["1"]}, 404),
        ({"account_id": "BOB", "status_ids": ["HIDDEN"]}, 404),
        ({"account_id": "BOB", "status_ids": ["HERS"]}, 404),
    ],
)
@pytest.mark.attack("PRI-17")
async def test_a_wrong_report_is_refused_and_kept_nowhere(
    alice: Member, bob: Member, wish: dict[str, object], status: int
) -> None:
    hidden = await bob.post("for nobody", visibility="direct")
    hers = await alice.post("mine")
    words = {"ALICE": alice.id, "BOB": bob.id, "HIDDEN": hidden["id"], "HERS": hers["id"]}
    text = msgspec.json.encode(wish).decode()
    for word, meant in words.items():
        text = text.replace(word, meant)

    refused, sentence = await alice.refused("POST", "reports", **msgspec.json.decode(text))

    assert refused == status and sentence.endswith(".")
    assert await value("SELECT COUNT(*) FROM report") == 0


async def test_nobody_reports_without_end(alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MAX_A_DAY", 2)
    for _ in range(2):
        await alice.do("reports", account_id=bob.id)

    status, _sentence = await alice.refused("POST", "reports", account_id=bob.id)

    assert status == 429 and await value("SELECT COUNT(*) FROM report") == 2


async def test_only_what_is_to_be_forwarded_leaves_the_server(app: App, alice: Member) -> None:
    mallory = await build.person("mallory", "far.example")

    await alice.do("reports", account_id=str(mallory.id), comment="quietly")

    assert await value("SELECT COUNT(*) FROM outbox") == 0


async def test_which_servers_hear_of_it_and_which_rules_are_broken(app: App, alice: Member) -> None:
    await settings.change(app, None, {"rules": ["Be kind.", "No adverts."]})
    mallory = await build.person("mallory", "far.example")
    bread = await build.group("bread", "bakery.example")
    post = await build.post(mallory, "Buy watches", group=bread)

    told = [
        await alice.do("reports", account_id=str(mallory.id), status_ids=[str(post.id)], forward=forward,
                       forward_to_domains=domains, rule_ids=["2"])
        for forward, domains in ((False, []), (True, ["Far.example"]), (True, ["other.example"]))
    ]  # fmt: skip

    assert [each["forwarded"] for each in told] == [False, True, False]
    assert {(each["category"], *each["rule_ids"]) for each in told} == {("violation", "2")}
    sent = await rows("SELECT audience FROM outbox ORDER BY seq")  # the group hears of each
    inboxes = [inbox.split("/")[2] for (audience,) in sent for inbox in msgspec.json.decode(audience)["inboxes"]]
    assert sorted(inboxes) == ["bakery.example"] * 3 + ["far.example"]
