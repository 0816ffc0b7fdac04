"""Whatever is sent is what was signed, or the answer is an error of the protocol: no other exception comes out."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activitypub import proofs, verify
from activitypub.errors import ProtocolError
from activitypub.origins import same_origin
from activitypub.verify import Request, Signer
from tests.activitypub import signed
from tests.activitypub.signed import ALICE, BODY, HOST, NOW, key_of

REQUESTS = [
    signed.cavage(),
    signed.rfc9421(),
    signed.cavage(method="GET", covered=("(request-target)", "host", "date"), body=b""),
]
NAMES = [b"host", b"date", b"digest", b"content-digest", b"signature", b"signature-input", b"(created)", b"x", b""]
BITS = st.sampled_from(
    [
        b'"',
        b",",
        b"=",
        b":",
        b"(",
        b")",
        b";",
        b" ",
        b"\n",
        b"\0",
        b"\\",
        b"\xff",
        b"created=1",
        b'keyId="x"',
        b"@method",
        b"%s",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(ALICE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def refused(ask: Callable[[], Any]) -> bool:
    """Whether the answer is an error, which then is a short sentence that may be shown."""
    try:
        ask()
    except ProtocolError as error:
        assert re.fullmatch(r"[ -~]+\.", str(error))
        return True
    return False


def verified(request: Request) -> None:
    """That it is refused, or what Alice signed: that method and path, and a body where one is read."""
    if not refused(lambda: verify.confirm(verify.claim(request, host=HOST, now=NOW), key_of("alice").public)):
        method, path = request.method.upper(), request.target.partition("?")[0]
        assert (method, path) in (("GET", "/inbox"), ("POST", "/inbox"))
        assert method == "GET" or (request.target, request.body) == ("/inbox", BODY)


@settings(max_examples=300, deadline=None)
@given(
    request=st.sampled_from(REQUESTS),
    name=st.sampled_from(NAMES),
    value=st.binary(max_size=60) | st.lists(BITS, max_size=8).map(b"".join),
    times=st.integers(0, 2),
)
def test_any_header_is_answered_by_an_error_of_ours(request: Request, name: bytes, value: bytes, times: int) -> None:
    kept = [header for header in request.headers if header[0] != name]

    verified(Request(request.method, request.target, kept + [(name, value)] * times, request.body))


@settings(max_examples=300, deadline=None)
@given(request=st.sampled_from(REQUESTS), name=st.sampled_from([b"signature", b"signature-input"]), data=st.data())
def test_a_header_spoiled_anywhere_is_answered_by_an_error_of_ours(
    request: Request, name: bytes, data: st.DataObject
) -> None:
    value = dict(request.headers).get(name, b"")
    at = data.draw(st.integers(0, len(value)))
    cut = data.draw(st.integers(0, 3))
    spoiled = value[:at] + data.draw(BITS | st.binary(max_size=4)) + value[at + cut :]
    kept = [header for header in request.headers if header[0] != name]

    verified(Request(request.method, request.target, [*kept, (name, spoiled)], request.body))


@settings(max_examples=200, deadline=None)
@given(
    method=st.text(max_size=6) | st.sampled_from(["GET", "POST", "post", "PUT"]),
    target=st.text(max_size=12) | st.sampled_from(["/inbox", "/inbox?", "/inbox?a", "/inbox/", "/users/alice/inbox"]),
    body=st.binary(max_size=12) | st.sampled_from([BODY, BODY + b" "]),
)
def test_any_request_line_is_answered_by_an_error_of_ours(method: str, target: str, body: bytes) -> None:
    for request in REQUESTS:
        verified(Request(method, target, request.headers, body))


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["id", "publicKey", "assertionMethod"]),
    value=JSON,
    key_id=st.sampled_from([ALICE, ALICE + "#k"]),
)
def test_any_actor_document_is_answered_by_an_error_of_ours(name: str, value: Any, key_id: str) -> None:
    entry = {"id": key_id, "owner": ALICE, "publicKeyPem": "x"}
    for document in (
        {"id": ALICE, name: value},
        {"id": ALICE, "publicKey": {**entry, "publicKeyPem": value}},
        {"id": ALICE, "publicKey": {**entry, "owner": value}},
        {"id": ALICE, "publicKey": entry, "assertionMethod": [{**entry, "publicKeyMultibase": value}]},
    ):
        with pytest.raises(ProtocolError):
            verify.key_from(document, key_id, ALICE)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(["id", "actor", "object", "type", "proof", "attributedTo"]), value=JSON)
def test_any_document_is_answered_by_an_error_of_ours(name: str, value: Any) -> None:
    document = {**signed.note(), name: value}

    if not refused(lambda: verify.activity(document, Signer(ALICE, ALICE + "#k", "cavage"))):
        assert ALICE in json.dumps(document["actor"]) and same_origin(document["id"], ALICE)
    if not refused(lambda: verify.fetched(document, ALICE)):
        assert document["id"] is None or same_origin(document["id"], ALICE)
    if not refused(lambda: verify.key_owner(document, ALICE, ALICE)):
        assert document["id"] == ALICE
    farewell = {**document, "type": "Delete"}
    if not refused(lambda: verify.farewell(farewell, ALICE + "#k")) and verify.farewell(farewell, ALICE + "#k"):
        assert ALICE in json.dumps(farewell["object"])
    assert proofs.read({**document, "proof": value}) is None
    assert refused(lambda: verify.proof(document, signed.known(), NOW))
