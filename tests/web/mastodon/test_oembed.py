"""What everybody may see of this server can be shown in other pages, and nothing else."""

import httpx
import pytest

from storage.connect import execute
from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


async def test_a_post_is_shown_by_its_address(client: httpx.AsyncClient, alice: Member) -> None:
    post = await alice.post("Rye & <b>oats</b>")

    for address in (post["url"], post["uri"]):
        found = (await client.get("/api/oembed", params={"url": address, "maxwidth": 300})).json()
        assert (found["type"], found["version"], found["width"], found["height"]) == ("rich", "1.0", 300, None)
        assert found["author_url"] == post["account"]["url"] and found["provider_name"] == "home.test"
        assert "Rye &amp;" in found["html"] and f'href="{post["url"]}"' in found["html"] and "<b>" not in found["html"]


async def test_a_warning_hides_the_text_there_too(client: httpx.AsyncClient, alice: Member) -> None:
    post = await alice.post("Spiders", spoiler_text="Animals & legs")
    await execute("UPDATE post SET title = 'All about spiders'")  # as a thread of a group has one

    shown = (await client.get("/api/oembed", params={"url": post["url"]})).json()

    assert "Animals &amp; legs" in shown["html"] and "piders" not in shown["html"] + shown["title"]


@pytest.mark.attack("PRI-01")
async def test_nothing_else_is_shown(client: httpx.AsyncClient, alice: Member) -> None:
    posts = [await alice.post("secret", visibility=kind) for kind in ("private", "direct")]
    gone = await alice.post("gone")
    await alice.do(f"statuses/{gone['id']}", "DELETE")
    far = await build.post(await build.person("carol", "far.test"), "not ours")
    addresses = [post["url"] for post in (*posts, gone)] + [
        far.uri,
        far.url,
        "",
        "x",
        f"{build.BASE}/@alice",
        "https://",
    ]

    answers = [await client.get("/api/oembed", params={"url": address}) for address in addresses]

    assert [answer.status_code for answer in answers] == [404] * len(addresses)
