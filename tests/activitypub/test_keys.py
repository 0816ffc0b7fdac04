"""Keys: written, read back, and refused when they are too weak, too costly or no keys at all."""

import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519
from hypothesis import given
from hypothesis import strategies as st

from activitypub import keys, render
from activitypub.errors import Malformed

MESSAGE = b"date: Sun, 01 Nov 2026 00:00:00 GMT"


def pem_of(key: object) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, spki).decode()  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest) -> keys.PrivateKey:
    return keys.make_rsa() if request.param == "rsa" else keys.make_ed25519()


def test_a_key_verifies_what_its_owner_signed_and_nothing_else(key: keys.PrivateKey) -> None:
    signature = key.sign(MESSAGE)

    assert key.public.verify(signature, MESSAGE)
    assert not key.public.verify(signature, MESSAGE + b" ")
    assert not key.public.verify(signature[:-1], MESSAGE)
    assert not key.public.verify(b"", MESSAGE)
    assert not keys.make_ed25519().public.verify(signature, MESSAGE)


def test_a_private_key_comes_back_from_its_der(key: keys.PrivateKey) -> None:
    again = keys.load_private(keys.private_der(key))

    assert again.public == key.public
    assert again.algorithm == key.algorithm
    assert key.public.verify(again.sign(MESSAGE), MESSAGE)


def test_a_public_key_comes_back_from_pem_der_and_multikey(key: keys.PrivateKey) -> None:
    public = key.public

    assert keys.load_public_pem(keys.public_pem(public)) == public
    assert keys.load_public_der(keys.public_der(public)) == public
    assert keys.load_multikey(keys.multikey(public)) == public


def test_our_own_private_keys_are_loaded_without_checking_their_primes_again() -> None:
    der = keys.private_der(keys.make_rsa())

    started = time.process_time()
    keys.load_private.__wrapped__(der)

    assert time.process_time() - started < 0.01  # 30 ms with the check


def test_two_keys_are_equal_when_they_are_the_same_key() -> None:
    one = keys.make_ed25519().public

    assert one == keys.load_multikey.__wrapped__(keys.multikey(one))
    assert one != keys.make_ed25519().public


def test_an_ed25519_multikey_begins_as_fep_521a_says() -> None:
    key = keys.make_ed25519().public

    entry = render.multikey("https://groups.example/u/a", "https://groups.example/u/a#ed25519-key", keys.multikey(key))

    assert entry["type"] == "Multikey"
    assert entry["controller"] == "https://groups.example/u/a"
    assert entry["publicKeyMultibase"].startswith("z6Mk")


def test_the_pkcs1_form_of_a_pem_is_read() -> None:
    key = keys.make_rsa().public
    pem = key.raw.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode()

    assert "RSA PUBLIC KEY" in pem
    assert keys.load_public_pem(pem) == key


@pytest.mark.attack("SIG-22")
@pytest.mark.parametrize("bits", [1024, 1536])
def test_short_rsa_keys_are_refused(bits: int) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()

    with pytest.raises(Malformed, match="2048"):
        keys.load_public_pem(pem_of(weak))
    with pytest.raises(Malformed):
        keys.load_multikey(keys.multikey(keys.PublicKey("rsa", weak)))


@pytest.mark.attack("SIG-22")
def test_huge_rsa_keys_are_refused_in_less_than_50_ms() -> None:
    modulus = (1 << 16383) + 12345
    huge = rsa.RSAPublicNumbers(modulus - 2, modulus).public_key()
    pem = pem_of(huge)

    started = time.thread_time()
    with pytest.raises(Malformed):
        keys.load_public_pem(pem)
    with pytest.raises(Malformed):
        keys.load_multikey(keys.multikey(keys.PublicKey("rsa", huge)))

    assert time.thread_time() - started < 0.05 * 2


@pytest.mark.attack("SIG-22")
def test_an_exponent_that_makes_verifying_slow_is_refused() -> None:
    numbers = keys.make_rsa().public.raw.public_numbers()  # type: ignore[union-attr]
    slow = rsa.RSAPublicNumbers(numbers.n - 2, numbers.n).public_key()

    with pytest.raises(Malformed, match="exponent"):
        keys.load_public_pem(pem_of(slow))


@pytest.mark.attack("SIG-22")
def test_keys_of_other_kinds_are_refused() -> None:
    for other in (
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        x25519.X25519PrivateKey.generate().public_key(),
        dsa.DSAParameterNumbers(*_DSA).parameters().generate_private_key().public_key(),
    ):
        with pytest.raises(Malformed):
            keys.load_public_pem(pem_of(other))


@pytest.mark.attack("SIG-22")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a key",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 5000 + "\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n\ud800\n-----END PUBLIC KEY-----\n",
        "\0",
    ],
)
def test_what_is_no_key_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        keys.load_public_pem(text)


@pytest.mark.parametrize(
    "text", ["", "z", "m6Mk", "z0OIl", "z6Mk", "z" + "1" * 5000, "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do😀"]
)
def test_what_is_no_multikey_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        keys.load_multikey(text)


def test_a_key_that_is_longer_than_any_is_not_looked_at() -> None:
    public = keys.make_ed25519().public
    pem, multikey = keys.public_pem(public), keys.multikey(public)
    assert keys.load_public_pem(pem.ljust(keys.MAX_KEY_CHARS)) == public

    with pytest.raises(Malformed, match="no PEM that we accept"):
        keys.load_public_pem(pem.ljust(keys.MAX_KEY_CHARS + 1))
    with pytest.raises(Malformed, match="too long"):
        keys.load_public_der(keys.public_der(public).ljust(keys.MAX_KEY_CHARS + 1, b"\0"))
    for text in ("m" + multikey[1:], "z" + "1" * keys.MAX_KEY_CHARS):
        with pytest.raises(Malformed, match="base58btc"):
            keys.load_multikey(text)


@given(st.binary(max_size=80))
def test_multibase_keeps_every_byte(value: bytes) -> None:
    assert keys.decode_multibase(keys.encode_multibase(value)) == value


_REAL = [
    form
    for key in (keys.make_rsa().public, keys.make_ed25519().public)
    for form in (keys.public_der(key), keys.decode_multibase(keys.multikey(key)))
]


@given(st.sampled_from(_REAL), st.integers(0, 400), st.binary(max_size=4), st.binary(max_size=400) | st.none())
def test_bytes_are_a_key_that_can_be_written_again_or_malformed(
    real: bytes, at: int, spoiled: bytes, other: bytes | None
) -> None:
    form = real[:at] + spoiled + real[at + len(spoiled) :] if other is None else other
    for load in (keys.load_public_der, lambda der: keys.load_multikey(keys.encode_multibase(der))):
        try:
            key = load(form)
        except Malformed as refusal:
            assert str(refusal).endswith(".")
        else:
            assert keys.load_public_der(keys.public_der(key)) == keys.load_multikey(keys.multikey(key)) == key


# p, q, g of 1024 bits: making such parameters takes seconds.
_DSA = (
    0xE0A67598CD1B763BC98C8ABB333E5DDA0CD3AA0E5E1FB5BA8A7B4EABC10BA338FAE06DD4B90FDA70D7CF0CB0C638BE3341BEC0AF8A7330A3307DED2299A0EE606DF035177A239C34A912C202AA5F83B9C4A7CF0235B5316BFC6EFB9A248411258B30B839AF172440F32563056CB67A861158DDD90E6A894C72A5BBEF9E286C6B,
    0xE950511EAB424B9A19A2AEB4E159B7844C589C4F,
    0xD29D5121B0423C2769AB21843E5A3240FF19CACC792264E3BB6BE4F78EDD1B15C4DFF7F1D905431F0AB16790E1F773B5CE01C804E509066A9919F5195F4ABC58189FD9FF987389CB5BEDF21B4DAB4F8B76A055FFE2770988FE2EC2DE11AD92219F0B351869AC24DA3D7BA87011A701CE8EE7BFE49486ED4527B7186CA4610A75,
)
