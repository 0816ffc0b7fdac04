"""Pictures of posts that are not for everybody: an address opens one of them for a time, and nothing else does."""

import re
from typing import Any

import httpx
import pytest
import time_machine

from fedcomm import clock, curation, follows, group_profile, groups, media, passes, posts
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import fragments
from storage import posts as stored
from storage.connect import rows
from tests import build
from tests.people import person
from tests.pictures import picture
from tests.web.client import bearer, whichever_database
from tests.web.federation import asking
from tests.web.mastodon.member import Member
from tests.web.oauth.browser import Browser

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

HOUR, DAY = 3_600, 86_400  # seconds
_SIGNED = re.compile(r"https://home\.test/media/[0-9a-f]{2}/[0-9a-f]{30}\.jpg\?until=[0-9]+&by=[0-9a-f]{32}")


class World:
    """A group for its members, in which are anna and a server elsewhere; otto and another server are not."""

    def __init__(self, app: App, client: httpx.AsyncClient) -> None:
        self.app, self.client = app, client

    async def begin(self) -> "World":
        self.berta, self.anna, self.otto = [await person(self.app, name) for name in ("berta", "anna", "otto")]
        await groups.create(self.app, "rye", "Rye", "", "berta")
        await group_profile.change(self.app, "rye", Change(visibility="members"))
        self.group, self.face = await groups.named("rye")
        await build.join(self.anna, self.group)
        self.near, self.far = [await build.person(name, f"{name}.test") for name in ("near", "far")]
        for who in (self.near, self.far):
            await asking.signs(who)
        await build.join(self.near, self.group)
        self.member = await Member.of(self.client, self.anna)
        return self

    async def thread(self, text: str = "@rye Look", **more: Any) -> dict[str, Any]:
        """A post of anna's with a picture, as she gets it."""
        sent = await media.upload(self.app, self.anna, picture(), patience=None)
        post = await posts.create(self.app, self.anna, Draft(text=text, media_ids=(sent.id,), **more))
        return await self.status(post)

    async def status(self, post: int) -> dict[str, Any]:
        """Rendered now."""
        fragments.here().clear()
        found: dict[str, Any] = await self.member.get(f"statuses/{post}")
        return found

    async def code(self, address: str, **how: Any) -> int:
        """What a stranger is answered."""
        self.client.cookies.clear()
        return (await self.client.request(how.pop("method", "GET"), address, **how)).status_code


@pytest.fixture
async def world(app: App, client: httpx.AsyncClient) -> World:
    """With nothing said in it yet."""
    return await World(app, client).begin()


def files(status: dict[str, Any]) -> list[str]:
    """The addresses of its pictures, whole and small."""
    return [each[name] for each in status["media_attachments"] for name in ("url", "preview_url")]


@whichever_database
@pytest.mark.attack("PRI-01", "PRI-15")
async def test_an_address_opens_its_own_picture_until_it_ends(world: World) -> None:
    """Whole and small, and nothing when a letter of it is another one; the next address opens it again."""
    first, second = await world.thread(), await world.thread()
    whole, small = files(first)
    plain = whole.partition("?")[0]

    assert all(_SIGNED.fullmatch(address) for address in files(first)), files(first)
    for address in (whole, small):
        assert [await world.code(address, method=method) for method in ("GET", "HEAD")] == [200, 200]
    answer = await world.client.get(whole)
    assert answer.headers["cache-control"] == "private, max-age=3600"
    assert await world.code(whole, headers={"if-none-match": answer.headers["etag"]}) == 304
    until, by = re.findall(r"until=([0-9]+)&by=(.*)", whole)[0]
    others = [re.findall(r"by=(.*)", address)[0] for address in (small, *files(second))]
    changed = [
        plain, f"{plain}?until={until}", f"{plain}?by={by}", f"{plain}?until={int(until) + DAY}&by={by}",
        f"{plain}?until=9{until}&by={by}", f"{plain}?until=0{until}&by={by}", f"{plain}?until=+{until}&by={by}",
        f"{plain}?until={until}&by={by.upper()}", f"{plain}?until={until}&by={by[:-1]}", f"{plain}?until={until}&by=ü",
        f"{plain}?until={until}&by={'0' * 32}", f"{plain}?until=&by=",
        f"{plain}?until={until}&by={by}&by=0", f"{plain}?UNTIL={until}&BY={by}", f"{plain}?until={until}%00&by={by}",
        f"{plain}%00?until={until}&by={by}", f"{plain.replace('/media/', '/MEDIA/')}?until={until}&by={by}",
        f"{small.partition('?')[0]}?until={until}&by={by}",
        *(f"{plain}?until={until}&by={other}" for other in others),
    ]  # fmt: skip
    for address in changed:
        for how in (
            {},
            {"method": "HEAD"},
            {"headers": {"range": "bytes=0-9"}},
            {"headers": {"if-none-match": answer.headers["etag"]}},
        ):
            assert await world.code(address, **how) == 404, (address, how)
    never = re.sub(r"/media/../", "/media/00/", plain)
    unknown, forbidden = [await world.client.get(address) for address in (never, plain)]
    told = [
        {name: said for name, said in each.headers.items() if name != "x-request-id"} for each in (unknown, forbidden)
    ]
    assert unknown.content == forbidden.content and told[0] == told[1]

    with time_machine.travel(int(until) - 1, tick=False):
        assert await world.code(whole) == 200
    with time_machine.travel(int(until), tick=False):
        assert await world.code(whole) == await world.code(small) == 404
        anew = files(await world.status(int(first["id"])))
        assert anew[0] != whole and await world.code(anew[0]) == 200


@whichever_database
async def test_an_address_is_the_same_for_hours(world: World) -> None:
    morning = clock.now() // DAY * DAY + DAY
    with time_machine.travel(morning, tick=False):
        status = await world.thread()
        assert files(status)[0] == files(await world.status(int(status["id"])))[0]
        assert f"until={int(morning) + 2 * DAY}&" in files(status)[0]
    with time_machine.travel(morning + 23 * HOUR, tick=False):
        assert files(await world.status(int(status["id"]))) == files(status)
    with time_machine.travel(morning + 25 * HOUR, tick=False):
        assert files(await world.status(int(status["id"]))) != files(status)


@pytest.mark.attack("PRI-06", "PRI-13", "PRI-15", "SIG-33")
async def test_without_one_a_picture_is_there_for_who_may_see_the_post(world: World) -> None:
    """By a page, a program or a signed request; for nobody who left, was never in, or signs badly."""
    status = await world.thread()
    plain = files(status)[0].partition("?")[0]
    anna, otto = [await Browser(world.client).signed_in(world.app, name) for name in ("anna", "otto")]
    tokens = {name: await build.token(who, "read") for name, who in (("anna", world.anna), ("otto", world.otto))}
    narrow = await build.token(world.anna, "write read:accounts")

    async def answers() -> dict[str, int]:
        path = plain.removeprefix(build.BASE)
        found = {"anna's page": (await anna.get(path)).status_code, "otto's page": (await otto.get(path)).status_code}
        for name, token in (*tokens.items(), ("narrow", narrow), ("no", "nonsense")):
            found[f"{name} token"] = await world.code(plain, headers=bearer(token))
        for who in (world.near, world.far):
            found[who.username] = (await asking.ask(world.client, path, who, "image/*")).status_code
        stale = (await asking.ask(world.client, path, world.near, date="Thu, 01 Jan 2015 00:00:00 GMT")).status_code
        return found | {"stale": stale}

    before = await answers()
    assert {who for who, code in before.items() if code == 200} == {"anna's page", "anna token", "near"}, before
    assert {*before.values()} == {200, 404}
    for who in (world.anna, world.near):
        await follows.record_end(world.app, who.id, world.face.id)
    # An author still sees what they wrote.
    assert {who for who, code in (await answers()).items() if code == 200} == {"anna's page", "anna token"}
    await curation.remove(world.app, world.berta, int(status["id"]))
    assert await world.code(files(status)[0]) == 404 and (await answers())["anna's page"] == 200
    await posts.delete(world.app, world.anna, int(status["id"]))
    assert {*(await answers()).values()} == {404} and await world.code(files(status)[0]) == 404


@pytest.mark.attack("PRI-01", "PRI-15")
async def test_pictures_of_every_post_that_is_not_for_everybody_have_such_addresses(world: World) -> None:
    """Where they are shown; those of other servers as well; and none of a post for everybody."""
    for how, opens in (("public", True), ("unlisted", True), ("private", False), ("direct", False)):
        status = await world.thread("Look", visibility=how)
        for address in files(status):
            assert ("?" not in address) is opens, how
            assert [await world.code(each) for each in (address, address.partition("?")[0])] == [
                200,
                200 if opens else 404,
            ]
    status = await world.thread()
    anna = await Browser(world.client).signed_in(world.app, "anna")
    page = (await anna.get(f"/@anna/{status['id']}")).text
    shown = {each.replace("&amp;", "&") for each in re.findall(r'(?:src|href)="(/media/[^"]+)"', page)}
    assert {f"{build.BASE}{path}" for path in shown} == {*files(status)}
    assert (await world.member.get(f"statuses/{status['id']}/history"))[0]["media_attachments"] == status[
        "media_attachments"
    ]
    (chosen,) = re.findall(r'src="(/media/[^"]+)"', (await anna.get(f"/write/{status['id']}/edit")).text)
    assert [(await anna.get(chosen)).status_code, await world.code(chosen)] == [200, 404]
    await groups.create(world.app, "salt", "Salt", "", "berta")
    await group_profile.change(world.app, "salt", Change(visibility="local"))
    await build.join(world.anna, (await groups.named("salt"))[0])
    local = files(await world.thread("@salt Look"))[0]
    assert [await world.code(each) for each in (local, local.partition("?")[0])] == [200, 404]


@whichever_database
@pytest.mark.attack("PRI-15")
async def test_other_servers_are_told_an_address_that_ends_later(world: World) -> None:
    """In what is sent and in what is asked for; not the one of long ago, and none of a local group."""
    status = await world.thread()
    (sent,) = await rows("SELECT body FROM outbox WHERE post_id = ? AND form = 'wrapped'", (int(status["id"]),))
    path = f"/posts/{status['id']}"
    document = await asking.read(world.client, path, world.near)
    (address,) = [file["url"] for file in document["attachment"]]
    until = int(re.findall(r"until=([0-9]+)", address)[0])
    assert address.encode() in bytes(sent[0]) and await world.code(address) == 200
    assert clock.now() + 7 * DAY < until <= clock.now() + 14 * DAY
    with time_machine.travel(until + 1, tick=False):
        (later,) = [file["url"] for file in (await asking.read(world.client, path, world.near))["attachment"]]
        assert [await world.code(each) for each in (address, later)] == [404, 200]
        outbox = (await asking.ask(world.client, "/c/rye/outbox?page=1", world.near)).text
        assert later in outbox and address not in outbox
    followers = await world.thread("Look", visibility="private")
    note = await posts.document_of(world.app, await stored.by_id(int(followers["id"])))
    assert await world.code(note["attachment"][0]["url"]) == 200
    assert (
        f"until={(clock.now_ms() // passes.FAR_FOLLOWERS + 2) * passes.FAR_FOLLOWERS // 1000}&"
        in note["attachment"][0]["url"]
    )
