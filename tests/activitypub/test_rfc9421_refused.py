"""RFC 9421 signatures: what covers too little, is out of time or can be read two ways is refused."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from activitypub import keys
from activitypub.errors import BadSignature, Malformed
from activitypub.signatures.claim import MAX_COMPONENTS
from activitypub.verify import Request
from tests.activitypub import signed
from tests.activitypub.signed import (
    ALICE,
    BODY,
    HOST,
    MALLORY,
    NOW,
    RFC9421,
    accepted,
    changed,
    claimed,
    header,
    key_of,
)

KEY_ID = ALICE + "#main-key"

# What must be covered


@pytest.mark.attack("SIG-25", "SIG-06", "SIG-08")
@pytest.mark.parametrize(
    ("covered", "word"),
    [
        (("@target-uri", "content-digest"), "method"),
        (("@method", "content-digest"), "target"),
        (("@method", "@path", "content-digest"), "target"),
        (("@method", "@authority", "content-digest"), "target"),
        (("@method", "@query", "@authority", "content-digest"), "target"),
        (("@method", "@target-uri"), "Content-Digest"),
        ((), "method"),
    ],
)
def test_method_target_and_body_must_be_covered(covered: tuple[str, ...], word: str) -> None:
    with pytest.raises(BadSignature, match=word):
        claimed(signed.rfc9421(covered=covered))


@pytest.mark.attack("SIG-25", "SIG-30")
def test_the_query_must_be_covered_when_there_is_one() -> None:
    covered = ("@method", "@path", "@authority")

    with pytest.raises(BadSignature, match="target"):
        claimed(signed.rfc9421(method="GET", target="/inbox?a=b", covered=covered, body=b""))


@pytest.mark.attack("SIG-02", "SIG-25")
def test_a_date_does_not_replace_created() -> None:
    with pytest.raises(BadSignature, match="created"):
        claimed(signed.rfc9421(covered=(*RFC9421, "date"), parameters=f';keyid="{KEY_ID}"'))


@pytest.mark.attack("SIG-25")
@pytest.mark.parametrize("name", ["@status", "@signature-params", "@unknown", "@", "@Method"])
def test_what_requests_do_not_have_is_refused(name: str) -> None:
    with pytest.raises(BadSignature, match="do not have"):
        claimed(signed.rfc9421(covered=(*RFC9421, name)))


@pytest.mark.attack("SIG-25")
@pytest.mark.parametrize("name", ["x-absent", "Host", "content digest", "", "x:y"])
def test_a_covered_header_that_is_absent_is_refused(name: str) -> None:
    with pytest.raises(BadSignature, match="not there"):
        claimed(signed.rfc9421(covered=(*RFC9421, name)))


@pytest.mark.attack("SIG-25")
@pytest.mark.parametrize("parameters", [";req", ";sf", ";bs", ';key="a"', ";tr"])
def test_components_in_forms_that_we_do_not_know_are_refused_and_cover_nothing(parameters: str) -> None:
    request = signed.rfc9421()
    value = header(request, "signature-input").replace('"@method"', f'"@method"{parameters}')
    both = header(request, "signature-input").replace('"@method"', f'"@method" "date"{parameters}')

    with pytest.raises(BadSignature, match="method"):
        claimed(changed(request, signature_input=value))
    with pytest.raises(BadSignature, match="form"):
        claimed(changed(request, signature_input=both))


@pytest.mark.attack("SIG-25")
@pytest.mark.parametrize(
    ("target", "component"),
    [
        ("/inbox?a=1&a=2", '"@query-param";name="a"'),
        ("/inbox?a=1", '"@query-param";name="b"'),
        ("/inbox?a=1", '"@query-param"'),
        ("/inbox?a=1", '"@query-param";name=1'),
        ("/inbox?a=1", '"@query-param";name="a";req'),
    ],
)
def test_a_query_parameter_must_be_there_once(target: str, component: str) -> None:
    request = signed.rfc9421(method="GET", target=target, covered=("@method", "@target-uri"), body=b"")
    value = header(request, "signature-input").replace('"@method"', f'"@method" {component}')

    with pytest.raises(BadSignature):
        claimed(changed(request, signature_input=value))


# What must be right


@pytest.mark.attack("SIG-04", "SIG-25")
@pytest.mark.parametrize("late", [25 * 3600, -25 * 3600, 3601, -3601])
def test_outside_the_window_it_is_refused(late: int) -> None:
    with pytest.raises(BadSignature, match="old"):
        claimed(signed.rfc9421(), now=NOW + late)


@pytest.mark.attack("SIG-04", "SIG-25")
def test_an_expired_signature_is_refused() -> None:
    parameters = f';created={int(NOW) - 1800};expires={int(NOW) - 3 * 3600};keyid="{KEY_ID}"'

    with pytest.raises(BadSignature, match="expired"):
        claimed(signed.rfc9421(parameters=parameters))


@pytest.mark.attack("SIG-06", "SIG-07")
def test_another_body_is_refused_with_and_without_its_digest() -> None:
    other = BODY.replace(b"hello", b"hullo")

    with pytest.raises(BadSignature, match="another body"):
        claimed(changed(signed.rfc9421(), body=other))
    with pytest.raises(BadSignature, match="not by this key"):
        accepted(changed(signed.rfc9421(), body=other, content_digest=signed.content_digest(other)))
    with pytest.raises(BadSignature):
        claimed(changed(signed.rfc9421(), content_digest=None))
    with pytest.raises(BadSignature, match="SHA-256"):
        claimed(signed.rfc9421(headers={"content-digest": "md5=:qHTw4DtLuz76aNks76CIYA==:"}))


@pytest.mark.attack("SIG-08", "SIG-09", "SIG-30")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@method", "PUT"),
        ("@method", "post"),
        ("@target-uri", f"https://{HOST}/users/bob/inbox"),
        ("@target-uri", "https://other.example/inbox"),
        ("@target-uri", f"https://{HOST}/%69nbox"),
        ("@target-uri", f"http://{HOST}/inbox"),
        ("@target-uri", "/inbox"),
    ],
)
def test_a_signature_for_another_target_or_method_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadSignature):
        accepted(signed.rfc9421(values={name: value}))


@pytest.mark.attack("SIG-09")
def test_what_was_signed_for_another_server_is_refused_here() -> None:
    covered = ("@method", "@path", "@authority", "content-digest")
    replayed = signed.rfc9421(
        covered=covered, values={"@authority": "other.example"}, headers={"host": "other.example"}
    )

    with pytest.raises(BadSignature, match="another host"):
        claimed(replayed)
    with pytest.raises(BadSignature):
        accepted(changed(replayed, host=HOST))
    with pytest.raises(BadSignature, match="no Host"):
        claimed(changed(signed.rfc9421(), host=None))


@pytest.mark.attack("SIG-29")
def test_forwarding_headers_move_nothing() -> None:
    forwarded = {"x-forwarded-host": "other.example", "x-forwarded-proto": "http", "forwarded": "host=other.example"}

    accepted(signed.rfc9421(headers=forwarded))
    for scheme, host in (("http", HOST), ("https", "other.example")):
        with pytest.raises(BadSignature):
            accepted(signed.rfc9421(headers=forwarded, values={"@target-uri": f"{scheme}://{host}/inbox"}))


# Algorithms


@pytest.mark.attack("SIG-10")
def test_the_public_key_is_no_shared_secret() -> None:
    secret = keys.public_pem(key_of("alice").public).encode()

    def mac(message: bytes) -> bytes:
        return hmac.new(secret, message, hashlib.sha256).digest()

    for alg in (';alg="hmac-sha256"', ""):
        with pytest.raises(BadSignature):
            accepted(signed.rfc9421(parameters=f';created={int(NOW)};keyid="{KEY_ID}"{alg}', sign=mac))


@pytest.mark.attack("SIG-10", "SIG-25")
@pytest.mark.parametrize("alg", ["none", "", "rsa-sha256", "hs2019", "ecdsa-p256-sha256", "RSA-V1_5-SHA256", "ed25519"])
def test_an_algorithm_that_does_not_fit_the_key_is_refused(alg: str) -> None:
    request = signed.rfc9421(parameters=f';created={int(NOW)};keyid="{KEY_ID}";alg="{alg}"')

    if alg == "":
        accepted(request)  # names none, like a request without the parameter
    else:
        with pytest.raises(BadSignature, match=r"algorithm"):
            accepted(request)


@pytest.mark.attack("SIG-10")
def test_rsa_pss_is_refused_named_or_not() -> None:
    pss = padding.PSS(padding.MGF1(hashes.SHA512()), 64)

    def sign(message: bytes) -> bytes:
        return key_of("alice").raw.sign(message, pss, hashes.SHA512())  # type: ignore[call-arg, union-attr]

    for alg in (';alg="rsa-pss-sha512"', ';alg="rsa-v1_5-sha256"', ""):
        with pytest.raises(BadSignature):
            accepted(signed.rfc9421(parameters=f';created={int(NOW)};keyid="{KEY_ID}"{alg}', sign=sign))


@pytest.mark.attack("SIG-10")
def test_an_ed25519_key_does_not_verify_what_is_named_rsa() -> None:
    key = signed.ed25519_of("alice")
    parameters = f';created={int(NOW)};keyid="{KEY_ID}";alg="rsa-v1_5-sha256"'

    with pytest.raises(BadSignature, match="fit"):
        accepted(signed.rfc9421(parameters=parameters, key=key), key)


def test_no_more_components_are_looked_at_than_a_request_can_need() -> None:
    more = {f"x-{number}": "1" for number in range(MAX_COMPONENTS - len(RFC9421) + 1)}
    fitting, beyond = (signed.rfc9421(covered=(*RFC9421, *list(more)[cut:]), headers=more) for cut in (1, 0))

    accepted(fitting)
    with pytest.raises(Malformed, match="too many"):
        claimed(beyond)


# Several signatures


@pytest.mark.attack("SIG-27")
def test_with_several_labels_nobody_is_believed() -> None:
    mallorys = signed.rfc9421(key=key_of("mallory"), key_id=MALLORY + "#main-key", label="m")
    alices = signed.rfc9421(key=key_of("mallory"), label="a")
    both = {name: f"{header(mallorys, name)}, {header(alices, name)}" for name in ("signature-input", "signature")}

    for one in (mallorys, alices):
        for fields in (
            both,
            {"signature-input": both["signature-input"]},
            {"signature": both["signature"]},
        ):
            with pytest.raises(BadSignature, match="exactly one"):
                claimed(changed(one, **{name.replace("-", "_"): value for name, value in fields.items()}))


@pytest.mark.attack("SIG-27")
@pytest.mark.parametrize("name", ["signature", "signature-input"])
def test_signature_fields_must_not_be_sent_twice(name: str) -> None:
    request = signed.rfc9421()
    double = [*request.headers, (name.encode(), header(request, name).encode())]

    with pytest.raises(Malformed, match="twice"):
        claimed(Request(request.method, request.target, double, request.body))


@pytest.mark.attack("SIG-27")
def test_one_label_must_not_be_there_twice() -> None:
    request = signed.rfc9421()
    for name in ("signature_input", "signature"):
        value = header(request, name.replace("_", "-"))
        with pytest.raises(Malformed, match="twice"):
            claimed(changed(request, **{name: f"{value}, {value}"}))


@pytest.mark.attack("SIG-27")
def test_the_signature_must_have_the_label_that_was_described() -> None:
    request = signed.rfc9421()
    named_otherwise = header(request, "signature").replace("sig1=", "sig2=")

    with pytest.raises(BadSignature, match="different labels"):
        claimed(changed(request, signature=named_otherwise))


@pytest.mark.attack("SIG-26")
def test_with_both_schemes_at_once_it_is_the_signer_of_the_verified_one_or_nobody() -> None:
    mallorys, alices = signed.cavage(key=key_of("mallory"), key_id=MALLORY + "#main-key"), signed.rfc9421()
    both = [
        changed(alices, signature=header(mallorys, "signature"), digest=signed.digest(BODY)),
        changed(mallorys, signature_input=header(alices, "signature-input")),
        changed(alices, signature=header(alices, "signature") + ", " + header(mallorys, "signature")),
        changed(alices, signature=header(mallorys, "signature") + ", " + header(alices, "signature")),
        Request("POST", "/inbox", [*alices.headers, (b"signature", header(mallorys, "signature").encode())], BODY),
    ]

    for request in both:
        with pytest.raises((BadSignature, Malformed)):
            claimed(request)


# Form


@pytest.mark.attack("SIG-11", "SIG-25")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "sig1",
        "sig1=1",
        'sig1="@method"',
        "sig1=(",
        'sig1=("@method"',
        'sig1=("@method" "@method" "@target-uri" "content-digest");created=1793491200;keyid="https://a.example/"',
        'sig1=(@method);created=1793491200;keyid="https://a.example/"',
        "sig1=(1 2);created=1793491200",
        'sig1=("@method")created=1',
        'SIG1=("@method")',
        'sig1=("@method");created=1793491200;created=1793491200',
        'sig1=("@method"),',
        'sig1=("@m\u00e9thod")',
        "sig1=(" + '"x" ' * 40 + ")",
        'sig1=("' + "x" * 9000 + '")',
        "\0",
    ],
)
def test_a_signature_input_that_cannot_be_read_is_refused(value: str) -> None:
    with pytest.raises((Malformed, BadSignature)):
        claimed(changed(signed.rfc9421(), signature_input=value))


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "sig1",
        "sig1=1",
        "sig1=abc",
        "sig1=::",
        "sig1=:*:",
        "sig1=:A:",
        "sig1=:AAAA",
        "sig2=:AAAA:",
        "sig1=(:AAAA:)",
        "sig1=:" + "A" * 9000 + ":",
        'keyId="https://a.example/",signature="AAAA"',
    ],
)
def test_a_signature_that_cannot_be_read_or_is_empty_is_refused(value: str | None) -> None:
    with pytest.raises((Malformed, BadSignature)):
        accepted(changed(signed.rfc9421(), signature=value))


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize(
    "parameters",
    [
        f";created={int(NOW)}",
        f";created={int(NOW)};keyid=1",
        f";created={int(NOW)};keyid=token",
        f';created={int(NOW)};keyid=""',
        f';created={int(NOW)};keyid="did:key:z6Mk"',
        f';created={int(NOW)};keyid="https://a.example/ b"',
        f';created="{int(NOW)}";keyid="{KEY_ID}"',
        f';created={int(NOW)}.5;keyid="{KEY_ID}"',
        f';created;keyid="{KEY_ID}"',
        f';created=@{int(NOW)};keyid="{KEY_ID}"',
        f';created={int(NOW)};expires="soon";keyid="{KEY_ID}"',
        f';created={int(NOW)};keyid="{KEY_ID}";alg=1',
        f';created={int(NOW)};keyid="{KEY_ID}";alg=ed25519',
    ],
)
def test_parameters_of_the_wrong_kind_are_refused(parameters: str) -> None:
    with pytest.raises((Malformed, BadSignature)):
        claimed(signed.rfc9421(parameters=parameters))


@pytest.mark.attack("SIG-34")
@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "a\0b", "caf\u00e9"])
def test_a_line_break_nul_or_foreign_letter_in_a_covered_header_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        claimed(signed.rfc9421(covered=(*RFC9421, "x-a"), headers={"x-a": value}))


@pytest.mark.attack("SIG-34")
def test_a_line_break_in_a_covered_name_is_refused() -> None:
    request = signed.rfc9421()
    value = header(request, "signature-input").replace('"@method"', '"@method\n"')

    with pytest.raises(Malformed):
        claimed(changed(request, signature_input=value))
