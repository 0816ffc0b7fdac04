"""Who goes for good, seen from other servers: each that ever got something is told, whoever is left there."""

import json
import stat
from pathlib import Path

import pytest

from fedcomm import commands, media, peers, purging
from fedcomm.errors import Conflict
from storage import actors
from storage.connect import execute, rows
from tests import build
from tests.fediverse import Fediverse
from tests.pictures import picture

pytestmark = pytest.mark.anyio


async def test_people_of_a_server_that_was_erased_are_met_anew_once_it_is_let_in(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    anna, bob = await a.person("anna"), await b.person("bob")
    await anna.follow("bob@b.test")
    await fediverse.settle()
    old = await bob.post("Of the past")
    await fediverse.settle()
    await a.knows(old.uri)
    with a.here():
        await peers.set_policy(a.app, "b.test", "suspend")
        await purging.begin(a.app, "b.test", "@anna")
        await purging.work(a.app, "b.test")
        await peers.set_policy(a.app, "b.test", "")
        gone = await actors.by_uri(bob.actor.uri)
        assert gone and gone.gone and not gone.inbox
    await b.agreed()

    await anna.follow("bob@b.test")
    await fediverse.settle()
    new = await bob.post("Anew")
    await fediverse.settle()

    await a.knows(new.uri)
    assert await a.lacks(old.uri)
    with a.here():
        back = await actors.by_uri(bob.actor.uri)
        assert back and back.id == gone.id and not back.gone and back.inbox


@pytest.mark.attack("ADM-22", "PRI-13")
@pytest.mark.thorough("postgres")
async def test_what_is_deleted_is_told_to_servers_from_where_nobody_follows_any_more(
    fediverse: Fediverse, tmp_path: Path
) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test", data_dir=tmp_path / name) for name in "abc"]
    anna, bob, cleo = await a.person("anna"), await b.person("bob"), await c.person("cleo")
    garden = await a.group("garden", moderator=anna)
    await bob.follow("anna@a.test")
    await fediverse.join(garden, cleo, anna)
    await fediverse.settle()
    rose = await anna.post("A rose")
    thread = await anna.post("Sowing @garden@a.test")
    await fediverse.settle()
    await b.knows(rose.uri), await c.knows(thread.uri)
    await bob.unfollow(anna.actor.uri)
    await cleo.unfollow(garden.uri)
    await fediverse.settle()
    fern = await anna.post("A fern")
    await fediverse.settle()
    assert await b.post(fern.uri) is None

    await anna.delete(rose)
    await anna.delete(thread)
    await fediverse.settle()

    assert await b.lacks(rose.uri) and await c.lacks(thread.uri)

    with a.here():
        sent = await media.upload(a.app, anna.actor, picture(), "", "", None)
    again = await anna.post("@cleo@c.test here you are", media_ids=(sent.id,))
    with a.here():
        wanted = {"name": "anna", "media": True, "dry_run": True}
        before = await commands.run(a.app, "account.purge", wanted)
        assert (before["posts"], before["files"], before["servers"]) == (2, 1, 2) and before["bytes"] > 1
        assert await rows("SELECT COUNT(*) FROM erasure") == [(0,)]
    await fediverse.settle()
    await c.knows(again.uri)
    with a.here():  # nobody is left there whom we know
        await execute("UPDATE actor SET deleted_at = 1 WHERE host = 'c.test'")
        await execute(
            "INSERT INTO peer (host, policy, holds, first_seen_at) VALUES ('d.test', 'suspend', 'suspend', 1)"
        )
        await build.person("dora", "d.test")  # a server that does not answer
        await commands.run(a.app, "account.purge", {"name": "anna", "media": True, "dry_run": False})
    await fediverse.settle()

    assert await c.lacks(again.uri)
    with a.here():
        assert await rows("SELECT COUNT(*) FROM post WHERE deleted_at IS NULL AND content <> ''") == [(0,)]
        assert await rows("SELECT COUNT(*) FROM erasure WHERE done_at IS NULL") == [(0,)]
    with c.here():
        assert await rows("SELECT deleted_at IS NULL FROM actor WHERE uri = ?", (anna.actor.uri,)) == [(False,)]
    with a.here():
        with pytest.raises(Conflict) as again_asked:
            await commands.run(a.app, "account.purge", wanted)
        assert "fedcomm account report anna FILE" in again_asked.value.fix
        state = await commands.run(a.app, "account.erased", {"name": "anna"})
        made = await commands.run(a.app, "account.report", {"name": "@anna"})
        files = {form: tmp_path / "a" / "media" / key for form, key in made.items()}
        report, text = json.loads(files["json"].read_text()), files["txt"].read_text()
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
        for key in made.values():
            await commands.run(a.app, "file.drop", {"key": key})
        assert [path for path in (tmp_path / "a" / "media").rglob("*") if path.is_file()] == []
        assert [act for (act,) in await rows("SELECT act FROM audit ORDER BY id DESC LIMIT 2")] == [
            "account.report", "account.purge",
        ]  # fmt: skip
    assert {each["id"] for each in report["posts"]} == {fern.uri, again.uri}, "not what anna deleted before"
    ((file,),) = [report["files"]]
    assert len(file["sha256"]) == len(file["preview_sha256"]) == 64 and file["post"] == again.uri
    told = {each["server"]: (each["state"], each["status"]) for each in report["servers"]}
    assert told == {"b.test": ("delivered", 202), "c.test": ("delivered", 202), "d.test": ("retrying", None)}
    assert all(each["at"] for each in report["servers"])
    assert (state["left"], state["servers"], state["answered"], state["taken"]) == (0, 3, 2, 2)
    assert file["sha256"] in text and again.uri in text and "b.test  delivered  took it" in text
    assert "here you are" not in text
