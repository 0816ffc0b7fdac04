"""Integrity proofs: ours are right, and nothing but the signed document of its own author passes (FEP-8b32)."""

import copy
import hashlib
from typing import Any

import pytest

from activitypub import keys, proofs, verify
from activitypub.errors import BadSignature, Forbidden, Malformed
from activitypub.verify import KnownKey
from tests.activitypub import signed
from tests.activitypub.signed import ALICE, BOB, MALLORY, NOW, note

KEY_ID = ALICE + "#ed25519-key"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"]
KEY = signed.ed25519_of("alice")
KNOWN = KnownKey(KEY_ID, ALICE, KEY.public)
BY_ALICE = verify.Signer(ALICE, KEY_ID, "eddsa-jcs-2022")


def proven(document: dict[str, Any] | None = None, key: keys.PrivateKey = KEY, key_id: str = KEY_ID) -> dict[str, Any]:
    return proofs.sign({**note(), "@context": CONTEXT} if document is None else document, key, key_id, NOW)


def by_hand(document: dict[str, Any], key: keys.PrivateKey = KEY, **options: Any) -> dict[str, Any]:
    """A proof with any options, made without `proofs.sign`."""
    made = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": KEY_ID,
        "proofPurpose": "assertionMethod",
        "created": "2026-11-01T00:00:00Z",
        **options,
    }
    made = {name: value for name, value in made.items() if value is not None}
    value = keys.encode_multibase(key.sign(proofs.digest(document, made)))
    return {**document, "proof": {**made, "proofValue": value}}


def test_a_document_with_our_proof_is_its_authors() -> None:
    document = proven()

    assert verify.proof(document, KNOWN, NOW) == BY_ALICE
    assert document["proof"]["created"] == "2026-11-01T00:00:00Z"
    assert document["proof"]["@context"] == CONTEXT
    assert document["proof"]["proofPurpose"] == "assertionMethod"
    assert document["proof"]["proofValue"].startswith("z")


def test_what_is_signed_are_the_two_digests() -> None:
    proof = b'{"created":"2026-11-01T00:00:00Z","type":"DataIntegrityProof"}'

    signed_bytes = proofs.digest({"b": 1, "a": 2}, {"type": "DataIntegrityProof", "created": "2026-11-01T00:00:00Z"})

    assert signed_bytes == hashlib.sha256(proof).digest() + hashlib.sha256(b'{"a":2,"b":1}').digest()


def test_signing_again_replaces_the_proof() -> None:
    once = proven()

    again = proofs.sign({**once, "content": "added"}, KEY, KEY_ID, NOW)

    assert verify.proof(again, KNOWN, NOW) == BY_ALICE
    assert again["proof"].keys() == once["proof"].keys() and again["proof"] != once["proof"]


def test_a_note_and_an_actor_can_be_proven_too() -> None:
    note_ = {"id": "https://remote.example/notes/1", "type": "Note", "attributedTo": ALICE, "content": "x"}

    assert verify.proof(proven(note_), KNOWN, NOW).actor == ALICE
    assert verify.proof(proven({"id": ALICE, "type": "Person"}), KNOWN, NOW).actor == ALICE


def test_the_linked_data_signature_is_not_part_of_what_is_proven() -> None:
    document = {**proven(), "signature": {"type": "RsaSignature2017", "signatureValue": "x"}}

    assert verify.proof(document, KNOWN, NOW) == BY_ALICE


def test_a_proof_alone_in_a_list_and_one_without_context_are_read() -> None:
    document = proven()

    assert verify.proof({**document, "proof": [document["proof"]]}, KNOWN, NOW) == BY_ALICE
    assert verify.proof(by_hand({**note(), "@context": CONTEXT}), KNOWN, NOW) == BY_ALICE


def test_contexts_may_be_added_behind_those_that_were_signed() -> None:
    document = proven()

    longer = {**document, "@context": [*CONTEXT, "https://example.org/more"]}
    assert verify.proof(longer, KNOWN, NOW) == BY_ALICE


@pytest.mark.attack("SIG-31", "SIG-32")
@pytest.mark.parametrize(
    "proof",
    [
        None,
        "x",
        [],
        {},
        {"type": "RsaSignature2017"},
        {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"},
        {"type": "MitraJcsEip191Signature2022"},
    ],
)
def test_proofs_of_other_kinds_are_passed_over(proof: Any) -> None:
    document = {**note(), "proof": proof}

    assert proofs.read(document) is None
    with pytest.raises(BadSignature):
        verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-31")
def test_a_linked_data_signature_proves_nothing() -> None:
    document = {**note(), "signature": {"type": "RsaSignature2017", "creator": KEY_ID, "signatureValue": "AAAA"}}

    with pytest.raises(BadSignature):
        verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize(
    "change",
    [
        {"content": "added"},
        {"id": "https://remote.example/activities/2"},
        {"type": "Delete"},
        {"object": "https://remote.example/notes/1"},
        {"@context": [*reversed(CONTEXT)]},
        {"@context": CONTEXT[:1]},
        {"@context": ["https://evil.example/context", *CONTEXT]},
        {"@context": {"actor": "https://evil.example/ns#actor"}},
        {"@context": None},
    ],
)
def test_a_changed_document_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        verify.proof({**proven(), **change}, KNOWN, NOW)


@pytest.mark.attack("SIG-32")
def test_a_field_taken_away_is_missed() -> None:
    for name in ("type", "object", "@context"):
        document = proven()
        del document[name]
        with pytest.raises(BadSignature):
            verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", "2026-10-31T00:00:00Z"),
        ("created", None),
        ("@context", CONTEXT[:1]),
        ("@context", []),
        ("proofPurpose", "authentication"),
        ("proofPurpose", None),
        ("expires", "2030-01-01T00:00:00Z"),
        ("domain", "remote.example"),
    ],
)
def test_a_changed_proof_is_refused(name: str, value: Any) -> None:
    document = copy.deepcopy(proven())
    document["proof"][name] = value

    with pytest.raises(BadSignature):
        verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"proofPurpose": "authentication"}, "purpose"),
        ({"proofPurpose": None}, "purpose"),
        ({"expires": "2026-10-31T23:59:59Z"}, "expired"),
        ({"created": "2026-11-01T02:00:00Z"}, "future"),
        ({"verificationMethod": MALLORY + "#ed25519-key"}, "by this key"),
        ({"verificationMethod": ALICE + "#other"}, "by this key"),
    ],
)
def test_a_well_signed_proof_for_something_else_is_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(BadSignature, match=word):
        verify.proof(by_hand(note(), **options), KNOWN, NOW)


def test_a_proof_may_be_old_and_need_not_say_when_it_was_made() -> None:
    old = by_hand(note(), created="2020-01-01T00:00:00.123456789Z", expires="2026-11-02T00:00:00")

    assert verify.proof(old, KNOWN, NOW) == BY_ALICE
    assert verify.proof(by_hand(note(), created=None), KNOWN, NOW) == BY_ALICE


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize("speaker", [MALLORY, BOB, None, [ALICE, BOB]])
@pytest.mark.parametrize("name", ["actor", "attributedTo"])
def test_a_proof_by_another_than_the_author_is_refused(name: str, speaker: Any) -> None:
    document = by_hand({**note(), name: speaker})

    with pytest.raises(Forbidden):
        verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-32", "ORI-01")
def test_a_proven_document_must_be_of_the_origin_of_its_author() -> None:
    document = by_hand({**note(), "id": "https://evil.example/activities/1"})

    with pytest.raises(Forbidden):
        verify.proof(document, KNOWN, NOW)


def test_with_an_expired_key_nothing_is_proven() -> None:
    with pytest.raises(BadSignature):
        verify.proof(proven(), KnownKey(KEY_ID, ALICE, KEY.public, expires=NOW - 1), NOW)


def test_an_rsa_key_proves_nothing_and_makes_no_proof() -> None:
    rsa = signed.key_of("alice")

    with pytest.raises(BadSignature, match="Ed25519"):
        verify.proof(proven(), KnownKey(KEY_ID, ALICE, rsa.public), NOW)
    with pytest.raises(ValueError, match="Ed25519"):
        proofs.sign(note(), rsa, KEY_ID, NOW)


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("proofValue", None),
        ("proofValue", 1),
        ("proofValue", "x"),
        ("proofValue", "z0"),
        ("proofValue", "z" + "2" * 9000),
        ("verificationMethod", None),
        ("verificationMethod", {"id": KEY_ID}),
        ("created", 1),
        ("created", "yesterday"),
        ("expires", "2026-11-01T00:00:00+25:00"),
        ("expires", []),
    ],
)
def test_a_proof_that_cannot_be_read_is_malformed(name: str, value: Any) -> None:
    document = copy.deepcopy(proven())
    document["proof"][name] = value

    with pytest.raises(Malformed):
        verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize("value", ["z", "z1", "z2", "z" + "2" * 80, "z" + "2" * 100])
def test_a_signature_of_another_length_is_refused(value: str) -> None:
    document = copy.deepcopy(proven())
    document["proof"]["proofValue"] = value

    with pytest.raises(BadSignature):
        verify.proof(document, KNOWN, NOW)


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize("number", [1e400, float("nan"), 2**60])
def test_numbers_that_jcs_cannot_write_are_malformed(number: float) -> None:
    document = {**proven(), "size": number}

    with pytest.raises(Malformed):
        verify.proof(document, KNOWN, NOW)
    with pytest.raises(Malformed):
        proofs.sign(document, KEY, KEY_ID, NOW)
