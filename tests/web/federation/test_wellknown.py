"""How other programs find what is here: WebFinger, NodeInfo, host-meta, and the admins as PieFed reads them."""

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from fedcomm import erasing
from storage.connect import transaction
from tests.web.federation.asking import ask, read
from tests.web.federation.conftest import Place

pytestmark = pytest.mark.anyio

JRD = "application/jrd+json"


async def finger(client: httpx.AsyncClient, resource: str, **more: Any) -> httpx.Response:
    """What WebFinger says of a resource."""
    return await client.get("/.well-known/webfinger", params={"resource": resource, **more})


async def test_people_and_groups_are_found_by_every_spelling_of_their_names(
    place: Place, client: httpx.AsyncClient
) -> None:
    spellings = {
        place.ann.uri: ["acct:ann@home.test", "ann@home.test", "@ann@home.test", "acct:ANN@HOME.test", place.ann.uri],
        place.face.uri: [
            "acct:bread@home.test", "!bread@home.test", "acct:!bread@home.test", "acct:Bread@home.test", place.face.uri,
        ],
    }  # fmt: skip
    for uri, resources in spellings.items():
        for resource in [*resources, f"https://home.test/@{'ann' if uri == place.ann.uri else 'bread'}"]:
            answer = await finger(client, resource)

            assert answer.status_code == 200 and answer.headers["content-type"].startswith(JRD), resource
            (link,) = [each for each in answer.json()["links"] if each["rel"] == "self"]
            assert (link["href"], link["type"]) == (uri, "application/activity+json")
            assert answer.json()["subject"] in ("acct:ann@home.test", "acct:bread@home.test")
            assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_descriptor_says_whether_it_is_a_group_and_leads_back(
    place: Place, client: httpx.AsyncClient
) -> None:
    for name, kind, uri in (("bread", "Group", place.face.uri), ("ann", "Person", place.ann.uri)):
        descriptor = (await finger(client, f"acct:{name}@home.test")).json()

        (link,) = [each for each in descriptor["links"] if each["rel"] == "self"]
        assert link["properties"] == {"https://www.w3.org/ns/activitystreams#type": kind}
        document = await read(client, link["href"])
        assert (
            descriptor["subject"] == f"acct:{document['preferredUsername']}@home.test" and uri in descriptor["aliases"]
        )


async def test_only_the_links_that_are_wanted_are_told(place: Place, client: httpx.AsyncClient) -> None:
    answer = await finger(client, "acct:ann@home.test", rel="self")

    assert [each["rel"] for each in answer.json()["links"]] == ["self"]


async def test_the_server_itself_is_found_by_its_own_url(place: Place, client: httpx.AsyncClient) -> None:
    for resource in ("https://home.test/", "https://home.test", "acct:home.test@home.test"):
        links = (await finger(client, resource)).json()["links"]

        assert {each["href"] for each in links} == {"https://home.test/actor"}, resource


async def test_what_is_not_here_is_not_found_and_what_cannot_be_read_is_refused(
    place: Place, client: httpx.AsyncClient
) -> None:
    elsewhere = ("https://other.test/users/ann", "https://home.test/users/nobody", "acct:ann@home.test:8443")
    for resource in ("acct:nobody@home.test", "acct:ann@other.test", *elsewhere):
        answer = await finger(client, resource)
        assert answer.status_code == 404 and answer.json()["error"], resource
    for resource in (
        "ann",
        "",
        "acct:@home.test",
        "acct:an%00n@home.test",
        "acct:a\x00n@home.test",
        "javascript:alert(1)",
    ):
        answer = await finger(client, resource)
        assert answer.status_code == 400 and answer.json()["error"], resource


async def test_somebody_who_is_gone_is_not_found_any_more(place: Place, client: httpx.AsyncClient) -> None:
    async with transaction():
        await erasing.close(place.app, place.bo, "")

    assert (await finger(client, "acct:bo@home.test")).status_code == 404


async def test_nodeinfo_is_where_its_index_says_and_at_the_literal_path(
    place: Place, client: httpx.AsyncClient
) -> None:
    await place.thread()
    index = (await client.get("/.well-known/nodeinfo")).json()
    links = {each["rel"].rsplit("/", 1)[-1]: each["href"] for each in index["links"]}

    for version in ("2.0", "2.1"):
        answer = await client.get(links[version].removeprefix("https://home.test"))

        info = answer.json()
        assert links[version] == f"https://home.test/nodeinfo/{version}" and answer.status_code == 200
        assert f"ns/schema/{version}#" in answer.headers["content-type"]
        assert (info["version"], info["software"]["name"]) == (version, "fedcomm")
        assert info["protocols"] == ["activitypub"] and info["openRegistrations"] is False
        assert info["metadata"]["upstream"]["name"] == "mastodon"
        assert info["usage"]["users"]["total"] == 2 and info["usage"]["localPosts"] == 1
    assert links["activitystreams#Application"] == "https://home.test/actor"


async def test_host_meta_leads_to_webfinger_as_xml_and_as_json(place: Place, client: httpx.AsyncClient) -> None:
    template = "https://home.test/.well-known/webfinger?resource={uri}"

    xml = await client.get("/.well-known/host-meta", headers={"accept": "application/xrd+xml, */*"})
    by_header = await client.get("/.well-known/host-meta", headers={"accept": "application/json"})
    by_name = await client.get("/.well-known/host-meta.json")

    (link,) = ElementTree.fromstring(xml.text).findall("{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link")
    assert (link.get("rel"), link.get("template")) == ("lrdd", template)
    assert xml.headers["content-type"].startswith("application/xrd+xml")
    for answer in (by_header, by_name):
        assert answer.json()["links"] == [{"rel": "lrdd", "type": JRD, "template": template}]
        assert answer.headers["content-type"].startswith(JRD)


async def test_the_admins_are_where_piefed_looks_for_them(place: Place, client: httpx.AsyncClient) -> None:
    site = (await client.get("/api/v3/site")).json()

    assert [admin["person"]["actor_id"] for admin in site["admins"]] == [place.ann.uri]
    assert site["admins"][0]["person"]["name"] == "ann" and site["version"].startswith("fedcomm ")
    assert "email" not in str(site)


async def test_nobody_reads_an_inbox(place: Place, client: httpx.AsyncClient) -> None:
    for path in ("/inbox", "/users/ann/inbox", "/c/bread/inbox", "/actor/inbox"):
        answer = await ask(client, path)

        assert answer.status_code == 405 and "POST" in answer.headers["allow"], path


async def test_the_links_for_doing_something_from_home_lead_to_forms_with_the_address(
    place: Place, client: httpx.AsyncClient
) -> None:
    links = (await finger(client, "acct:ann@home.test")).json()["links"]
    templates = {each["rel"].rsplit("/", 1)[-1]: each["template"] for each in links if "template" in each}
    group = (await finger(client, "acct:bread@home.test")).json()["links"]

    assert sorted(templates) == ["Announce", "Create", "Follow", "Like", "Object", "subscribe"]
    assert not [each for each in group if "template" in each]
    for name, wanted in (("Follow", "follow"), ("Like", "like"), ("Announce", "announce"), ("Object", "object")):
        path = templates[name].removeprefix("https://home.test").replace("{object}", "https%3A%2F%2Ffar.test%2F1")
        answer = await client.get(path)
        signing_in = "/sign_in?next=/intents/" + wanted + "%3Fobject%3Dhttps%253A%252F%252Ffar.test%252F1"
        assert (answer.status_code, answer.headers["location"]) == (303, signing_in), name
    path = templates["subscribe"].removeprefix("https://home.test").replace("{uri}", "acct%3Abread%40far.test")
    answer = await client.get(path)
    assert answer.headers["location"] == "/intents/object?object=acct%3Abread%40far.test"
