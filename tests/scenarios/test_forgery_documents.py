"""What a forger tries with documents of its own host: to speak in other names by what they say of themselves."""

import contextlib
from typing import Any

import pytest

from activitypub.errors import ProtocolError
from fedcomm import fetching
from storage.connect import rows, value
from tests.forger import ACTIVITY, AS, PUBLIC, Face, followed, post
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


async def _known(town: Town) -> dict[str, str]:
    """By whom the posts from elsewhere are that are known here, and what they say."""
    with town.ours.here():
        found = await rows("SELECT p.uri, a.uri, p.content FROM post p JOIN actor a ON a.id = p.author_id WHERE local = 0")  # noqa: E501  # fmt: skip
    return {uri: f"{author} {content}" for uri, author, content in found}


@pytest.mark.attack("ORI-04")
async def test_whatever_stands_in_place_of_an_author_a_post_is_by_nobody_else(town: Town) -> None:
    anna, mallory = town.anna.actor.uri, town.mallory.uri
    await followed(town.fediverse, town.anna, town.mallory)
    nobody: list[Any] = [
        anna, town.bob.uri, [town.bob.uri], [anna], {"id": anna, "type": "Person"}, 1, "1", [1], ["1", None], {}, [],
        {"type": "Person"}, str(town.anna.actor.id), town.anna.actor.id, None,
    ]  # fmt: skip
    himself: list[Any] = [[anna, mallory], [town.bob.uri, 1, None, mallory], [{"id": anna}, {"id": mallory}]]

    for number, author in enumerate(nobody + himself):
        note = town.mallory.note(number, "<p>SAID</p>", cc=[anna]) | {"attributedTo": author}
        brought, served = note | {"id": f"{note['id']}/brought"}, note | {"id": f"{note['id']}/served"}
        town.evil.serve(served["id"], served)
        await town.send(town.mallory, town.mallory.does("Create", brought), town.mallory.does("Announce", served["id"]))

    count = len(nobody)
    assert await _known(town) == {
        f"https://evil.test/notes/{number}/{how}": f"{mallory} <p>SAID</p>"
        for number in range(count, count + len(himself))
        for how in ("brought", "served")
    }
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM inbox_item WHERE state = 3") == 0


@pytest.mark.attack("ORI-05", "ORI-06", "ORI-30")
async def test_a_document_is_what_stands_at_its_id_and_at_no_other_place(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.mallory)
    real = town.bob.note("real", "<p>Real</p>", url="https://www.theirs.test/@bob/1")
    honest = town.mallory.note("honest", "<p>Honest</p>", url=real["id"])
    nowhere = town.mallory.note("nowhere", "<p>FORGED</p>")
    theirs, evil = town.theirs, town.evil
    theirs.serve(real["id"], real)
    theirs.serve("https://theirs.test/@bob/1", real | {"content": "<p>FORGED</p>"})
    evil.serve(honest["id"], honest)
    evil.serve("https://evil.test/elsewhere", nowhere)
    evil.serve(nowhere["id"], nowhere | {"id": "https://evil.test/notes/nowhere-either"})
    evil.serve("https://evil.test/mirror", real | {"content": "<p>FORGED</p>"})
    open_to_all = "https://theirs.test/out?to=evil"
    evil.serve("https://evil.test/forged", town.bob.note("forged", "<p>FORGED</p>", id=open_to_all))
    theirs.redirect(open_to_all, "https://evil.test/forged")

    places = ["https://theirs.test/@bob/1", "https://evil.test/elsewhere", "https://evil.test/mirror", open_to_all]
    for place in (*places, "https://www.theirs.test/@bob/1", honest["id"]):
        await town.send(town.mallory, town.mallory.does("Announce", place))

    assert await _known(town) == {
        real["id"]: f"{town.bob.uri} <p>Real</p>",
        honest["id"]: f"{town.mallory.uri} <p>Honest</p>",
    }
    assert theirs.asked.count(real["id"]) == 1  # once, at its id
    assert evil.asked.count(nowhere["id"]) == 1
    assert (await town.here(real["id"])).url == "https://www.theirs.test/@bob/1"  # a link, on another host
    assert (await town.here(honest["id"])).uri == honest["id"]
    assert (await post(town.ours, town.mallory.does("Like", honest["id"]), town.mallory)).status_code == 202
    await town.fediverse.settle()
    assert [(await town.here(uri)).likes_count for uri in (real["id"], honest["id"])] == [0, 1]


@pytest.mark.attack("ORI-09", "ORI-11", "ORI-14", "ORI-27")
async def test_what_has_an_id_of_ours_is_looked_up_and_never_made_changed_or_fetched(town: Town) -> None:
    mine, mallory = await town.anna.post("Mine"), town.mallory
    await followed(town.fediverse, town.anna, mallory)
    town.fediverse.wire.log.clear()
    spelled = ("https://ours.test", "HTTPS://OURS.test:443", "https://ours.test.")
    no_url = (
        "https://evil.test@ours.test",
        "https://ours.test\\@evil.test",
        "https://our\u00ads.test",
        "https://\uff4furs.test",
    )

    for place in (*spelled, *no_url):
        known, new = place + mine.uri.removeprefix("https://ours.test"), f"{place}/posts/evil"
        for uri, author in ((known, town.anna.actor.uri), (known, mallory.uri), (new, mallory.uri), (new, place)):
            forged = mallory.note(1, "<p>FORGED</p>", id=uri, attributedTo=author, to=[PUBLIC, town.anna.actor.uri])
            for kind in ("Create", "Update", "Announce"):
                assert (await post(town.ours, mallory.does(kind, forged), mallory)).status_code in (202, 400)
        for said in (
            mallory.does("Delete", known), mallory.does("Delete", f"{place}/users/anna"), mallory.does("Announce", new),
            mallory.does("Update", town.anna.actor.uri), mallory.does("Like", known), mallory.does("Like", new),
            mallory.does("Create", mallory.note(2, "<p>FORGED</p>"), actor=f"{place}/users/anna"),
        ):  # fmt: skip
            answer = await post(town.ours, said, mallory)
            assert answer.status_code == (202 if said["actor"] == mallory.uri else 401) or place in no_url
    await town.fediverse.settle()

    assert await _known(town) == {}
    there = await town.ours.knows(mine.uri)
    assert (there.content, there.deleted_at, there.likes_count, there.boosts_count) == (mine.content, None, 1, 1)
    asked = {url.split("/")[2] for method, url, _status in town.fediverse.wire.log if method == "GET"}
    assert asked <= {"evil.test"}
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM actor WHERE host <> '' AND uri NOT LIKE 'https://evil.test/%'") == 0


@pytest.mark.attack("ORI-01", "ORI-29", "ORI-33")
async def test_what_can_be_read_in_two_ways_is_refused_wherever_it_stands(town: Town) -> None:
    await followed(town.fediverse, town.anna, town.mallory)
    mine, victim = await town.anna.post("Mine"), town.bob.uri
    with town.ours.here():
        before = await value("SELECT COUNT(*) FROM inbox_item")
    ways: list[dict[str, Any]] = [
        {"@id": "https://theirs.test/likes/1"}, {"@type": "Announce"}, {"@graph": [{"actor": victim}]},
        {"@included": [{"actor": victim}]}, {"@reverse": {"actor": victim}}, {"@context": {"id": "https://x.test/#other"}},
        {"@context": [AS, {"actor": "as:object", "object": "as:actor"}]}, {"@context": [AS, {"type": "as:summary"}]},
        {"@context": [AS, {"attributedTo": "as:to", "to": "as:attributedTo"}]},
    ]  # fmt: skip
    actors: list[Any] = [
        [town.mallory.uri, victim], [victim, town.mallory.uri], {"id": town.mallory.uri, "@id": victim},
        {"id": victim, "@id": town.mallory.uri}, [[town.mallory.uri]], {"type": "Person"}, 1, None,
    ]  # fmt: skip

    for odd in (*ways, *({"actor": who} for who in actors)):
        answer = await post(town.ours, town.mallory.does("Like", mine.uri) | odd, town.mallory)
        assert answer.status_code in ((400, 401) if "actor" in odd else (400,)), (odd, answer.text)
    for uri in (
        "https://theirs.test/likes/1", "http://evil.test/likes/1", "https://evil.test:8443/likes/1",
        "https://evil.test.theirs.test/likes/1",
    ):  # fmt: skip
        answer = await post(town.ours, town.mallory.does("Like", mine.uri, id=uri), town.mallory)
        assert answer.status_code == 401, uri
    with town.ours.here():
        assert await value("SELECT COUNT(*) FROM inbox_item") == before
    for number, odd in enumerate(ways):
        note = town.mallory.note(number, "<p>FORGED</p>", to=[PUBLIC, town.anna.actor.uri]) | odd
        town.evil.serve(f"https://evil.test/notes/{number}", note)
        await town.send(
            town.mallory,
            town.mallory.does("Create", note),
            town.mallory.does("Announce", f"https://evil.test/notes/{number}"),
        )

    assert await _known(town) == {}
    assert (await town.ours.knows(mine.uri)).likes_count == 0


@pytest.mark.attack("ORI-26")
async def test_nobody_is_called_by_a_name_of_another_server(town: Town) -> None:
    poser = town.evil.actor("bob", url="https://theirs.test/@bob", preferredUsername="bob")
    named = town.evil.actor("carol", preferredUsername="bob@theirs.test")

    def finger(face: Face, asked: str, subject: str) -> None:
        said = {"subject": f"acct:{subject}", "links": [{"rel": "self", "type": ACTIVITY, "href": face.uri}]}
        place = f"/.well-known/webfinger?resource=acct%3A{asked.replace('@', '%40')}"
        face.host.serve(place, said, content_type="application/jrd+json")

    finger(poser, "bob@evil.test", "bob@theirs.test")
    finger(town.bob, "bob@theirs.test", "bob@theirs.test")
    with town.ours.here():
        for handle in ("bob@evil.test", "bob@theirs.test", "bob@evil.test"):
            with contextlib.suppress(ProtocolError):
                await fetching.handle(town.ours.app, handle)
    for face in (poser, named):
        await post(town.ours, face.does("Create", face.note(face.name, cc=[town.anna.actor.uri])), face)
    await town.fediverse.settle()

    with town.ours.here():
        called = await rows("SELECT uri, username, host FROM actor WHERE host <> '' ORDER BY uri")
        assert (await fetching.handle(town.ours.app, "bob@theirs.test")).uri == town.bob.uri
    assert called == [(poser.uri, "bob", "evil.test"), (town.bob.uri, "bob", "theirs.test")]
