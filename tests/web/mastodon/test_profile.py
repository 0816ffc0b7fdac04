"""Members say of themselves what they like, within limits, and everybody sees it at once."""

from typing import Any

import pytest

from storage.connect import rows
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

UPDATE = "accounts/update_credentials"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"display_name": "Alice ✿", "note": "I *grow* beans", "locked": True, "bot": "true"}},
        {"data": {"display_name": "Alice ✿", "note": "I *grow* beans", "locked": "true", "bot": "1"}},
        {
            "files": {
                "display_name": (None, "Alice ✿"), "note": (None, "I *grow* beans"), "locked": (None, "true"),
                "bot": (None, "true"), "avatar": ("", b""),
            }
        },
    ],
)  # fmt: skip
@whichever_database
async def test_a_profile_is_changed_in_every_form(
    alice: Member, bob: Member, method: str, sent: dict[str, Any]
) -> None:
    await bob.get(f"accounts/{alice.id}")

    answer = await alice.ask(method, UPDATE, **sent)

    found = answer.json()
    assert answer.status_code == 200, answer.text
    assert (found["display_name"], found["note"]) == ("Alice ✿", "<p>I <em>grow</em> beans</p>")
    assert (found["locked"], found["bot"], found["source"]["note"]) == (True, True, "I *grow* beans")
    seen = await bob.get(f"accounts/{alice.id}")
    assert {key: found[key] for key in seen} == seen


async def test_what_is_not_said_stays(alice: Member) -> None:
    await alice.do(UPDATE, "PATCH", display_name="Alice", note="Beans", discoverable=False, indexable=True)

    after = await alice.do(UPDATE, "PATCH", note="Peas")

    assert (after["display_name"], after["source"]["note"]) == ("Alice", "Peas")
    assert (after["discoverable"], after["indexable"], after["noindex"]) == (False, True, False)


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"fields_attributes": [{"name": "Bed", "value": "https://beds.test/1"}, {"name": "", "value": ""}]}},
        {"json": {"fields_attributes": {"0": {"name": "Bed", "value": "https://beds.test/1"}}}},
        {"data": {"fields_attributes[0][name]": "Bed", "fields_attributes[0][value]": "https://beds.test/1"}},
        {"data": {"fields_attributes[][name]": "Bed", "fields_attributes[][value]": "https://beds.test/1"}},
    ],
)
@whichever_database
async def test_lines_are_written_in_every_form_and_read_back_as_typed(alice: Member, sent: dict[str, Any]) -> None:
    found = (await alice.ask("PATCH", UPDATE, **sent)).json()

    (line,), (typed,) = found["fields"], found["source"]["fields"]
    assert line["name"] == typed["name"] == "Bed" and typed["value"] == "https://beds.test/1"
    assert line["value"].startswith('<a href="https://beds.test/1"') and line["value"].endswith("</a>")
    assert line["verified_at"] is None
    assert (await alice.do(UPDATE, "PATCH", fields_attributes=[]))["fields"] == []


async def test_nothing_that_runs_gets_into_a_profile(alice: Member) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))"

    found = await alice.do(
        UPDATE, "PATCH", display_name=bad, note=bad, fields_attributes=[{"name": "x", "value": bad[:250]}]
    )

    for html in (found["note"], found["fields"][0]["value"]):
        assert "<script" not in html and "<img" not in html and 'href="javascript' not in html
    assert found["display_name"] == bad


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"display_name": "a" * 101}, "too long"), ({"note": "a" * 1001}, "1000"),
        ({"fields_attributes": [{"name": "a", "value": "b"}] * 5}, "4 lines"),
        ({"fields_attributes": [{"name": "a" * 256, "value": "b"}]}, "too long"),
        ({"fields_attributes": ["x"]}, "parts"), ({"locked": "perhaps"}, "true or false"),
    ],
)  # fmt: skip
@whichever_database
async def test_what_cannot_be_is_refused_and_changes_nothing(alice: Member, wish: dict[str, Any], word: str) -> None:
    before = await alice.get("accounts/verify_credentials")

    status, sentence = await alice.refused("PATCH", UPDATE, **({"bot": True} | wish))

    assert status == 422 and word in sentence
    assert await alice.get("accounts/verify_credentials") == before


async def test_a_picture_is_refused_with_a_sentence(alice: Member) -> None:
    answer = await alice.ask("PATCH", UPDATE, files={"avatar": ("me.png", b"\x89PNG", "image/png")})

    assert answer.status_code == 422 and "Only pictures" in answer.json()["error"]


async def test_the_language_of_new_posts_is_kept(alice: Member) -> None:
    found = await alice.do(UPDATE, "PATCH", source={"language": "de", "privacy": "public", "sensitive": False})

    assert found["source"]["language"] == "de"
    assert (await alice.get("preferences"))["posting:default:language"] == "de"


async def test_who_waited_is_let_in_when_nobody_needs_to_ask_any_more(alice: Member, bob: Member) -> None:
    await alice.do(UPDATE, "PATCH", locked=True)
    asked = await bob.do(f"accounts/{alice.id}/follow")

    await alice.do(UPDATE, "PATCH", locked=False)

    assert asked["requested"] and ids(await alice.get(f"accounts/{alice.id}/followers")) == [bob.id]
    assert await alice.get("follow_requests") == []


@pytest.mark.attack("OAU-15")
async def test_nobody_makes_themselves_somebody_else(alice: Member) -> None:
    given = {"username": "boss", "acct": "boss", "role": "admin", "id": "1", "uri": "https://x.test/", "kind": "Group"}

    await alice.do(UPDATE, "PATCH", display_name="Alice", **given)

    (row,) = await rows("SELECT username, uri, kind, role FROM actor JOIN account ON account.actor_id = actor.id", ())
    assert row == ("alice", f"{build.BASE}/users/alice", "Person", "member")
