"""RFC 9421 signatures: ours are right, and others' are accepted in every form seen."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import http_sf
import httpx
import pytest
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from hypothesis import given
from hypothesis import strategies as st

from activitypub import keys, signatures
from activitypub.errors import BadSignature, ProtocolError
from activitypub.signatures import rfc9421
from activitypub.verify import Request
from tests.activitypub import signed
from tests.activitypub.signed import ALICE, BODY, DATE, HOST, NOW, RFC9421, accepted, changed, header, key_of

KEY_ID = ALICE + "#main-key"
ALGORITHMS = {"rsa": algorithms.RSA_V1_5_SHA256, "ed25519": algorithms.ED25519}


class Key(HTTPSignatureKeyResolver):
    """Gives the other implementation one key."""

    def __init__(self, key: keys.PrivateKey) -> None:
        self.key = key

    def resolve_public_key(self, key_id: str) -> Any:
        return self.key.public.raw

    def resolve_private_key(self, key_id: str) -> Any:
        return self.key.raw


def sign(key: keys.PrivateKey, url: str = f"https://{HOST}/inbox", body: bytes | None = BODY) -> dict[str, str]:
    method = "GET" if body is None else "POST"
    return signatures.sign("rfc9421", key, KEY_ID, method, url, {}, body, NOW)


def received(headers: dict[str, str], target: str = "/inbox", body: bytes | None = BODY) -> Request:
    fields = {name.lower(): value for name, value in headers.items()}
    return signed.arrived("GET" if body is None else "POST", target, fields, body or b"")


# Ours


def test_we_sign_what_mastodon_and_fedify_verify() -> None:
    key = key_of("alice")

    headers = sign(key)

    described = f'("@method" "@target-uri" "content-digest");created={int(NOW)};keyid="{KEY_ID}";alg="rsa-v1_5-sha256"'
    base = (
        '"@method": POST\n'
        f'"@target-uri": https://{HOST}/inbox\n'
        f'"content-digest": {signed.content_digest(BODY)}\n'
        f'"@signature-params": {described}'
    )
    assert headers["Signature-Input"] == f"sig1={described}"
    assert headers["Content-Digest"] == signed.content_digest(BODY)
    assert (headers["Host"], headers["Date"]) == (HOST, DATE)
    assert "Digest" not in headers
    signature = headers["Signature"].removeprefix("sig1=:").removesuffix(":")
    assert key.public.verify(base64.b64decode(signature), base.encode())
    accepted(received(headers))


def test_we_sign_with_ed25519_too() -> None:
    key = signed.ed25519_of("alice")

    headers = sign(key)

    assert headers["Signature-Input"].endswith(';alg="ed25519"')
    accepted(received(headers), key)


def test_a_get_covers_its_query_and_no_body() -> None:
    headers = sign(key_of("alice"), f"https://{HOST}/outbox?page=true", None)

    assert "content-digest" not in headers["Signature-Input"]
    accepted(received(headers, "/outbox?page=true", None))
    with pytest.raises(BadSignature):
        accepted(received(headers, "/outbox?page=false", None))


def test_our_headers_are_structured_fields() -> None:
    headers = sign(key_of("alice"))

    for name in ("Signature-Input", "Signature", "Content-Digest"):
        value = headers[name].encode()
        assert http_sf.ser(http_sf.parse(value, tltype="dictionary")).encode() == value


@pytest.mark.attack("SIG-35")
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize(("url", "body"), [(f"https://{HOST}/inbox", BODY), (f"https://{HOST}/outbox?a=b%20c", None)])
def test_another_implementation_verifies_ours(kind: str, url: str, body: bytes | None) -> None:
    key = key_of("alice") if kind == "rsa" else signed.ed25519_of("alice")
    request = httpx.Request("GET" if body is None else "POST", url, headers=sign(key, url, body), content=body)

    verifier = HTTPMessageVerifier(signature_algorithm=ALGORITHMS[kind], key_resolver=Key(key))

    (result,) = verifier.verify(request, max_age=timedelta(days=20_000))
    assert result.parameters["keyid"] == KEY_ID
    request.headers["content-digest" if body else "signature"] += "x"
    with pytest.raises(HTTPMessageSignaturesException):
        verifier.verify(request, max_age=timedelta(days=20_000))


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_we_verify_what_another_implementation_signs(kind: str) -> None:
    key = key_of("alice") if kind == "rsa" else signed.ed25519_of("alice")
    request = httpx.Request("POST", f"https://{HOST}/inbox", content=BODY)
    signer = HTTPMessageSigner(signature_algorithm=ALGORITHMS[kind], key_resolver=Key(key))

    signer.sign(
        request,
        key_id=KEY_ID,
        created=datetime.fromtimestamp(NOW, UTC),
        covered_component_ids=("@method", "@target-uri", "content-digest"),
        body=BODY,
    )

    accepted(received(dict(request.headers)), key)


# Others', in their forms


@pytest.mark.parametrize(
    "parameters",
    [
        f';created={int(NOW)};keyid="{KEY_ID}"',
        f';keyid="{KEY_ID}";created={int(NOW)}',
        f';created={int(NOW)};keyid="{KEY_ID}";alg="rsa-v1_5-sha256"',
        f';alg="rsa-v1_5-sha256";keyid="{KEY_ID}";created={int(NOW)}',
        f';created={int(NOW)};keyid="{KEY_ID}";tag="x-fedi";nonce="abc"',
        f';created={int(NOW)};expires={int(NOW) + 300};keyid="{KEY_ID}"',
        f';created={int(NOW)};keyid="{KEY_ID}";x;y=?0;z=tok;d=1.5',
    ],
)
def test_the_parameters_are_taken_in_the_order_in_which_they_were_sent(parameters: str) -> None:
    accepted(signed.rfc9421(parameters=parameters))


@pytest.mark.parametrize(
    "covered",
    [
        ("@method", "@target-uri", "@authority", "host", "date", "content-digest"),  # Fedify
        ("content-digest", "content-type", "@target-uri", "@scheme", "@method"),
        ("@method", "@path", "@authority", "content-digest"),
        ("@method", "@path", "host", "content-digest"),
        ("@method", "@request-target", "@authority", "content-digest"),
        ("@method", "@path", "@query", "@authority", "content-digest"),
    ],
)
def test_the_whole_target_may_be_covered_in_parts(covered: tuple[str, ...]) -> None:
    accepted(signed.rfc9421(covered=covered))


def test_the_query_of_a_get_is_part_of_its_target() -> None:
    covered = ("@method", "@path", "@query", "@authority")

    accepted(signed.rfc9421(method="GET", target="/inbox?page=1", covered=covered, body=b""))
    accepted(signed.rfc9421(method="GET", target="/inbox?", covered=covered, body=b""))
    accepted(signed.rfc9421(method="GET", target="/inbox?page=1", covered=("@method", "@target-uri"), body=b""))


def test_any_label_is_accepted() -> None:
    accepted(signed.rfc9421(label="*s-1.x_y"))


def test_more_white_space_between_the_components_is_the_same_list() -> None:
    request = signed.rfc9421()
    value = header(request, "signature-input").replace('" "', '"   "').replace('("', '(  "')

    accepted(changed(request, signature_input=value))


def test_a_header_sent_twice_is_joined() -> None:
    request = signed.rfc9421(covered=(*RFC9421, "accept"), headers={"accept": "a/b, c/d"})
    split = changed(request, accept="a/b")

    accepted(Request(split.method, split.target, [*split.headers, (b"accept", b"c/d")], split.body))


def test_white_space_around_a_covered_value_does_not_count() -> None:
    request = signed.rfc9421(covered=(*RFC9421, "x-a"), headers={"x-a": "b"})

    accepted(changed(request, x_a="  b\t"))


def test_a_query_parameter_can_be_covered() -> None:
    target = "/inbox?Pet=a+dog%2C&page=1"
    described = ("@method", "@target-uri")
    parameters = f';created={int(NOW)};keyid="{KEY_ID}"'
    components = '("@method" "@target-uri" "@query-param";name="Pet")' + parameters
    base = (
        f'"@method": GET\n"@target-uri": https://{HOST}{target}\n'
        f'"@query-param";name="Pet": a%20dog%2C\n"@signature-params": {components}'
    )
    signature = base64.b64encode(key_of("alice").sign(base.encode())).decode()
    request = signed.rfc9421(method="GET", target=target, covered=described, body=b"")

    accepted(changed(request, signature_input=f"sig1={components}", signature=f"sig1=:{signature}:"))


def test_behind_plain_http_the_configured_scheme_counts() -> None:
    request = signed.rfc9421(values={"@target-uri": f"http://{HOST}/inbox"})

    accepted(request, scheme="http")
    with pytest.raises(BadSignature):
        accepted(request)


def test_a_signature_in_unusual_form_is_read_by_the_parser_of_all_fields() -> None:
    request = signed.rfc9421()

    accepted(changed(request, signature=header(request, "signature") + ';a="b:c"'))
    accepted(changed(request, signature=" " + header(request, "signature") + " "))


@given(st.binary(max_size=40), st.sampled_from(["sig1=:%s:", "sig1=:%s", "sig2=:%s:", "sig1=:%s:;a", "sig1=%s", "%s"]))
def test_the_short_way_of_reading_a_signature_agrees_with_the_long_one(value: bytes, form: str) -> None:
    field = (form % base64.b64encode(value).decode()).encode()

    outcomes = []
    for suffix in (b"", b" "):  # with white space at the end it is never the usual form
        try:
            outcomes.append(rfc9421.read_signature(field + suffix, "sig1"))
        except ProtocolError:
            outcomes.append(b"refused")

    assert outcomes[0] == outcomes[1]
