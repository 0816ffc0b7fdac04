"""Copies of pictures of other servers never take more than the admins allow, whatever kind they are of."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

import storage.accounts
from fedcomm import actors, commands, copying, elsewhere, room, settings, stills
from fedcomm.errors import Invalid, NotAllowed, NotFound
from storage import audit, copies
from storage.actors import Actor
from storage.connect import execute, rows
from tests import build
from tests.fediverse import PROCESSES, Fediverse, Instance
from tests.pictures import moving, picture

pytestmark = pytest.mark.anyio

FAR = "far.test"
SIZE = 100_000


@pytest.fixture
async def a(fediverse: Fediverse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """A server on which copies take ten pictures of `SIZE`; that far away has as many of them as are asked for."""

    async def answer(request: httpx.Request) -> httpx.Response:
        content = moving() if "gif" in request.url.path else picture("PNG")
        return httpx.Response(200, content=content + bytes(SIZE - len(content)))

    monkeypatch.setattr(copying, "MB", 10 * SIZE // settings.LEAST_COPIES + 1)
    made = await fediverse.instance("a.test", data_dir=tmp_path)
    fediverse.wire.hosts[FAR] = answer
    with made.here():
        await actors.service(made.app)  # whose key signs addresses
        await settings.change(made.app, None, {"copies_most": settings.LEAST_COPIES})
    return made


def on_disk(folder: Path) -> list[int]:
    """The sizes of the files that are kept, also of those that are being written."""
    return [path.stat().st_size for path in (folder / "media").rglob("*") if path.is_file()]


async def far(name: str) -> Actor:
    """Somebody there, whose avatar and header are different pictures."""
    return await build.person(name, FAR, icon=f"https://{FAR}/{name}.png", image=f"https://{FAR}/{name}.gif")


async def look(a: Instance, who: Actor, kind: str) -> copies.Copy | None:
    """Somebody looks at the avatar (`i`) or header (`h`); without a file when it cannot be had."""
    url = who.icon if kind == "i" else who.image
    name = elsewhere.address("", kind, who.id, url, FAR).rpartition("/")[2]
    try:
        return (await elsewhere.copy(a.app, name, lambda _post: asyncio.sleep(0, False)))[0]
    except NotFound:
        return None


@pytest.mark.attack("NET-37")
@pytest.mark.skipif(PROCESSES > 1, reason="looks on in one process while files are written")
async def test_copies_of_all_kinds_are_never_more_than_allowed_also_when_many_come_at_once(
    a: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, seen = 10 * SIZE, []
    put = a.app.blobs.put

    async def watched(content: Any) -> str:
        key = await put(content)
        seen.append(sum(on_disk(tmp_path)))
        return key

    monkeypatch.setattr(a.app.blobs, "put", watched)
    with a.here():
        people = [await far(f"p{at}") for at in range(15)]
        looks = [look(a, who, kind) for who in people for kind in "ih"]
        await asyncio.gather(*looks)
        assert len(seen) == 30 and max(seen) <= most + 100, "never more, not even for a moment"
        count, size = await copies.amount()
        assert (count, size, sum(on_disk(tmp_path))) == (10, most, most)
        assert {part.name for part in await room.usage() if part.number} == {"avatar", "header"}

        await settings.change(a.app, None, {"copies_most": settings.LEAST_COPIES + 1})
        first = (await look(a, people[0], "h")) or pytest.fail("it cannot be had")
        await execute("UPDATE copy SET used_at = 1 WHERE url <> ?", (first.url,))
        still = await stills.of(a.app, first)
        assert still.kind == "still" and still.host == FAR and still.size
        assert await copies.of(first.url) == first, "what was looked at last stays"
        await execute("UPDATE copy SET used_at = 2 WHERE url = ?", (first.url,))
        await look(a, people[0], "h")
        assert ((await copies.of(first.url)) or first).used_at > 2, "and says so again"


async def test_the_cap_the_longest_unseen_and_what_was_begun_and_never_finished(a: Instance, tmp_path: Path) -> None:
    with a.here():
        people = [await far(f"p{at}") for at in range(10)]
        for at, who in enumerate(people):
            found = await look(a, who, "i")
            assert found
            await execute("UPDATE copy SET used_at = ? WHERE url = ?", (at, found.url))
        assert await look(a, people[0], "h")
        kept = {url for (url,) in await rows("SELECT url FROM copy WHERE kind = 'avatar'")}
        assert kept == {who.icon for who in people[1:]}, "what was looked at longest ago went"

        begun = await copies.of(people[5].icon)
        assert begun and begun.key
        await a.app.blobs.delete(begun.key)
        await execute("UPDATE copy SET key = NULL WHERE url = ?", (begun.url,))  # a process ended while it wrote
        assert await look(a, people[5], "i"), "it is fetched again at once, and counted once"
        assert await copies.amount() == (10, 10 * SIZE)

        assert await commands.run(a.app, "media.prune", {"days": 1, "dry_run": True}) == {
            "copies": 8, "bytes": 8 * SIZE,
        }  # fmt: skip
        assert (await copies.amount())[0] == 10
        assert (await commands.run(a.app, "media.prune", {"days": 1, "dry_run": False}))["copies"] == 8
        assert {url for (url,) in await rows("SELECT url FROM copy")} == {people[0].image, people[5].icon}
        assert [each.act for each in await audit.newest(5) if each.act == "media.prune"] == ["media.prune"]
        told = await commands.run(a.app, "media.usage", {})
        assert told["hosts"] == [{"name": FAR, "number": 2, "bytes": 2 * SIZE}]
        disk = await commands.run(a.app, "disk", {})
        assert disk["database"] > 10_000 and disk["copies"] == 2 * SIZE and disk["free"] <= disk["whole"]
        assert (await commands.run(a.app, "media.prune", {"days": 0, "dry_run": False}))["copies"] == 2
        assert on_disk(tmp_path) == []


@pytest.mark.skipif(PROCESSES > 1, reason="looks on in one process while files are written")
async def test_who_comes_while_a_copy_is_written_gets_it_and_takes_nothing_away(
    a: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is for two jobs that copy the pictures of one post, and who reads it meanwhile."""
    writing, go_on, put = asyncio.Event(), asyncio.Event(), a.app.blobs.put

    async def slow(content: Any) -> str:
        writing.set()
        await go_on.wait()
        return await put(content)

    monkeypatch.setattr(a.app.blobs, "put", slow)
    with a.here():
        carol = await far("carol")
        post = await build.post(carol, "Look", attachments_count=1)
        await build.insert(
            "media", id=post.id, owner_id=carol.id, post_id=post.id, kind="image", mime="image/png", origin="remote",
            remote_url=carol.icon, state="remote", created_at=0,
        )  # fmt: skip
        first = asyncio.create_task(elsewhere.copy_all(a.app, post.id))
        await writing.wait()
        others = [asyncio.create_task(elsewhere.copy_all(a.app, post.id)), asyncio.create_task(look(a, carol, "i"))]
        await asyncio.wait(others, timeout=0.3)
        go_on.set()
        _, _, seen = await asyncio.gather(first, *others)
        assert seen and seen.key and await copies.of(carol.icon) == seen


async def test_less_takes_effect_at_once_and_only_admins_say_so(a: Instance) -> None:
    with a.here():
        await settings.change(a.app, None, {"copies_most": 10 * settings.LEAST_COPIES})
        for at in range(12):
            await look(a, await far(f"p{at}"), "i")
        assert (await copies.amount())[0] == 12
        await commands.run(a.app, "media.cap", {"megabytes": settings.LEAST_COPIES})
        assert await copies.amount() == (10, 10 * SIZE)
        for wrong in (0, settings.LEAST_COPIES - 1, settings.MOST_COPIES + 1):
            with pytest.raises(Invalid, match="number from 64 to"):
                await room.allow(a.app, None, wrong)
        with pytest.raises(Invalid, match="number from 0 to"):
            await room.prune(a.app, None, -1)
        await build.person("mo", role="moderator")
        by = await storage.accounts.by_name("mo")
        for refused in (room.allow(a.app, by, 100), room.prune(a.app, by, 0)):
            with pytest.raises(NotAllowed):
                await refused


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (9_999, "9999 B"), (10_000, "10 KB"), (20_971_520, "20 MB"), (2**40, "1024 GB")]
)
def test_sizes_are_said_in_a_unit_that_one_can_read(size: int, text: str) -> None:
    assert room.readable(size) == text
