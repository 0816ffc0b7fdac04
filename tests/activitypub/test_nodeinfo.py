"""Programs say what they are; what they do not say clearly is not known."""

from typing import Any, Literal

import httpx
import pytest

from activitypub import nodeinfo
from activitypub.errors import Unreachable
from activitypub.nodeinfo import Facts, Software
from tests.activitypub.answers import client

pytestmark = pytest.mark.anyio

INDEX = "https://peer.test/.well-known/nodeinfo"
SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


def index(version: Any = "2.0", href: Any = "https://peer.test/ni") -> dict[str, Any]:
    return {"links": [{"rel": f"{SCHEMA}{version}", "href": href}]}


def said(name: Any = "lemmy", version: Any = "1.0.0") -> dict[str, Any]:
    return {"version": "2.0", "software": {"name": name, "version": version}, "usage": {"users": {"total": "3"}}}


async def test_the_program_and_its_version_are_read() -> None:
    peers = client({INDEX: index(), "https://peer.test/ni": said("NodeBB", "4.15.1")})

    assert await nodeinfo.read(peers, "peer.test") == Software("nodebb", "4.15.1")


async def test_the_newest_version_is_preferred() -> None:
    links = {"links": index("1.0", "https://peer.test/old")["links"] + index("2.1", "https://peer.test/new")["links"]}
    peers = client({INDEX: links, "https://peer.test/new": said("new"), "https://peer.test/old": said("old")})

    assert await nodeinfo.read(peers, "peer.test") == Software("new", "1.0.0")


@pytest.mark.attack("NET-43")
@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        "x",
        5,
        {"links": None},
        {"links": {}},
        {"links": [None, 5, [], {}, {"rel": 5, "href": 5}]},
        index(href="https://elsewhere.test/ni"),
        index(href="http://127.0.0.1/ni"),
        index(href="javascript:alert(1)"),
        index(href=None),
        index("9.9"),
        {"links": index()["links"] * 100_000},
        httpx.Response(200, content=b"<html></html>", headers={"content-type": "text/html"}),
        httpx.Response(200, content=b"<html></html>", headers={"content-type": "application/json"}),
        httpx.Response(200, content=b'{"a":"' + b"x" * 2_000_000 + b'"}', headers={"content-type": "application/json"}),
        httpx.Response(200, content=b'{"links":[],"links":[]}', headers={"content-type": "application/json"}),
        httpx.Response(404),
        httpx.Response(410),
        httpx.Response(403),
        httpx.Response(302, headers={"location": "http://169.254.169.254/latest"}),
    ],
)
async def test_nonsense_makes_the_peer_unknown(answer: Any) -> None:
    assert await nodeinfo.read(client({INDEX: answer}), "peer.test") is None


@pytest.mark.attack("NET-43")
@pytest.mark.parametrize("name", [None, 5, "", " ", "<script>", "a" * 64, "a\nb", ["lemmy"], {"name": "lemmy"}])
async def test_a_name_that_is_none_is_not_taken(name: Any) -> None:
    peers = client({INDEX: index(), "https://peer.test/ni": said(name)})

    assert await nodeinfo.read(peers, "peer.test") is None


@pytest.mark.parametrize("software", [None, 5, "lemmy", ["lemmy"], {}])
async def test_a_document_without_a_program_is_not_taken(software: Any) -> None:
    peers = client({INDEX: index(), "https://peer.test/ni": {"version": "2.0", "software": software}})

    assert await nodeinfo.read(peers, "peer.test") is None


@pytest.mark.parametrize("version", [None, 5, "", "x" * 121, "1\n2", ["1"]])
async def test_a_version_that_is_none_is_left_out(version: Any) -> None:
    peers = client({INDEX: index(), "https://peer.test/ni": said("lemmy", version)})

    assert await nodeinfo.read(peers, "peer.test") == Software("lemmy", "")


async def test_a_host_that_may_answer_later_is_not_judged() -> None:
    with pytest.raises(Unreachable):
        await nodeinfo.read(client({INDEX: httpx.Response(503)}), "peer.test")


@pytest.mark.parametrize("version", ["2.0", "2.1"])
async def test_our_own_document_is_read_by_us(version: Literal["2.0", "2.1"]) -> None:
    facts = Facts(version="0.1.0", title="Ours", users=3, repository="https://code.test/fedcomm")
    told = nodeinfo.well_known("https://peer.test", "https://peer.test/actor")
    only = {"links": [link for link in told["links"] if link["rel"].endswith(version)]}
    peers = client({INDEX: only, f"https://peer.test/nodeinfo/{version}": nodeinfo.document(facts, version)})

    assert await nodeinfo.read(peers, "peer.test") == Software("fedcomm", "0.1.0")


def test_the_index_leads_to_both_versions_and_to_the_application() -> None:
    links = {
        link["rel"]: link["href"] for link in nodeinfo.well_known("https://a.test", "https://a.test/actor")["links"]
    }

    assert links == {
        f"{SCHEMA}2.0": "https://a.test/nodeinfo/2.0",
        f"{SCHEMA}2.1": "https://a.test/nodeinfo/2.1",
        "https://www.w3.org/ns/activitystreams#Application": "https://a.test/actor",
    }


def test_each_version_has_what_its_schema_has() -> None:
    facts = Facts(version="0.1.0", repository="https://code.test/x", homepage="https://x.test", posts=1, comments=2)
    old, new = nodeinfo.document(facts, "2.0"), nodeinfo.document(facts, "2.1")

    assert old["software"] == {"name": "fedcomm", "version": "0.1.0"}
    assert new["software"]["repository"] == "https://code.test/x"
    for document in (old, new):
        assert document["protocols"] == ["activitypub"]
        assert document["services"] == {"inbound": [], "outbound": []}
        assert document["usage"] == {"users": {}, "localPosts": 1, "localComments": 2}
        assert document["metadata"]["upstream"] == {"name": "mastodon"}
    assert nodeinfo.content_type("2.1").startswith("application/json; profile=")
