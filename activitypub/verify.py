"""Who says this: a request or a document, and the actor who vouches for it, by signature, origin or proof (FEP-fe34).

What a signature is made of is in `signatures` and `proofs`. Whose a key is, and for whom its owner may speak, is
decided here and nowhere else.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

import httpx
import msgspec

from activitypub import contexts, keys, proofs, quirks, signatures
from activitypub.errors import BadSignature, Forbidden, Malformed
from activitypub.keys import PublicKey
from activitypub.origins import check_id, same_origin
from activitypub.properties import identity
from activitypub.signatures.claim import MAX_AGE, Claim, Request, signed_at

__all__ = [
    "MAX_AGE",
    "Claim",
    "Fetch",
    "Fetched",
    "KeyFinder",
    "KnownKey",
    "Request",
    "Signer",
    "activity",
    "claim",
    "confirm",
    "farewell",
    "fetched",
    "find_key",
    "key_from",
    "key_owner",
    "known",
    "proof",
    "proof_key",
    "request",
    "signed_at",
    "signer",
]

MAX_KEYS = 16  # of one actor that are looked at


class KnownKey(msgspec.Struct, frozen=True):
    """A key whose owner has been established by `key_from`. Where it is kept, all of it must be."""

    key_id: str
    owner: str  # the actor's id
    key: PublicKey
    expires: float | None = None  # seconds since 1970 (FEP-521a §Multikey)
    fetched: bool = False  # it has just come from its home, so asking again is useless


class Signer(msgspec.Struct, frozen=True):
    """The actor who vouches for a request or a document."""

    actor: str
    key_id: str
    scheme: Literal["cavage", "rfc9421", "eddsa-jcs-2022"]


class Fetched(Protocol):
    """A document that passed `fetched`, and the URL it came from."""

    @property
    def raw(self) -> dict[str, Any]: ...

    @property
    def url(self) -> str: ...  # where it was found, after redirects


# (key id, fresh): `fresh` means not from a cache, unless its home was asked a moment ago (SIG-18).
# Raises what fetching does.
KeyFinder = Callable[[str, bool], Awaitable[KnownKey]]
Fetch = Callable[[str], Awaitable[Fetched]]


def claim(arrived: Request, *, host: str, now: float, scheme: str = "https") -> Claim:
    """Who claims to have signed a request, and everything checked that takes no key and no network.

    `host` is our authority and `scheme` ours, as configured.

    Raises:
        BadSignature: unsigned, or what is signed is too little, too old, for another server or another body.
        Malformed: it cannot be read.
    """
    return signatures.parse(arrived, host=host, now=now, scheme=scheme)


def confirm(claimed: Claim, key: PublicKey) -> None:
    """That this key made the signature; whose it is, is not asked.

    Raises:
        BadSignature: it did not.
    """
    signatures.check(claimed, key)


async def request(arrived: Request, *, host: str, now: float, find: KeyFinder, scheme: str = "https") -> Signer:
    """The actor who signed a request. What is unsigned or hopeless causes no look-up.

    Raises:
        ProtocolError: nobody vouches for it, as `claim` and `signer`.
        Unreachable: the key cannot be had just now; the same request may be accepted later.
    """
    return await signer(claim(arrived, host=host, now=now, scheme=scheme), find)


async def signer(claimed: Claim, find: KeyFinder) -> Signer:
    """The actor behind a claim. When a kept key does not fit, its home is asked once: it may have a new one (SIG-17).

    Raises:
        ProtocolError: the signature does not verify, or the key has no owner.
        Unreachable: the key cannot be had just now.
    """
    found = await find(claimed.key_id, False)
    try:
        return _signer(claimed, found)
    except BadSignature:
        if found.fetched:
            raise
    return _signer(claimed, await find(claimed.key_id, True))


def known(claimed: Claim, lookup: Callable[[str], KnownKey | None]) -> Signer | None:
    """The actor behind a claim, when a key in memory says so; None: ask `signer`."""
    found = lookup(claimed.key_id)
    if found is None:
        return None
    try:
        return _signer(claimed, found)
    except BadSignature:
        return None


def activity(document: dict[str, Any], signed_by: Signer) -> None:
    """That a delivered activity is the signer's own (FEP-fe34 §Authentication): its actor, and its id of that origin.

    Raises:
        Forbidden: it is somebody else's.
        Malformed: no actor, several, or no id where one is needed (`quirks.transient`); or it can be read in two ways
            (attack ORI-29).
    """
    contexts.check(document)
    actor = _one_id(document.get("actor"))
    if actor is None:
        raise Malformed("An activity needs exactly one actor.")
    if actor != signed_by.actor:
        raise Forbidden("The activity is not by the actor who signed it.")
    if not quirks.transient(document):
        _check_home(document, actor)


def proof_key(document: dict[str, Any]) -> str | None:
    """The id of the key by which a document says to be proven (FEP-8b32), for `proof`; None when it says so of none.

    Raises:
        Malformed: its proof cannot be read.
    """
    found = proofs.read(document)
    return found.method if found is not None else None


def proof(document: dict[str, Any], key: KnownKey, now: float) -> Signer:
    """The actor who vouches for a document by its proof (FEP-8b32), whoever brought it.

    That must be its actor and its author; a document that names neither is an actor's own. `proof_key` says which key
    is asked for.

    Raises:
        BadSignature: no proof, by another key, or for another document.
        Forbidden: the key's owner has no say about this document.
        Malformed: it cannot be read.
    """
    found = proofs.read(document)
    if found is None or found.method != key.key_id or _expired(key, now):
        raise BadSignature("The document has no proof by this key.")
    said_by = [_one_id(document[name]) for name in ("actor", "attributedTo") if name in document]
    if any(speaker != key.owner for speaker in said_by or [_one_id(document)]):
        raise Forbidden("The proof is not by the author of the document.")
    _check_home(document, key.owner)
    proofs.verify(document, found, key.key, now)
    return Signer(key.owner, key.key_id, "eddsa-jcs-2022")


def fetched(document: dict[str, Any], url: str) -> str | None:
    """None when a document speaks for itself: it was found at its id. Else the id, at which to ask once (ORI-05).

    What has no id (some collections) is what its URL is and nothing else. `url` is the last one, after redirects.

    Raises:
        Forbidden: its id is on another origin than it was found at.
        Malformed: its id is no URL.
    """
    name = document.get("id")
    if name is None:
        return None
    name = check_id(name)
    if _same_place(name, url):
        return None
    if not same_origin(name, url):
        raise Forbidden("The document was found on another origin than its id.")
    return name


def farewell(document: dict[str, Any], key_id: str) -> bool:
    """Whether a request by a key that is gone only says that its actor is: nothing to verify or to do (SIG-20)."""
    if document.get("type") != "Delete":
        return False
    actor = _one_id(document.get("actor"))
    return actor is not None and actor == _one_id(document.get("object")) and same_origin(actor, key_id)


async def find_key(key_id: str, fetch: Fetch) -> KnownKey:
    """The key of that id from its home, with its owner; at most two documents are fetched.

    Raises:
        ProtocolError: as `key_from`, or as `fetch`.
        Unreachable: as `fetch`.
    """
    found = await fetch(_home(key_id))
    if not _is_key(found.raw):
        return key_from(found.raw, key_id, found.url)
    actor = await fetch(key_owner(found.raw, key_id, found.url))
    return key_from(actor.raw, key_id, actor.url, standalone=found.raw)


def key_owner(document: dict[str, Any], key_id: str, url: str) -> str:
    """Whose key it is, says a key document of its own. Only that actor's document can confirm it (`key_from`).

    Raises:
        Forbidden: it is another key than asked for (SIG-15), or its owner is on another origin (SIG-14).
        Malformed: it names nobody.
    """
    if document.get("id") != key_id or not _same_place(key_id, url):
        raise Forbidden("The key document is not the one that was asked for.")
    owner = _one_id(document.get("owner", document.get("controller")))
    if owner is None:
        raise Malformed("The key has no owner.")
    if not same_origin(owner, key_id):
        raise Forbidden("The key and its owner have different origins.")
    return owner


def key_from(document: dict[str, Any], key_id: str, url: str, *, standalone: dict[str, Any] | None = None) -> KnownKey:
    """The key of that id, when the actor's document found at `url` lists it as its own.

    The claim must hold both ways (FEP-fe34 §Reciprocal claims) and within one origin: the actor lists the key, and the
    key names the actor. So nobody can sign with a key of his in another's name (SIG-14), nor put it under another's key
    id (SIG-16). The bare id of the actor stands for its only `publicKey` (SIG-23). `standalone` is the key's own
    document, for actors that list just its id.

    Raises:
        Forbidden: the document is not where its id says, or the key is somebody else's.
        BadSignature: the actor lists no such key.
        Malformed: the key cannot be read, or is too weak (SIG-22).
    """
    actor = check_id(document.get("id"))
    if not _same_place(actor, url):
        raise Forbidden("The actor was not found at its id.")
    if not same_origin(actor, key_id):
        raise Forbidden("The key and its owner have different origins.")
    found = [_read(entry, actor) for entry in _listed(document, actor, key_id, standalone)]
    if not found:
        raise BadSignature("The actor does not list this key.")
    if any(entry != found[0] for entry in found):
        raise Malformed("The actor lists two keys under one id.")
    key, expires = found[0]
    return KnownKey(key_id, actor, key, expires, fetched=True)


def _listed(
    document: dict[str, Any], actor: str, key_id: str, standalone: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """The entries of an actor for one key id."""
    if key_id == actor:
        return [entry for entry in _entries(document, "publicKey") if isinstance(entry, dict)]
    found = []
    for entry in _entries(document, "publicKey") + _entries(document, "assertionMethod"):
        if isinstance(entry, dict) and entry.get("id") == key_id:
            found.append(entry)
        elif entry == key_id and standalone is not None and standalone.get("id") == key_id:
            found.append(standalone)
    return found


def _entries(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    return value[:MAX_KEYS] if isinstance(value, list) else [value]


def _read(entry: dict[str, Any], actor: str) -> tuple[PublicKey, float | None]:
    for name in ("owner", "controller"):
        if name in entry and _one_id(entry[name]) != actor:
            raise Forbidden("The key belongs to somebody else.")
    pem, multibase = entry.get("publicKeyPem"), entry.get("publicKeyMultibase")
    if isinstance(pem, str):
        return keys.load_public_pem(pem), proofs.seconds(entry.get("expires"))
    if isinstance(multibase, str):
        return keys.load_multikey(multibase), proofs.seconds(entry.get("expires"))
    raise Malformed("The key has neither publicKeyPem nor publicKeyMultibase.")


def _signer(claimed: Claim, found: KnownKey) -> Signer:
    if found.key_id != claimed.key_id or not same_origin(found.owner, claimed.key_id):
        raise BadSignature("The key found is not the one that was asked for.")
    if _expired(found, claimed.at):
        raise BadSignature("The key has expired.")
    confirm(claimed, found.key)
    return Signer(found.owner, found.key_id, claimed.scheme)


def _expired(key: KnownKey, now: float) -> bool:
    return key.expires is not None and key.expires < now


def _check_home(document: dict[str, Any], owner: str) -> None:
    if not same_origin(check_id(document.get("id")), owner):
        raise Forbidden("The id has another origin than the actor.")


def _one_id(value: Any) -> str | None:
    """The id of what is named by a string, an object, or a list of one of them."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = identity(value)
    return check_id(value) if isinstance(value, str) else None


def _is_key(document: dict[str, Any]) -> bool:
    return "publicKeyPem" in document or "publicKeyMultibase" in document


def _home(name: str) -> str:
    return name.partition("#")[0]


def _same_place(first: str, second: str) -> bool:
    """Whether fetching one is fetching the other."""
    first, second = _home(check_id(first)), _home(check_id(second))
    if first == second or (first.isascii() and second.isascii()):
        return first == second
    return same_origin(first, second) and httpx.URL(first).raw_path == httpx.URL(second).raw_path
