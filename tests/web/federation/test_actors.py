"""The documents of people, groups and the server itself, as other programs need them."""

from collections.abc import Callable
from itertools import product
from typing import Any

import httpx
import pytest

from activitypub import keys, parse
from fedcomm import accounts, erasing, group_profile
from fedcomm.group_profile import Change
from storage.connect import transaction
from tests.web.federation.asking import ACTIVITY, LD, ask, read
from tests.web.federation.conftest import Place

pytestmark = pytest.mark.anyio


async def test_a_person_is_described_at_their_id(place: Place, client: httpx.AsyncClient) -> None:
    document = await read(client, "/users/ann")

    uri = "https://home.test/users/ann"
    assert (document["id"], document["type"], document["preferredUsername"]) == (uri, "Person", "ann")
    assert document["inbox"] == f"{uri}/inbox" and document["outbox"] == f"{uri}/outbox"
    assert document["followers"] == f"{uri}/followers" and document["following"] == f"{uri}/following"
    assert document["endpoints"] == {"sharedInbox": "https://home.test/inbox"}
    assert document["url"] == "https://home.test/@ann" and document["published"]


async def test_a_group_is_described_as_fep_1b12_wants(place: Place, client: httpx.AsyncClient) -> None:
    document = await read(client, "/c/bread")

    uri = "https://home.test/c/bread"
    assert (document["id"], document["type"], document["preferredUsername"]) == (uri, "Group", "bread")
    hint = "<p>Group · mention @bread@home.test to start a thread</p>"  # where groups look like people
    assert (document["name"], document["summary"]) == ("Bread baking", f"{hint}<p>All about bread.</p>")
    assert document["attributedTo"] == f"{uri}/moderators" and document["featured"] == f"{uri}/featured"
    assert document["outbox"] == f"{uri}/outbox" and document["followers"] == f"{uri}/followers"
    assert document["endpoints"]["sharedInbox"] == "https://home.test/inbox"
    assert document["postingRestrictedToMods"] is False and document["manuallyApprovesFollowers"] is False


async def test_a_group_says_when_only_moderators_post(place: Place, client: httpx.AsyncClient) -> None:
    """Lemmy 1.0 takes a group that lets people in one by one for a private one, and drops what is for everybody."""
    await group_profile.change(place.app, "bread", Change(posting="moderators", join_mode="approval"))

    document = await read(client, "/c/bread")

    assert document["postingRestrictedToMods"] is True and document["manuallyApprovesFollowers"] is False
    assert document["updated"] > document["published"]


async def test_the_keys_are_where_verifiers_look(place: Place, client: httpx.AsyncClient) -> None:
    for path in ("/users/ann", "/c/bread", "/actor"):
        document = await read(client, path)

        key, (multikey,) = document["publicKey"], document["assertionMethod"]
        assert (key["id"], key["owner"]) == (f"{document['id']}#main-key", document["id"])
        assert keys.load_public_pem(key["publicKeyPem"]).algorithm == "rsa"
        assert (multikey["type"], multikey["controller"]) == ("Multikey", document["id"])
        assert keys.load_multikey(multikey["publicKeyMultibase"]).algorithm == "ed25519"
        assert "https://w3id.org/security/v1" in document["@context"]
        assert parse.actor(document).uri == document["id"]
        assert "private" not in str(document).lower()


async def test_the_server_itself_is_an_application_at_its_root(place: Place, client: httpx.AsyncClient) -> None:
    for path in ("/", "/actor"):
        document = await read(client, path)

        assert (document["type"], document["id"]) == ("Application", "https://home.test/actor")
        assert document["inbox"].startswith("https://home.test/") and document["endpoints"]["sharedInbox"]


async def test_every_collection_that_our_actors_name_is_there(place: Place, client: httpx.AsyncClient) -> None:
    """Who reads an actor may read what it points to: Lemmy wants an outbox of everybody, PieFed asks for followers."""
    named = ("outbox", "followers", "following", "featured", "attributedTo", "moderators")
    found = []
    for path in ("/users/ann", "/c/bread", "/actor"):
        document = await read(client, path)
        for uri in (document[name] for name in named if name in document):
            collection = await read(client, uri)
            assert (collection["id"], collection["type"]) == (uri, "OrderedCollection")
            found.append(uri.removeprefix("https://home.test"))

    assert {"/users/ann/following", "/c/bread/moderators", "/actor/outbox", "/actor/followers"} <= set(found)


async def test_whoever_asks_for_a_document_gets_one(place: Place, client: httpx.AsyncClient) -> None:
    for path, accept in product(
        ("/users/ann", "/c/bread", "/@ann", "/"), (ACTIVITY, LD, f"text/html;q=0.1, {ACTIVITY}")
    ):
        answer = await ask(client, path, accept=accept)

        assert answer.status_code == 200 and answer.headers["content-type"].startswith(ACTIVITY), (path, accept)
        assert "Accept" in answer.headers["vary"] and answer.headers["x-content-type-options"] == "nosniff"


async def test_a_browser_is_led_to_the_page(place: Place, client: httpx.AsyncClient) -> None:
    person = await ask(client, "/users/ann", accept="text/html,application/xhtml+xml")
    group = await ask(client, "/c/bread", accept="text/html")

    assert (person.status_code, person.headers["location"]) == (303, "https://home.test/@ann")
    assert group.status_code == 200 and group.headers["content-type"].startswith("text/html")


async def test_who_has_the_document_gets_no_second_copy(place: Place, client: httpx.AsyncClient) -> None:
    first = await ask(client, "/c/bread")

    again = await ask(client, "/c/bread", **{"if-none-match": f'"other", W/{first.headers["etag"]}'})
    changed = await ask(client, "/c/bread", **{"if-none-match": '"other"'})

    assert (again.status_code, again.content, changed.status_code) == (304, b"", 200)
    assert again.headers["etag"] == first.headers["etag"]


async def test_nobody_of_that_name_or_kind_is_not_found(place: Place, client: httpx.AsyncClient) -> None:
    for path in ("/users/nobody", "/c/nothing", "/users/bread", "/c/ann", "/users/actor", "/@nobody"):
        answer = await ask(client, path)

        assert answer.status_code == 404 and answer.json()["error"], path


async def test_somebody_who_is_gone_leaves_a_tombstone(place: Place, client: httpx.AsyncClient) -> None:
    async with transaction():
        await erasing.close(place.app, place.bo, "")

    answer = await ask(client, "/users/bo")

    assert answer.status_code == 410
    assert (answer.json()["type"], answer.json()["id"]) == ("Tombstone", place.bo.uri)
    assert (await ask(client, "/users/bo/outbox")).status_code in (404, 410)


@pytest.mark.attack("ORI-28")
async def test_the_name_of_somebody_gone_is_never_given_again(place: Place) -> None:
    async with transaction():
        await erasing.close(place.app, place.bo, "")

    with pytest.raises(Exception, match="taken"):
        await accounts.create(place.app, "bo", "correct horse battery")


def _text(document: dict[str, Any], name: str) -> bool:
    return isinstance(document.get(name), str) and bool(document[name])


def _url(document: dict[str, Any], name: str) -> bool:
    return _text(document, name) and document[name].startswith("https://home.test/")


# What each program cannot do without (seen in its source, or when running), as a rule on our document of a group.
REQUIRED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "lemmy: type is the text Group": lambda d: d["type"] == "Group",
    "lemmy: inbox, followers, outbox": lambda d: all(_url(d, name) for name in ("inbox", "followers", "outbox")),
    "lemmy: preferredUsername of a-z, 0-9, _": lambda d: d["preferredUsername"].replace("_", "a").isalnum(),
    "lemmy: publicKey with id, owner, publicKeyPem": lambda d: set(d["publicKey"]) == {"id", "owner", "publicKeyPem"},
    "lemmy: attributedTo is a URL": lambda d: _url(d, "attributedTo"),
    "lemmy: featured is a URL": lambda d: _url(d, "featured"),
    "lemmy: sharedInbox inside endpoints": lambda d: d["endpoints"]["sharedInbox"].startswith("https://home.test/"),
    "lemmy: published with a zone": lambda d: d["published"].endswith("Z"),
    "piefed: name": lambda d: _text(d, "name"),
    "piefed: an id in lower case": lambda d: d["id"] == d["id"].lower(),
    "piefed: an inbox that is /inbox for the host": lambda d: (
        d["endpoints"]["sharedInbox"] == "https://home.test/inbox"
    ),
    "piefed: an outbox": lambda d: _url(d, "outbox"),
    "piefed: attributedTo is no list": lambda d: isinstance(d["attributedTo"], str),
    "nodebb: the key's owner is the group": lambda d: d["publicKey"]["owner"] == d["id"],
    "nodebb: preferredUsername in lower case": lambda d: d["preferredUsername"] == d["preferredUsername"].lower(),
    "mbin: a moderators collection": lambda d: d["attributedTo"].endswith("/moderators"),
    "mastodon: inbox and key on the host of the id": lambda d: d["publicKey"]["id"].startswith(d["id"]),
    "mastodon: discoverable": lambda d: d["discoverable"] is True,
    "snac: outbox and followers": lambda d: _url(d, "outbox") and _url(d, "followers"),
}


async def test_a_group_has_what_other_programs_cannot_do_without(place: Place, client: httpx.AsyncClient) -> None:
    document = await read(client, "/c/bread")

    assert [rule for rule, holds in REQUIRED.items() if not holds(document)] == []
