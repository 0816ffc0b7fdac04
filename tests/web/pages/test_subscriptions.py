"""Lists of servers to block that others keep: read each day, drafted or decided, and taken back with the list."""

from typing import Any

import httpx
import msgspec
import pytest

from activitypub.errors import Unreachable
from fedcomm import block_rounds, block_subscriptions, clock, peers, settings
from fedcomm.app import App
from fedcomm.block_agreement import Rules
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import actors, audit, block_lists
from storage import block_subscriptions as stored
from storage.block_subscriptions import Subscription
from storage.connect import Writes, apply
from storage.peers import Decision
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.test_block_lists import decided
from tests.web.pages.test_welcoming import done

pytestmark = pytest.mark.anyio

CSV, JSON, FIRES = (f"https://lists.example/{name}" for name in ("a.csv", "api/v1/instance/domain_blocks", "fires/1"))
MANY = [f"s{number}.example" for number in range(12)]


class Library:
    """A server with lists; each has a version that changes with its text."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        if url not in self.texts:
            raise Unreachable("It is down.")
        version = f'"{hash(self.texts[url])}"'
        same = request.headers.get("if-none-match") == version
        self.asked.append((url, 304 if same else 200))
        body = b"" if same else self.texts[url].encode()
        return httpx.Response(304 if same else 200, headers={"etag": version}, content=body, request=request)


@pytest.fixture
def library(app: App, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The lists of others, at the end of the wire."""
    lists = Library()
    monkeypatch.setattr(app.transport, "handle_async_request", lists)
    return lists


async def night(app: App) -> None:
    """A day goes by, as the schedule has it."""
    for each in await stored.everything():
        await put(each, next_at=0)
    await block_rounds.look(app)
    await done(app)
    await done(app)  # what may be decided at once


async def put(known: Subscription, **changed: Any) -> None:
    stored.put(writes := Writes(), msgspec.structs.replace(known, **changed))
    await apply(writes)


async def acts() -> list[str]:
    return [entry.act for entry in await audit.newest(3)]


async def policies() -> dict[str, str]:
    return {host: decision.policy for host, decision in (await decided()).items()}


async def test_a_list_drafts_or_decides_and_takes_back_what_it_no_longer_names(
    app: App, admin: Browser, stranger: Browser, library: Library
) -> None:
    alice = await build.person("alice")
    await build.follow(alice, await build.person("bob", "tied.example"))
    face = await actors.by_id((await build.group("rye")).actor_id)
    assert face
    await build.follow(await build.person("cleo", "guests.example"), face)  # who comes for a group would be cut as well
    await peers.decide(app, "mine.example", Decision("limit"))
    library.texts[CSV] = "#domain,#severity\nbad.example,suspend\ntied.example,suspend\nmine.example,silence\n"
    library.texts[CSV] += "guests.example,suspend\nco.uk,suspend\n"
    page = await admin.get("/admin/block_lists/subscriptions")
    sent = await admin.button(page, "/admin/block_lists/subscriptions", url=CSV, automatic="1")
    assert "in a moment" in sent.main
    await done(app)
    await done(app)

    assert await policies() == {"bad.example": "suspend", "mine.example": "limit"}
    (draft,) = [each for each in await block_lists.newest(9) if each.state == "draft"]
    drafted = [change.host for change in await block_lists.changes(draft.id, 9)]
    assert drafted == ["guests.example", "tied.example", "co.uk"]
    shown = await admin.get("/admin/block_lists/subscriptions")
    assert CSV in shown.main and "5 servers" in shown.main and "decides at once" in shown.main

    await night(app)
    assert library.asked == [(CSV, 200), (CSV, 304)]
    assert [each.id for each in await block_lists.newest(9) if each.state == "draft"] == [draft.id]
    listing = await admin.get(f"/admin/block_lists/{draft.id}")
    assert f"Named by {CSV}" in listing.main
    assert listing.main.count("Many servers have names that end so") == 2  # above all, and where it stands
    await admin.post(f"/admin/block_lists/{draft.id}", {"csrf": listing.all("input", name="csrf")[0]["value"],
                                                        "act": "drop"})  # fmt: skip
    library.texts[CSV] = "#domain,#severity\ntied.example,suspend\nnew.example,suspend\nbad.example,silence\n"
    await night(app)
    assert not [each for each in await block_lists.newest(9) if each.state == "draft"]  # turned down is turned down
    assert await policies() == {"bad.example": "limit", "new.example": "suspend", "mine.example": "limit"}

    await peers.decide(app, "new.example", Decision("suspend", True))  # somebody thinks again
    library.texts[CSV] = "other.example\n"
    await night(app)
    assert await policies() == {"new.example": "suspend", "mine.example": "limit", "other.example": "suspend"}
    assert not app.peers.policy("bad.example") and "blocklist.retract" in await acts()
    await settings.change(app, None, {"blocks_shown": "everybody"})
    assert "took back what no subscribed list says any more1 server" in (await stranger.get("/modlog")).main


async def test_nothing_follows_from_a_list_that_is_broken_empty_or_half_gone(
    app: App, admin: Browser, library: Library
) -> None:
    library.texts[CSV] = "\n".join(MANY)
    made = await block_subscriptions.subscribe(app, CSV, "@ada", automatic=True)
    await done(app)
    await done(app)
    assert set(await policies()) == set(MANY)

    for text, words in (("<html>", "No server is named"), ("[7]", "No server is named"), (None, "It is down")):
        library.texts[CSV] = text or ""
        if text is None:
            del library.texts[CSV]
        await night(app)
        (failed,) = await stored.everything()
        assert words in failed.error and failed.next_at > clock.now_ms() and set(await policies()) == set(MANY)
    assert failed.failures == 3 and failed.next_at <= clock.now_ms() + 4 * block_rounds.HOUR
    assert "It is down" in (await admin.get("/admin/block_lists/subscriptions")).main

    library.texts[CSV] = "#domain,#severity\n"
    await night(app)
    page = await admin.get("/admin/block_lists/subscriptions")
    assert "names 0 servers and named 12" in page.main and set(await policies()) == set(MANY)
    library.texts[CSV] = "\n".join(MANY[:3])
    await night(app)
    page = await admin.get("/admin/block_lists/subscriptions")
    assert "names 3 servers and named 12" in page.main and set(await policies()) == set(MANY)
    with pytest.raises(NotFound):
        await block_subscriptions.accept(app, 9, "@ada")
    await block_subscriptions.accept(app, made.id, "@ada")
    await done(app)
    assert set(await policies()) == set(MANY[:3])
    with pytest.raises(Conflict):
        await block_subscriptions.accept(app, made.id, "@ada")

    await block_subscriptions.spare(app, [MANY[0]], "@ada")
    await done(app)
    assert set(await policies()) == set(MANY[1:3])
    with pytest.raises(Invalid, match="not the name of a server"):
        await block_subscriptions.spare(app, ["friends"], "@ada")
    library.texts[CSV] = "[]"
    await night(app)
    await block_subscriptions.accept(app, made.id, "@ada")
    await done(app)
    assert await policies() == {}
    await night(app)  # and so it stays
    (emptied,) = await stored.everything()
    assert (emptied.failures, emptied.shrunk, emptied.entries) == (0, None, 0)
    await block_subscriptions.unsubscribe(app, made.id, "@ada")
    await done(app)
    assert await policies() == {} and not await stored.said()


async def test_two_of_three_lists_agree_and_what_was_here_before_is_adopted(app: App, library: Library) -> None:
    await peers.decide(app, "both.example", Decision("suspend", public_comment="Ours"))
    await block_subscriptions.set_rules(app, Rules(at_least=2), "@ada")
    library.texts |= {
        CSV: "both.example\nmild.example\n",
        JSON: '[{"domain":"mild.example","digest":"x","severity":"silence","comment":"Loud"},"both.example"]',
        FIRES: '{"type":"Dataset","endpoints":{"snapshot":"https://lists.example/snap"}}',
        "https://lists.example/snap": '{"type":"OrderedCollection","items":[{"type":"Recommendation","entityKind":'
        '"domain","entityKey":"lone.example","recommendedPolicy":"drop"}]}',
    }
    for url, priority in ((CSV, 1), (JSON, 9), (FIRES, 0)):
        await block_subscriptions.subscribe(app, url, "@ada", priority=priority, automatic=True, adopt=url == JSON)
    await done(app)
    await done(app)
    assert await policies() == {"both.example": "suspend", "mild.example": "limit"}

    library.texts[CSV] = "nobody.example\n"
    await night(app)
    assert await policies() == {}
    (made,) = [each for each in await stored.everything() if each.url == CSV]
    library.texts[CSV] = "both.example\n"
    await night(app)
    await block_subscriptions.unsubscribe(app, made.id, "@ada", take_back=True)
    await done(app)
    assert await policies() == {}

    for wrong in ("", "nowhere", f"{app.base_url}/list", "http://lists.example/a", "https://lists.example/a b"):
        with pytest.raises(Invalid):
            await block_subscriptions.subscribe(app, wrong, "@ada")
    with pytest.raises(Invalid):
        await block_subscriptions.set_rules(app, Rules(never=("no name",)), "@ada")
