"""Emojis of other servers: learnt from what these say, shown by the reader's own server, and between two of ours."""

from pathlib import Path

import httpx
import pytest

from fedcomm import emojis, posts
from fedcomm.posts import Draft
from storage import actors
from storage.connect import Writes, apply, rows
from tests import build
from tests.fediverse import Fediverse
from tests.people import person
from tests.pictures import picture

pytestmark = pytest.mark.anyio

FAR = "far.test"


@pytest.mark.attack("PRI-21")
async def test_their_servers_do_not_learn_who_looks(fediverse: Fediverse, tmp_path: Path) -> None:
    a = await fediverse.instance("a.test", data_dir=tmp_path)
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=picture("PNG"), headers={"content-type": "image/png"})

    fediverse.wire.hosts[FAR] = answer
    with a.here():
        writes = Writes()
        emojis.learn(writes, FAR, [emojis.objects.Emoji("oven", f"https://{FAR}/oven.png")])
        await apply(writes)
        post = await build.post(await build.person("carol", FAR), "Hot :oven:")
    async with httpx.AsyncClient(transport=a.asgi, base_url="https://a.test") as reader:
        (shown,) = (await reader.get(f"/api/v1/statuses/{post.id}")).json()["emojis"]
        pictures = [await reader.get(shown["url"]) for _ in range(2)]

    assert shown["url"].startswith("https://a.test/media/elsewhere/") and shown["url"] == shown["static_url"]
    assert [each.status_code for each in pictures] == [200, 200] and asked == ["/oven.png"]


async def test_another_server_learns_what_ours_look_like(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    with a.here():
        alice = await person(a.app, "alice")
        made = await emojis.add(None, "oven", picture("PNG"))
    with b.here():
        bob = await person(b.app, "bob")
    with a.here():
        await posts.create(a.app, alice, Draft(text=f"Hot :oven: @bob@{b.app.host}"))
    await fediverse.settle()
    with b.here():
        learnt = await rows("SELECT host, shortcode, url FROM emoji")
        assert await actors.by_id(bob.id)

    assert learnt == [("a.test", "oven", f"https://a.test/emojis/{made.id}.png")]
