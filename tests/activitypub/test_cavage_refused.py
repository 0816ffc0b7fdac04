"""draft-cavage signatures: what covers too little, is out of time or can be read two ways is refused."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from activitypub import keys
from activitypub.errors import BadSignature, Malformed
from activitypub.verify import Request
from tests.activitypub import signed
from tests.activitypub.signed import BODY, CAVAGE, HOST, NOW, accepted, changed, claimed, header, key_of

COVERED = "(request-target) host date digest"

# What must be covered


@pytest.mark.attack("SIG-01")
def test_an_unsigned_request_is_refused() -> None:
    with pytest.raises(BadSignature, match="not signed"):
        claimed(changed(signed.cavage(), signature=None))


@pytest.mark.attack("SIG-02", "SIG-03", "SIG-06", "SIG-08", "SIG-09")
@pytest.mark.parametrize(
    ("left_out", "word"), [("(request-target)", "target"), ("host", "Host"), ("date", "Date"), ("digest", "Digest")]
)
def test_target_host_date_and_digest_must_be_covered(left_out: str, word: str) -> None:
    covered = [name for name in CAVAGE if name != left_out]

    with pytest.raises(BadSignature, match=f"must cover .*{word}"):
        claimed(signed.cavage(covered=covered))


@pytest.mark.attack("SIG-02")
def test_a_date_that_is_covered_must_be_there() -> None:
    with pytest.raises(BadSignature):
        claimed(signed.cavage(headers={"date": None}))  # type: ignore[dict-item]


@pytest.mark.attack("SIG-03")
def test_created_that_is_not_covered_does_not_replace_the_date() -> None:
    with pytest.raises(BadSignature, match="must cover"):
        claimed(
            signed.cavage(
                algorithm="hs2019", covered=("(request-target)", "host", "digest"), parameters=f"created={int(NOW)},"
            )
        )


@pytest.mark.attack("SIG-06")
def test_a_body_needs_a_digest_unless_nobody_reads_it() -> None:
    covered = ("(request-target)", "host", "date")

    for method, body in (("POST", b""), ("PUT", b""), ("DELETE", BODY), ("get", BODY)):
        with pytest.raises(BadSignature, match="Digest"):
            claimed(signed.cavage(method=method, covered=covered, body=body))
    with pytest.raises(BadSignature, match="not there"):
        claimed(changed(signed.cavage(), digest=None))


# What must be right


@pytest.mark.attack("SIG-04")
@pytest.mark.parametrize("late", [25 * 3600, -25 * 3600, 3601, -3601])
def test_outside_the_window_a_date_is_refused(late: float) -> None:
    with pytest.raises(BadSignature, match="old"):
        claimed(signed.cavage(), now=NOW + late)


@pytest.mark.attack("SIG-04")
@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "",
        "Sun, 31 Feb 2026 00:00:00 GMT",
        "Sun, 01 Nev 2026 00:00:00 GMT",
        "Sun, 01 Nov 2026 25:00:00 GMT",
        "Sun, 01 Nov 0000 00:00:00 GMT",
        "Sunday, 01-Nov-26 00:00:00 GMT",
        "Sun, 01 Nov 2026 00:00:00 +0100",
        "Sun, 01 Nov 2026 00:00:00 GMT, Sun, 01 Nov 2026 00:00:00 GMT",
        "1793491200",
        "Sun, ٠١ Nov 2026 00:00:00 GMT".encode().decode("latin-1"),
    ],
)
def test_what_is_no_date_is_malformed(date: str) -> None:
    with pytest.raises(Malformed, match="Date"):
        claimed(signed.cavage(headers={"date": date}))


@pytest.mark.attack("SIG-04")
@pytest.mark.parametrize(("created", "expires"), [(-4 * 3600, 300), (25 * 3600, 26 * 3600), (-600, -3 * 3600)])
def test_created_and_expires_are_looked_at(created: int, expires: int) -> None:
    times = {"(created)": str(int(NOW) + created), "(expires)": str(int(NOW) + expires)}
    parameters = f"created={times['(created)']},expires={times['(expires)']},"
    covered = ("(request-target)", "host", "(created)", "(expires)", "digest")

    with pytest.raises(BadSignature, match=r"old|expired"):
        claimed(signed.cavage(algorithm="hs2019", covered=covered, times=times, parameters=parameters))


@pytest.mark.attack("SIG-10")
def test_created_is_not_for_rsa_sha256() -> None:
    covered = ("(request-target)", "host", "(created)", "digest")
    times = {"(created)": str(int(NOW))}

    with pytest.raises(BadSignature, match="hs2019"):
        claimed(signed.cavage(covered=covered, times=times, parameters=f"created={int(NOW)},"))


def test_created_that_is_covered_must_be_given() -> None:
    covered = ("(request-target)", "host", "(created)", "digest")
    request = signed.cavage(algorithm="hs2019", covered=covered)

    with pytest.raises(BadSignature, match="not there"):
        claimed(request)
    forged = Request(
        request.method, request.target, [*request.headers, (b"(created)", str(int(NOW)).encode())], request.body
    )
    with pytest.raises(BadSignature, match="not there"):
        claimed(forged)


@pytest.mark.attack("SIG-06", "SIG-07")
def test_another_body_is_refused_with_and_without_its_digest() -> None:
    other = BODY.replace(b"hello", b"hullo")

    with pytest.raises(BadSignature, match="another body"):
        claimed(changed(signed.cavage(), body=other))
    with pytest.raises(BadSignature, match="not by this key"):
        accepted(changed(signed.cavage(), body=other, digest=signed.digest(other)))


@pytest.mark.attack("SIG-06")
def test_a_digest_only_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadSignature, match="SHA-256"):
        claimed(signed.cavage(headers={"digest": "MD5=AAAA"}))


@pytest.mark.attack("SIG-08")
def test_a_signature_for_another_path_or_method_is_refused() -> None:
    with pytest.raises(BadSignature):
        accepted(signed.cavage(signed_target="/users/bob/inbox"))
    request = signed.cavage()
    with pytest.raises(BadSignature):
        accepted(Request("PUT", request.target, request.headers, request.body))


@pytest.mark.attack("SIG-09")
def test_what_was_signed_for_another_server_is_refused_here() -> None:
    request = signed.cavage(headers={"host": "other.example"})

    with pytest.raises(BadSignature, match="another host"):
        claimed(request)
    with pytest.raises(BadSignature):
        accepted(changed(request, host=HOST))


@pytest.mark.attack("SIG-29")
def test_forwarding_headers_move_nothing() -> None:
    forwarded = {
        "x-forwarded-host": HOST,
        "x-forwarded-proto": "http",
        "x-forwarded-for": "127.0.0.1",
        "forwarded": f"for=127.0.0.1;host={HOST};proto=http",
        "x-original-url": "/users/bob/inbox",
    }

    accepted(signed.cavage(headers=forwarded))
    with pytest.raises(BadSignature, match="another host"):
        claimed(signed.cavage(headers={**forwarded, "host": "other.example"}))


# Algorithms


@pytest.mark.attack("SIG-10")
def test_the_public_key_is_no_shared_secret() -> None:
    secret = keys.public_pem(key_of("alice").public).encode()

    def mac(message: bytes) -> bytes:
        return hmac.new(secret, message, hashlib.sha256).digest()

    for algorithm in ("hmac-sha256", "hs2019", "rsa-sha256", None):
        with pytest.raises(BadSignature):
            accepted(signed.cavage(algorithm=algorithm, sign=mac))


@pytest.mark.attack("SIG-10")
@pytest.mark.parametrize("algorithm", ["none", "rsa-sha1", "hmac-sha256", "dsa-sha1", "ecdsa-sha256", "rsa-md5", "x"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    with pytest.raises(BadSignature, match="algorithm"):
        claimed(signed.cavage(algorithm=algorithm))


@pytest.mark.attack("SIG-10")
def test_the_algorithm_must_fit_the_key() -> None:
    ed25519 = signed.ed25519_of("alice")

    accepted(signed.cavage(algorithm="hs2019", key=ed25519), ed25519)
    accepted(signed.cavage(algorithm="ed25519", key=ed25519), ed25519)
    with pytest.raises(BadSignature, match="fit"):
        accepted(signed.cavage(algorithm="rsa-sha256", key=ed25519), ed25519)
    with pytest.raises(BadSignature, match="fit"):
        accepted(signed.cavage(algorithm="ed25519"))


@pytest.mark.attack("SIG-10")
def test_a_signature_of_another_padding_or_hash_is_refused() -> None:
    raw = key_of("alice").raw
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)

    for sign_otherwise in (
        lambda message: raw.sign(message, pss, hashes.SHA256()),  # type: ignore[call-arg, union-attr]
        lambda message: raw.sign(message, padding.PKCS1v15(), hashes.SHA1()),  # type: ignore[call-arg, union-attr]
        lambda message: b"\0" * 256,
        lambda message: b"",
    ):
        with pytest.raises(BadSignature):
            accepted(signed.cavage(sign=sign_otherwise))


# Form


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('signature="', 'signature="*'),
        ('signature="', 'signature="A'),
        ('=="', '="'),
        ("keyId=", "key="),
        ("signature=", "sig="),
        ('keyId="', 'keyId=""'),
        ('keyId="', 'keyId="https://evil.example/k",keyId="'),
        (COVERED, ""),
        (COVERED, " "),
        (COVERED, COVERED + " date"),
        (COVERED, COVERED + " DATE"),
        (COVERED, COVERED + "  x"),
        (COVERED, COVERED + " " + " ".join(f"x-{n}" for n in range(40))),
        (COVERED, COVERED + " (response)"),
        (COVERED, COVERED + " x:y"),
        ('",headers', '"headers'),
        ('",headers', '",,headers'),
        ('keyId="', 'created=1.5,keyId="'),
        ('keyId="', 'created=9999999999999999,keyId="'),
        ('keyId="', 'created="soon",keyId="'),
        ('keyId="', "keyId='"),
        ('keyId="', 'x"1",keyId="'),
        ('",algorithm', '"x,algorithm'),
        ('",headers', '" "x",headers'),
        ('keyId="', 'opaque="' + "x" * 9000 + '",keyId="'),
        ("#main-key", "#main\\key"),
        ('keyId="https', 'keyId="did:key:https'),
        ('keyId="https://', 'keyId="https:// '),
        ('keyId="', 'keyId="\\"'),
        ('keyId="', 'keyId="' + "x" * 9000),
        ("#main-key", "#main-key" + "x" * 3000),
        ("#main-key", "#main\tkey"),
        ("#main-key", "#m\u00e4in-key"),
    ],
)
def test_a_signature_header_that_can_be_read_two_ways_or_none_is_malformed(before: str, after: str) -> None:
    request = signed.cavage()
    spoiled = header(request, "signature").replace(before, after)

    with pytest.raises(Malformed):
        claimed(changed(request, signature=spoiled))


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize("value", ["", ",", "=", '"', '""', 'a="b"', "keyId=x,signature=y", 'keyId="a' * 40, "\0"])
def test_what_is_no_signature_header_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        claimed(changed(signed.cavage(), signature=value))


@pytest.mark.attack("SIG-11")
def test_a_quote_that_is_not_closed_is_malformed() -> None:
    request = signed.cavage()

    with pytest.raises(Malformed):
        claimed(changed(request, signature=header(request, "signature")[:-1]))


@pytest.mark.attack("SIG-11")
def test_without_a_list_of_headers_too_little_is_covered() -> None:
    request = signed.cavage()
    value = header(request, "signature").replace(f'headers="{COVERED}",', "")

    with pytest.raises(BadSignature, match="must cover"):
        claimed(changed(request, signature=value))


@pytest.mark.attack("SIG-11")
def test_a_truncated_signature_is_refused() -> None:
    request = signed.cavage(sign=lambda message: key_of("alice").sign(message)[:30])

    with pytest.raises(BadSignature):
        accepted(request)


@pytest.mark.attack("SIG-11")
def test_a_covered_header_that_is_absent_is_refused() -> None:
    with pytest.raises(BadSignature, match="not there"):
        claimed(signed.cavage(covered=(*CAVAGE, "x-absent")))


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize("name", ["signature", "host", "date", "digest", "content-type", "content-length"])
def test_what_must_be_there_once_must_not_be_sent_twice(name: str) -> None:
    request = signed.cavage(headers={"content-length": str(len(BODY))})
    double = [*request.headers, (name.encode(), header(request, name).encode())]

    with pytest.raises(Malformed, match="twice"):
        claimed(Request(request.method, request.target, double, request.body))


@pytest.mark.attack("SIG-34")
@pytest.mark.parametrize("value", ["a\nhost: evil.example", "a\r\nb", "a\rb", "a\0b"])
def test_a_line_break_or_nul_in_a_covered_header_is_malformed(value: str) -> None:
    with pytest.raises(Malformed, match="control"):
        claimed(signed.cavage(covered=(*CAVAGE, "x-a"), headers={"x-a": value}))


@pytest.mark.attack("SIG-34")
@pytest.mark.parametrize("name", ["x\nhost", "x\r", "x\0", "x\u00e9", "x host:"])
def test_a_line_break_or_nul_in_a_covered_name_is_malformed(name: str) -> None:
    request = signed.cavage()
    value = header(request, "signature").replace(COVERED, f"{COVERED} {name}")

    with pytest.raises(Malformed):
        claimed(changed(request, signature=value))


@pytest.mark.attack("SIG-34")
@pytest.mark.parametrize(
    "target", ["/inbox\nhost: x", "/in box", "/\0", "", "inbox", "https://groups.example/inbox", "/\u00e9"]
)
def test_a_target_that_is_no_plain_path_is_malformed(target: str) -> None:
    with pytest.raises(Malformed, match="target"):
        claimed(Request("POST", target, signed.cavage().headers, BODY))


@pytest.mark.attack("SIG-34")
@pytest.mark.parametrize("method", ["", "PO ST", "POST\n", "P\u00d6ST", "GET /"])
def test_a_method_that_is_no_word_is_malformed(method: str) -> None:
    with pytest.raises(Malformed, match="method"):
        claimed(Request(method, "/inbox", signed.cavage().headers, BODY))
