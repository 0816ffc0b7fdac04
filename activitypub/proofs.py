"""Integrity proofs of documents: `DataIntegrityProof` with eddsa-jcs-2022 (FEP-8b32)."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from activitypub import jcs
from activitypub.errors import BadSignature, Malformed
from activitypub.keys import PrivateKey, PublicKey, decode_multibase, encode_multibase

CRYPTOSUITE = "eddsa-jcs-2022"
MAX_SKEW = 3600  # seconds a peer's clock may be ahead of ours
_SIGNATURE_BYTES = 64
_LINKED_DATA = "signature"  # an RsaSignature2017; it is made after the proof and not part of what is proven


class Proof(msgspec.Struct, frozen=True):
    """A proof as it stands in a document. It says nothing until `verify` has said yes."""

    method: str  # the id of the key: verificationMethod
    value: bytes
    options: dict[str, Any]  # the proof without its value
    created: float | None  # seconds since 1970
    expires: float | None


def sign(document: dict[str, Any], key: PrivateKey, key_id: str, at: float) -> dict[str, Any]:
    """The document with a proof by an Ed25519 key of ours (FEP-8b32 §Proof generation).

    Raises:
        Malformed: a document that JCS cannot write.
        ValueError: no Ed25519 key.
    """
    if key.algorithm != "ed25519":
        raise ValueError(f"{CRYPTOSUITE} needs an Ed25519 key.")
    options: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": key_id,
        "proofPurpose": "assertionMethod",
        "created": datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if "@context" in document:
        options = {"@context": document["@context"], **options}
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    signature = key.sign(digest(unsigned, options))
    return {**unsigned, "proof": {**options, "proofValue": encode_multibase(signature)}}


def read(document: dict[str, Any]) -> Proof | None:
    """The proof of a document; None when it has none, several, or one of a kind that we do not know.

    Others are passed over, as FEP-8b32 §Proof verification wants it: whoever sent the document may still vouch for it.

    Raises:
        Malformed: an eddsa-jcs-2022 proof that cannot be read.
    """
    proof = document.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    if not isinstance(proof, dict):
        return None
    if proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") != CRYPTOSUITE:
        return None
    method, value = proof.get("verificationMethod"), proof.get("proofValue")
    if not isinstance(method, str) or not isinstance(value, str):
        raise Malformed("The proof needs verificationMethod and proofValue.")
    options = {name: option for name, option in proof.items() if name != "proofValue"}
    created, expires = seconds(proof.get("created")), seconds(proof.get("expires"))
    return Proof(method, decode_multibase(value), options, created, expires)


def verify(document: dict[str, Any], proof: Proof, key: PublicKey, now: float) -> None:
    """That the key's owner made this proof for exactly this document (vc-di-eddsa §Verify Proof (eddsa-jcs-2022)).

    Whose the key is, and whether that one may say this, is `verify.proof`'s question.

    Raises:
        BadSignature: another document, another key, another purpose, expired or from the future.
        Malformed: a document that JCS cannot write.
    """
    if proof.options.get("proofPurpose") != "assertionMethod":
        raise BadSignature("The proof has another purpose.")
    if proof.expires is not None and proof.expires < now:
        raise BadSignature("The proof has expired.")
    if proof.created is not None and proof.created > now + MAX_SKEW:
        raise BadSignature("The proof is from the future.")
    if key.algorithm != "ed25519" or len(proof.value) != _SIGNATURE_BYTES:
        raise BadSignature("The proof is not by an Ed25519 key.")
    unsigned = {name: value for name, value in document.items() if name not in ("proof", _LINKED_DATA)}
    if "@context" in proof.options:
        if not _begins_with(document.get("@context"), proof.options["@context"]):
            raise BadSignature("The proof was made for another @context.")
        unsigned["@context"] = proof.options["@context"]
    if not key.verify(proof.value, digest(unsigned, proof.options)):
        raise BadSignature("The proof is not by this key, or for another document.")


def digest(unsigned: dict[str, Any], options: dict[str, Any]) -> bytes:
    """The 64 bytes that are signed: of the options, then of the document without its proof.

    Raises:
        Malformed: what JCS cannot write.
    """
    return sha256(jcs.canonical(options)).digest() + sha256(jcs.canonical(unsigned)).digest()


def seconds(written: Any) -> float | None:
    """Seconds since 1970 of an xsd:dateTime, taken as UTC when it names no zone; None stays None.

    Raises:
        Malformed: anything else.
    """
    if written is None:
        return None
    try:
        moment = msgspec.convert(written, datetime)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except msgspec.ValidationError:
        raise Malformed("Expected a date and time.") from None


def _begins_with(contexts: Any, proven: Any) -> bool:
    whole = contexts if isinstance(contexts, list) else [contexts]
    start = proven if isinstance(proven, list) else [proven]
    return bool(start) and whole[: len(start)] == start
