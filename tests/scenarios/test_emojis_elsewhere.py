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
from tests.pictures import moving, opened, picture

pytestmark = pytest.mark.anyio

FAR = "far.test"
FILES = {"/oven.png": picture("PNG"), "/fire.gif": moving(), "/broken.gif": b"GIF89a and nothing more"}


@pytest.mark.attack("PRI-21")
async def test_their_servers_do_not_learn_who_looks(fediverse: Fediverse, tmp_path: Path) -> None:
    a = await fediverse.instance("a.test", data_dir=tmp_path)
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=FILES[request.url.path], headers={"content-type": "image/png"})

    fediverse.wire.hosts[FAR] = answer
    with a.here():
        writes = Writes()
        names = {"oven": "/oven.png", "fire": "/fire.gif", "broken": "/broken.gif"}
        emojis.learn(writes, FAR, [emojis.objects.Emoji(name, f"https://{FAR}{path}") for name, path in names.items()])
        await apply(writes)
        post = await build.post(await build.person("carol", FAR), "Hot :oven: :fire: :broken:")
    async with httpx.AsyncClient(transport=a.asgi, base_url="https://a.test") as reader:
        shown = (await reader.get(f"/api/v1/statuses/{post.id}")).json()["emojis"]
        as_they_are = [await reader.get(each["url"]) for _ in range(2) for each in shown]
        oven, fire, broken = [await reader.get(each["static_url"]) for each in shown]
        again = await reader.get(shown[1]["static_url"])

    addresses = [each[name] for each in shown for name in ("url", "static_url")]
    assert all(each.startswith("https://a.test/media/elsewhere/") for each in addresses)
    assert [each.content for each in as_they_are] == [*FILES.values()] * 2 and asked == list(FILES)
    assert oven.content == FILES["/oven.png"] and broken.status_code == 404
    assert fire.headers["content-type"] == "image/png" and fire.content == again.content
    assert not getattr(opened(fire.content), "is_animated", False) and opened(fire.content).size == (40, 30)


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
