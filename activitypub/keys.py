"""Keys: make them, load them once, sign and verify with them, and write them as PEM or Multikey (FEP-521a)."""

from functools import lru_cache
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as Unsupported
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from activitypub.errors import Malformed

Algorithm = Literal["rsa", "ed25519"]

RSA_BITS = 2048  # of our own keys: everybody verifies them, and a 4096-bit signature costs six times as much
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192  # of others' keys
MAX_RSA_EXPONENT = 2**32  # verifying takes time in proportion to its length
MAX_KEY_CHARS = 4096  # of a PEM or Multikey; 8192 bits take 1,450

_PADDING = padding.PKCS1v15()
_SHA256, _SHA512 = SHA256(), SHA512()
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # base58btc
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}
_ED25519_PUB, _RSA_PUB = b"\xed\x01", b"\x85\x24"  # multicodec prefixes


class PublicKey(msgspec.Struct, frozen=True):
    """A key that says whether a signature is its own. Two are equal when they are the same key."""

    algorithm: Algorithm
    raw: rsa.RSAPublicKey | ed25519.Ed25519PublicKey

    def verify(self, signature: bytes, message: bytes, *, sha512: bool = False) -> bool:
        """Whether the key's owner signed exactly this: RSA PKCS#1 v1.5 with SHA-256 (or -512), or Ed25519."""
        raw = self.raw
        try:
            if isinstance(raw, rsa.RSAPublicKey):
                raw.verify(signature, message, _PADDING, _SHA512 if sha512 else _SHA256)
            else:
                raw.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class PrivateKey(msgspec.Struct, frozen=True):
    """A key of ours. Signing releases the interpreter lock: many signatures belong in a pool of threads."""

    algorithm: Algorithm
    raw: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The signature: RSA PKCS#1 v1.5 with SHA-256 (242 µs), or Ed25519 (21 µs)."""
        if isinstance(self.raw, rsa.RSAPrivateKey):
            return self.raw.sign(message, _PADDING, _SHA256)
        return self.raw.sign(message)

    @property
    def public(self) -> PublicKey:
        """The half that may be shown."""
        return PublicKey(self.algorithm, self.raw.public_key())


def make_rsa() -> PrivateKey:
    """A new RSA key of `RSA_BITS` bits; takes about 25 ms, sometimes 200."""
    return PrivateKey("rsa", rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))


def make_ed25519() -> PrivateKey:
    """A new Ed25519 key."""
    return PrivateKey("ed25519", ed25519.Ed25519PrivateKey.generate())


@lru_cache(maxsize=4096)
def load_private(der: bytes) -> PrivateKey:
    """A key of our own from what `private_der` gave. For our own only: its primes are not checked again (30 ms).

    Raises:
        ValueError: no such key.
    """
    raw = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(raw, rsa.RSAPrivateKey):
        return PrivateKey("rsa", raw)
    if isinstance(raw, ed25519.Ed25519PrivateKey):
        return PrivateKey("ed25519", raw)
    raise ValueError("Neither an RSA nor an Ed25519 key.")


def private_der(key: PrivateKey) -> bytes:
    """The key as unencrypted PKCS#8, to be kept as secret as a password."""
    return key.raw.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@lru_cache(maxsize=8192)
def load_public_pem(pem: str) -> PublicKey:
    """The key of a `publicKeyPem` (SubjectPublicKeyInfo, or PKCS#1 as some write it).

    Raises:
        Malformed: no PEM, neither RSA nor Ed25519, or outside `MIN_RSA_BITS`, `MAX_RSA_BITS`, `MAX_RSA_EXPONENT`.
    """
    if len(pem) > MAX_KEY_CHARS or not pem.isascii():
        raise Malformed("The public key is no PEM that we accept.")
    try:
        return _accepted(serialization.load_pem_public_key(pem.encode()))
    except (ValueError, Unsupported):
        raise Malformed("The public key cannot be read.") from None


@lru_cache(maxsize=8192)
def load_public_der(der: bytes) -> PublicKey:
    """The key from what `public_der` gave, or another server's in that form.

    Raises:
        Malformed: as `load_public_pem`.
    """
    if len(der) > MAX_KEY_CHARS:
        raise Malformed("The public key is too long.")
    try:
        return _accepted(serialization.load_der_public_key(der))
    except (ValueError, Unsupported):
        raise Malformed("The public key cannot be read.") from None


def public_pem(key: PublicKey) -> str:
    """The key as `publicKeyPem` (SubjectPublicKeyInfo)."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.raw.public_bytes(serialization.Encoding.PEM, spki).decode()


def public_der(key: PublicKey) -> bytes:
    """The key as SubjectPublicKeyInfo, the shortest form to keep."""
    return key.raw.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def multikey(key: PublicKey) -> str:
    """The key as `publicKeyMultibase` (FEP-521a §Multikey): `z6Mk…` for Ed25519."""
    if isinstance(key.raw, rsa.RSAPublicKey):
        der = key.raw.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        return encode_multibase(_RSA_PUB + der)
    return encode_multibase(_ED25519_PUB + key.raw.public_bytes_raw())


@lru_cache(maxsize=8192)
def load_multikey(text: str) -> PublicKey:
    """The key of a `publicKeyMultibase` (FEP-521a §Multikey).

    Raises:
        Malformed: not base58btc, neither RSA nor Ed25519, or an RSA key that `load_public_pem` would refuse.
    """
    coded = decode_multibase(text)
    try:
        if coded.startswith(_ED25519_PUB):
            return PublicKey("ed25519", ed25519.Ed25519PublicKey.from_public_bytes(coded[len(_ED25519_PUB) :]))
        if coded.startswith(_RSA_PUB):
            return _accepted(serialization.load_der_public_key(coded[len(_RSA_PUB) :]))
    except (ValueError, Unsupported):
        raise Malformed("The Multikey cannot be read.") from None
    raise Malformed("The Multikey is neither Ed25519 nor RSA.")


def encode_multibase(value: bytes) -> str:
    """Bytes as multibase base58btc: `z`, then the digits."""
    number, digits = int.from_bytes(value, "big"), []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(value) - len(value.lstrip(b"\0"))
    return "z" + _ALPHABET[0] * zeros + "".join(reversed(digits))


def decode_multibase(text: str) -> bytes:
    """The bytes of a multibase base58btc text of at most `MAX_KEY_CHARS` characters.

    Raises:
        Malformed: any other base, another character, too long.
    """
    if len(text) > MAX_KEY_CHARS or not text.startswith("z"):
        raise Malformed("Expected a base58btc multibase value.")
    number = 0
    for character in text[1:]:
        digit = _DIGITS.get(character)
        if digit is None:
            raise Malformed("Expected a base58btc multibase value.")
        number = number * 58 + digit
    zeros = len(text) - 1 - len(text[1:].lstrip(_ALPHABET[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _accepted(raw: object) -> PublicKey:
    if isinstance(raw, ed25519.Ed25519PublicKey):
        return PublicKey("ed25519", raw)
    if not isinstance(raw, rsa.RSAPublicKey):
        raise Malformed("Only RSA and Ed25519 keys are accepted.")
    if not MIN_RSA_BITS <= raw.key_size <= MAX_RSA_BITS:
        raise Malformed(f"An RSA key must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits.")
    if not 3 <= raw.public_numbers().e < MAX_RSA_EXPONENT:
        raise Malformed("The exponent of the RSA key is out of bounds.")
    return PublicKey("rsa", raw)
