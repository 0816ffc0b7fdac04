"""draft-cavage signatures: ours are right, and others' are accepted in every spelling seen."""

import base64
import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from activitypub import keys, signatures
from activitypub.errors import BadSignature, Malformed
from activitypub.signatures import cavage
from activitypub.verify import Request
from tests.activitypub import signed
from tests.activitypub.signed import ALICE, BODY, CAVAGE, DATE, HOST, NOW, accepted, changed, header, key_of

COVERED = "(request-target) host date digest"


def sign(sign_with: keys.PrivateKey, **options: object) -> Request:
    url, method, body = f"https://{HOST}/inbox", "POST", BODY
    headers = signatures.sign("cavage", sign_with, ALICE + "#main-key", method, url, {}, body, NOW, **options)  # type: ignore[arg-type]
    return signed.arrived(method, "/inbox", {name.lower(): value for name, value in headers.items()}, body)


# Ours


def test_we_sign_what_everybody_verifies() -> None:
    key = key_of("alice")

    request = sign(key)

    expected = f"(request-target): post /inbox\nhost: {HOST}\ndate: {DATE}\ndigest: {signed.digest(BODY)}".encode()
    parameters = dict(re.findall(r'([a-zA-Z]+)="([^"]*)"', header(request, "signature")))
    assert parameters.keys() == {"keyId", "algorithm", "headers", "signature"}
    assert (parameters["headers"], parameters["algorithm"]) == (COVERED, "rsa-sha256")
    assert key.public.verify(base64.b64decode(parameters["signature"]), expected)
    assert (header(request, "host"), header(request, "date")) == (HOST, DATE)
    accepted(request)


def test_we_sign_with_ed25519_too() -> None:
    key = signed.ed25519_of("alice")

    request = sign(key)

    assert 'algorithm="hs2019"' in header(request, "signature")
    accepted(request, key)


def test_a_digest_made_before_is_used() -> None:
    request = sign(key_of("alice"), digest=signed.digest(BODY))

    assert header(request, "digest") == signed.digest(BODY)
    accepted(request)


def test_we_sign_a_get_with_its_query_and_a_port() -> None:
    url = "https://Remote.Example:8443/outbox?page=true&max=1%2F2"

    headers = signatures.sign("cavage", key_of("alice"), ALICE + "#main-key", "GET", url, {}, None, NOW)

    assert headers["Host"] == "remote.example:8443"
    assert "Digest" not in headers
    fields = {name.lower(): value for name, value in headers.items()}
    request = signed.arrived("GET", "/outbox?page=true&max=1%2F2", fields, b"")
    accepted(request, host="remote.example:8443")


def test_a_date_that_is_already_there_is_signed() -> None:
    url, date = f"https://{HOST}/inbox", "Sun, 01 Nov 2026 00:00:07 GMT"

    headers = signatures.sign("cavage", key_of("alice"), ALICE, "GET", url, {"Date": date}, None, NOW)

    assert headers["Date"] == date


@pytest.mark.parametrize("url", ["", "inbox", "ftp://a.example/", "https://a@b.example/", "https://a.example/\r\nX: y"])
def test_nothing_is_signed_for_what_is_no_url(url: str) -> None:
    with pytest.raises(Malformed):
        signatures.sign("cavage", key_of("alice"), ALICE, "POST", url, {}, b"{}", NOW)


# Others', as they spell them


@pytest.mark.parametrize("algorithm", [None, "rsa-sha256", "hs2019", "RSA-SHA256"])
def test_the_usual_names_of_the_algorithm_are_accepted(algorithm: str | None) -> None:
    accepted(signed.cavage(algorithm=algorithm))


def test_rsa_with_sha_512_is_accepted_when_it_is_named_so() -> None:
    def sha512(message: bytes) -> bytes:
        return key_of("alice").raw.sign(message, padding.PKCS1v15(), hashes.SHA512())  # type: ignore[call-arg, union-attr]

    accepted(signed.cavage(algorithm="rsa-sha512", sign=sha512))
    with pytest.raises(BadSignature):
        accepted(signed.cavage(algorithm="rsa-sha256", sign=sha512))


@pytest.mark.parametrize(
    "covered",
    [
        ("(request-target)", "host", "digest", "date"),
        ("host", "date", "digest", "content-type", "(request-target)"),
        ("(request-target)", "host", "date", "digest", "content-type", "user-agent"),
    ],
)
def test_any_order_and_more_headers_are_accepted(covered: tuple[str, ...]) -> None:
    accepted(signed.cavage(covered=covered, headers={"user-agent": "x/1 (50% off; +https://remote.example/)"}))


def test_created_and_expires_take_the_place_of_the_date() -> None:
    times = {"(created)": str(int(NOW) - 5), "(expires)": str(int(NOW) + 300)}
    covered = ("(request-target)", "host", "(created)", "(expires)", "digest")

    request = signed.cavage(
        algorithm="hs2019", covered=covered, times=times, parameters=f"created={int(NOW) - 5},expires={int(NOW) + 300},"
    )

    accepted(request)
    accepted(changed(request, date=None))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (",", ", "),
        (",", " , "),
        (f'headers="{COVERED}"', f'headers="{COVERED.upper()}"'),
        ('keyId="', 'opaque="a,b=c",keyId="'),
        ('keyId="', 'n=1,keyId="'),
        ('keyId="', ' keyId="'),
    ],
)
def test_white_space_and_unknown_parameters_change_nothing(before: str, after: str) -> None:
    request = signed.cavage()

    accepted(changed(request, signature=header(request, "signature").replace(before, after)))


def test_the_parameters_may_come_in_any_order() -> None:
    request = signed.cavage()
    parameters = re.findall(r'[a-zA-Z]+="[^"]*"', header(request, "signature"))

    accepted(changed(request, signature=",".join(reversed(parameters))))


def test_a_header_sent_twice_is_joined() -> None:
    covered = (*CAVAGE, "accept")
    request = signed.cavage(covered=covered, headers={"accept": "a/b, c/d"})
    split = changed(request, accept="a/b")

    accepted(Request(split.method, split.target, [*split.headers, (b"accept", b"c/d")], split.body))


def test_the_default_port_in_the_host_is_the_same_host() -> None:
    accepted(signed.cavage(headers={"host": f"{HOST}:443"}))
    accepted(signed.cavage(headers={"host": HOST.upper()}))
    with pytest.raises(BadSignature):
        accepted(signed.cavage(headers={"host": f"{HOST}:80"}))


@pytest.mark.attack("SIG-30")
def test_a_get_may_leave_its_query_unsigned_as_old_mastodon_does() -> None:
    covered = ("(request-target)", "host", "date")

    accepted(signed.cavage(method="GET", target="/inbox?page=true", covered=covered, body=b""))
    accepted(signed.cavage(method="GET", target="/inbox?page=true", signed_target="/inbox", covered=covered, body=b""))
    with pytest.raises(BadSignature):
        accepted(signed.cavage(method="GET", target="/inbox?a", signed_target="/inbox?b", covered=covered, body=b""))
    with pytest.raises(BadSignature):
        accepted(signed.cavage(target="/inbox?page=true", signed_target="/inbox"))


@pytest.mark.attack("SIG-30")
def test_another_spelling_of_the_path_is_another_path() -> None:
    with pytest.raises(BadSignature):
        accepted(signed.cavage(target="/users/%61lice/inbox", signed_target="/users/alice/inbox"))


def test_what_comes_with_a_get_is_not_read_and_needs_no_digest() -> None:
    accepted(signed.cavage(method="GET", covered=("(request-target)", "host", "date")))
    accepted(signed.cavage(method="DELETE", covered=("(request-target)", "host", "date"), body=b""))
    with pytest.raises(BadSignature, match="another body"):
        accepted(signed.cavage(method="GET", headers={"digest": signed.digest(b"")}))


@pytest.mark.attack("SIG-04")
@pytest.mark.parametrize("late", [-600, 0, 50 * 60, 3600])
def test_clocks_and_queues_may_differ_by_an_hour(late: float) -> None:
    accepted(signed.cavage(), now=NOW + late)


def test_the_message_is_the_one_of_the_draft() -> None:
    plan = cavage.plan_of("(request-target) host x-50%25")
    values = {b"(request-target)": b"get /", b"host": b"a.example", b"x-50%25": b"%s %d"}

    assert cavage.message(plan, values) == b"(request-target): get /\nhost: a.example\nx-50%25: %s %d"
