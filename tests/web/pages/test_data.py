"""Files that members take along and bring along."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from fedcomm import accounts, clock, imports
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.jobs import JOBS, nightly
from storage.actors import Actor
from storage.connect import execute, rows, value
from tests import build
from tests.databases import Databases
from tests.fediverse import Fediverse
from tests.people import person
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
