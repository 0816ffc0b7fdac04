"""A file that admins block is refused, not copied, not shown and erased, whichever way it comes."""

import hashlib
from pathlib import Path

import httpx
import pytest

import storage.accounts
import storage.actors
from fedcomm import actors, blocked_files, commands, elsewhere, media, pictures, profiles
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from storage import audit, copies
from storage import blocked_files as stored
from storage import media as rows
from storage.connect import execute, value
from tests import build, forger
from tests.fediverse import Fediverse, Instance
from tests.forger import Host
from tests.pictures import moving, picture

pytestmark = pytest.mark.anyio

FAR = "far.test"
CAT = f"https://{FAR}/cat.gif"


def sha(content: bytes) -> str:
    """What it is known by."""
    return hashlib.sha256(content).hexdigest()


def on_disk(folder: Path) -> int:
    """How many files are kept."""
    return len([path for path in (folder / "media").rglob("*") if path.is_file()])


@pytest.fixture
async def a(fediverse: Fediverse, tmp_path: Path) -> Instance:
    """A server whose members upload pictures, and one far away that has one."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=moving(), headers={"content-type": "image/gif"})

    fediverse.wire.hosts[FAR] = answer
    made = await fediverse.instance("a.test", data_dir=tmp_path)
    with made.here():
        await actors.service(made.app)  # whose key signs addresses
    return made


@pytest.mark.parametrize("known_by", ["received", "digest", "preview_digest"])
async def test_what_members_sent_is_shown_to_nobody_at_once_erased_and_not_taken_again(
    fediverse: Fediverse, a: Instance, tmp_path: Path, known_by: str
) -> None:
    anna, sent = await a.person("anna"), picture("PNG")
    with a.here():
        loaf = await media.upload(a.app, anna.actor, sent, patience=None)
        face = await pictures.read(a.app.picture_turn, sent, "avatar")
        who = await profiles.change(a.app, anna.actor, profiles.Change(pictures={"icon": face}))
        number = loaf.id if known_by != "digest" else who.icon_media_id
        digest = await value(f"SELECT {known_by} FROM media WHERE id = ?", (number,))
        addresses = [f"/media/{key}" for key in (loaf.key, loaf.preview_key)]
    far = Host(fediverse, "fan.test")
    await forger.send(fediverse, a, fan := far.actor("fay"), fan.does("Follow", anna.actor.uri))
    post = await anna.post("Look", media_ids=(loaf.id,))
    if known_by == "received":
        assert digest == sha(sent)
        addresses.append(who.icon)
    elif known_by == "digest":  # of a profile's picture, as somebody saves it; from before that was noted
        addresses = [who.icon]
        with a.here():
            await execute("UPDATE media SET digest = NULL, preview_digest = NULL")
    assert [await a.code(address) for address in addresses] == [200] * len(addresses)

    with a.here():
        assert (
            await commands.run(a.app, "media.block", {"digest": f" SHA256:{digest.upper()}", "reason": "No loaves"})
        ) == {"digest": digest}
        if known_by != "digest":
            assert [await a.code(address) for address in addresses] == [404] * len(addresses), "at once"
            with pytest.raises(Invalid, match="not allowed on this server"):
                await media.upload(a.app, anna.actor, sent, patience=None)
    await fediverse.settle()
    with a.here():
        assert [await a.code(address) for address in addresses] == [404] * len(addresses)
        after = await storage.actors.by_id(anna.actor.id)
        assert after and bool(after.icon) == (known_by == "preview_digest" and bool(await _kept(who.icon_media_id)))
        shown = await rows.of_post(post.id)
        count = await value("SELECT attachments_count FROM post WHERE id = ?", (post.id,))
        assert (len(shown), count) == ((1, 1) if known_by == "digest" else (0, 0))
        left = int(await value("SELECT COUNT(*) FROM media WHERE key IS NOT NULL"))
        assert on_disk(tmp_path) == 2 * left
        acts = [each.act for each in await audit.newest(9)]
        assert "media.erase" in acts and "media.block" in acts
        news = [
            each["object"] for each in far.received if each["type"] == "Update" and each["object"]["id"] == post.uri
        ]
        letters = await anna.letters()
        assert letters and all("not allowed on this server" in each and "No loaves" in each for each in letters)
        assert [post.url in each for each in letters].count(True) == (known_by != "digest")
        assert len(letters) == (1 if known_by != "received" else 2)  # the post, the profile, or both
        if known_by != "digest":  # that is on the profile alone
            (told,) = news
            assert "attachment" not in told and told["content"] == far.received[1]["object"]["content"]
            assert told["updated"] > told["published"]
        if known_by == "received":
            with pytest.raises(Invalid, match="not allowed on this server"):
                await profiles.change(a.app, anna.actor, profiles.Change(pictures={"icon": face}))
        await commands.run(a.app, "media.unblock", {"digest": digest})
        again = await media.upload(a.app, anna.actor, sent, patience=None)
        assert again.key and await a.code(f"/media/{again.key}") == 200


async def _kept(number: int | None) -> bool:
    return await value("SELECT 1 FROM media WHERE id = ?", (number,)) is not None


async def test_copies_that_are_blocked_go_and_are_not_made_again(
    fediverse: Fediverse, a: Instance, tmp_path: Path
) -> None:
    with a.here():
        carol = await build.person("carol", FAR, icon=CAT, image=CAT)
        shown = [elsewhere.address("", kind, carol.id, CAT, FAR) for kind in "ih"]
        shown += [elsewhere.still(shown[0])]
    for old in (False, True):
        assert [await a.code(address) for address in shown] == [200] * 3
        with a.here():
            if old:
                await execute("UPDATE copy SET digest = NULL")
            await blocked_files.block(a.app, None, sha(moving()))
        if not old:
            assert [await a.code(address) for address in shown] == [404] * 3, "at once"
        await fediverse.settle()
        assert [await a.code(address) for address in shown] == [404] * 3
        with a.here():
            await execute("UPDATE copy SET tried_at = 0")
        assert [await a.code(address) for address in shown] == [404] * 3, "fetched again, and again not kept"
        with a.here():
            known = await copies.of(CAT)
            assert known and known.key is None and on_disk(tmp_path) == 0
            await blocked_files.unblock(None, sha(moving()))
            await execute("UPDATE copy SET tried_at = 0")


async def test_what_cannot_be_blocked_changes_nothing(a: Instance) -> None:
    good = sha(b"x")
    with a.here():
        for wrong in ("", "x", good[:-1], good + "0", "g" * 64):
            with pytest.raises(Invalid, match="64 digits"):
                await blocked_files.block(a.app, None, wrong)
        with pytest.raises(Invalid, match="too long"):
            await blocked_files.block(a.app, None, good, "x" * 501)
        await build.person("mo", role="moderator")
        mo = await storage.accounts.by_name("mo")
        for refused in (blocked_files.block(a.app, mo, good), blocked_files.unblock(mo, good)):
            with pytest.raises(NotAllowed):
                await refused
        with pytest.raises(NotFound):
            await blocked_files.unblock(None, good)
        assert await stored.newest() == []
        await blocked_files.block(a.app, None, good)
        with pytest.raises(Conflict):
            await blocked_files.block(a.app, None, good.upper())
        assert [each["digest"] for each in (await commands.run(a.app, "media.blocks", {}))["blocked"]] == [good]
