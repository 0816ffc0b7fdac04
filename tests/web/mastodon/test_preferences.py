"""How members like to write, where a post does not say it itself."""

import pytest

import storage.accounts
from fedcomm import preferences
from fedcomm.app import App
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


async def test_a_post_that_says_nothing_is_as_its_author_likes_it(alice: Member, bob: Member) -> None:
    before = await alice.post("Hello")
    changed = await alice.do(
        "accounts/update_credentials", "PATCH", source={"privacy": "unlisted", "sensitive": True, "language": "de"}
    )
    usual = await alice.post("Hello")
    otherwise = await alice.post("Hello", visibility="private", sensitive=False)
    others = await bob.post("Hello")
    found = await alice.get("preferences")

    assert [(each["visibility"], each["sensitive"]) for each in (before, usual, otherwise, others)] == [
        ("public", False), ("unlisted", True), ("private", False), ("public", False)
    ]  # fmt: skip
    assert (found["posting:default:visibility"], found["posting:default:sensitive"]) == ("unlisted", True)
    assert found["posting:default:language"] == "de"
    assert (changed["source"]["privacy"], changed["source"]["sensitive"]) == ("unlisted", True)
    assert [each["language"] for each in (before, usual, others)] == [None, "de", None]


async def test_what_is_not_said_of_preferences_stays(alice: Member) -> None:
    await alice.do("accounts/update_credentials", "PATCH", source={"privacy": "private"})
    after = await alice.do("accounts/update_credentials", "PATCH", source={"sensitive": "true"})

    assert (after["source"]["privacy"], after["source"]["sensitive"]) == ("private", True)


async def test_posts_are_in_the_language_that_somebody_writes_or_else_reads(app: App, alice: Member) -> None:
    row = await storage.accounts.by_name("alice")
    assert row is not None
    await preferences.set_place(row, "de", "")
    read = await alice.post("Hallo")

    await alice.do("accounts/update_credentials", "PATCH", source={"language": "eo"})
    written, said = await alice.post("Saluton"), await alice.post("Hello", language="en-GB")
    odd = await alice.post("Saluton", language="zzzz!")
    edited = await alice.do(f"statuses/{said['id']}", "PUT", status="Hello!", language='"><')

    assert [each["language"] for each in (read, written, said, odd, edited)] == ["de", "eo", "en-GB", "eo", "en-GB"]
    after = await storage.accounts.by_name("alice")
    assert after is not None and after.language == "de"
    await alice.do("accounts/update_credentials", "PATCH", source={"language": ""})
    assert (await alice.get("preferences"))["posting:default:language"] == "de"


async def test_what_is_refused_changes_no_preference(alice: Member) -> None:
    before = await alice.get("accounts/verify_credentials")
    wish = {"source[privacy]": "private", "source[sensitive]": "true", "source[language]": "de", "display_name": "Al"}

    answers = [
        await alice.ask(
            "PATCH", "accounts/update_credentials", data=wish, files={"avatar": ("me.png", b"no picture", "image/png")}
        ),
        await alice.ask("PATCH", "accounts/update_credentials", data=wish | {"display_name": "A" * 101}),
        await alice.ask("PATCH", "accounts/update_credentials", data=wish | {"source[language]": "loud speech"}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert await alice.get("accounts/verify_credentials") == before


@pytest.mark.parametrize("word", ["direct", "loud"])
async def test_nobody_writes_to_nobody_unless_said_otherwise(alice: Member, word: str) -> None:
    refused = await alice.refused("PATCH", "accounts/update_credentials", source={"privacy": word}, display_name="Al")

    found = await alice.get("accounts/verify_credentials")
    assert refused[0] == 422 and found["source"]["privacy"] == "public" and found["display_name"] == ""
