"""Requests signed by hand, without the code under test, by people of two servers; every part can be changed."""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest

from activitypub import keys, render, verify
from activitypub.errors import BadSignature, Forbidden, Gone, Malformed, NotFound, Unreachable
from activitypub.keys import PrivateKey
from activitypub.verify import KnownKey, Request
from tests import rsa_keys

NOW = 1_793_491_200.0  # Sun, 01 Nov 2026 00:00:00 GMT
DATE = "Sun, 01 Nov 2026 00:00:00 GMT"
HOST = "groups.example"
ALICE, BOB = "https://remote.example/users/alice", "https://remote.example/users/bob"
MALLORY = "https://evil.example/users/mallory"
CAVAGE = ("(request-target)", "host", "date", "digest")
RFC9421 = ("@method", "@target-uri", "content-digest")
AS = "application/activity+json"


def key_of(name: str) -> PrivateKey:
    """The RSA key of that name, the same in the whole run."""
    return rsa_keys.called(name)


@cache
def ed25519_of(name: str) -> PrivateKey:
    """The Ed25519 key of that name, the same in the whole run."""
    return keys.make_ed25519()


def note(actor: str = ALICE, number: int = 1) -> dict[str, Any]:
    """A Create of a note."""
    home = actor.partition("/users/")[0]
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{home}/activities/{number}",
        "type": "Create",
        "actor": actor,
        "object": {"id": f"{home}/notes/{number}", "type": "Note", "attributedTo": actor, "content": "<p>hello</p>"},
    }


BODY = json.dumps(note()).encode()


def digest(body: bytes) -> str:
    """A `Digest` header."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def content_digest(body: bytes) -> str:
    """A `Content-Digest` header."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def cavage(
    *,
    key: PrivateKey | None = None,
    key_id: str = ALICE + "#main-key",
    method: str = "POST",
    target: str = "/inbox",
    signed_target: str | None = None,
    covered: Sequence[str] = CAVAGE,
    algorithm: str | None = "rsa-sha256",
    parameters: str = "",
    times: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = BODY,
    sign: Callable[[bytes], bytes] | None = None,
) -> Request:
    """A request signed by draft-cavage. Of `headers`, None removes; `times` are the values of (created), (expires)."""
    fields: dict[str, str | None] = {"host": HOST, "date": DATE, "content-type": AS, "digest": digest(body)}
    fields.update(headers or {})
    lines = []
    for name in covered:
        if name == "(request-target)":
            lines.append(f"{name}: {method.lower()} {signed_target or target}")
        elif name in ("(created)", "(expires)"):
            lines.append(f"{name}: {(times or {}).get(name, '')}")
        else:
            lines.append(f"{name}: {fields.get(name) or ''}")
    made = (sign or (key or key_of("alice")).sign)("\n".join(lines).encode("latin-1"))
    label = f'algorithm="{algorithm}",' if algorithm else ""
    signature = base64.b64encode(made).decode()
    value = f'keyId="{key_id}",{label}{parameters}headers="{" ".join(covered)}",signature="{signature}"'
    return arrived(method, target, {**fields, "signature": value}, body)


def rfc9421(
    *,
    key: PrivateKey | None = None,
    key_id: str = ALICE + "#main-key",
    method: str = "POST",
    target: str = "/inbox",
    covered: Sequence[str] = RFC9421,
    values: dict[str, str] | None = None,
    parameters: str | None = None,
    label: str = "sig1",
    headers: dict[str, str] | None = None,
    body: bytes = BODY,
    sign: Callable[[bytes], bytes] | None = None,
) -> Request:
    """A request signed by RFC 9421. `values` are what the signer took for a component, by its name."""
    fields: dict[str, str | None] = {"host": HOST, "date": DATE, "content-type": AS}
    fields["content-digest"] = content_digest(body)
    fields.update(headers or {})
    path, _, query = target.partition("?")
    derived = {
        "@method": method,
        "@target-uri": f"https://{HOST}{target}",
        "@authority": HOST,
        "@scheme": "https",
        "@request-target": target,
        "@path": path,
        "@query": "?" + query,
        **(values or {}),
    }
    lines = [f'"{name}": {derived.get(name, fields.get(name) or "")}' for name in covered]
    if parameters is None:
        parameters = f';created={int(NOW)};keyid="{key_id}"'
    described = "(" + " ".join(f'"{name}"' for name in covered) + ")" + parameters
    lines.append(f'"@signature-params": {described}')
    made = (sign or (key or key_of("alice")).sign)("\n".join(lines).encode("latin-1"))
    fields["signature-input"] = f"{label}={described}"
    fields["signature"] = f"{label}=:{base64.b64encode(made).decode()}:"
    return arrived(method, target, fields, body)


def arrived(method: str, target: str, fields: dict[str, Any], body: bytes) -> Request:
    """The request as the web server hands it over; fields that are None are left out."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in fields.items() if value is not None]
    return Request(method, target, raw, body)


def changed(request: Request, *, body: bytes | None = None, target: str | None = None, **fields: str | None) -> Request:
    """The same request with another body, target or headers (None removes; `_` stands for `-`)."""
    names = {name.replace("_", "-").encode(): value for name, value in fields.items()}
    kept = [(name, value) for name, value in request.headers if name not in names]
    added = [(name, value.encode("latin-1")) for name, value in names.items() if value is not None]
    return Request(
        request.method,
        target or request.target,
        kept + added,
        request.body if body is None else body,
    )


def header(request: Request, name: str) -> str:
    """One header of a request."""
    return dict(request.headers)[name.encode()].decode("latin-1")


def actor(name: str, key: PrivateKey, **more: Any) -> dict[str, Any]:
    """The document of an actor who lists that key as `#main-key`."""
    return {
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": name,
        "type": "Person",
        "preferredUsername": name.rpartition("/")[2],
        "inbox": name + "/inbox",
        "publicKey": {"id": name + "#main-key", "owner": name, "publicKeyPem": keys.public_pem(key.public)},
        **more,
    }


class Document(msgspec.Struct, frozen=True):
    """What the world answers with."""

    raw: dict[str, Any]
    url: str


class World:
    """The other servers: URL → document, or (status, content type, document or location). Counts who is asked."""

    def __init__(self, pages: dict[str, Any] | None = None, kept: dict[str, KnownKey] | None = None) -> None:
        self.pages = pages if pages is not None else world()
        self.kept = dict(kept or {})
        self.asked: list[str] = []

    async def find(self, key_id: str, fresh: bool) -> KnownKey:
        """A finder of keys as the server has one: from what is kept, else from its home."""
        if not fresh and key_id in self.kept:
            return self.kept[key_id]
        found = await verify.find_key(key_id, self.fetch)
        self.kept[key_id] = msgspec.structs.replace(found, fetched=False)
        return found

    async def fetch(self, url: str) -> Document:
        """A document that speaks for itself, by the rules for fetching."""
        found = self._get(url)
        elsewhere = verify.fetched(found.raw, found.url)
        if elsewhere is not None:
            found = self._get(elsewhere)
            if verify.fetched(found.raw, found.url) is not None:
                raise Forbidden("The document is not found at its id.")
        return found

    def _get(self, url: str) -> Document:
        for _ in range(4):
            url = url.partition("#")[0]
            if not url.startswith("https://"):
                raise Forbidden("https only.")
            self.asked.append(url)
            page = self.pages.get(url, (404, "", None))
            status, kind, content = page if isinstance(page, tuple) else (200, AS, page)
            if status == 200:
                if kind not in (AS, "application/ld+json"):
                    raise Malformed("The answer is no ActivityPub document.")
                return Document(content, url)
            if status in (301, 302):
                url = content
                continue
            if status == 404:
                raise NotFound("404")
            if status == 410:
                raise Gone("410")
            raise Unreachable("later", 30)
        raise Malformed("Too many redirects.")


def world() -> dict[str, Any]:
    """Alice and Bob at remote.example, Mallory at evil.example."""
    return {
        ALICE: actor(ALICE, key_of("alice"), assertionMethod=[ed25519_key(ALICE)]),
        BOB: actor(BOB, key_of("bob")),
        MALLORY: actor(MALLORY, key_of("mallory")),
    }


def ed25519_key(owner: str) -> dict[str, Any]:
    """The Multikey of an actor."""
    name = owner.rpartition("/")[2]
    return render.multikey(owner, owner + "#ed25519-key", keys.multikey(ed25519_of(name).public))


def known(owner: str = ALICE, key: PrivateKey | None = None) -> KnownKey:
    """The main key of an actor, as it is kept."""
    return KnownKey(owner + "#main-key", owner, (key or key_of(owner.rpartition("/")[2])).public)


def claimed(request: Request, *, host: str = HOST, now: float = NOW, scheme: str = "https") -> verify.Claim:
    """What it claims, read as this server would."""
    return verify.claim(request, host=host, now=now, scheme=scheme)


def accepted(request: Request, key: PrivateKey | None = None, **options: Any) -> None:
    """That its signature is by the key (Alice's, when none is named), and by no other of its kind."""
    claim, key = claimed(request, **options), key or key_of("alice")
    another = ed25519_of("nobody") if key.algorithm == "ed25519" else key_of("nobody")
    verify.confirm(claim, key.public)
    with pytest.raises(BadSignature, match="not by this key"):
        verify.confirm(claim, another.public)


async def signer_of(request: Request, world: World | None = None, **options: Any) -> verify.Signer:
    """Who signed it, asked as the inbox asks."""
    find: Callable[[str, bool], Awaitable[KnownKey]] = (world or World()).find
    return await verify.request(request, **{"host": HOST, "now": NOW, **options}, find=find)
