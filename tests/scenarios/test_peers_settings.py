"""What a group says of itself is changed by who looks after it from another program, both ways."""

import html

import pytest

from tests.peers.users import User
from tests.scenarios.forums import World, ours
from tests.scenarios.neighbours import Member, eventually
from tests.scenarios.pressing import Browser

pytestmark = pytest.mark.anyio
lemmy = pytest.mark.parametrize("world", ["lemmy"], indirect=True)
piefed = pytest.mark.parametrize("world", ["piefed"], indirect=True)


async def community(world: World, name: str) -> tuple[Member, Member, str]:
    """A community of the scripted server that bob moderates from here; alice is in it."""
    alice, bob = await world.a.member(f"alice_{name}"), await world.b.member(f"bob_{name}")
    made = world.forum.community(name, name.capitalize(), User(world.forum, f"flora_{name}").uri)
    made.moderators.append(bob.uri)
    for member in (alice, bob):
        await member.follow(f"{name}@{world.host}")
    await world.around.quiet()
    return alice, bob, made.uri


async def named(member: Member, handle: str) -> str:
    """What a group is called where the member lives."""
    return str((await member.call("GET", f"/api/v1/accounts/lookup?acct={handle}"))["display_name"])


async def save(browser: Browser, where: str, **fields: str) -> str:
    """Send the form of the settings with some of them changed."""
    page = await browser.page(where)
    was = html.unescape(page.split('name="was" value="')[1].partition('"')[0])
    title = html.unescape(page.split('id="title" name="title" value="')[1].partition('"')[0])
    return await browser.press(where, **{"title": title, "was": was} | fields)


@lemmy
@pytest.mark.parametrize("newer", [False, True])
async def test_who_moderates_a_community_of_lemmy_changes_from_here_what_lemmy_takes(
    world: World, newer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.forum.dialect, "newer", newer)
    name = f"settings{int(newer)}"
    alice, bob, uri = await community(world, name)
    handle, browser, where = f"{name}@{world.host}", Browser(bob), f"/c/{name}@{world.host}/profile"
    path = uri.removeprefix(world.forum.server.base)
    before = world.forum.server.documents[path]

    page = await browser.page(where)
    assert ('name="line"' in page, 'name="languages"' in page) == (
        newer,
        newer,
    ) and "by somebody with an account" in page
    assert f'href="{where}"' in await browser.page(f"/c/{handle}/moderate")
    more = {"line": "On ovens", "languages": "en de"} if newer else {}
    await save(browser, where, title="Ovens", sidebar="Be *kind*.\n\nNo adverts.", only_moderators="true", **more)
    await eventually(lambda: world.forum.server.documents[path]["name"] == "Ovens", "the community has its title")

    now = world.forum.server.documents[path]
    assert now["source"] == {"content": "Be *kind*.\n\nNo adverts.", "mediaType": "text/markdown"}
    assert now["summary"] == "<p>Be *kind*.</p><p>No adverts.</p>" and now["postingRestrictedToMods"] is True
    assert now["sensitive"] is False and [each["identifier"] for each in now["language"]] == ["en", "de"][: 1 + newer]
    changed = {"name", "summary", "source", "postingRestrictedToMods", "updated"} | (
        {"description", "language"} if newer else set()
    )
    assert {key: value for key, value in now.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }  # its addresses and its key above all
    (said,) = [each.activity for each in world.forum.server.received if each.activity["actor"] == bob.uri
               and each.activity["type"] == "Update"]  # fmt: skip
    assert (said["to"], said["cc"], said["audience"]) == (["https://www.w3.org/ns/activitystreams#Public"], [uri], uri)

    async def heard() -> bool:
        return [await named(member, handle) for member in (alice, bob)] == ["Ovens"] * 2

    await eventually(heard, "everybody has heard of it")
    await save(browser, where, sidebar="", only_moderators="", sensitive="true")
    await eventually(lambda: world.forum.server.documents[path]["sensitive"] is True, "it is marked")
    assert "source" not in world.forum.server.documents[path] and await named(alice, handle) == "Ovens"


@lemmy
async def test_a_steward_on_lemmy_changes_what_our_group_is_called(world: World) -> None:
    here = await ours(world, "titles")
    await world.a.command("group.appoint", group="titles", actor=here.flora.uri, role="steward")
    await world.around.quiet()

    await here.flora.describe(here.uri, name="Of titles", postingRestrictedToMods=True)

    async def heard() -> bool:
        return [await named(member, here.handle) for member in (here.alice, here.bob)] == ["Of titles"] * 2

    await eventually(heard, "everybody has heard of it")


@piefed
async def test_for_a_community_of_piefed_the_page_says_where_its_settings_are_changed(world: World) -> None:
    _alice, bob, _uri = await community(world, "fixed")
    browser = Browser(bob)

    page = await browser.page(f"/c/fixed@{world.host}/moderate")

    assert "Its server takes that from nobody elsewhere" in page and f"account on {world.host}" in page
    assert f"/c/fixed@{world.host}/profile" not in page
