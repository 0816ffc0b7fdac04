"""The scripted servers refuse what the real ones refuse, and have nothing of ours in them."""

import ast
import json
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.peers.discourse import Discourse
from tests.peers.forum import Forum
from tests.peers.friendica import Friendica
from tests.peers.lemmy import Lemmy
from tests.peers.mastodon import Mastodon
from tests.peers.mbin import Mbin
from tests.peers.microblogs import GOTOSOCIAL, MISSKEY
from tests.peers.mobilizon import Mobilizon
from tests.peers.network import Network
from tests.peers.peertube import PeerTube
from tests.peers.piefed import PieFed
from tests.peers.publisher import Publisher
from tests.peers.server import PUBLIC, Dropped, Json, Server
from tests.peers.signing import Key, digest
from tests.peers.wordpress import WordPress
from tests.server.running import free_port

pytestmark = pytest.mark.anyio
ROOMS = {"activitypub", "fedcomm", "storage", "web"}
Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]


@pytest.fixture
async def two(anyio_backend: str) -> AsyncIterator[tuple[Mastodon, Mastodon]]:
    """One who sends, and one who receives; mona lives here and nina there."""
    made = []
    for address in ("127.0.0.1", "127.0.0.2"):
        port = free_port()
        server = Server(f"http://{address}:{port}", Network())
        made.append(Mastodon(server))
        await server.start(address, port)
    yield made[0], made[1]
    for each in made:
        await each.server.stop()


def follow(sender: str, target: str) -> Json:
    return {"id": f"{sender}#follows/1", "type": "Follow", "actor": sender, "object": target}


async def post(server: Server, inbox: str, headers: dict[str, str], body: bytes) -> int:
    answer = await server.network.send("POST", inbox, headers | {"content-type": "application/activity+json"}, body)
    return answer.status_code


def _unsigned(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return {name: value for name, value in headers.items() if name != "signature"}, body


def _altered(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers, body.replace(b"follows/1", b"follows/2")


def _altered_with_its_digest(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    body = body.replace(b"follows/1", b"follows/2")
    return headers | {"digest": digest(body)}, body


def _old(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"date": formatdate(time.time() - 13 * 3600, usegmt=True)}, body


def _early(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"date": formatdate(time.time() + 2 * 3600, usegmt=True)}, body


def _date_unsigned(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"signature": headers["signature"].replace(" date", "")}, body


def _digest_unsigned(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"signature": headers["signature"].replace(" digest", "")}, body


CHANGES = [_unsigned, _altered, _altered_with_its_digest, _old, _early, _date_unsigned, _digest_unsigned]


async def test_what_is_signed_rightly_is_taken(two: tuple[Mastodon, Mastodon]) -> None:
    here, there = two
    mona, nina = here.person("mona"), there.person("nina")

    assert await here.server.deliver(mona.uri, f"{there.server.base}/inbox", follow(mona.uri, nina.uri)) == 202

    assert (mona.uri, nina.uri) in there.following
    assert [r.outcome for r in there.server.received] == ["taken"]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
async def test_what_is_not_is_refused(two: tuple[Mastodon, Mastodon], change: Change) -> None:
    here, there = two
    mona, nina = here.person("mona"), there.person("nina")
    inbox, body = f"{there.server.base}/inbox", json.dumps(follow(mona.uri, nina.uri)).encode()
    headers, body = change(here.server.key(mona.uri).sign("POST", inbox, body), body)

    assert await post(here.server, inbox, headers, body) == 401

    assert there.following == set()


async def test_rfc_9421_is_not_understood(two: tuple[Mastodon, Mastodon]) -> None:
    here, there = two
    mona, nina = here.person("mona"), there.person("nina")
    inbox, body = f"{there.server.base}/inbox", json.dumps(follow(mona.uri, nina.uri)).encode()
    headers = here.server.key(mona.uri).sign("POST", inbox, body) | {"signature-input": 'sig1=("@method")'}

    assert await post(here.server, inbox, headers, body) == 400


async def test_another_key_of_that_name_is_refused(two: tuple[Mastodon, Mastodon]) -> None:
    here, there = two
    mona, nina = here.person("mona"), there.person("nina")
    inbox, body = f"{there.server.base}/inbox", json.dumps(follow(mona.uri, nina.uri)).encode()
    headers = Key(f"{mona.uri}#main-key").sign("POST", inbox, body)

    assert await post(here.server, inbox, headers, body) == 401


async def test_a_request_for_another_host_is_refused(two: tuple[Mastodon, Mastodon]) -> None:
    here, there = two
    mona, nina = here.person("mona"), there.person("nina")
    body = json.dumps(follow(mona.uri, nina.uri)).encode()
    headers = here.server.key(mona.uri).sign("POST", "http://elsewhere.test/inbox", body)
    headers["host"] = there.server.host

    assert await post(here.server, f"{there.server.base}/inbox", headers, body) == 401


async def test_what_somebody_signs_in_the_name_of_another_has_no_effect(two: tuple[Mastodon, Mastodon]) -> None:
    here, there = two
    mona, mallory, nina = here.person("mona"), here.person("mallory"), there.person("nina")

    await here.server.deliver(mallory.uri, f"{there.server.base}/inbox", follow(mona.uri, nina.uri))

    assert there.following == set()
    assert [r.outcome for r in there.server.received] == ["it was signed by somebody else than its actor"]


async def test_an_actor_whose_handle_leads_to_another_is_nobody(two: tuple[Mastodon, Mastodon]) -> None:
    here, there = two
    mona, nina = here.person("mona"), there.person("nina")
    here.server.handles["mona"] = (f"{here.server.base}/users/other", "Person")

    assert await here.server.deliver(mona.uri, f"{there.server.base}/inbox", follow(mona.uri, nina.uri)) == 401


PROGRAMS: dict[str, Callable[[Server], Any]] = {
    "mastodon": Mastodon,
    "lemmy": lambda server: Forum(server, Lemmy()),
    "lemmy1": lambda server: Forum(server, Lemmy("1.0.0")),
    "piefed": lambda server: Forum(server, PieFed()),
    "mbin": lambda server: Forum(server, Mbin()),
    "friendica": lambda server: Forum(server, Friendica()),
    "discourse": lambda server: Forum(server, Discourse()),
    "peertube": lambda server: Publisher(server, PeerTube()),
    "wordpress": lambda server: Publisher(server, WordPress()),
    "mobilizon": lambda server: Publisher(server, Mobilizon()),
}
NEEDED = [
    *(("mastodon", name) for name in ("inbox", "preferredUsername", "publicKey")),
    *(("lemmy", name) for name in ("inbox", "outbox", "preferredUsername", "publicKey", "followers")),
    *(("piefed", name) for name in ("name", "outbox", "preferredUsername", "publicKey")),
    *((program, "publicKey") for program in ("mbin", "friendica", "discourse", "peertube", "wordpress", "mobilizon")),
    ("discourse", "outbox"),
]


@pytest.mark.parametrize(("program", "name"), NEEDED)
async def test_a_group_that_lacks_what_a_program_needs_is_none_for_it(program: str, name: str) -> None:
    server = Server("https://here.test", Network())
    made = PROGRAMS[program](server)
    group = "https://there.test/c/rye"
    document = {
        "id": group, "type": "Group", "preferredUsername": "rye", "name": "Rye", "inbox": f"{group}/inbox",
        "outbox": f"{group}/outbox", "followers": f"{group}/followers",
        "publicKey": {"id": f"{group}#main-key", "owner": group, "publicKeyPem": "…"},
    }  # fmt: skip
    made.check_actor(document)

    del document[name]

    with pytest.raises(Dropped):
        made.check_actor(document)
    await server.stop()


GROUP, THERE = "https://there.test/c/rye", "https://there.test/u/ada"
NOTE = {"id": "https://there.test/1", "type": "Note", "attributedTo": THERE, "to": [PUBLIC], "content": "", "name": "R"}
SAID = {"id": "https://there.test/2", "type": "Create", "actor": THERE, "object": NOTE}
OURS = SAID | {"actor": "https://here.test/u/nina"}
UNDONE = {"type": "Undo", "actor": THERE, "object": {"type": "Delete", "actor": THERE, "object": NOTE["id"]}}


FLAG = {
    "id": "https://there.test/3",
    "type": "Flag",
    "actor": THERE,
    "object": NOTE["id"],
    "to": [GROUP],
    "summary": "?",
}
END = {"id": "https://there.test/4", "type": "Resolve", "actor": THERE, "object": FLAG, "to": [GROUP]}


@pytest.mark.parametrize(
    ("program", "inner"),
    [
        ("lemmy", FLAG), ("lemmy", END), ("lemmy1", FLAG), ("lemmy1", END), ("lemmy", NOTE), ("piefed", NOTE),
        ("piefed", OURS), ("mbin", OURS), ("mbin", UNDONE), ("friendica", UNDONE), ("discourse", SAID),
    ],
)  # fmt: skip
async def test_what_a_program_does_not_take_from_a_group_has_no_effect(program: str, inner: Json) -> None:
    server = Server("https://here.test", Network())
    forum = PROGRAMS[program](server)
    forum.joined[GROUP] = {"https://here.test/u/nina"}
    server.actors[GROUP] = {"id": GROUP, "type": "Group"}

    with pytest.raises(Dropped):
        told = {"type": "Announce", "actor": GROUP, "object": inner, "to": [f"{GROUP}/moderators"], "cc": []}
        await forum.dialect.unwrap(forum, told)
    await server.stop()


@pytest.mark.parametrize(
    ("program", "activity"),
    [
        ("peertube", SAID),
        ("wordpress", SAID | {"object": NOTE | {"inReplyTo": "https://here.test/?p=1"}}),  # without a date
        ("mobilizon", {"type": "Like", "actor": THERE, "object": "https://here.test/events/1"}),
        ("mobilizon", {"type": "Follow", "actor": THERE, "object": "https://here.test/@nina"}),
        ("peertube", {"type": "Announce", "actor": GROUP, "object": SAID}),
    ],
)
async def test_what_a_program_that_publishes_does_not_take_has_no_effect(program: str, activity: Json) -> None:
    server = Server("https://here.test", Network())
    publisher = PROGRAMS[program](server)

    with pytest.raises(Dropped):
        await publisher.receive(activity)
    assert publisher.comments == {} == publisher.followers
    await server.stop()


async def test_a_program_that_knows_no_edits_passes_over_them_and_one_that_asks_for_signatures_has_them() -> None:
    server = Server("https://here.test", Network())
    misskey = Mastodon(server, MISSKEY)

    with pytest.raises(Dropped, match="Unknown type"):
        await misskey.receive(SAID | {"type": "Update", "object": NOTE})
    gotosocial = Mastodon(server, GOTOSOCIAL)
    uri = gotosocial.person("nina").uri
    assert server.key(uri).id == f"{uri}/main-key"
    assert {"/users/nina/main-key", "/actor/main-key"} < server.open
    await server.stop()


def test_the_scripts_have_nothing_of_ours_in_them() -> None:
    found = set()
    scripts = [path for path in Path(__file__).parent.glob("*.py") if not path.name.startswith("test_")]
    for path in scripts:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}

    assert len(scripts) > 7
    assert not found & ROOMS
