"""`fedcomm debug`: what is said of documents and requests of other servers, and that nothing of it is kept."""

import base64
import json
from typing import Any

import pytest

from activitypub import documents, signatures
from fedcomm import audit, clock, commands, peers
from fedcomm.errors import Invalid, NotFound
from storage.connect import execute, value
from tests.forger import Face
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio

ACTIVITY = "application/activity+json"
SCHEMES: tuple[signatures.Scheme, ...] = ("cavage", "rfc9421")
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


async def asked(town: Town, command: str, **args: Any) -> dict[str, Any]:
    with town.ours.here():
        return await commands.run(town.ours.app, command, args)


async def of_file(town: Town, command: str, content: Any, **args: Any) -> dict[str, Any]:
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await asked(town, command, content=base64.b64encode(content).decode(), **args)


def said(answer: dict[str, Any], what: str) -> str:
    """The words of the step of that name, after whether it holds."""
    step = next(step for step in answer["steps"] if step["what"].startswith(what))
    return f"{step['holds']} {step['said']}"


def headers(by: Face, body: bytes, at: float, scheme: signatures.Scheme = "cavage") -> dict[str, str]:
    url = "https://ours.test/inbox"
    return signatures.sign(scheme, by.key, by.key_id, "POST", url, {}, body, at)


def request(by: Face, body: bytes, at: float, scheme: signatures.Scheme = "cavage", ending: bytes = b"\r\n") -> bytes:
    """As it was on the wire."""
    lines = [f"{name}: {text}".encode() for name, text in headers(by, body, at, scheme).items()]
    return ending.join([b"POST /inbox HTTP/1.1", *lines, b"Content-Length: %d" % len(body), b"", body])


async def counts(town: Town) -> tuple[Any, ...]:
    with town.ours.here():
        return tuple([await value(f"SELECT COUNT(*) FROM {name}") for name in ("actor", "actor_key", "post", "outbox")])


async def test_what_stands_elsewhere_is_told_step_by_step_and_not_kept(town: Town) -> None:
    bob, before = town.bob, await counts(town)
    town.theirs.serve(
        "/.well-known/webfinger?resource=acct%3Abob%40theirs.test",
        {
            "subject": "acct:bob@theirs.test",
            "links": [{"rel": "self", "type": "application/activity+json", "href": bob.uri}],
        },
        content_type="application/jrd+json",
    )
    town.theirs.serve("/notes/9", town.mallory.note(9) | {"id": "https://theirs.test/notes/9"})

    found = await asked(town, "debug.fetch", what="@bob@theirs.test")
    assert found["holds"] and found["document"]["id"] == bob.uri
    assert bob.uri in said(found, "WebFinger") and "(Person) called bob" in said(found, "meaning")
    assert "not known here yet" in said(found, "here")

    forged = await asked(town, "debug.fetch", what="https://theirs.test/notes/9")
    assert said(forged, "owner").startswith("False") and not forged["holds"] and forged["fix"]
    missing = await asked(town, "debug.fetch", what="https://theirs.test/nothing")
    assert said(missing, "document").startswith("False") and "nothing is there" in missing["fix"]
    silent = await asked(town, "debug.fetch", what="https://nowhere.test/x")
    assert "again later" in silent["fix"] and silent["document"] is None
    ours = await asked(town, "debug.fetch", what=town.anna.actor.uri)
    assert not ours["holds"] and "curl" in ours["fix"]
    with pytest.raises(Invalid):
        await asked(town, "debug.fetch", what="bob")
    with town.ours.here():
        await peers.set_policy(town.ours.app, "theirs.test", "suspend", comment="", by=audit.OPERATOR)
    await town.ours.agreed()
    assert "peer clear" in (await asked(town, "debug.fetch", what=bob.uri))["fix"]
    assert await counts(town) == before


async def test_a_recorded_request_is_verified_as_at_its_own_time(town: Town) -> None:
    for scheme in SCHEMES:
        await _requests(town, scheme)


async def _requests(town: Town, scheme: signatures.Scheme) -> None:
    bob, mallory, before = town.bob, town.mallory, await counts(town)
    old = clock.now() - 5 * 86_400
    body = documents.write(bob.does("Create", bob.note(1)))

    good = await of_file(town, "debug.verify", request(bob, body, old, scheme))
    assert good["holds"] and good["signer"] == bob.uri
    assert "too old" in said(good, "time") and "<post>" in said(good, "rule") and "as it came" in said(good, "object")
    edited = await of_file(town, "debug.verify", request(bob, body, old, scheme, b"\n") + b"\n")
    assert edited["holds"]

    changed = await of_file(town, "debug.verify", request(bob, body, old, scheme).replace(b"Hello", b"Hallo"))
    assert said(changed, "signature").startswith("False") and "another body" in said(changed, "signature")
    elsewhere = await of_file(town, "debug.verify", request(bob, body, old, scheme), host="other.test")
    assert not elsewhere["holds"] and "--host" in elsewhere["fix"]
    forged = await of_file(town, "debug.verify", request(mallory, body, old, scheme))
    assert said(forged, "key").startswith("True") and said(forged, "actor").startswith("False")
    bare = await of_file(town, "debug.verify", b"POST /inbox HTTP/1.1\r\nHost: ours.test\r\n\r\n" + body)
    assert "not signed" in said(bare, "signature") and bare["fix"]
    assert await counts(town) == before


async def test_records_in_json_and_documents_alone_are_looked_at_too(town: Town) -> None:
    bob, now = town.bob, clock.now()
    spaced = json.dumps(bob.does("Create", town.mallory.note(3)), indent=1).encode()
    record = {"request": {"path": "/inbox", "headers": headers(bob, spaced, now)}, "body": spaced.decode()}

    exact = await of_file(town, "debug.verify", record)
    parsed = await of_file(town, "debug.verify", record | {"body": json.loads(spaced)})
    alone = await of_file(town, "debug.verify", bob.does("Dance", bob.uri))
    note = await of_file(town, "debug.verify", bob.note(4))

    assert exact["holds"] and "its origin is asked" in said(exact, "object")
    assert not parsed["holds"] and "byte by byte" in parsed["fix"]
    assert not alone["holds"] and "Dance" in said(alone, "rule") and "as if" in said(alone, "sender")
    assert note["holds"] and "a post" in said(note, "meaning")
    for nonsense in (b"", b"hello", b"POST /inbox HTTP/1.1\r\nnonsense\r\n\r\n", b'{"request": {"headers": 1}}'):
        with pytest.raises(Invalid):
            await of_file(town, "debug.verify", nonsense)


async def test_an_activity_is_tried_again_without_effect_and_really(town: Town) -> None:
    bob, anna = town.bob, town.anna.actor
    create = bob.does("Create", bob.note(1, to=[PUBLIC, anna.uri]))
    town.theirs.serve("/notes/1", create["object"])

    stranger = await of_file(town, "debug.replay", create)
    assert bob.uri in said(stranger, "Create <post>") and not stranger["holds"]
    await town.send(bob, bob.does("Follow", anna.uri))
    before = await counts(town)
    tried = await of_file(town, "debug.replay", create)
    assert tried["holds"] and "1 added to post" in said(tried, "Create <post>")
    assert await counts(town) == before
    again = await of_file(town, "debug.replay", bob.does("Follow", anna.uri))
    assert again["holds"]  # a handler with a transaction of its own

    done = await of_file(town, "debug.replay", request(bob, documents.write(create), clock.now() - 86_400), really=True)
    await town.fediverse.settle()
    assert done["holds"]
    assert (await town.here()).author_id
    refused = await of_file(town, "debug.replay", request(town.mallory, documents.write(create), clock.now()))
    assert not refused["holds"] and "Create <post>" not in {step["what"] for step in refused["steps"]}


async def test_an_item_that_was_set_aside_is_taken_up_again_by_its_number(town: Town) -> None:
    await town.written()
    post = await town.here()
    like = documents.write(town.eve.does("Like", post.uri))
    await town.send(town.eve, town.eve.does("Follow", town.anna.actor.uri))
    with town.ours.here():
        await execute(
            "INSERT INTO inbox_item (id, uri_hash, signer, body, state, error) VALUES (?, ?, ?, ?, 3, 'a fault')",
            (77, b"x" * 16, town.eve.uri, like),
        )

    tried = await asked(town, "debug.replay", item=77)
    assert tried["holds"] and "reaction" in said(tried, "Like")
    assert (await town.here()).likes_count == 0
    await asked(town, "debug.replay", item=77, really=True)
    await town.fediverse.settle()

    assert (await town.here()).likes_count == 1
    with pytest.raises(NotFound):
        await asked(town, "debug.replay", item=78)
