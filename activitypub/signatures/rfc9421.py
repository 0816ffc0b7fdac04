"""HTTP Message Signatures (RFC 9421), as Mastodon 4.5, Fedify and others send them."""

import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote

import http_sf
import msgspec

from activitypub.errors import BadSignature, Malformed
from activitypub.keys import PrivateKey
from activitypub.signatures.claim import (
    MAX_COMPONENTS,
    MAX_HEADER,
    TOKEN,
    Claim,
    Request,
    check_expiry,
    check_host,
    check_key_id,
    check_lines,
    check_target,
    check_time,
    takes_body,
)
from activitypub.signatures.digest import check_content_digest

_ALGORITHMS = {"rsa": "rsa-v1_5-sha256", "ed25519": "ed25519"}
_ACCEPTED = frozenset(("", "rsa-v1_5-sha256", "ed25519"))

Component = tuple[str, dict[str, Any]]  # its name and parameters (RFC 9421 §2)


class Input(msgspec.Struct, frozen=True):
    """The one signature that a `Signature-Input` describes (RFC 9421 §4.1)."""

    label: str
    components: tuple[Component, ...]
    parameters: dict[str, Any]
    written: str  # the value of @signature-params


def claim(request: Request, found: dict[bytes, bytes], *, host: str, scheme: str, now: float) -> Claim:
    """What `Signature-Input` and `Signature` of a request claim; everything is checked that takes no key.

    It must cover @method, the target with its authority, created, and content-digest when there can be a body.

    Raises:
        BadSignature: it covers too little, is out of time, was made for another host or body, or with an algorithm
            that nobody should use; several signatures (who of them is it?).
        Malformed: it cannot be read.
    """
    described = read_input(found[b"signature-input"])
    signature = read_signature(found[b"signature"], described.label)
    algorithm = _text(described.parameters, "alg", "")
    if algorithm not in _ACCEPTED:
        raise BadSignature("The signature algorithm is not accepted.")
    check_target(request)
    _check_cover(described, request)
    check_host(found.get(b"host"), host, scheme)
    _check_times(described.parameters, now)
    if ("content-digest", {}) in described.components:
        check_content_digest(found.get(b"content-digest", b""), request.body)
    signed = base(described, request, found, host=host, scheme=scheme)
    key_id = check_key_id(_text(described.parameters, "keyid", ""))
    return Claim(key_id, "rfc9421", algorithm, signature, (signed,), now)


def sign(key: PrivateKey, key_id: str, method: str, url: str, now: int, digest: str | None) -> tuple[str, str]:
    """`Signature-Input` and `Signature` of a request (`digest`: of `Content-Digest`, None without a body)."""
    covered = '"@method" "@target-uri"'
    lines = f'"@method": {method}\n"@target-uri": {url}\n'
    if digest is not None:
        covered = '"@method" "@target-uri" "content-digest"'
        lines = f'{lines}"content-digest": {digest}\n'
    parameters = f'({covered});created={now};keyid="{key_id}";alg="{_ALGORITHMS[key.algorithm]}"'
    signature = key.sign(f'{lines}"@signature-params": {parameters}'.encode())
    coded = binascii.b2a_base64(signature, newline=False).decode()
    return f"sig1={parameters}", f"sig1=:{coded}:"


def read_input(header: bytes) -> Input:
    """What a `Signature-Input` with exactly one label describes.

    Raises:
        BadSignature: several labels: who signed must not depend on which of them is looked at.
        Malformed: no such structured field, a component twice.
    """
    label, member = _only_member(header)
    items, parameters = member
    if not isinstance(items, list):
        raise Malformed("The Signature-Input must be a list of components.")
    if len(items) > MAX_COMPONENTS:
        raise Malformed("The signature covers too many components.")
    components: list[Component] = []
    for item in items:
        if type(item[0]) is not str or item in components:
            raise Malformed("The signature must cover each component once.")
        components.append(item)
    return Input(label, tuple(components), parameters, http_sf.ser([member]))


def read_signature(header: bytes, label: str) -> bytes:
    """The bytes of a `Signature` field whose only label is this one.

    Raises:
        BadSignature: another label, or several.
        Malformed: no such structured field.
    """
    start = label.encode() + b"=:"
    if header.startswith(start) and header.endswith(b":") and header.count(b":") == 2:
        try:  # the usual field without a parser of all fields, which takes 10 µs
            return binascii.a2b_base64(header[len(start) : -1], strict_mode=True)
        except binascii.Error:
            raise Malformed("The signature is not base64.") from None
    name, member = _only_member(header)
    if name != label:
        raise BadSignature("Signature and Signature-Input have different labels.")
    if not isinstance(member[0], bytes):
        raise Malformed("The Signature must be bytes.")
    return member[0]


def base(described: Input, request: Request, found: dict[bytes, bytes], *, host: str, scheme: str) -> bytes:
    """The signature base (RFC 9421 §2.5): the bytes that are signed.

    Raises:
        BadSignature: it covers what is not there, or what we do not know.
        Malformed: a line break, NUL or other character in it that no header has.
    """
    lines = []
    for component in described.components:
        value = _value(component, request, found, host, scheme)
        name = http_sf.ser(component) if component[1] else f'"{component[0]}"'
        lines.append(f"{name}: {value}")
    lines.append(f'"@signature-params": {described.written}')
    try:
        return check_lines("\n".join(lines).encode("ascii"), len(lines))
    except UnicodeEncodeError:
        raise Malformed("A covered header is not ASCII.") from None


def _value(component: Component, request: Request, found: dict[bytes, bytes], host: str, scheme: str) -> str:
    name, parameters = component
    if name == "@query-param":
        return _query_parameter(parameters, request.target)
    if parameters:
        raise BadSignature("The signature covers a component in a form that we do not know.")
    if name.startswith("@"):
        read = _DERIVED.get(name)
        if read is None:
            raise BadSignature("The signature covers a component that requests do not have.")
        return read(request, host, scheme)
    field = found.get(name.encode()) if TOKEN.issuperset(name.encode()) else None
    if field is None:
        raise BadSignature("The signature covers a header that is not there.")
    return field.decode("latin-1").strip(" \t")


def _query(request: Request, _host: str, _scheme: str) -> str:
    return "?" + request.target.partition("?")[2]


# RFC 9421 §2.2; authority and scheme are what we are configured to be, never what a proxy says.
_DERIVED: dict[str, Callable[[Request, str, str], str]] = {
    "@method": lambda request, host, scheme: request.method,
    "@target-uri": lambda request, host, scheme: f"{scheme}://{host}{request.target}",
    "@authority": lambda request, host, scheme: host,
    "@scheme": lambda request, host, scheme: scheme,
    "@request-target": lambda request, host, scheme: request.target,
    "@path": lambda request, host, scheme: request.target.partition("?")[0],
    "@query": _query,
}


def _query_parameter(parameters: dict[str, Any], target: str) -> str:
    wanted = parameters.get("name")
    if len(parameters) != 1 or type(wanted) is not str:
        raise BadSignature("The signature covers a component in a form that we do not know.")
    try:
        pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True, max_num_fields=MAX_COMPONENTS)
    except ValueError:
        raise Malformed("The query has too many parameters.") from None
    values = [value for name, value in pairs if quote(name, safe="") == wanted]
    if len(values) != 1:
        raise BadSignature("The signature covers a query parameter that is not there once.")
    return quote(values[0], safe="")


def _check_cover(described: Input, request: Request) -> None:
    names = {name for name, parameters in described.components if not parameters}
    if "@method" not in names:
        raise BadSignature("The signature must cover the method.")
    if "@target-uri" not in names and not _equivalent(names, request):
        raise BadSignature("The signature must cover the target URI.")
    if takes_body(request) and "content-digest" not in names:
        raise BadSignature("The signature must cover the Content-Digest.")


def _equivalent(names: set[str], request: Request) -> bool:
    """Whether the parts of the target URI are all covered: some sign these instead of the whole."""
    whole = "@request-target" in names or ("@path" in names and ("?" not in request.target or "@query" in names))
    return whole and ("@authority" in names or "host" in names)


def _check_times(parameters: dict[str, Any], now: float) -> None:
    created, expires = parameters.get("created"), parameters.get("expires")
    if type(created) is not int:
        raise BadSignature("The signature must say when it was created.")
    check_time(created, now)
    if expires is not None:
        if type(expires) is not int:
            raise Malformed("expires must be seconds.")
        check_expiry(expires, now)


def _only_member(header: bytes) -> tuple[str, tuple[Any, dict[str, Any]]]:
    if len(header) > MAX_HEADER:
        raise Malformed("The signature is too long.")
    try:
        found: Any = http_sf.parse(header, tltype="dictionary", on_duplicate_key=_twice)
    except http_sf.StructuredFieldError:
        raise Malformed("The signature is no structured field.") from None
    if len(found) != 1:
        raise BadSignature("The request must have exactly one signature.")
    only: tuple[str, tuple[Any, dict[str, Any]]] = next(iter(found.items()))
    return only


def _text(parameters: dict[str, Any], name: str, absent: str) -> str:
    value = parameters.get(name, absent)
    if type(value) is not str:
        raise Malformed(f"{name} must be a string.")
    return value


def _twice(name: str, _where: str) -> None:
    raise Malformed(f"{name} must not be there twice.")
