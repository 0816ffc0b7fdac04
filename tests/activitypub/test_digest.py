"""Digests of bodies, in both headers."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub.errors import BadSignature, Malformed, ProtocolError
from activitypub.signatures import digest

BODY = b'{"type": "Create"}'
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
SHA512 = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
MD5 = base64.b64encode(hashlib.md5(BODY).digest()).decode()
OTHER = base64.b64encode(hashlib.sha256(b"another").digest()).decode()


def test_our_digest_is_the_one_of_the_body() -> None:
    assert digest.digest(BODY) == f"SHA-256={SHA256}"
    assert digest.as_content_digest(digest.digest(BODY)) == f"sha-256=:{SHA256}:"


@pytest.mark.parametrize(
    "value",
    [
        f"SHA-256={SHA256}",
        f"sha-256={SHA256}",
        f"Sha-256={SHA256}",
        f"SHA-512={SHA512}",
        f"SHA-256={SHA256},SHA-512={SHA512}",
        f"MD5={MD5}, SHA-256={SHA256}",
        f"SHA-512={SHA512} , SHA-256={SHA256}",
    ],
)
def test_the_right_digest_is_accepted_however_it_is_spelled(value: str) -> None:
    digest.check_digest(value.encode(), BODY)
    with pytest.raises(BadSignature):
        digest.check_digest(value.encode(), BODY + b" ")


@pytest.mark.parametrize(
    "value",
    [
        f"sha-256=:{SHA256}:",
        f"sha-512=:{SHA512}:",
        f"sha-256=:{SHA256}:, sha-512=:{SHA512}:",
        f"unixsum=:{MD5}:,  sha-256=:{SHA256}:",
        f"sha-256=:{SHA256}:;a=1",
    ],
)
def test_the_right_content_digest_is_accepted_however_it_is_spelled(value: str) -> None:
    digest.check_content_digest(value.encode(), BODY)
    with pytest.raises(BadSignature):
        digest.check_content_digest(value.encode(), BODY + b" ")


@pytest.mark.attack("SIG-06", "SIG-07")
@pytest.mark.parametrize(
    "value",
    [
        f"SHA-256={OTHER}",
        f"SHA-256={SHA256},SHA-512={OTHER}",  # the stronger one must not be there for show
        f"SHA-512={SHA512},SHA-256={OTHER}",
        f"MD5={MD5}",
        "SHA-1=AAAA",
        f"SHA-256={SHA512}",
        f"SHA-512={SHA256}",
        "SHA-256=",
    ],
)
def test_another_body_or_a_weak_digest_is_refused(value: str) -> None:
    with pytest.raises(BadSignature):
        digest.check_digest(value.encode(), BODY)


@pytest.mark.attack("SIG-06", "SIG-07")
@pytest.mark.parametrize(
    "value",
    [
        f"sha-256=:{OTHER}:",
        f"sha-256=:{SHA256}:, sha-512=:{OTHER}:",
        f"sha-512=:{SHA256}:",
        f"md5=:{MD5}:",
        "sha-256=::",
        "",
    ],
)
def test_another_body_or_a_weak_content_digest_is_refused(value: str) -> None:
    with pytest.raises(BadSignature):
        digest.check_content_digest(value.encode(), BODY)


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "SHA-256",
        "SHA-256=*",
        f"SHA-256={SHA256}=",
        f"SHA-256={SHA256},SHA-256={SHA256}",
        f"SHA-256={OTHER},sha-256={SHA256}",
        f"SHA-256={SHA256},",
        "SHA-256=" + "A" * 2000,
    ],
)
def test_a_digest_that_cannot_be_read_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        digest.check_digest(value.encode(), BODY)


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize(
    "value",
    [
        f"SHA-256={SHA256}",
        f"sha-256={SHA256}",
        f'sha-256="{SHA256}"',
        "sha-256",
        "sha-256=(1 2)",
        f"sha-256=:{OTHER}:, sha-256=:{SHA256}:",
        f"sha-256=:{SHA256}",
        f"sha-256=:{SHA256}:,",
        "sha-256=:" + "A" * 2000 + ":",
    ],
)
def test_a_content_digest_that_cannot_be_read_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        digest.check_content_digest(value.encode(), BODY)


@given(st.one_of(st.binary(max_size=60), st.from_regex(r"(?i)sha-(256|512)=:?[A-Za-z0-9+/=:, ]*", fullmatch=True)))
def test_no_header_makes_it_fail_otherwise(value: bytes | str) -> None:
    raw = value if isinstance(value, bytes) else value.encode()
    for check in (digest.check_digest, digest.check_content_digest):
        with pytest.raises(ProtocolError):
            check(raw, BODY)
