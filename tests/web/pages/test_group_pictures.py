"""The pictures of a group: sent by a steward, shown wherever the group is, told to servers, and taken away again."""

from typing import Any

import httpx
import msgspec
import pytest

import storage.actors
from fedcomm import commands, group_profile, groups, members, rights, rollback
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import rows
from tests.people import person
from tests.pictures import located, opened, picture
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/c/rye/pictures"
PROGRAM = {"accept": "application/activity+json"}
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
async def mo(app: App, enter: Enter) -> Browser:
    """The browser of the steward of the group `rye`."""
    steward = await person(app, "mo")
    await groups.create(app, "rye", "Rye bread", steward="mo")
    return await enter(steward)


async def face_of_rye() -> Actor:
    """The group as it is now."""
    return (await groups.named("rye"))[1]


async def told(form: str) -> dict[str, Any]:
    """What servers were told last of the group."""
    found = await rows("SELECT body FROM outbox WHERE form = ? ORDER BY seq DESC LIMIT 1", (form,))
    heard: dict[str, Any] = msgspec.json.decode(bytes(found[0][0]))
    return heard["object"]["object"] if form == "wrapped" else heard["object"]


@pytest.mark.attack("PRI-15")
async def test_pictures_are_shown_wherever_the_group_is_and_nowhere_once_taken_away(
    mo: Browser, stranger: Browser, client: httpx.AsyncClient
) -> None:
    page = await mo.get(HERE)
    sent = {"avatar": ("loaf.jpg", located()), "header": ("table.png", picture("PNG", (900, 700)))}
    kept = await mo.send_with(page, HERE, sent, avatar_description=f"A loaf {EVIL}", header_description="A table")
    saved = await mo.open(kept.headers["location"])

    face = await face_of_rye()
    looked_after = await mo.get("/c/rye/moderate")
    assert flaws(page) == [] and flaws(saved) == [] and "Saved." in saved.main and HERE in looked_after.links
    assert "changed the picture" in looked_after.main and "said what the picture at the top shows" in looked_after.main
    group = await stranger.get("/c/rye")
    assert flaws(group) == [] and not group.scripts
    assert [each["alt"] for each in group.one("main").all("img")] == ["A table", f"A loaf {EVIL}"]
    shown = [(await client.get(each["src"])).content for each in group.one("main").all("img")]
    assert [opened(content).size for content in shown] == [(1500, 500), (400, 400)]
    assert not any(b"Camera of Anna" in content for content in shown)
    for place in ("/", "/groups"):
        listed = await stranger.get(place)
        assert [each["src"] for each in listed.one("main").all("img")] == [face.icon] and flaws(listed) == [], place
    account = (await client.get(f"/api/v1/accounts/{face.id}")).json()
    assert [account[name].endswith(path) for name, path in (("avatar", face.icon), ("header", face.image))] == [
        True
    ] * 2
    assert (account["avatar_description"], account["header_description"]) == (f"A loaf {EVIL}", "A table")
    for document in (await told("plain"), await told("wrapped"), (await client.get(face.uri, headers=PROGRAM)).json()):
        assert (document["icon"]["url"], document["icon"]["name"]) == (account["avatar"], f"A loaf {EVIL}")
        assert (document["image"]["url"], document["image"]["name"]) == (account["header"], "A table")

    gone = await mo.send(await mo.get(HERE), HERE, **{"drop[]": "avatar"}, header_description="A long table")

    assert gone.status == 303 and (await client.get(face.image)).status_code == 200
    after = await stranger.get("/c/rye")
    assert [each["alt"] for each in after.one("main").all("img")] == ["A long table"]
    document = await told("plain")
    assert "icon" not in document and document["image"]["name"] == "A long table"


async def test_what_is_refused_changes_nothing_and_says_why(app: App, mo: Browser, enter: Enter) -> None:
    page = await mo.get(HERE)
    for files, fields, marked in (
        ({"avatar": ("x.jpg", b"no picture")}, {}, "avatar"),
        ({"header": ("x.jpg", picture())}, {"header_description": "x" * 1_501}, "avatar_description"),
    ):
        refused = await mo.send_with(page, HERE, files, **fields)
        wrong = [each["name"] for each in refused.one("main").all("input") if each["aria-invalid"] == "true"]
        assert refused.status == 422 and refused.problem and marked in wrong, fields
    cora = await person(app, "cora")
    await members.appoint(app, "rye", cora, None, rights.MODERATOR)
    assert (await (await enter(cora)).get(HERE)).status == 403  # a moderator is no steward
    assert (await (await enter(await person(app, "otto"))).get(HERE)).status == 403

    face = await face_of_rye()
    assert (face.icon, face.image, await rows("SELECT 1 FROM media")) == ("", "", [])


async def test_a_command_gives_pictures_and_what_a_stolen_account_put_there_goes(app: App, mo: Browser) -> None:
    sent = {"icon": commands.base64.b64encode(picture()).decode()}
    await commands.run(app, "group.pictures", {"group": "rye", "sent": sent, "words": {"icon": "A loaf"}, "gone": []})
    face = await face_of_rye()
    assert face.icon and face.icon_description == "A loaf"

    steward = await storage.actors.local("mo")
    assert steward
    await group_profile.change(app, "rye", group_profile.Change(descriptions={"icon": "Spam"}), steward)
    await rollback.order(app, "rye", "mo", 24)
    ((args,),) = await rows("SELECT args FROM job WHERE name = 'roll_back'")
    await rollback.work(app, **msgspec.json.decode(args))

    face = await face_of_rye()
    assert face.icon and face.icon_description == "A loaf"
    await commands.run(app, "group.pictures", {"group": "rye", "sent": {}, "words": {}, "gone": ["icon", "image"]})
    assert ((await face_of_rye()).icon, (await face_of_rye()).icon_description) == ("", "")
