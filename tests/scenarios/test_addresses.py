"""A post elsewhere is found by whatever address a browser shows, as each kind of server has them."""

from typing import Any

import pytest

from tests.fediverse import Fediverse
from tests.forger import AS, PUBLIC, Host
from tests.scenarios.test_programs import program
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

SEARCH = "/api/v2/search"


async def found(by: Member, address: str) -> list[tuple[str, str]]:
    """Content and author of what is found."""
    posts = (await by.get(SEARCH, q=address, resolve="true", type="statuses"))["statuses"]
    return [(post["content"], post["account"]["acct"]) for post in posts]


async def test_posts_are_found_by_the_addresses_of_their_pages(fediverse: Fediverse) -> None:
    alice = await program(await (await fediverse.instance("a.test")).person("alice"))
    mastodon, lemmy, piefed, nodebb = [Host(fediverse, f"{name}.test") for name in ("m", "l", "p", "n")]

    def said(host: Host, place: str, text: str, page: str = "", **more: Any) -> str:
        """A post that is served at its id, and at its page as well."""
        uri = f"https://{host.name}{place}"
        note = host.actor("anna").note(1, text, id=uri, url=f"https://{host.name}{page or place}", **more)
        host.serve(uri, {"@context": AS} | note)
        if page:
            host.serve(f"https://{host.name}{page}", {"@context": AS} | note)
        return uri

    said(mastodon, "/users/anna/statuses/1", "Toot", page="/@anna/1")
    for host, place in ((lemmy, "/post/2"), (piefed, "/post/3")):
        rye = host.actor("rye", "Group")
        said(host, place, "Thread", type="Page", name="Rye", audience=rye.uri, to=[rye.uri, PUBLIC])
    piefed.redirect("https://p.test/c/rye/p/3/rye", "https://p.test/post/3")
    said(nodebb, "/post/4", "Topic", type="Article", name="Oats")
    said(nodebb, "/post/5", "Answer", inReplyTo="https://n.test/post/4")
    topic = {
        "@context": AS, "id": "https://n.test/topic/4", "type": "OrderedCollection", "totalItems": 2,
        "url": "https://n.test/topic/4/oats", "orderedItems": ["https://n.test/post/4", "https://n.test/post/5"],
    }  # fmt: skip
    for address in ("/topic/4", "/topic/4/oats"):
        nodebb.serve(f"https://n.test{address}", topic)

    assert await found(alice, "https://m.test/@anna/1") == [("Toot", "anna@m.test")]
    for address in ("https://l.test/post/2", "https://p.test/post/3", "https://p.test/c/rye/p/3/rye"):
        ((content, author),) = await found(alice, address)
        assert "Thread" in content and author.startswith("anna@"), address
    for address in ("https://n.test/topic/4/oats", "https://n.test/topic/4", "https://n.test/post/4"):
        ((content, author),) = await found(alice, address)
        assert "Topic" in content and author == "anna@n.test", address
    assert await found(alice, "https://n.test/topic/9") == []
