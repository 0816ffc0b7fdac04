"""A handle is what its host says it is."""

import json
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from activitypub import parse, webfinger
from activitypub.errors import Forbidden, Malformed, NotFound, ProtocolError, Unreachable
from activitypub.webfinger import Found, Handle, Wanted
from tests.activitypub import spellings
from tests.activitypub.answers import client
from tests.corpus import corpus

pytestmark = pytest.mark.anyio

ADA = "https://micro.test/users/ada"


def at(handle: str) -> str:
    host = handle.partition("@")[2]
    return f"https://{host}/.well-known/webfinger?resource=acct%3A{handle.replace('@', '%40').replace(':', '%3A')}"


def jrd(subject: Any, href: Any = ADA, **link: Any) -> dict[str, Any]:
    return {
        "subject": subject,
        "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": "https://micro.test/@ada"},
            {"rel": "self", "type": "application/activity+json", "href": href, **link},
        ],
    }


@pytest.mark.parametrize(
    "handle", ["ada@micro.test", "@ada@micro.test", "acct:ada@micro.test", "!ada@MICRO.test", "ada@micro.test."]
)
async def test_a_handle_leads_to_its_actor(handle: str) -> None:
    peers = client({at("ada@micro.test"): jrd("acct:ada@micro.test")})

    assert await webfinger.lookup(peers, handle) == Found(ADA, Handle("ada", "micro.test", verified=True))


async def test_a_split_domain_is_believed_when_the_other_host_agrees() -> None:
    peers = client(
        {at("ada@www.micro.test"): jrd("acct:ada@micro.test"), at("ada@micro.test"): jrd("acct:ada@micro.test")}
    )

    found = await webfinger.lookup(peers, "ada@www.micro.test")

    assert str(found.handle) == "ada@micro.test"


@pytest.mark.attack("ORI-26")
@pytest.mark.parametrize(
    "elsewhere",
    [
        None,
        jrd("acct:ada@micro.test", "https://micro.test/users/other"),
        jrd("acct:root@micro.test", "https://evil.test/users/mallory"),
        jrd("acct:ada@third.test", "https://evil.test/users/mallory"),
        jrd(None, "https://evil.test/users/mallory"),
    ],
)
async def test_a_claimed_subject_that_does_not_lead_back_is_not_believed(elsewhere: Any) -> None:
    claim = jrd("acct:ada@micro.test", "https://evil.test/users/mallory")
    peers = client({at("mallory@evil.test"): claim, at("ada@micro.test"): elsewhere})

    with pytest.raises((Forbidden, NotFound)):
        await webfinger.lookup(peers, "mallory@evil.test")


@pytest.mark.attack("ORI-26")
async def test_an_actor_goes_by_its_own_host_unless_the_handle_leads_back() -> None:
    ada = parse.actor(spellings.person())
    honest = client({at("ada@micro.test"): jrd("acct:ada@micro.test")})
    stolen = client({at("ada@micro.test"): jrd("acct:ada@micro.test", "https://micro.test/users/other")})
    claiming = client({at("ada@micro.test"): jrd("acct:president@state.test")})

    assert await webfinger.handle_of(honest, ada) == Handle("ada", "micro.test", verified=True)
    assert await webfinger.handle_of(stolen, ada) == Handle("ada", "micro.test", verified=False)
    assert await webfinger.handle_of(claiming, ada) == Handle("ada", "micro.test", verified=False)
    assert await webfinger.handle_of(client({}), ada) == Handle("ada", "micro.test", verified=False)


async def test_a_host_that_may_answer_later_leaves_the_question_open() -> None:
    down = client({at("ada@micro.test"): httpx.Response(503)})

    with pytest.raises(Unreachable):
        await webfinger.handle_of(down, parse.actor(spellings.person()))


async def test_an_actor_without_a_name_goes_by_its_host() -> None:
    actor = parse.actor(spellings.person(preferredUsername=None))

    assert str(await webfinger.handle_of(client({}), actor)) == "micro.test@micro.test"


@pytest.mark.attack("NET-43", "ORI-26")
@pytest.mark.parametrize(
    "said",
    [
        [],
        "x",
        {},
        {"links": None},
        {"links": {}},
        {"links": [None, 5, [], {}]},
        jrd("acct:ada@micro.test", "javascript:alert(1)"),
        jrd("acct:ada@micro.test", 5),
        jrd("acct:ada@micro.test", type="text/html"),
        jrd("acct:ada@micro.test", type=None),
        jrd("acct:not a handle"),
        {"subject": "acct:ada@micro.test", "links": [{"rel": "self"}] * 100_000},
        httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        httpx.Response(200, content=b"<html>", headers={"content-type": "application/json"}),
        httpx.Response(200, content=b"{" + b" " * 2_000_000 + b"}", headers={"content-type": "application/jrd+json"}),
        httpx.Response(302, headers={"location": "http://127.0.0.1/"}),
    ],
)
async def test_nonsense_is_no_answer(said: Any) -> None:
    with pytest.raises(ProtocolError):
        await webfinger.lookup(client({at("ada@micro.test"): said}), "ada@micro.test")


async def test_ld_json_with_the_profile_is_an_actor_too() -> None:
    link = {"type": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'}
    peers = client({at("ada@micro.test"): jrd("acct:ada@micro.test", **link)})

    assert (await webfinger.lookup(peers, "ada@micro.test")).uri == ADA


async def test_a_subject_that_is_the_actor_claims_no_handle() -> None:
    found = await webfinger.lookup(client({at("ada@micro.test"): jrd(ADA)}), "ada@micro.test")

    assert str(found.handle) == "ada@micro.test"


@pytest.mark.parametrize(
    "handle", ["ada", "@ada", "ada@", "@micro.test", "a b@micro.test", "ada@micro.test/x", "ada@a@b", "", "ada@127.1"]
)
async def test_what_is_no_handle_is_not_looked_up(handle: str) -> None:
    with pytest.raises(Malformed):
        await webfinger.lookup(client({}), handle)


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        ("acct:bo@ours.test", Wanted(username="bo")),
        ("acct:bo@OURS.test", Wanted(username="bo")),
        ("bo@ours.test", Wanted(username="bo")),
        ("acct:!bees@ours.test", Wanted(username="bees")),
        ("https://ours.test/u/bo", Wanted(uri="https://ours.test/u/bo")),
        ("https://OURS.test:443/u/bo", Wanted(uri="https://ours.test/u/bo")),
        ("https://ours.test", Wanted()),
        ("https://ours.test/", Wanted()),
        ("acct:ours.test@ours.test", Wanted()),
    ],
)
def test_a_resource_is_an_account_an_address_or_the_server(resource: str, wanted: Wanted) -> None:
    assert webfinger.wanted(resource, "ours.test") == wanted
    assert wanted.server is (wanted == Wanted())


@pytest.mark.parametrize(
    "resource", ["acct:bo@other.test", "https://other.test/u/bo", "bo@sub.ours.test", "https://ours.test:8443/u/bo"]
)
def test_what_is_elsewhere_is_not_answered(resource: str) -> None:
    with pytest.raises(NotFound):
        webfinger.wanted(resource, "ours.test")


@pytest.mark.parametrize(
    "resource", ["", "bo", "mailto:bo", "https://bo@ours.test/", "acct:@ours.test", "ftp://ours.test/"]
)
def test_what_is_no_resource_is_refused(resource: str) -> None:
    with pytest.raises(Malformed):
        webfinger.wanted(resource, "ours.test")


def test_our_answer_is_one_that_we_would_believe() -> None:
    said = webfinger.answer(
        Handle("bees", "ours.test"),
        "https://ours.test/c/bees",
        kind="Group",
        page="https://ours.test/bees",
        subscribe="https://ours.test/authorize_interaction?uri={uri}",
    )

    assert said["subject"] == "acct:bees@ours.test"
    assert said["aliases"] == ["https://ours.test/c/bees", "https://ours.test/bees"]
    assert [link["rel"] for link in said["links"]] == ["self", webfinger.PROFILE_PAGE, webfinger.SUBSCRIBE]
    assert said["links"][0]["properties"] == {"https://www.w3.org/ns/activitystreams#type": "Group"}


async def test_two_of_our_kind_find_each_other() -> None:
    peers = client({at("bees@ours.test"): webfinger.answer(Handle("bees", "ours.test"), "https://ours.test/c/bees")})

    assert (await webfinger.lookup(peers, "bees@ours.test")).uri == "https://ours.test/c/bees"


def test_only_the_links_wanted_are_given() -> None:
    said = webfinger.answer(
        Handle("bo", "ours.test"), "https://ours.test/u/bo", page="https://ours.test/@bo", rels=["self"]
    )

    assert [link["rel"] for link in said["links"]] == ["self"]


def test_the_server_itself_leads_to_its_application_actor() -> None:
    said = webfinger.answer_for_server("https://ours.test/actor")

    assert said["subject"] == "https://ours.test/actor"
    assert {link["rel"]: link["href"] for link in said["links"]} == {
        "self": "https://ours.test/actor",
        "https://www.w3.org/ns/activitystreams#Service": "https://ours.test/actor",
    }


def test_host_meta_leads_to_webfinger() -> None:
    root = ElementTree.fromstring(webfinger.host_meta("https://ours.test"))

    (link,) = root.findall("{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link")
    assert link.get("rel") == "lrdd"
    assert link.get("template") == "https://ours.test/.well-known/webfinger?resource={uri}"


@pytest.mark.attack("ORI-26")
@pytest.mark.parametrize("number", [2, 3])
async def test_the_recorded_hijackers_do_not_get_the_handle(number: int) -> None:
    recorded = corpus(f"vectors/mastodon-http/requests/webfinger-hacker{number}.txt").read_text()
    claim = json.loads(recorded[recorded.index("{") :])
    claim["links"] += jrd(None, "https://evil.test/users/mallory")["links"]
    owner = at(claim["subject"].removeprefix("acct:"))
    peers = client({at("mallory@evil.test"): claim, owner: jrd(claim["subject"], "https://victim.test/users/v")})

    with pytest.raises(Forbidden):
        await webfinger.lookup(peers, "mallory@evil.test")
