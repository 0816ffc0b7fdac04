"""Moderators who live on Mastodon: the group sends them a link, with which they look after it on its own pages."""

import re

import httpx
import pytest

from fedcomm import clock, fetching, guests, members, rights, tokens
from fedcomm.errors import NotFound
from storage import groups as stored
from storage import registers
from storage.connect import execute, rows, value
from tests.fediverse import Fediverse
from tests.forger import Host
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

ASK = "/c/bread/guest"


@pytest.mark.attack("OAU-08")
@pytest.mark.thorough("postgres")
async def test_a_moderator_on_mastodon_comes_by_a_link_and_takes_a_post_out_everywhere(fediverse: Fediverse) -> None:
    a, c = await fediverse.instance("a.test"), await fediverse.instance("c.test")
    ann, carol = await a.person("ann"), await c.person("carol")
    bread, _wine = await a.group("bread", moderator=ann), await a.group("wine", moderator=ann)
    await fediverse.join(bread, carol)
    far = Host(fediverse, "m.test")
    far.runs("mastodon")
    mo, eve = far.actor("mo"), far.actor("eve")
    with a.here():
        there = [await fetching.actor(a.app, face.uri) for face in (mo, eve)]
        await members.appoint(a.app, "bread", there[0], ann.actor)
    post = await carol.post("@bread@a.test Buy watches")
    await fediverse.settle()

    def links() -> list[str]:
        notes = [each["object"] for each in far.received if isinstance(each.get("object"), dict)]
        return [
            found for note in notes for found in re.findall(r"https://a\.test(/guest/[\w-]+)", note.get("content", ""))
        ]

    async with (
        httpx.AsyncClient(transport=a.asgi, base_url="https://a.test") as client,
        httpx.AsyncClient(transport=a.asgi, base_url="https://a.test") as other,
    ):
        browser, stranger = Browser(client), Browser(other)

        # Whoever asks learns nothing: not who looks after the group, and not who exists.
        assert ASK in (await browser.open("/c/bread/moderate")).links
        asked = await browser.get(ASK)
        said = [
            (await browser.button(asked, ASK, handle=handle)).main
            for handle in ("@mo@m.test", "@eve@m.test", "@nobody@nowhere.test", "@ann")
        ]
        await fediverse.settle()
        assert len(set(said)) == 1 and "If that account looks after the group" in said[0] and flaws(asked) == []
        (link,) = dict.fromkeys(links())
        assert {message["to"][0] for message in far.received if "/guest/" in str(message)} >= {mo.uri}
        with a.here():
            kept = await rows("SELECT kind, token_hash FROM guest")
        assert [(kind, bytes(token_hash)) for kind, token_hash in kept] == [
            ("link", tokens.hash_of(link.rpartition("/")[2]))
        ]

        # Programs that show previews open it, which does not use it; a form of another site does neither.
        for _time in range(2):
            shown = await stranger.get(link)
        assert shown.status == 200 and flaws(shown) == [] and "mo" in shown.main
        assert shown.headers.get_list("referrer-policy") == ["same-origin"]
        assert (await stranger.post(link, {})).status == 403
        page = await browser.button(await browser.get(link), link)
        assert "Look after Bread" in page.main and flaws(page) == [] and "/home" not in page.links
        assert not [each for each in page.links if each.endswith("/invites")], "which are of accounts here alone"
        assert (await stranger.send(shown, link)).status == 404  # once

        # Nowhere but in this group, and nothing that takes an account.
        for path, status in (("/c/wine/moderate", 303), ("/home", 303), ("/write", 303), ("/c/bread/invites", 403),
                             ("/admin", 303), ("/c/bread/held", 200), ("/c/bread/reports", 200), ("/moderation", 200),
                             ("/c/bread/log", 200), ("/c/bread/appeals", 200), ("/c/bread/bans", 200)):  # fmt: skip
            assert (await browser.get(path)).status == status, path
        csrf = page.all("input", name="csrf")[0]["value"]
        taking = {"act": "remove", "who": post.uri, "reason": "Advert"}
        assert (await browser.post("/c/bread/moderate", taking | {"csrf": "x" * 43})).status == 403
        assert (await browser.post("/c/wine/moderate", taking | {"csrf": csrf})).status == 303
        assert (await stranger.post("/c/bread/moderate", taking | {"csrf": csrf})).status == 303
        assert (await browser.post("/c/bread/profile", {"csrf": csrf, "title": "Mine"})).status == 403  # no steward
        assert (await a.knows(post.uri)).removed_at is None

        done = await browser.post("/c/bread/moderate", taking | {"csrf": csrf})
        await fediverse.settle()
        assert done.status == 303 and "done=remove" in done.headers["location"]
        assert (await c.knows(post.uri)).removed_at is not None  # every follower server heard of it
        with a.here():
            group = await stored.by_face(bread.uri)
            assert group
            assert [act.actor_uri for act in await registers.log(group.id) if act.property == "removed"] == [mo.uri]

        a.rest(f"+{mo.uri}")  # who runs their own server has banned them
        assert (await browser.get("/c/bread/moderate")).status == 303
        a.rest(f"-{mo.uri}")
        assert (await browser.get("/c/bread/moderate")).status == 200

        # With the role it ends, at once, and a link that was sent before opens nothing.
        with a.here():
            await guests.ask(a.app, "bread", "mo@m.test", "")
        await fediverse.settle()
        late = links()[-1]
        opened = await stranger.get(late)
        assert late != link and opened.status == 200
        with a.here():
            await members.dismiss(a.app, "bread", there[0], ann.actor)
        assert (await stranger.get(late)).status == 404 and (await browser.get("/c/bread/moderate")).status == 303
        assert (await browser.post("/c/bread/moderate", taking | {"csrf": csrf, "act": "restore"})).status == 303
        assert (await a.knows(post.uri)).removed_at is not None
        with a.here():
            await members.appoint(a.app, "bread", there[0], ann.actor, rights.STEWARD)
        assert (await stranger.get(late)).status == 404 and (await browser.get("/c/bread/moderate")).status == 303
        with a.here():
            await guests.ask(a.app, "bread", "mo@m.test", "")
        await fediverse.settle()
        again = links()[-1]
        opened = await stranger.get(again)
        assert again != late and opened.status == 200

        # After its time it does not work; who leaves is gone; and nobody is sent many links, or asks often.
        with a.here():
            await execute("UPDATE guest SET expires_at = ? WHERE kind = 'link'", (clock.now_ms(),))
        assert (await stranger.get(again)).status == 404 and (await stranger.send(opened, again)).status == 404
        with a.here():
            await execute("UPDATE guest SET expires_at = ? WHERE kind = 'link'", (clock.now_ms() + guests.LINK_LASTS,))
        page = await browser.button(await browser.get(again), again)
        assert (await browser.get("/c/bread/moderate")).status == 200
        csrf = page.all("input", name="csrf")[0]["value"]
        assert (await browser.post("/guest", {"csrf": csrf})).status == 303
        assert (await browser.get("/c/bread/moderate")).status == 303
        sent = len(links())
        with a.here():
            for _time in range(4):
                await guests.ask(a.app, "bread", "mo@m.test", "")
        await fediverse.settle()
        assert len(links()) <= sent + 1
        with a.here():
            assert await value("SELECT COUNT(*) FROM guest WHERE kind = 'link'") == guests.MOST_LINKS
            assert await guests.forget() == 0
            with pytest.raises(NotFound):
                await guests.called(a.app, "")
