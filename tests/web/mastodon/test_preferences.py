"""How members like to write, where a post does not say it itself."""

import pytest

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


async def test_what_is_not_said_of_preferences_stays(alice: Member) -> None:
    await alice.do("accounts/update_credentials", "PATCH", source={"privacy": "private"})
    after = await alice.do("accounts/update_credentials", "PATCH", source={"sensitive": "true"})

    assert (after["source"]["privacy"], after["source"]["sensitive"]) == ("private", True)


@pytest.mark.parametrize("word", ["direct", "loud"])
async def test_nobody_writes_to_nobody_unless_said_otherwise(alice: Member, word: str) -> None:
    refused = await alice.refused("PATCH", "accounts/update_credentials", source={"privacy": word}, display_name="Al")

    found = await alice.get("accounts/verify_credentials")
    assert refused[0] == 422 and found["source"]["privacy"] == "public" and found["display_name"] == ""
