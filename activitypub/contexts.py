"""Knows the names and terms of the vocabulary, and the smallest `@context` for what we write; fetches nothing."""

from collections.abc import Collection
from typing import Any

from activitypub.errors import Malformed

ACTIVITYSTREAMS = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
GOTOSOCIAL = "https://gotosocial.org/ns"
DID = "https://www.w3.org/ns/did/v1"  # defines assertionMethod
MULTIKEY = "https://w3id.org/security/multikey/v1"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v1"
PUBLIC = f"{ACTIVITYSTREAMS}#Public"
PUBLIC_SPELLINGS = frozenset({PUBLIC, "as:Public", "Public"})  # AP §5.6
MEDIA_TYPE = "application/activity+json"
LD_MEDIA_TYPE = f'application/ld+json; profile="{ACTIVITYSTREAMS}"'

_VOCABULARY = f"{ACTIVITYSTREAMS}#"
_CONTEXT_MEMBERS = 300  # terms of one inline context; the largest seen in the wild has about 60

# What decides who says what to whom: a context must not give these another meaning.
_CORE = frozenset(
    {"id", "type", "actor", "object", "target", "attributedTo", "to", "cc", "audience", "inReplyTo", "inbox"}
)

# Terms that we write and that the base context does not define.
_NAMESPACES = {
    "toot": "http://joinmastodon.org/ns#",
    "lemmy": "https://join-lemmy.org/ns#",
    "schema": "http://schema.org#",
    "pt": "https://joinpeertube.org/ns#",
    "mz": "https://joinmobilizon.org/ns#",
}
_DOCUMENTS = {
    "publicKey": SECURITY,
    "publicKeyPem": SECURITY,
    "assertionMethod": DID,
    "Multikey": MULTIKEY,
    "proof": DATA_INTEGRITY,
}
_TERMS: dict[str, Any] = {
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "sensitive": "as:sensitive",
    "Hashtag": "as:Hashtag",
    "quoteUrl": "as:quoteUrl",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "suspended": "toot:suspended",
    "attributionDomains": {"@id": "toot:attributionDomains", "@type": "@id"},
    "votersCount": "toot:votersCount",
    "blurhash": "toot:blurhash",
    "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
    "Emoji": "toot:Emoji",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    "language": "schema:inLanguage",
    "moderators": {"@id": "lemmy:moderators", "@type": "@id"},
    "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
    "stickied": "lemmy:stickied",
    "removeData": "lemmy:removeData",
    "restoreData": "lemmy:restoreData",
    "expires": {"@id": "lemmy:expires", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"},
    "Lock": "lemmy:Lock",
    "CommunityPostTag": "lemmy:CommunityPostTag",
    "textColor": "lemmy:textColor",
    "backgroundColor": "lemmy:backgroundColor",
    "display_name": "lemmy:display_name",
    "text_color": "lemmy:text_color",
    "background_color": "lemmy:background_color",
    "commentsEnabled": "pt:commentsEnabled",
    "openness": {"@id": "mz:openness", "@type": "@id"},  # as Mobilizon defines it
}


_BEYOND_BASE = _DOCUMENTS.keys() | _TERMS.keys()


def context_for(names: Collection[str]) -> Any:
    """The smallest `@context` under which all of these names of properties and types have their meaning."""
    if _BEYOND_BASE.isdisjoint(names):
        return ACTIVITYSTREAMS
    urls = dict.fromkeys(url for name, url in _DOCUMENTS.items() if name in names)
    terms = {name: term for name, term in _TERMS.items() if name in names}
    prefixes = {name: url for name, url in _NAMESPACES.items() if any(_uses(name, term) for term in terms.values())}
    if not urls and not terms:
        return ACTIVITYSTREAMS
    return [ACTIVITYSTREAMS, *urls, *([{**prefixes, **terms}] if terms else [])]


def including(context: Any, url: str) -> Any:
    """The `@context` with one more document, directly behind the base."""
    parts = context if isinstance(context, list) else [context]
    return parts if url in parts else [*parts[:1], url, *parts[1:]]


def short_name(name: str) -> str:
    """A type without the prefix of the vocabulary: `as:Note` is `Note`."""
    return name.removeprefix("as:").removeprefix(_VOCABULARY)


def check(raw: dict[str, Any]) -> None:
    """Refuse what a JSON-LD processor would read differently from a reader of plain JSON (AP §3).

    Raises:
        Malformed: `@graph` and its like, an alias that says something else, or a context that gives a core term another
            meaning.
    """
    if "@graph" in raw or "@included" in raw or "@reverse" in raw:
        raise Malformed("A document must say one thing: @graph, @included and @reverse are not understood.")
    if ("@id" in raw and raw.get("id", raw["@id"]) != raw["@id"]) or (
        "@type" in raw and raw.get("type", raw["@type"]) != raw["@type"]
    ):
        raise Malformed("A document must say one thing: `@id` and `@type` are the same as `id` and `type`.")
    context = raw.get("@context")
    if type(context) is list:
        for part in context:
            if type(part) is dict:
                _check_inline(part)
    elif type(context) is dict:
        _check_inline(context)


def _check_inline(context: dict[str, Any]) -> None:
    if len(context) > _CONTEXT_MEMBERS:
        raise Malformed("The context has too many terms.")
    if _CORE.isdisjoint(context):
        return
    for term in _CORE & context.keys():
        meaning = context[term]
        name = meaning.get("@id") if type(meaning) is dict else meaning
        if name not in _meanings(term):
            raise Malformed(f"The context gives {term!r} another meaning.")


def _meanings(term: str) -> tuple[str, ...]:
    plain = (f"as:{term}", f"{ACTIVITYSTREAMS}#{term}")
    if term == "inbox":
        return (*plain, "ldp:inbox", "http://www.w3.org/ns/ldp#inbox")
    return (*plain, f"@{term}") if term in ("id", "type") else plain


def _uses(prefix: str, definition: Any) -> bool:
    name = definition["@id"] if type(definition) is dict else definition
    return bool(name.startswith(f"{prefix}:"))
