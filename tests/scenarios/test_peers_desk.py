"""Real servers: a group is looked after from another one of fedcomm, and a server of Lemmy has only a member there."""

import pytest

from tests.peers.server import PUBLIC, Dropped
from tests.peers.users import User
from tests.scenarios.forums import World
from tests.scenarios.neighbours import eventually
from tests.scenarios.pressing import Browser

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("world", ["lemmy"], indirect=True)]


@pytest.mark.attack("GRP-06")
@pytest.mark.attack("GRP-07")
@pytest.mark.parametrize("at_home", ["a.test", "b.test"])  # one runs on PostgreSQL, the other on SQLite
async def test_a_steward_on_another_server_looks_through_the_members_and_a_stranger_does_not(
    world: World, at_home: str
) -> None:
    home, other = (world.a, world.b) if at_home == "a.test" else (world.b, world.a)
    name = f"oven{at_home[0]}"
    ann, bob = await home.member(f"ann_{name}"), await other.member(f"bob_{name}")
    handle = await home.group(name, ann)
    flora = User(world.forum, f"flora_{name}")
    uri = await flora.join(handle)
    await eventually(lambda: flora.uri in world.forum.joined.get(uri, ()), "flora is in the group")
    await home.command("group.appoint", group=name, actor=f"@{bob.name}@{other.host}", role="steward")
    browser, where = Browser(bob), f"/c/{handle}"

    async def told() -> bool:
        return f"@{flora.name}@lemmy.test" in await Browser(ann).page(f"/c/{name}/members")

    await eventually(told, "the group knows of flora")
    for part in ("members", "bans", "denied", "log", "undoing"):
        with pytest.raises(Dropped):
            await world.forum.server.fetch(f"{uri}/desk/{part}")
    decision = {"id": f"{uri}/desk", "type": "Object", "decision": {"act": "take_out", "id": ann.uri}}
    update = {"id": world.forum.activity_id("update"), "type": "Update", "actor": flora.uri, "object": decision}
    await world.forum.server.deliver(flora.uri, f"{uri}/inbox", update | {"target": uri, "to": [PUBLIC]})

    async def shown() -> bool:
        try:
            return f"@{flora.name}@lemmy.test" in await browser.page(f"{where}/members?q=flora")
        except AssertionError:
            return False  # until the server there has heard who looks after the group

    await eventually(shown, "bob looks through the members")
    assert "@ann_" in await browser.page(f"{where}/members")
    page = await browser.press(f"{where}/members", act="take_out", who=flora.uri, reason="Too many adverts")
    assert "Sent." in page and flora.name not in page
    await eventually(lambda: flora.uri not in world.forum.joined.get(uri, ()), "flora is in it no more")
    await home.command("group.ban", group=name, actor=flora.uri)
    assert f"@{flora.name}@lemmy.test" in await browser.page(f"{where}/bans")
    await browser.press(f"{where}/bans", act="unban", who=flora.uri)

    async def lifted() -> bool:
        return "lifted the ban" in await browser.page(f"{where}/log")

    await eventually(lifted, "bob reads in the log that the ban is lifted")
    log = await browser.page(f"{where}/log")
    assert "Too many adverts" in log and "ended the membership of" in log
