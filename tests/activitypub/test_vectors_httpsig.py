"""The examples of draft-cavage appendix C and RFC 9421 appendix B."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from activitypub import signatures
from activitypub.errors import BadSignature
from activitypub.keys import PublicKey, load_public_pem
from activitypub.signatures import cavage, rfc9421
from activitypub.signatures.claim import Claim, Request, fields
from tests.corpus import corpus

DRAFT = "vectors/httpsig/draft_cavage_appendix_c.json"
RFC = "vectors/httpsig/rfc9421_appendix_b.json"
SUPPORTED = {"rsa-v1_5-sha256", "ed25519"}
RESPONSES = {"Signing a Response using ecdsa-p256-sha256"}  # servers sign requests to each other, never answers


def test_the_examples_of_draft_cavage() -> None:
    vectors = json.loads(corpus(DRAFT).read_bytes())
    raw = serialization.load_pem_public_key(vectors["public_key_pem"].encode())
    assert isinstance(raw, rsa.RSAPublicKey)
    key = PublicKey("rsa", raw)  # of 1024 bits: `load_public_pem` would refuse it
    values = {name.encode(): value.encode() for name, value in vectors["request"]["headers"].items()}

    for case in vectors["cases"]:
        message = cavage.message(cavage.plan_of(" ".join(case["headers"])), values)

        assert message == case["signing_string"].encode(), case["name"]
        signature = base64.b64decode(case["signature_base64"])
        assert key.verify(signature, message) is (case["expect"] == "valid"), case["name"]


def test_the_signature_bases_of_rfc_9421() -> None:
    vectors = json.loads(corpus(RFC).read_bytes())
    tried = 0

    for case in vectors["cases"]:
        if case["name"] in RESPONSES:
            continue
        base, _ = base_of(case, vectors)

        expected = case.get("signature_base") or case["signature_base_of_original"]
        assert (base == expected.encode()) is (case["expect"] == "valid"), case["name"]
        # Our base under the example's own key and algorithm, ours or not: made with `cryptography` alone.
        assert holds(case, vectors, base) is (case["expect"] == "valid"), case["name"]
        tried += 1

    assert tried == len(vectors["cases"]) - len(RESPONSES)


def test_the_signatures_of_rfc_9421_verify_when_their_algorithm_is_accepted() -> None:
    vectors = json.loads(corpus(RFC).read_bytes())

    for case in vectors["cases"]:
        if case["name"] in RESPONSES:
            continue
        base, described = base_of(case, vectors)
        signature = base64.b64decode(case["signature_base64"])
        claim = Claim("https://a.example/", "rfc9421", described.parameters.get("alg", ""), signature, (base,), 0)
        if case["alg"] in SUPPORTED and case["expect"] == "valid":
            signatures.check(claim, key_of(case, vectors))
        elif case["alg"] != "hmac-sha256" and "ecc" not in case["keyid"]:
            with pytest.raises(BadSignature):
                signatures.check(claim, key_of(case, vectors))


def base_of(case: dict[str, Any], vectors: dict[str, Any]) -> tuple[bytes, rfc9421.Input]:
    text = case.get("signed_http") or case.get("http") or vectors["messages"][case["message"]]
    head, _, body = text.partition("\n\n")
    line, *lines = head.split("\n")
    method, target, _ = line.split(" ")
    headers = []
    for one in lines:
        name, _, value = one.partition(":")
        headers.append((name.lower().encode(), value.strip().encode()))
    request = Request(method, target, headers, body.encode())
    found = fields(headers)
    written = found.get(b"signature-input") or f"{case['label']}={case['signature_input']}".encode()
    described = rfc9421.read_input(written)
    return rfc9421.base(described, request, found, host=found[b"host"].decode(), scheme="https"), described


def key_of(case: dict[str, Any], vectors: dict[str, Any]) -> PublicKey:
    return load_public_pem(vectors["keys"][case["keyid"]]["public_pem"].partition("\n\n")[0])


def holds(case: dict[str, Any], vectors: dict[str, Any], base: bytes) -> bool:
    """Whether the signature of the example is one for these bytes, under any algorithm of the RFC."""
    described, signature = vectors["keys"][case["keyid"]], base64.b64decode(case["signature_base64"])
    if case["alg"] == "hmac-sha256":
        secret = base64.b64decode(described["secret_base64"])
        return hmac.compare_digest(hmac.new(secret, base, hashlib.sha256).digest(), signature)
    raw = serialization.load_pem_public_key(described["public_pem"].partition("\n\n")[0].encode())
    try:
        if isinstance(raw, ec.EllipticCurvePublicKey):
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            raw.verify(encode_dss_signature(r, s), base, ec.ECDSA(hashes.SHA256()))
        elif isinstance(raw, ed25519.Ed25519PublicKey):
            raw.verify(signature, base)
        elif isinstance(raw, rsa.RSAPublicKey) and case["alg"] == "rsa-pss-sha512":
            raw.verify(signature, base, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())
        else:
            assert isinstance(raw, rsa.RSAPublicKey)
            raw.verify(signature, base, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
