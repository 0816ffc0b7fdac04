"""Finds the actor behind a handle and the handle of an actor, and answers who asks for ours (RFC 7033)."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import msgspec

from activitypub.actors import Actor
from activitypub.client import Allowance, Client
from activitypub.contexts import ACTIVITYSTREAMS, LD_MEDIA_TYPE, MEDIA_TYPE
from activitypub.errors import Forbidden, Malformed, NotFound, ProtocolError
from activitypub.origins import check_id, host_of, is_url

JRD_MEDIA_TYPE = "application/jrd+json"
PATH = "/.well-known/webfinger"
SELF = "self"
PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
INTENT = "https://w3id.org/fep/3b86/"  # before the type of an activity (FEP-3b86 §3.2)
SERVER_ACTOR = f"{ACTIVITYSTREAMS}#Service"  # FEP-d556 §Discovery
_ACCEPT = f"{JRD_MEDIA_TYPE}, application/json"
_MAX_LINKS = 100
_LONGEST_TEMPLATE = 2_000
_BLANK = re.compile(r"\{([^{}]*)\}")  # of a template
_HANDLE = re.compile(r"(?:acct:)?[@!]?([^\s@/\\:?#%<>\"'&\x00-\x1f\x7f-\x9f]{1,128})@([^\s@/\\?#%<>\"'&]{1,253})")


class Handle(msgspec.Struct, frozen=True):
    """`username@host`; `verified` says that the host itself named the actor for it."""

    username: str
    host: str
    verified: bool = False

    def __str__(self) -> str:
        return f"{self.username}@{self.host}"


class Found(msgspec.Struct, frozen=True):
    """An actor's id and the handle that its host gives it."""

    uri: str
    handle: Handle


class Wanted(msgspec.Struct, frozen=True):
    """What a resource asks for: an account by name, an actor or page by URL, or the server itself."""

    username: str | None = None
    uri: str | None = None

    @property
    def server(self) -> bool:
        """Whether it is the server itself (FEP-d556 §Discovery)."""
        return self.username is None and self.uri is None


def wanted(resource: str, host: str) -> Wanted:
    """What somebody asks *us* for; `host` is ours, `name` or `name:port`.

    Raises:
        Malformed: neither handle nor URL.
        NotFound: it is another host's.
    """
    if resource.lower().startswith(("http://", "https://")):
        uri = check_id(resource)
        if host_of(uri) != host:
            raise NotFound("That is on another server.")
        return Wanted() if uri.partition("://")[2].rstrip("/") == host else Wanted(uri=uri)
    handle = read_handle(resource)
    if handle.host != host:
        raise NotFound("That is on another server.")
    return Wanted() if handle.username.lower() == host else Wanted(username=handle.username)


def answer(
    handle: Handle,
    uri: str,
    *,
    kind: str = "Person",
    page: str | None = None,
    subscribe: str | None = None,
    intents: Mapping[str, str] = MappingProxyType({}),
    rels: Iterable[str] = (),
) -> dict[str, Any]:
    """The descriptor of one of our actors; `rels`, when given, are the only links wanted (RFC 7033 §4.3).

    `subscribe` is a template with `{uri}` where a visitor can follow somebody from home; `intents` are templates by
    type of activity (FEP-3b86), under both names by which they are read: NodeBB knows `template` only.
    """
    links: list[dict[str, Any]] = [
        # Lemmy and PieFed tell people and groups of one name apart by the property.
        {"rel": SELF, "type": MEDIA_TYPE, "href": uri, "properties": {f"{ACTIVITYSTREAMS}#type": kind}}
    ]
    if page is not None:
        links.append({"rel": PROFILE_PAGE, "type": "text/html", "href": page})
    if subscribe is not None:
        links.append({"rel": SUBSCRIBE, "template": subscribe})
    links += [{"rel": f"{INTENT}{act}", "href": place, "template": place} for act, place in intents.items()]
    aliases = list(dict.fromkeys(url for url in (uri, page) if url))
    return {"subject": f"acct:{handle}", "aliases": aliases, "links": _filtered(links, rels)}


def answer_for_server(uri: str, *, rels: Iterable[str] = ()) -> dict[str, Any]:
    """The descriptor of the server itself, which leads to its Application actor (FEP-d556 §Discovery)."""
    links = [{"rel": rel, "type": MEDIA_TYPE, "href": uri} for rel in (SERVER_ACTOR, SELF)]
    return {"subject": uri, "links": _filtered(links, rels)}


def host_meta(base_url: str) -> bytes:
    """Where WebFinger is answered, as XRD (RFC 6415)."""
    template = quoteattr(f"{base_url}{PATH}?resource={{uri}}")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<XRD xmlns={quoteattr('http://docs.oasis-open.org/ns/xri/xrd-1.0')}>"
        f"<Subject>{escape(base_url)}</Subject>"
        f'<Link rel="lrdd" type="{JRD_MEDIA_TYPE}" template={template}/></XRD>\n'
    ).encode()


def host_meta_json(base_url: str) -> dict[str, Any]:
    """The same as JSON (RFC 6415 §3.1)."""
    template = f"{base_url}{PATH}?resource={{uri}}"
    return {"subject": base_url, "links": [{"rel": "lrdd", "type": JRD_MEDIA_TYPE, "template": template}]}


def read_handle(text: str) -> Handle:
    """The handle in `alice@example.org`, with or without `acct:` and a leading `@` or `!`.

    Raises:
        Malformed: no handle, or no such host.
    """
    match = _HANDLE.fullmatch(text)
    if match is None:
        raise Malformed("Expected a handle like name@host.")
    return Handle(match[1], host_of(f"https://{match[2]}/"))


async def lookup(client: Client, handle: str, *, scheme: str = "https", allowance: Allowance | None = None) -> Found:
    """The actor that a handle leads to, under the handle that its host insists on.

    When the answer names another subject, that one must lead to the same actor (ORI-26: the claimed host is asked).

    Raises:
        Malformed, NotFound, Gone, Forbidden, Unreachable: there is no such actor, or the claims do not agree.
    """
    asked = read_handle(handle)
    subject, uri = await _ask(client, asked, scheme, allowance)
    if subject is None or _same(subject, asked):
        return Found(uri, Handle(asked.username, asked.host, verified=True))
    confirmed, confirmed_uri = await _ask(client, subject, scheme, allowance)
    if confirmed_uri != uri or confirmed is None or not _same(confirmed, subject):
        raise Forbidden("The handle and the host it claims do not agree.")
    return Found(uri, Handle(subject.username, subject.host, verified=True))


async def handle_of(
    client: Client, actor: Actor, *, scheme: str = "https", allowance: Allowance | None = None
) -> Handle:
    """How an actor may be called: by the handle that leads back to it, else by its name at its *own* host.

    Raises:
        Unreachable: the host may answer later; until then the unverified form is all there is.
    """
    host = host_of(actor.uri)
    plain = Handle(actor.username or host, host)
    if not actor.username:
        return plain
    try:
        found = await lookup(client, str(plain), scheme=scheme, allowance=allowance)
    except ProtocolError:
        return plain
    return found.handle if found.uri == actor.uri else plain


async def place(
    client: Client, handle: Handle, act: str, uri: str, *, scheme: str = "https", allowance: Allowance | None = None
) -> str:
    """Where somebody can do `act` (Follow, Like …) to `uri` at home, by what their server says; '' when it is silent.

    No other place than one of the handle's own server, or of the server where its actor lives.

    Raises:
        Malformed, NotFound, Gone, Forbidden, Unreachable: nobody has this handle.
    """
    links = await _links(client, handle, scheme, allowance)
    actor = _actor_link(links)
    hosts = {handle.host, host_of(actor)} if actor else {handle.host}
    wanted = [f"{INTENT}{act}", SUBSCRIBE, f"{INTENT}Object"]  # the old one is said to follow, and shows posts as well
    found = {link["rel"]: link for link in links[:_MAX_LINKS] if isinstance(link, dict) and link.get("rel") in wanted}
    for rel in wanted:
        link = found.get(rel, {})
        template = link.get("template") or link.get("href")
        if isinstance(template, str) and len(template) <= _LONGEST_TEMPLATE:
            filled = _BLANK.sub(lambda match: quote(uri, safe="") if match[1] in ("uri", "object") else "", template)
            if filled.startswith(f"{scheme}://") and is_url(filled) and host_of(filled) in hosts:
                return filled
    return ""


async def _ask(client: Client, handle: Handle, scheme: str, allowance: Allowance | None) -> tuple[Handle | None, str]:
    raw = await _descriptor(client, handle, scheme, allowance)
    uri = _actor_link(raw.get("links"))
    if uri is None:
        raise NotFound("The handle leads to no actor.")
    return _subject(raw.get("subject")), uri


async def _links(client: Client, handle: Handle, scheme: str, allowance: Allowance | None) -> list[Any]:
    links = (await _descriptor(client, handle, scheme, allowance)).get("links")
    return links if isinstance(links, list) else []


async def _descriptor(client: Client, handle: Handle, scheme: str, allowance: Allowance | None) -> dict[str, Any]:
    resource = quote(f"acct:{handle}", safe="")
    address = f"{scheme}://{handle.host}{PATH}?resource={resource}"
    return await client.get_json(address, _ACCEPT, allowance=allowance)


def _subject(value: Any) -> Handle | None:
    # Some name the actor's URL as the subject: no claim about a handle.
    if not isinstance(value, str) or not value.startswith("acct:"):
        return None
    return read_handle(value)


def _actor_link(links: Any) -> str | None:
    if not isinstance(links, list):
        return None
    for link in links[:_MAX_LINKS]:
        if isinstance(link, dict) and link.get("rel") == SELF and _is_activity(link.get("type")):
            href = link.get("href")
            if is_url(href):
                return check_id(href)
    return None


def _is_activity(media_type: Any) -> bool:
    if not isinstance(media_type, str):
        return False
    plain = media_type.replace(" ", "").lower()
    return plain.partition(";")[0] == MEDIA_TYPE or plain == LD_MEDIA_TYPE.replace(" ", "").lower()


def _same(first: Handle, second: Handle) -> bool:
    return first.host == second.host and first.username.casefold() == second.username.casefold()


def _filtered(links: list[dict[str, Any]], rels: Iterable[str]) -> list[dict[str, Any]]:
    only = set(rels)
    return [link for link in links if link["rel"] in only] if only else links
