"""The work that scenarios give a server: activities to take in, followers to write to, posts to publish."""

import asyncio
import http.client
import itertools
import json
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from activitypub import signatures
from bench.crowd import Crowd, Delivery
from bench.house import House
from bench.plan import Plan
from bench.wire import Answered, send_all

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONNECTIONS = 64  # by which activities come in
FOLLOWERS = 10  # local ones of the actor who writes
SENT_SECONDS = 60.0
_numbers = itertools.count(1)
_TEXT = (
    "<p>The beds along the south wall are dug, and the <a href=\"https://garden.example/compost\" rel=\"nofollow"
    ' noopener">compost</a> of last year went into the first two. Whoever has seed potatoes left, please bring them'
    " on Saturday: we have room for three more rows. The water butt leaks again, at the tap, not at the seam;"
    " somebody with the right washer would make many people happy.</p><p>Tea is at four, as always, and there is"
    " cake if it does not rain.</p>"
)  # fmt: skip


class Fault(Exception):
    """What was to be measured was not done as it should."""


def signed(plan: Plan, house: House, actor: str, activity: dict[str, Any]) -> bytes:
    """The whole request that brings an activity of a peer to the shared inbox, signed as Mastodon signs it."""
    body = json.dumps(activity, ensure_ascii=False, separators=(",", ":")).encode()
    url = f"{house.base_url}/inbox"
    fields = signatures.sign("cavage", plan.key, f"{actor}#main-key", "POST", url, {}, body, time.time())
    fields |= {"User-Agent": "Mastodon/4.5.0 (http.rb/5.3.1)", "Content-Type": "application/activity+json"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /inbox HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def note(actor: str) -> dict[str, Any]:
    """A new post of a peer to its followers, as Mastodon writes it."""
    number = next(_numbers)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    uri = f"{actor}/statuses/{number}"
    audience = {"to": [PUBLIC], "cc": [f"{actor}/followers"]}
    terms = {"ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri", "sensitive": "as:sensitive"}
    return {
        "@context": ["https://www.w3.org/ns/activitystreams", terms],
        "id": f"{uri}/activity",
        "type": "Create",
        "actor": actor,
        "published": now,
        **audience,
        "object": {
            "id": uri,
            "type": "Note",
            "summary": None,
            "inReplyTo": None,
            "published": now,
            "url": f"{actor.replace('/users/', '/@')}/{number}",
            "attributedTo": actor,
            **audience,
            "sensitive": False,
            "atomUri": uri,
            "content": _TEXT,
            "contentMap": {"en": _TEXT},
            "attachment": [],
            "tag": [],
            "replies": {"id": f"{uri}/replies", "type": "Collection", "first": {"type": "CollectionPage"}},
        },
    }


def send(house: House, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Answered:
    """Send requests and wait for all answers."""
    return asyncio.run(send_all(house.port, requests, connections))


def befriend(plan: Plan, house: House, crowd: Crowd, number: int = FOLLOWERS) -> str:
    """So many members follow the actor of the first server of the crowd, which accepts; gives a member's token."""
    actor = crowd.actor(0)
    tokens = []
    for index in range(number):
        tokens.append(house.person(f"reader{index}"))
        house.command("follow", account=f"reader{index}", whom=actor)
    if not crowd.wait("Follow", number, SENT_SECONDS):
        raise Fault("the follows did not arrive")
    for delivery in crowd.taken():
        accept = {"@context": "https://www.w3.org/ns/activitystreams", "id": f"{actor}#accepts/{next(_numbers)}",
                  "type": "Accept", "actor": actor, "object": delivery.activity}  # fmt: skip
        send(house, [signed(plan, house, actor, accept)])
    house.settle()
    crowd.forget()
    return tokens[0]


def arriving(plan: Plan, house: House, crowd: Crowd, number: int) -> list[bytes]:
    """So many new posts of the actor that members follow, ready to send."""
    actor = crowd.actor(0)
    return [signed(plan, house, actor, note(actor)) for _ in range(number)]


class Author(msgspec.Struct, frozen=True):
    """A member who is followed from elsewhere."""

    token: str
    pem: str  # of the key that signs for them
    house: House

    def post(self, text: str, reply_to: str | None = None) -> str:
        """Publish; gives the post's id in the client API."""
        form = {"status": text, "visibility": "public", "in_reply_to_id": reply_to}
        return str(self.house.ask("POST", "/api/v1/statuses", self.token, form)["id"])


def famous(plan: Plan, house: House, crowd: Crowd) -> Author:
    """A member whom the actor of every server of the crowd follows, each by a signed Follow that is accepted."""
    token = house.person("anna")
    document = _document(house, "/users/anna")
    requests = []
    for index in range(crowd.size):
        actor = crowd.actor(index)
        follow = {"@context": "https://www.w3.org/ns/activitystreams", "id": f"{actor}#follows/{next(_numbers)}",
                  "type": "Follow", "actor": actor, "object": document["id"]}  # fmt: skip
        requests.append(signed(plan, house, actor, follow))
    answers = send(house, requests)
    if not answers.all(202) or not crowd.wait("Accept", crowd.size, SENT_SECONDS):
        raise Fault(f"not all follows were accepted: {answers.statuses}")
    house.settle()
    crowd.forget()
    return Author(token, document["publicKey"]["publicKeyPem"], house)


def unlike(deliveries: Sequence[Delivery], posts: Sequence[str], hosts: Sequence[int], pem: str) -> str:
    """What differs from: each of these servers got each of these posts once, well signed; '' when nothing does."""
    got: dict[int, list[str]] = {host: [] for host in hosts}
    for delivery in deliveries:
        activity = delivery.activity
        if activity["type"] == "Create":
            got.setdefault(delivery.host, []).append(str(activity["object"]["id"]).rsplit("/", 1)[-1])
    wanted = sorted(posts)
    amiss = [host for host, ids in got.items() if (sorted(ids) != wanted if host in hosts else ids)]
    if amiss:
        return f"{len(amiss)} servers did not get each post once"
    first = {delivery.host: delivery for delivery in deliveries}
    unsigned = [host for host, delivery in first.items() if not delivery.signed_by(pem)]
    return f"{len(unsigned)} servers got a signature that does not fit" if unsigned else ""


def disordered(deliveries: Sequence[Delivery], posts: Sequence[str]) -> str:
    """Whether some server got these posts, which answer each other, in another order; '' when none did."""
    got: dict[int, list[str]] = {}
    for delivery in sorted(deliveries, key=lambda each: each.at):
        got.setdefault(delivery.host, []).append(str(delivery.activity["object"]["id"]).rsplit("/", 1)[-1])
    wrong = sum(ids != list(posts) for ids in got.values())
    return f"{wrong} servers got them in another order" if wrong else ""


def _document(house: House, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    connection.request("GET", path, headers={"Accept": "application/activity+json"})
    return dict(json.loads(connection.getresponse().read()))
