"""Lists of servers to block in the hands of admins: looked at first, applied, undone, and passed on."""

import pytest

from fedcomm import block_imports, peers
from fedcomm.app import App
from fedcomm.errors import Conflict
from storage import audit, severances
from storage import peers as rows
from storage.actors import Actor
from storage.connect import value
from storage.peers import Decision
from tests import build
from tests.web.pages.browser import Browser, Page
from tests.web.pages.test_welcoming import done
from web.admin.block_lists import LINES

pytestmark = pytest.mark.anyio

LIST = """#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate
bad.example,suspend,false,false,Spam,false
loud.example,suspend,true,false,,false
strict.example,silence,false,false,,false
friend.example,suspend,false,false,,false
home.test,suspend,false,false,,false
half**.example,suspend,false,false,,false
"""
BEFORE = {
    "loud.example": Decision("limit", public_comment="Ours"), "strict.example": Decision("suspend", False, True),
    "friend.example": Decision("allow"),
}  # fmt: skip


@pytest.fixture
async def alice(app: App) -> Actor:
    """Somebody who follows one at a server on the list."""
    alice = await build.person("alice")
    await rows.meet_at("below.bad.example", 0, build.NOW)
    await build.follow(alice, await build.person("bob", "below.bad.example"))
    for host, decision in BEFORE.items():
        await peers.decide(app, host, decision)
    return alice


async def bring(app: App, admin: Browser, text: str = LIST) -> Page:
    """Bring the list in as a file; gives what is shown then."""
    page = await admin.get("/admin/block_lists")
    text = text.replace("home.test", app.host)
    answer = await admin.send_with(page, "/admin/block_lists", {"file": ("blocks.csv", text.encode())})
    return await admin.open(answer.headers["location"]) if answer.status == 303 else answer


async def decided() -> dict[str, Decision]:
    """All that is decided, by server."""
    return {each.host: each.decision for each in await rows.decided()}


async def test_what_a_list_would_change_is_shown_and_nothing_decided(app: App, admin: Browser, alice: Actor) -> None:
    page = await bring(app, admin)

    said = page.main
    for words in ("New1", "Stricter than before1", "Decided already1", "allowed by name or this server2",
                  "Follows from or to members and groups here that it cuts1", "half**.example",
                  "Nothing is decided yet"):  # fmt: skip
        assert words in said, (words, said)
    assert "loud.example" in said and "strict.example" not in said and "friend.example" not in said
    assert await decided() == BEFORE


async def test_an_entry_that_reaches_far_is_named_before_one_decides_wherever_it_stands(
    app: App, admin: Browser
) -> None:
    some = [f"a{number}.example" for number in range(LINES)]

    page = await bring(app, admin, "\n".join([*some, "co.uk"]))

    assert "Many servers have names that end so, and what is decided holds for all of them: co.uk" in page.main
    assert "co.uk" not in page.one("tbody").text  # which is on the next page of it


async def test_it_is_applied_told_and_undone_as_it_was(app: App, admin: Browser, alice: Actor) -> None:
    page = await bring(app, admin)
    where, secret = str(page.answer.url.path), page.all("input", name="csrf")[0]["value"]

    ordered = await admin.open((await admin.post(where, {"csrf": secret, "act": "apply"})).headers["location"])
    assert "Being applied: 0 of 2 are in force." in ordered.main
    ben = await build.person("ben")  # follows somebody there after the list was looked at
    await build.follow(ben, await build.person("eve", "loud.example"))
    await done(app)
    await done(app)

    assert [(cut.host, cut.following) for cut in await severances.of(ben.id)] == [("loud.example", 1)]
    assert await decided() == BEFORE | {
        "bad.example": Decision("suspend", public_comment="Spam"),
        "loud.example": Decision("suspend", True, False, "Ours"),
    }  # fmt: skip
    assert app.peers.blocked("below.bad.example") and app.peers.without_media("loud.example")
    (cut,) = await severances.of(alice.id)
    assert (cut.host, cut.following) == ("bad.example", 1)
    assert [entry.act for entry in await audit.newest(1)] == ["blocklist.apply"]
    again = await admin.post(where, {"csrf": secret, "act": "apply"})
    assert again.status == 409 and "another state" in again.main
    assert (await admin.post(where, {"csrf": secret, "act": "drop"})).status == 409

    await peers.decide(app, "loud.example", Decision("limit", True))  # somebody thinks again
    assert await rows.get("bad.example") is not None
    await admin.post(where, {"csrf": secret, "act": "undo"})
    await done(app)
    assert await rows.get("bad.example") is None, "nobody was ever met there, so it is on no board"

    assert await decided() == BEFORE | {"loud.example": Decision("limit", True)}
    assert not app.peers.blocked("below.bad.example")
    assert "Undone" in (await admin.get(where)).main
    assert (
        "forgotten"
        in (await admin.open((await admin.post(where, {"csrf": secret, "act": "drop"})).headers["location"])).main
    )
    assert await value("SELECT COUNT(*) FROM block_entry") == 0 and (await admin.get(where)).status == 404


async def test_a_job_that_ends_in_the_middle_goes_on_where_it_was(
    app: App, alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_imports, "AT_ONCE", 1)
    made = await block_imports.draft(app, LIST.encode(), "list", "@ada")
    await block_imports.begin(app, made.id, "@ada")
    put, tried = peers.put, list[str]()

    async def breaking(host: str, decision: Decision) -> None:
        tried.append(host)
        if len(tried) == 2:
            raise RuntimeError
        await put(host, decision)

    with monkeypatch.context() as patch:
        patch.setattr(peers, "put", breaking)
        with pytest.raises(RuntimeError):
            await block_imports.work(app, made.id)
    assert (await decided()).get("bad.example") == Decision("suspend", public_comment="Spam")
    assert (await decided())["loud.example"] == BEFORE["loud.example"]

    await block_imports.work(app, made.id)
    assert (await decided())["loud.example"].policy == "suspend"
    await block_imports.undo(app, made.id, "@ada")
    await block_imports.work(app, made.id)
    assert await decided() == BEFORE
    with pytest.raises(Conflict):
        await block_imports.undo(app, made.id, "@ada")


async def test_what_is_no_list_or_says_nothing_new_is_refused_with_a_sentence(
    app: App, admin: Browser, alice: Actor
) -> None:
    for text, said in (("no name", "No server is named"), ("strict.example\n", "decided here already"), ("", "a file")):
        page = await bring(app, admin, text)
        assert page.status == 422 and said in page.main, page.main
    assert await value("SELECT COUNT(*) FROM block_list") == 0


async def test_what_was_decided_is_passed_on_in_three_forms(admin: Browser, stranger: Browser, alice: Actor) -> None:
    links = [link for link in (await admin.get("/admin/block_lists")).links if "/export." in link]

    texts = {link.rpartition(".")[2]: (await admin.get(link)).source for link in links}

    assert sorted(texts) == ["csv", "json", "txt"]
    assert "loud.example,silence,false,false,Ours,false" in texts["csv"] and "friend" not in texts["csv"]
    assert '"domain": "strict.example"' in texts["json"] and texts["txt"] == "strict.example\n"
    assert (await admin.get("/admin/block_lists/export.exe")).status == 404
    assert (await stranger.get(links[0])).status == 303
