"""Files that members take along and bring along."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

import storage.accounts
import storage.archives
from fedcomm import (
    accounts,
    archives,
    bookmarks,
    boosts,
    clock,
    commands,
    erasing,
    filters,
    follows,
    groups,
    imports,
    media,
    posts,
    reactions,
)
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.jobs import JOBS, nightly
from fedcomm.posts import Draft
from storage.actors import Actor
from storage.connect import execute, rows, value
from tests import build
from tests.databases import Databases
from tests.fediverse import Fediverse
from tests.people import person
from tests.pictures import picture
from tests.web.pages.browser import ACCEPT, Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_find import browser_of

pytestmark = pytest.mark.anyio

HERE = "/settings/data"


@pytest.fixture
async def fediverse(databases: Databases, dialect: str) -> AsyncIterator[Fediverse]:
    """Several servers."""
    made = Fediverse(databases, dialect)
    yield made
    await made.close()


@pytest.fixture
async def anna(app: App) -> Actor:
    """A member, who can act."""
    return await person(app, "anna")


async def bring(browser: Browser, kind: str, content: str | bytes, csrf: str = "") -> Page:
    """Send a file."""
    secret = csrf or (await browser.get(HERE)).form("/sign_out").one("input", name="csrf")["value"]
    body = content.encode() if isinstance(content, str) else content
    return Page(
        await browser.client.post(
            "/settings/import", data={"kind": kind, "csrf": secret}, files={"file": ("a.csv", body, "text/csv")},
            headers={"accept": ACCEPT},
        )
    )  # fmt: skip


async def press(browser: Browser, where: str) -> Page:
    """Press the button that leads there."""
    secret = (await browser.get(HERE)).form("/sign_out").one("input", name="csrf")["value"]
    return await browser.post(where, {"csrf": secret})


async def done(app: App) -> None:
    """Do the jobs that wait, and those that they leave."""
    while found := await rows("SELECT args FROM job WHERE name = 'import_file' AND state = 0"):
        await JOBS["import_file"].do(app, **msgspec.json.decode(found[0][0]))


async def text(browser: Browser, name: str) -> str:
    """A file that is taken along."""
    answer = await browser.client.get(f"/settings/export/{name}.csv")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    return answer.text


async def test_every_file_is_as_mastodon_writes_it(anna: Actor, enter: Enter) -> None:
    bert, carl = await build.person("Bert", "far.example"), await person_here("carl")
    await build.follow(anna, bert, reblogs=0)
    await build.follow(anna, carl)
    await build.follow(anna, await build.person("dora", "far.example"), "pending")
    await build.block(anna, await build.person("eve", "far.example"))
    await build.insert("mute", actor_id=anna.id, target_id=bert.id, notifications=0, created_at=build.NOW)
    await build.insert("domain_block", actor_id=anna.id, host="evil.example", id=5)
    await build.insert("list", id=7, owner_id=anna.id, title="Bakers", created_at=build.NOW)
    await build.insert("list_entry", list_id=7, actor_id=bert.id)
    post = await build.post(bert, "Keep")
    await build.insert("bookmark", actor_id=anna.id, post_id=post.id, created_at=build.NOW)
    browser = await enter(anna)

    assert await text(browser, "following_accounts") == (
        "Account address,Show boosts,Notify on new posts,Languages\n"
        "carl@home.test,true,false,\nBert@far.example,false,false,\n"
    )
    assert await text(browser, "blocked_accounts") == "eve@far.example\n"
    assert await text(browser, "muted_accounts") == "Account address,Hide notifications\nBert@far.example,false\n"
    assert await text(browser, "blocked_domains") == "evil.example\n"
    assert await text(browser, "lists") == "Bakers,Bert@far.example\n"
    assert await text(browser, "bookmarks") == f"{post.uri}\n"


async def person_here(name: str) -> Actor:
    """Somebody else of this server."""
    return await build.person(name)


@pytest.mark.attack("PRI-18")
async def test_a_file_holds_only_what_is_the_readers_own(anna: Actor, enter: Enter, stranger: Browser) -> None:
    eve, bert = await build.person("eve"), await build.person("bert", "far.example")
    await build.follow(anna, bert)
    await build.block(anna, bert)
    await build.insert("mute", actor_id=anna.id, target_id=bert.id, created_at=build.NOW)
    await build.insert("domain_block", id=1, actor_id=anna.id, host="far.example")
    await build.insert("list", id=2, owner_id=anna.id, title="far.example", created_at=build.NOW)
    await build.insert("list_entry", list_id=2, actor_id=bert.id)
    hidden = await build.post(bert, "Hidden", visibility=build.FOLLOWERS)
    await build.insert("bookmark", actor_id=anna.id, post_id=(await build.post(bert)).id, created_at=build.NOW)
    await build.insert("bookmark", actor_id=eve.id, post_id=hidden.id, created_at=build.NOW)
    browser = await enter(eve)

    for name in ("following_accounts", "blocked_accounts", "muted_accounts", "blocked_domains", "lists", "bookmarks"):
        assert "far.example" not in await text(browser, name), name
        assert (await stranger.get(f"/settings/export/{name}.csv")).status == 303
    assert (await browser.get("/settings/export/passwords.csv")).status == 404


@pytest.mark.attack("ADM-24")
async def test_no_cell_is_a_formula(anna: Actor, enter: Enter) -> None:
    bert = await build.person("bert", "far.example")
    for number, title in enumerate(('=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1")):
        await build.insert("list", id=number, owner_id=anna.id, title=title, created_at=build.NOW)
        await build.insert("list_entry", list_id=number, actor_id=bert.id)

    lines = (await text(await enter(anna), "lists")).splitlines()

    assert len(lines) == 5 and all(line.lstrip('"').startswith("'") for line in lines)


async def test_a_file_from_elsewhere_is_read_in_and_says_what_could_not_be_done(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice = await a.person("alice")
    await a.group("rye")
    browser = await browser_of(b, await b.person("bob"))
    content = (
        "\ufeffAccount address,Show boosts,Notify on new posts,Languages\r\n"
        'ALICE@a.test,true,false,\r\n@alice@a.test,false,true,"de, en, Klingon!"\r\nrye@a.test,true,false,\r\n'
        "nobody@a.test,true,false,\r\none@down.test,true,false,\r\ntwo@down.test,true,false,\r\nbob@b.test\r\n"
    )

    answer = await bring(browser, "following_accounts", content)
    waiting = await browser.get(HERE)
    again = await bring(browser, "blocked_accounts", "alice@a.test")
    await fediverse.settle()
    page = await browser.get(HERE)

    assert answer.status == 303 and again.status == 409
    assert "of 6 have been tried" in waiting.main or "of 6 were brought in" in waiting.main
    reasons = [[cell.text for cell in line.all("td")] for line in page.all("tr") if line.all("td")]
    assert [row for row, _ in reasons] == ["nobody@a.test", "one@down.test", "two@down.test", "bob@b.test"]
    assert "Nobody follows themselves." in reasons[3][1] and "does not answer" in reasons[1][1]
    assert len([line for line in fediverse.wire.log if "down.test" in line[1]]) <= 1
    with b.here():
        found = await rows(
            "SELECT a.username, f.reblogs, f.notify, f.languages, f.state FROM follow f"
            " JOIN actor a ON a.id = f.target_id ORDER BY a.username"
        )
    assert found == [("alice", 0, 1, " de en ", "accepted"), ("rye", 1, 0, "", "accepted")]
    assert alice.actor.username == "alice"
    empty = await browser.button(page, "/settings/import/dismiss")
    assert not empty.all("table") and empty.form("/settings/import")


async def test_every_kind_of_file_can_be_read_in_and_twice_is_as_good_as_once(
    app: App, anna: Actor, enter: Enter
) -> None:
    bert, carl = await build.person("bert", "far.example"), await build.person("carl", "far.example")
    post = await build.post(carl, "Keep")
    browser = await enter(anna)
    for kind, content, sql in (
        ("blocked_accounts", "bert@far.example", f"SELECT COUNT(*) FROM block WHERE target_id = {bert.id}"),
        ("muted_accounts", "Account address,Hide notifications\n@carl@far.example,false",
         f"SELECT COUNT(*) FROM mute WHERE target_id = {carl.id} AND notifications = 0"),
        ("blocked_domains", "#domain\nEvil.example", "SELECT COUNT(*) FROM domain_block WHERE host = 'evil.example'"),
        ("lists", "Bakers,carl@far.example", "SELECT COUNT(*) FROM list_entry"),
        ("bookmarks", f"#uri\n{post.uri}", f"SELECT COUNT(*) FROM bookmark WHERE post_id = {post.id}"),
    ):  # fmt: skip
        for _time in range(2):
            assert (await bring(browser, kind, content)).status == 303, kind
            await done(app)
            page = await browser.get(HERE)
            assert "1 of 1 was brought in" in page.main, (kind, page.main)
            assert await value(sql) == 1, kind


@pytest.mark.attack("ADM-24", "PRI-18")
async def test_a_file_that_makes_no_sense_is_refused_and_changes_nothing(anna: Actor, enter: Enter) -> None:
    browser = await enter(anna)
    many = "\n".join(f"p{number}@far.example" for number in range(imports.MAX_ROWS + 1))
    follows = "following_accounts"
    for kind, content in (
        (follows, ""), (follows, "Account address\n"), (follows, b"\xff\xfe\x00"), (follows, many), (follows, '"a'),
        (follows, "x" * (imports.MAX_BYTES + 1)), (follows, "a\0b@far.example"), (follows, "x" * 3000),
        ("passwords", "a@b.example"),
    ):  # fmt: skip
        page = await bring(browser, kind, content)
        assert page.status == 422 and page.problem, content[:20]
    forged = await bring(browser, "blocked_accounts", "bert@far.example", csrf="x" * 43)
    assert forged.status == 403 and await value("SELECT COUNT(*) FROM job") == 0


async def test_a_bookmark_of_what_is_not_for_them_is_not_brought_in(app: App, anna: Actor, enter: Enter) -> None:
    hidden = await build.post(await build.person("bert"), "Hidden", visibility=build.FOLLOWERS)
    browser = await enter(anna)

    await bring(browser, "bookmarks", hidden.uri)
    await done(app)

    assert "0 of 1" in (await browser.get(HERE)).main and await value("SELECT COUNT(*) FROM bookmark") == 0


async def test_what_was_begun_goes_on_after_a_crash_and_others_have_their_turn(
    app: App, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        await build.person(f"p{number}", "far.example")
    await imports.begin(app, anna, "blocked_accounts", "\n".join(f"p{n}@far.example" for n in range(25)).encode())
    monkeypatch.setattr(imports, "SLICE", 0.0)
    ((args,),) = await rows("SELECT args FROM job")
    monkeypatch.setattr(imports, "SLICE", 60.0)
    crash = imports._do

    async def dies(app: App, actor: Actor, kind: str, row: list[str]) -> None:
        if row[0].startswith("p21"):
            raise KeyboardInterrupt
        await crash(app, actor, kind, row)

    monkeypatch.setattr(imports, "_do", dies)
    with pytest.raises(KeyboardInterrupt):
        await JOBS["import_file"].do(app, **msgspec.json.decode(args))
    found = await imports.of(anna)
    assert found and found[0].tried == 20 and not found[1]

    monkeypatch.setattr(imports, "_do", crash)
    await done(app)

    found = await imports.of(anna)
    assert found and found[0].tried == 25 and found[1] and not found[0].failures
    assert await value("SELECT COUNT(*) FROM block") == 25


async def test_a_report_is_kept_for_a_while_and_not_for_ever(app: App, anna: Actor) -> None:
    await imports.begin(app, anna, "blocked_accounts", b"nobody@home.test")
    await done(app)
    await nightly.run(app)
    assert await imports.of(anna)

    await execute("UPDATE job SET created_at = ?", (clock.now_ms() - 31 * 86_400_000,))
    await nightly.run(app)

    assert await imports.of(anna) is None


async def test_a_report_goes_with_the_member_it_is_for(app: App, anna: Actor) -> None:
    await imports.begin(app, anna, "blocked_accounts", b"nobody@home.test")
    await done(app)

    await accounts.delete(app, "anna")

    assert await value("SELECT COUNT(*) FROM job WHERE name = 'import_file'") == 0


def test_rows_are_read_once_each_without_heading_and_blanks() -> None:
    found = imports.read("following_accounts", b"Account address,Show boosts\n\n a@b.example , true \nA@b.example\n")

    assert found == [["A@b.example"]]
    with pytest.raises(Invalid):
        imports.read("passwords", b"a")


def contents(archive: bytes) -> dict[str, bytes]:
    """What is in a ZIP file, by name; it must be whole."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


async def make(app: App) -> None:
    """Do the job of the file that was ordered last."""
    ((args,),) = await rows("SELECT args FROM job WHERE name = 'make_archive' ORDER BY id DESC LIMIT 1")
    await JOBS["make_archive"].do(app, **msgspec.json.decode(args))


async def begun(app: App) -> "asyncio.Task[None]":
    """That job, once something is in the file."""
    making = asyncio.create_task(make(app))
    for _ in range(10_000):
        if making.done() or await rows("SELECT 1 FROM archive WHERE done > 0"):
            break
    return making


@pytest.mark.attack("PRI-18")
async def test_a_member_takes_along_all_that_is_theirs_and_nothing_of_others(
    app: App, anna: Actor, enter: Enter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.archives, "AT_ONCE", 2)
    bob = await person(app, "bob")
    sent = await media.upload(app, anna, picture(), "A corner", "", None)
    for text_, more in (("Look", {"media_ids": (sent.id,)}), ("For few", {"visibility": "private"}),
                        ("@bob psst, hidden from all", {"visibility": "direct"})):  # fmt: skip
        await posts.create(app, anna, Draft(text=text_, **more))
    await follows.follow(app, anna, bob.id)
    said = {
        name: await posts.create(app, bob, Draft(text=f"{name} canary @anna", visibility=name))
        for name in ("public", "private", "direct")
    }
    for post_id in said.values():
        await reactions.like(app, anna, post_id)
    await bookmarks.add(app, anna, said["private"])
    await boosts.boost(app, anna, said["public"])
    await follows.unfollow(app, anna, bob.id)
    await execute("DELETE FROM mention WHERE post_id = ?", (said["private"],))  # not for anna any more
    await groups.create(app, "rye", "Rye", "", "anna")
    waiting = await media.upload(app, anna, picture(), "A roof", "", None)
    later = Draft(text="Good morning", media_ids=(waiting.id,), in_reply_to_id=said["private"])
    account = await storage.accounts.of_actor(anna.id)
    assert account
    await build.insert(
        "scheduled_post", id=9, account_id=account.id, actor_id=anna.id, draft=msgspec.json.encode(later).decode(),
        publish_at=2**40, created_at=1,
    )  # fmt: skip
    wish = filters.Wish(title="Knives", contexts=["home"], action="hide", expires_in=None)
    await filters.create(anna, wish, [filters.KeywordWish(keyword="knife", whole_word=True)])
    for name in ("public", "private"):
        await execute(
            "INSERT INTO filter_post (id, filter_id, post_id) SELECT ?, id, ? FROM filter", (said[name], said[name])
        )
    browser, other = await enter(anna), await enter(bob)

    assert (await browser.get("/settings/archive.zip")).status == 404
    assert (await press(browser, "/settings/archive")).headers["location"] == "/settings/data#archive"
    assert "will be made soon" in (await browser.get(HERE)).main
    again = await press(browser, "/settings/archive")
    assert again.status == 409 and "once a day" in again.problem
    making = await begun(app)
    making.cancel()  # as when the process ends in the middle
    await asyncio.gather(making, return_exceptions=True)
    assert "are in it" in (await browser.get(HERE)).main
    await make(app)
    await make(app)  # as after a process that ended before it noted that the job is done

    page = await browser.get(HERE)
    assert "Your file is ready" in page.main and "/settings/archive.zip" in page.links
    found = await browser.client.get("/settings/archive.zip")
    assert (found.status_code, found.headers["cache-control"]) == (200, "private, no-store")
    assert (await other.get("/settings/archive.zip")).status == 404
    inside = contents(found.content)
    outbox = msgspec.json.decode(inside["outbox.json"])
    assert [each["type"] for each in outbox["orderedItems"]] == ["Announce", "Create", "Create", "Create"]
    assert (outbox["type"], outbox["totalItems"]) == ("OrderedCollection", 4)
    assert b"hidden from all" in inside["outbox.json"] and msgspec.json.decode(inside["actor.json"])["id"] == anna.uri
    uris = dict(await rows("SELECT id, uri FROM post"))
    likes = msgspec.json.decode(inside["likes.json"])["orderedItems"]
    assert sorted(likes) == sorted((uris[said["public"]], uris[said["direct"]])), "those that anna may see"
    assert msgspec.json.decode(inside["bookmarks.json"])["orderedItems"] == []
    (url,) = [file["url"] for each in outbox["orderedItems"] if isinstance(each["object"], dict)
              for file in each["object"].get("attachment", [])]  # fmt: skip
    assert inside[url.removeprefix(f"{build.BASE}/")].startswith((b"\xff\xd8", b"\x89PNG", b"RIFF"))
    assert inside["groups.csv"].decode().splitlines()[1].startswith(f"rye@{app.host},")
    (plan,) = msgspec.json.decode(inside["scheduled.json"])
    assert (plan["text"], plan["scheduled_at"], plan["in_reply_to"]) == (
        "Good morning",
        "2004-11-03T19:53:47+00:00",
        None,
    )
    assert [name in inside for name in plan["media"]] == [True]
    (kept,) = msgspec.json.decode(inside["filters.json"])
    assert (kept["title"], kept["keywords"]) == ("Knives", [{"keyword": "knife", "whole_word": True}])
    assert kept["posts"] == [uris[said["public"]]], "those that anna may see"
    assert {"following_accounts.csv", "lists.csv", "account.json", "poll_votes.csv", "dislikes.json"} <= set(inside)
    assert not any(b"canary" in content for content in inside.values()), "what others wrote is theirs"
    (told,) = await rows("SELECT content FROM post WHERE visibility = 3 AND content LIKE '%is ready%'")
    assert "/settings/data" in told[0]

    made = await commands.run(app, "account.export", {"name": "anna"})
    taken = (tmp_path / "media" / made["key"]).read_bytes()
    assert contents(taken).keys() == inside.keys()
    await commands.run(app, "file.drop", made)
    ((key,),) = await rows("SELECT key FROM archive")
    await commands.run(app, "file.drop", {"key": key})  # what somebody has ordered stays
    assert (tmp_path / "media" / key).exists()
    await execute("UPDATE archive SET ordered_at = ordered_at - ?", (archives.KEPT,))
    assert (await browser.get("/settings/archive.zip")).status == 404
    await archives.end(app)
    assert await rows("SELECT 1 FROM archive") == [] and not (tmp_path / "media" / key).exists()

    monkeypatch.setattr(archives, "TIGHT", 101)  # percent of the disk that are to be free
    full = await press(browser, "/settings/archive")
    assert full.status == 409 and "no room" in full.problem


async def test_a_file_that_was_ordered_goes_with_its_member(
    app: App, anna: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> list[Path]:
        return [path for path in (tmp_path / "media").rglob("*") if path.is_file()]

    monkeypatch.setattr(storage.archives, "AT_ONCE", 1)
    for _ in range(3):
        await posts.create(app, anna, Draft(text="Word"))
    await archives.order(app, anna)
    making = await begun(app)
    await execute("DELETE FROM archive")  # they have gone meanwhile
    await making
    assert kept() == []
    await archives.order(app, anna)
    await make(app)
    assert len(kept()) == 1

    await accounts.delete(app, "anna")
    await erasing.erase(app, anna.id)

    assert kept() == []
    await make(app)  # a job that comes too late
    assert kept() == []
