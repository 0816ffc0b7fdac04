"""Project Wycheproof: bad paddings, altered and malleable signatures."""

import json

import pytest

from activitypub import keys
from tests.corpus import corpus

FILES = {
    "ed25519_test.json": False,
    "rsa_signature_2048_sha256_test.json": False,
    "rsa_signature_2048_sha512_test.json": True,
    "rsa_signature_4096_sha256_test.json": False,
}


@pytest.mark.attack("SIG-10", "SIG-11")
@pytest.mark.parametrize("name", FILES)
def test_signatures_are_judged_as_wycheproof_does(name: str) -> None:
    vectors = json.loads(corpus(f"vectors/wycheproof/{name}").read_bytes())
    tried = 0

    for group in vectors["testGroups"]:
        key = keys.load_public_pem(group["publicKeyPem"])
        assert keys.load_public_der(bytes.fromhex(group["publicKeyDer"])) == key
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            verdict = key.verify(signature, message, sha512=FILES[name])
            # "acceptable" is an old, unusual encoding (a missing NULL); it is refused
            assert verdict is (case["result"] == "valid"), (case["tcId"], case["comment"])
            tried += 1

    assert tried == vectors["numberOfTests"]
