"""Pictures of other servers are shown by the reader's own: nobody else learns who looks, nothing else is fetched."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

import storage.actors
from activitypub.objects import Attachment, Audience, Note
from fedcomm import (
    clock,
    copying,
    curation,
    elsewhere,
    fetching,
    follows,
    groups,
    media,
    members,
    peers,
    recording,
    rights,
)
from storage import copies
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows
from storage.groups import Group
from storage.posts import Post
from tests import build, forger
from tests.fediverse import Fediverse, Instance
from tests.forger import Face, Host
from tests.pictures import moving, opened, picture

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

FAR = "far.test"
CAT = f"https://{FAR}/cat.png"


class Far:
    """A server with files; `asked` are the requests that it got."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}
        self.asked: list[httpx.Request] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path not in self.files:
            return httpx.Response(404)
        content, kind = self.files[request.url.path]
        return httpx.Response(200, content=content, headers={"content-type": kind})


@pytest.fixture
async def a(fediverse: Fediverse, tmp_path: Path) -> Instance:
    """The server of who looks."""
    return await fediverse.instance("a.test", data_dir=tmp_path)


@pytest.fixture
def far(fediverse: Fediverse) -> Far:
    """Another one, with a picture."""
    made = Far()
    made.files["/cat.png"] = (picture("PNG"), "image/png")
    fediverse.wire.hosts[FAR] = made.answer
    return made


@pytest.fixture
async def reader(a: Instance) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a program."""
    async with httpx.AsyncClient(transport=a.asgi, base_url="https://a.test") as opened:
        yield opened


async def shown(a: Instance, reader: httpx.AsyncClient, url: str = f"https://{FAR}/cat.png") -> dict[str, Any]:
    """A post of somebody there with that picture, who also has it as avatar; as the reader gets it."""
    with a.here():
        carol = await build.person("carol", FAR, icon=url, image=url)
        post = await build.post(carol, "Look", attachments_count=1)
        await build.insert(
            "media", id=post.id, owner_id=carol.id, post_id=post.id, kind="image", mime="image/png", origin="remote",
            remote_url=url, state="remote", created_at=0,
        )  # fmt: skip
    found: dict[str, Any] = (await reader.get(f"/api/v1/statuses/{post.id}")).json()
    return found


async def _in_group(
    a: Instance, reader: httpx.AsyncClient, group: Group, author: Actor, level: int
) -> tuple[str, Post]:
    """A post in a group with the picture; where it is shown here, and that it is."""
    with a.here():
        post = await build.post(author, "Look", group=group, visibility=level, attachments_count=1)
        await build.insert(
            "media", id=post.id, owner_id=author.id, post_id=post.id, kind="image", mime="image/png", origin="remote",
            remote_url=CAT, state="remote", created_at=0,
        )  # fmt: skip
        address = elsewhere.address("", "m", post.id, CAT, FAR, level)
    assert (await reader.get(address)).status_code == 200
    plain, name, passed = address.partition("?")[0], elsewhere.still(address), address.partition("?")[2]
    assert (bool(passed), (await reader.get(name)).status_code) == (level > build.UNLISTED, 200)
    other = address.replace(f"/m{post.id}-", f"/m{post.id + 1}-")
    assert [(await reader.get(each)).status_code for each in (plain, other)] == [404 if passed else 200, 404]
    return address, post


@pytest.mark.attack("PRI-06", "PRI-13", "GRP-20")
async def test_copies_of_what_is_taken_out_are_gone_at_once_and_erased(
    fediverse: Fediverse, a: Instance, far: Far, reader: httpx.AsyncClient
) -> None:
    """By a moderator, a ban, its author, and when nobody here is in the private group any more; and back if it is."""
    berta, anna = await a.person("berta"), await a.person("anna")
    await a.group("bread", moderator=berta)
    with a.here():
        bread, _ = await groups.named("bread")
        oats = await build.group("oats", "ring.test", visibility="members")
        carol = await build.person("carol", FAR)
        await build.join(carol, bread)
        await build.join(anna.actor, oats)

    async def shown_again(address: str, how: str) -> None:
        await fediverse.settle()
        with a.here():
            assert await copies.of(CAT) is None, how
            assert not any([keys async for keys in a.app.blobs.old(clock.now() + 60)]), how
        assert (await reader.get(address)).status_code == 200, how

    address, post = await _in_group(a, reader, bread, carol, build.PUBLIC)
    assert "public" in (await reader.get(address)).headers["cache-control"]
    for how in ("removed", "banned"):
        with a.here():
            if how == "removed":
                await curation.remove(a.app, berta.actor, post.id)
                gone = await reader.get(address)
                await fediverse.settle()
                await curation.restore(a.app, berta.actor, post.id)
            else:
                await members.ban(a.app, "bread", carol.uri, berta.actor, remove=True)
                gone = await reader.get(address)
                await fediverse.settle()
                await members.unban(a.app, "bread", carol.uri, berta.actor)
        assert gone.status_code == 404, how
        await shown_again(address, how)
    for file, there in ((CAT, 200), ("https://far.test/other.png", 404)):
        said_again = Note(
            uri=post.uri, kind="Note", attributed_to=carol.uri, content=file, audience=Audience(to=(forger.PUBLIC,)),
            attachments=(Attachment(kind="Image", url=file, media_type="image/png"),),
        )  # fmt: skip
        with a.here():
            recording.edit(a.app, writes := Writes(), post, carol, said_again, ())
            await apply(writes)
            ((number,),) = await rows("SELECT id FROM media WHERE post_id = ?", (post.id,))
            now = elsewhere.address("", "m", number, file, FAR)
        await fediverse.settle()
        with a.here():
            assert (await copies.of(CAT) is not None) == (there == 200), "what is in it still is not fetched again"
        assert [(await reader.get(where)).status_code for where in (address, now)] == [404, there]
    inside, said = await _in_group(a, reader, oats, carol, build.MEMBERS)
    assert (await reader.get(inside)).headers["cache-control"] == "private, max-age=3600"
    with a.here():
        await follows.record_end(a.app, anna.actor.id, oats.actor_id)
    assert (await reader.get(inside)).status_code == 404
    with a.here():
        recording.erase(a.app, writes := Writes(), post)
        recording.erase(a.app, writes, said)
        await apply(writes)
    assert (await reader.get(address)).status_code == 404
    await fediverse.settle()
    with a.here():
        assert await copies.of(CAT) is None and await rows("SELECT 1 FROM media") == []


@pytest.mark.attack("PRI-21")
async def test_everything_is_loaded_from_the_readers_own_server_and_fetched_once(
    a: Instance, far: Far, reader: httpx.AsyncClient
) -> None:
    status = await shown(a, reader)
    (file,), account = status["media_attachments"], status["account"]
    addresses = {file["url"], file["preview_url"], account["avatar"], account["header"], account["avatar_static"]}

    answers = [await reader.get(address) for address in addresses for _ in range(2)]

    assert all(address.startswith("https://a.test/media/elsewhere/") for address in addresses)
    assert file["remote_url"] == f"https://{FAR}/cat.png"
    for answer in answers:
        assert (answer.status_code, answer.content) == (200, far.files["/cat.png"][0])
        assert answer.headers["content-type"] == "image/png" and answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    (asked,) = far.asked
    assert not {"cookie", "authorization", "referer", "x-forwarded-for", "signature"} & set(asked.headers)


async def test_what_moves_has_a_still_picture_too(a: Instance, far: Far, reader: httpx.AsyncClient) -> None:
    far.files["/cat.gif"] = (moving(), "image/gif")
    account = (await shown(a, reader, f"https://{FAR}/cat.gif"))["account"]

    avatar, still, header = [await reader.get(account[key]) for key in ("avatar", "avatar_static", "header_static")]
    page = await reader.get(f"/@carol@{FAR}", headers={"accept": "text/html"})

    assert getattr(opened(avatar.content), "is_animated", False)
    assert opened(still.content).size == (40, 30) and not getattr(opened(still.content), "is_animated", False)
    assert header.content == still.content and len(far.asked) == 1
    with a.here():
        original = await copies.of(f"https://{FAR}/cat.gif")
    assert original and original.key
    await a.app.blobs.delete(original.key)
    assert (await reader.get(account["avatar_static"])).content == still.content  # the one that moves is not read again
    for key in ("avatar_static", "header_static"):
        path = account[key].removeprefix("https://a.test")
        assert f'<source srcset="{path}" media="(prefers-reduced-motion: reduce)">' in page.text


@pytest.mark.attack("NET-39")
async def test_nobody_has_anything_else_fetched(a: Instance, far: Far, reader: httpx.AsyncClient) -> None:
    far.files["/secret.png"] = far.files["/cat.png"]
    status = await shown(a, reader)
    good = status["account"]["avatar"].rpartition("/")[2]
    subject, _, signature = good.partition("-")
    wrong = [
        "", "x", subject, f"{subject}-", f"{subject}-{'0' * 32}", f"{subject}-{signature[:-1]}", f"i1-{signature}",
        f"h{subject[1:]}-{signature}", f"m{subject[1:]}-{signature}", f"https://{FAR}/secret.png",
    ]  # fmt: skip

    answers = [await reader.get(f"/media/elsewhere/{name}") for name in wrong]
    with a.here():
        await execute("UPDATE actor SET icon = ? WHERE host = ?", (f"https://{FAR}/secret.png", FAR))
    answers.append(await reader.get(f"/media/elsewhere/{good}"))

    assert [answer.status_code for answer in answers] == [404] * (len(wrong) + 1)
    assert far.asked == []


@pytest.mark.attack("NET-39", "XSS-09")
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<svg onload=alert(1)>", "image/svg+xml"), (b"<script>alert(1)</script>", "image/png"), (b"", "image/png"),
        (b'{"type": "Person"}', "application/activity+json"),
    ],
)  # fmt: skip
async def test_what_is_no_picture_is_not_shown_and_not_asked_for_again_at_once(
    a: Instance, far: Far, reader: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    far.files["/cat.png"] = (content, kind)
    address = (await shown(a, reader))["account"]["avatar"]

    answers = [await reader.get(address) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404] * 3 and len(far.asked) == 1
    far.files["/cat.png"] = (picture("PNG"), "image/png")
    with a.here():
        await execute("UPDATE copy SET tried_at = 0")
    assert (await reader.get(address)).status_code == 200


@pytest.mark.attack("NET-01", "NET-39")
@pytest.mark.parametrize("url", ["https://a.test/static/person.png", "https://127.0.0.1/x.png", "https://[::1]/x.png"])
async def test_neither_oneself_nor_a_neighbour_is_asked(
    a: Instance, fediverse: Fediverse, reader: httpx.AsyncClient, url: str
) -> None:
    address = (await shown(a, reader, url))["account"]["avatar"]
    before = len(fediverse.wire.log)

    assert (await reader.get(address)).status_code == 404
    assert len(fediverse.wire.log) == before


@pytest.mark.attack("PRI-13")
async def test_nothing_is_shown_of_a_server_that_is_not_heard_nor_of_what_is_gone(
    a: Instance, far: Far, reader: httpx.AsyncClient
) -> None:
    status = await shown(a, reader)
    address = status["media_attachments"][0]["url"]
    assert (await reader.get(address)).status_code == 200

    with a.here():
        await peers.set_policy(a.app, FAR, "suspend")
    blocked = await reader.get(address)
    with a.here():
        await peers.set_policy(a.app, FAR, "")
        await execute("DELETE FROM media WHERE id = ?", (int(status["id"]),))
    gone = await reader.get(address)

    assert (blocked.status_code, gone.status_code) == (404, 404)


@pytest.mark.attack("NET-37")
async def test_copies_go_when_nobody_looks_and_when_there_are_too_many(
    a: Instance, far: Far, reader: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = (await shown(a, reader))["account"]["avatar"]

    def files() -> int:
        return len([path for path in (tmp_path / "media").rglob("*") if path.is_file()])

    await reader.get(address)
    with a.here():
        await copying.clean_up(a.app)
        await media.sweep(a.app)
    assert files() == 1

    with a.here():
        await execute("UPDATE copy SET used_at = ?", (clock.now_ms() - copying.UNUSED - 1,))
        await copying.clean_up(a.app)
        assert await rows("SELECT url FROM copy") == [] and files() == 0
    assert (await reader.get(address)).status_code == 200

    monkeypatch.setattr(copying, "MOST_ROWS", 0)
    with a.here():
        await copying.clean_up(a.app)
        assert await rows("SELECT url FROM copy") == [] and files() == 0
    assert (await reader.get(address)).status_code == 200


@pytest.mark.attack("GRP-07")
async def test_a_steward_elsewhere_gives_a_group_pictures_that_its_own_server_keeps(
    fediverse: Fediverse, a: Instance
) -> None:
    """As Lemmy says it: an Update of the group with the picture that the steward's server has."""
    ann, host, follower = await a.person("ann"), Host(fediverse, "m.test"), Host(fediverse, "f.test")
    bread = await a.group("bread", moderator=ann)
    mo, eve, fo = host.actor("mo"), host.actor("eve"), follower.actor("fo")
    await forger.send(fediverse, a, fo, fo.does("Follow", bread.uri))
    with a.here():
        await members.appoint(a.app, "bread", await fetching.actor(a.app, mo.uri), role=rights.STEWARD)
    host.serve("/loaf.png", picture("PNG"), content_type="image/png")
    host.serve("/none.png", b"<svg/>", content_type="image/png")

    async def says(who: Face, icon: str, image: str = "") -> Actor:
        document = await a.get("/c/bread") | {"icon": {"type": "Image", "url": icon}}
        document |= {"image": {"type": "Image", "url": image}} if image else {}
        update = who.does("Update", document, cc=[bread.uri], audience=bread.uri)
        await forger.send(fediverse, a, who, update, inbox="/c/bread/inbox")
        await fediverse.settle()
        with a.here():
            found = await storage.actors.by_uri(bread.uri)
        assert found
        return found

    assert (await says(eve, "https://m.test/loaf.png")).icon == "" and "https://m.test/loaf.png" not in host.asked
    follower.received.clear()
    face = await says(mo, "https://m.test/loaf.png")
    assert face.icon.startswith("https://a.test/media/") and face.icon_media_id
    told = [each for each in follower.received if each["type"] == "Update"]
    assert [(each["actor"], each["object"]["icon"]["url"]) for each in told] == [(bread.uri, face.icon)]
    wrapped = [each["object"] for each in follower.received if each["type"] == "Announce"]
    assert all(each["actor"] == bread.uri for each in wrapped)  # nobody elsewhere is said to have said it

    host.asked.clear()
    copied = f"https://m.test/api/v3/image_proxy?url={quote(face.icon, safe='')}"
    for icon, image in ((face.icon, ""), (copied, ""), ("https://m.test/loaf.png", "https://m.test/none.png")):
        assert (await says(mo, icon, image)).icon == face.icon, icon
    assert "https://m.test/none.png" in host.asked and copied not in host.asked
