"""Whole requests of the Fediverse with the servers around them: who is believed, who is not, and who must try again."""

import base64
import json
from typing import Any

import pytest

from activitypub import keys, verify
from activitypub.errors import Gone, ProtocolError, Unreachable
from activitypub.verify import KnownKey, Request
from tests.activitypub.signed import World
from tests.corpus import ROOT, corpus

pytestmark = pytest.mark.anyio

FILE = "vectors/httpsig/fedi_signature_cases_dev.json"
# Either way is right, if it is the same for everybody; this is ours.
POLICY = {
    "rfc9421-12": "accept",  # @method, @authority and @path say the same as @target-uri
    "rfc9421-17": "reject",  # http in @target-uri: what counts is the URL we are configured with
}


def cases() -> list[Any]:
    file = ROOT / FILE
    if not file.exists():
        return [pytest.param({}, id="absent")]
    return [pytest.param(case, id=case["id"]) for case in json.loads(file.read_bytes())["cases"]]


@pytest.mark.parametrize("case", cases())
async def test_each_request_is_answered_as_expected(case: dict[str, Any]) -> None:
    local = json.loads(corpus(FILE).read_bytes())["local_host"]
    request, world = request_of(case), world_of(case)
    expected = POLICY[case["id"]] if case["expect"] == "policy" else case["expect"]

    for _ in range(2):  # once more from the cache
        assert await outcome(request, world, local, case["now"]) == expected
        assert len(world.asked) <= 8


def request_of(case: dict[str, Any]) -> Request:
    asked = case["request"]
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in asked["headers"]]
    return Request(asked["method"], asked["target"], headers, base64.b64decode(asked["body_base64"] or ""))


def world_of(case: dict[str, Any]) -> World:
    pages = {
        url: (page["status"], page.get("content_type", ""), page.get("location", page.get("body")))
        for url, page in case["remote_world"].items()
    }
    kept = {
        key_id: KnownKey(key_id, key_id.partition("#")[0], keys.load_public_pem(pem))
        for key_id, pem in case.get("key_cache_before", {}).items()
    }
    return World(pages, kept)


async def outcome(request: Request, world: World, host: str, now: float) -> str:
    document = json.loads(request.body) if request.body else None
    try:
        signer = await verify.request(request, host=host, now=now, find=world.find)
        if document is not None:
            verify.activity(document, signer)
    except Unreachable:
        return "retry"
    except Gone:
        key_id = verify.claim(request, host=host, now=now).key_id
        return "ignore" if document is not None and verify.farewell(document, key_id) else "reject"
    except ProtocolError:
        return "reject"
    return "accept"
