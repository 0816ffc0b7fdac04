"""The vectors of RFC 8785, of eddsa-jcs-2022, and the scenarios of FEP-8b32, FEP-521a and FEP-c390."""

import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from activitypub import jcs, keys, proofs, render, verify
from activitypub.errors import ProtocolError
from activitypub.keys import PrivateKey, PublicKey
from tests.activitypub.signed import NOW
from tests.corpus import ROOT, corpus

JCS = "vectors/jcs"
EDDSA = "vectors/eddsa-jcs-2022"
W3C = EDDSA + "/eddsa-jcs-2022"
PRIVATE_ED25519 = b"\x80\x26"  # multicodec prefix
SIGNED_AT = 1677281798  # 2023-02-24T23:36:38Z


def document(path: str) -> Any:
    return json.loads(corpus(path).read_bytes())


def scenario(name: str) -> tuple[str, list[Any]]:
    """A feature file, and the JSON documents in it in order."""
    text = corpus(f"{EDDSA}/{name}").read_text()
    return text, [json.loads(block) for block in re.findall(r'"""(.*?)"""', text, re.DOTALL)]


def private(multibase: str) -> PrivateKey:
    coded = keys.decode_multibase(multibase)
    assert coded.startswith(PRIVATE_ED25519)
    return PrivateKey("ed25519", ed25519.Ed25519PrivateKey.from_private_bytes(coded[2:]))


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode"])
def test_jcs_writes_the_bytes_of_the_vectors(name: str) -> None:
    value = document(f"{JCS}/input/{name}.json")

    written = jcs.canonical(value)

    assert written == corpus(f"{JCS}/output/{name}.json").read_bytes().rstrip(b"\n")
    assert written == bytes.fromhex(corpus(f"{JCS}/outhex/{name}.txt").read_text())


def test_no_jcs_vector_is_left_out() -> None:
    names = sorted(file.stem for file in (corpus(JCS) / "input").iterdir())

    assert names == ["arrays", "french", "structures", "unicode"]


def test_each_step_of_eddsa_jcs_2022_gives_the_bytes_of_the_vectors() -> None:
    unsigned, options = document(f"{EDDSA}/unsigned.json"), document(f"{W3C}/proofConfigJCS.json")

    def text(name: str) -> str:
        return corpus(f"{W3C}/{name}").read_text().strip()

    assert jcs.canonical(unsigned).decode() == text("canonDocJCS.txt")
    assert jcs.canonical(options).decode() == text("proofCanonJCS.txt")
    both = proofs.digest(unsigned, options)
    assert both.hex() == text("combinedHashJCS.txt") == text("proofHashJCS.txt") + text("docHashJCS.txt")
    pair = document(f"{EDDSA}/keyPair.json")
    key = private(pair["privateKeyMultibase"])
    assert keys.multikey(key.public) == pair["publicKeyMultibase"]
    assert key.sign(both).hex() == text("sigHexJCS.txt")
    assert keys.encode_multibase(key.sign(both)) == text("sigBTC58JCS.txt")


def test_we_sign_and_verify_the_credential_of_the_vectors() -> None:
    pair, signed = document(f"{EDDSA}/keyPair.json"), document(f"{W3C}/signedJCS.json")

    ours = proofs.sign(
        document(f"{EDDSA}/unsigned.json"),
        private(pair["privateKeyMultibase"]),
        signed["proof"]["verificationMethod"],
        SIGNED_AT,
    )

    assert ours == signed
    check(signed, keys.load_multikey(pair["publicKeyMultibase"]))


def test_a_credential_in_another_context_is_signed_and_verified() -> None:
    pair = document(f"{EDDSA}/keyPair.json")
    key = private(pair["privateKeyMultibase"])

    check(proofs.sign(document(f"{EDDSA}/employmentAuth.json"), key, "https://a.example/#k", NOW), key.public)


def test_fep_8b32_signing_a_document() -> None:
    text, (unsigned, signed, *_) = scenario("fep-8b32.feature")
    secret = re.search(r'secret key "(\w+)"', text)
    assert secret is not None

    ours = proofs.sign(unsigned, private(secret[1]), signed["proof"]["verificationMethod"], SIGNED_AT)

    assert ours == signed


def test_fep_8b32_verifying_a_signature() -> None:
    _, (*_, signed, actor) = scenario("fep-8b32.feature")

    key = verify.key_from(actor, signed["proof"]["verificationMethod"], actor["id"])

    assert verify.proof(signed, key, NOW).actor == actor["id"]


@pytest.mark.parametrize("index", [0, 1])
def test_fep_521a_representing_a_key(index: int) -> None:
    text, objects = scenario("fep-521a.feature")
    raw = bytes.fromhex(re.findall(r'hex string "([0-9a-f]+)"', text)[index])
    expected = objects[index]
    if index == 0:
        key = PublicKey("ed25519", ed25519.Ed25519PublicKey.from_public_bytes(raw))
    else:
        loaded = serialization.load_der_public_key(raw)
        assert isinstance(loaded, rsa.RSAPublicKey)
        key = PublicKey("rsa", loaded)

    assert render.multikey(expected["controller"], expected["id"], keys.multikey(key)) == expected
    assert keys.load_multikey(expected["publicKeyMultibase"]) == key


def test_fep_c390_an_identity_proof_is_one_by_the_key_of_its_subject() -> None:
    text, (claim, signed, actor) = scenario("fep-c390.feature")
    secret = re.search(r'private Key "(\w+)"', text)
    assert secret is not None
    key = private(secret[1])

    ours = proofs.sign(claim, key, claim["subject"], SIGNED_AT)

    assert ours == signed
    (attached,) = actor["attachment"]
    check(attached, keys.load_multikey(attached["subject"].removeprefix("did:key:")))


def test_proofs_made_by_running_servers_verify() -> None:
    folder = corpus("recorded/fedify")
    actor = document("recorded/fedify/person-actor.json")
    actor = actor.get("body", actor)
    tried = 0

    for file in sorted(folder.glob("*-0.json")):
        activity = json.loads(file.read_bytes())["body"]
        key = verify.key_from(actor, activity["proof"]["verificationMethod"], actor["id"])
        assert verify.proof(activity, key, NOW + 10**7).actor == actor["id"]
        with pytest.raises(ProtocolError):
            verify.proof({**activity, "extra": 1}, key, NOW + 10**7)
        tried += 1
    assert tried == 3


def test_every_proof_of_the_corpus_that_is_written_out_is_read() -> None:
    corpus("vectors")
    read, cut_short = [], 0

    for file in ROOT.rglob("*.json"):
        try:
            value = json.loads(file.read_bytes())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "proof" in value:
            try:
                found = proofs.read(value)
            except ProtocolError:
                assert "..." in json.dumps(value["proof"]), file
                cut_short += 1
            else:
                assert found is not None and found.method == value["proof"]["verificationMethod"], file
                read.append(file.name)

    assert "signedJCS.json" in read and len(read) > 1 and cut_short > 0


def check(signed: dict[str, Any], key: PublicKey) -> None:
    """The proof itself; these credentials have no actor whose it could be."""
    found = proofs.read(signed)
    assert found is not None
    proofs.verify(signed, found, key, NOW)
    with pytest.raises(ProtocolError):
        proofs.verify({**signed, "x": 1}, found, key, NOW)
