"""draft-cavage-http-signatures-12 as the strict servers read and write it: RSA with SHA-256, Date, Host and Digest."""

import base64
import hashlib
import re
import time
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests import rsa_keys

OLD, EARLY = 12 * 3600, 3600  # seconds: Mastodon's window for `Date`
_PARAMETER = re.compile(r'\s*([A-Za-z]+)=(?:"([^"]*)"|(\d+))\s*(?:,|$)')


class Refused(Exception):
    """The request is not answered as asked: the status and the sentence of the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Key:
    """A private key and the public half as documents show it."""

    def __init__(self, key_id: str) -> None:
        self.id = key_id
        self._key = rsa_keys.another().raw
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = self._key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def sign(self, method: str, url: str, body: bytes | None) -> dict[str, str]:
        """The headers that make a request the owner's."""
        where = urlsplit(url)
        target = where.path + (f"?{where.query}" if where.query else "")
        headers = {"host": where.netloc, "date": formatdate(time.time(), usegmt=True)}
        if body is not None:
            headers["digest"] = digest(body)
        names = ["(request-target)", *headers]
        text = _text(names, f"{method.lower()} {target}", headers)
        signature = base64.b64encode(self._key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
        said = f'keyId="{self.id}",algorithm="rsa-sha256",headers="{" ".join(names)}",signature="{signature}"'
        return headers | {"signature": said}


class Claim(msgspec.Struct, frozen=True):
    """A signature that covers what it has to, not yet compared with a key."""

    key_id: str
    text: bytes
    signature: bytes

    def check(self, pem: str) -> None:
        """Nothing happens when the key made it.

        Raises:
            Refused: another key did, or none.
        """
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, rsa.RSAPublicKey):
            raise Refused(401, "The key is no RSA key.")
        try:
            key.verify(self.signature, self.text, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Refused(401, "Verification failed.") from None


def claim(method: str, target: str, headers: Mapping[str, str], body: bytes, host: str) -> Claim:
    """Who says to have made a request; the window of its date, its digest and its host have been looked at.

    Raises:
        Refused: unsigned, or signed as no strict server takes it.
    """
    if "signature-input" in headers:
        raise Refused(400, "RFC 9421 is not understood here.")
    said = {name: quoted or number for name, quoted, number in _PARAMETER.findall(headers.get("signature", ""))}
    if not {"keyId", "signature"} <= said.keys():
        raise Refused(401, "Request not signed.")
    if said.get("algorithm", "hs2019") not in ("rsa-sha256", "hs2019"):
        raise Refused(401, "Unsupported signature algorithm.")
    names = said.get("headers", "date").lower().split()
    needed = {"(request-target)", "host", "date"} | ({"digest"} if method == "POST" else set())
    if missing := needed - set(names):
        raise Refused(401, f"Not signed: {', '.join(sorted(missing))}.")
    if len(names) != len(set(names)):
        raise Refused(401, "A header is signed twice.")
    _look(headers, body, host, method)
    return Claim(
        said["keyId"], _text(names, f"{method.lower()} {target}", headers), base64.b64decode(said["signature"])
    )


def digest(body: bytes) -> str:
    """The `Digest` of a body."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def _look(headers: Mapping[str, str], body: bytes, host: str, method: str) -> None:
    try:
        age = time.time() - parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        raise Refused(401, "The Date cannot be read.") from None
    if not -EARLY <= age <= OLD:
        raise Refused(401, "Signed request date outside acceptable time window.")
    if headers.get("host") != host:
        raise Refused(401, "The request is for another host.")
    if method == "POST" and headers.get("digest") != digest(body):
        raise Refused(401, "Invalid Digest value.")


def _text(names: list[str], target: str, headers: Mapping[str, str]) -> bytes:
    lines = []
    for name in names:
        if name.startswith("(") and name != "(request-target)":
            raise Refused(401, f"{name} is not understood.")
        if name != "(request-target)" and name not in headers:
            raise Refused(401, f"{name} is signed but not there.")
        lines.append(f"{name}: {target if name == '(request-target)' else headers[name]}")
    return "\n".join(lines).encode()
