"""Says which program runs here, and reads it of others (NodeInfo 2.0 and 2.1)."""

import re
from typing import Any, Literal

import msgspec

from activitypub.client import Allowance, Client
from activitypub.contexts import ACTIVITYSTREAMS
from activitypub.errors import Malformed, ProtocolError
from activitypub.origins import check_id, host_of, is_url

PATH = "/.well-known/nodeinfo"
VERSIONS = ("2.1", "2.0")  # the newest first
_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
_READABLE = (*VERSIONS, "2.2", "1.1", "1.0")  # all have `software.name` and `software.version`
_APPLICATION = f"{ACTIVITYSTREAMS}#Application"  # FEP-2677 §Identifying the Application Actor with nodeinfo
_MAX_LINKS = 50
_NAME = re.compile(r"[a-z0-9][a-z0-9 ._-]{0,62}")
_VERSION = re.compile(r"[ -~]{1,120}")


class Software(msgspec.Struct, frozen=True):
    """The program a host says it runs; the name in lower case."""

    name: str
    version: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a server tells about itself; counts that are None are not told (FEP-0151 §Hiding usage statistics)."""

    version: str
    name: str = "fedcomm"
    repository: str | None = None
    homepage: str | None = None
    open_registrations: bool = False
    title: str = ""
    description: str = ""
    users: int | None = None
    active_month: int | None = None
    active_half_year: int | None = None
    posts: int | None = None
    groups: str | None = None  # where the groups are listed
    comments: int | None = None


def well_known(base_url: str, application: str) -> dict[str, Any]:
    """The index: where the documents are, and the Application actor (FEP-2677)."""
    links = [{"rel": f"{_SCHEMA}{version}", "href": f"{base_url}/nodeinfo/{version}"} for version in VERSIONS]
    return {"links": [*links, {"rel": _APPLICATION, "href": application}]}


def document(facts: Facts, version: Literal["2.0", "2.1"]) -> dict[str, Any]:
    """The document in one of the versions.

    `metadata.upstream` names the program whose client API is spoken here, for tools that choose by it.
    """
    software: dict[str, Any] = {"name": facts.name, "version": facts.version}
    if version == "2.1":  # the older schema allows no more than these two
        software |= _told(repository=facts.repository, homepage=facts.homepage)
    users = _told(total=facts.users, activeMonth=facts.active_month, activeHalfyear=facts.active_half_year)
    return {
        "version": version,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": facts.open_registrations,
        "usage": {"users": users, **_told(localPosts=facts.posts, localComments=facts.comments)},
        "metadata": {
            **_told(nodeName=facts.title or None, nodeDescription=facts.description or None),
            "upstream": {"name": "mastodon"},
            "federation": {"enabled": True},
            **_told(groups=facts.groups),
        },
    }


def content_type(version: Literal["2.0", "2.1"]) -> str:
    """The media type of a document, with its profile."""
    return f'application/json; profile="{_SCHEMA}{version}#"'


async def read(
    client: Client, host: str, *, scheme: str = "https", allowance: Allowance | None = None
) -> Software | None:
    """The program that runs at a host, `name` or `name:port`; None when it does not say so clearly (NET-43).

    Raises:
        Unreachable: the host may answer later.
    """
    try:
        index = await client.get_json(f"{scheme}://{host}{PATH}", allowance=allowance)
        return software(await client.get_json(_address(index, host), allowance=allowance))
    except ProtocolError:
        return None


def software(raw: dict[str, Any]) -> Software:
    """The program that a NodeInfo document names.

    Raises:
        Malformed: none, or a name that is none.
    """
    named = raw.get("software")
    name = named.get("name") if isinstance(named, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name.strip().lower()):
        raise Malformed("The document names no program.")
    version = named.get("version") if isinstance(named, dict) else None
    said = version if isinstance(version, str) and _VERSION.fullmatch(version) else ""
    return Software(name.strip().lower(), said)


def _address(index: dict[str, Any], host: str) -> str:
    links = index.get("links")
    if not isinstance(links, list):
        raise Malformed("The index of NodeInfo has no links.")
    found: dict[str, str] = {}
    for link in links[:_MAX_LINKS]:
        rel, href = (link.get("rel"), link.get("href")) if isinstance(link, dict) else (None, None)
        # Only what lies on the host itself speaks for it.
        if isinstance(rel, str) and is_url(href) and host_of(check_id(href)) == host:
            found.setdefault(rel.removeprefix(_SCHEMA), check_id(href))
    address = next((found[version] for version in _READABLE if version in found), None)
    if address is None:
        raise Malformed("The index of NodeInfo leads to no document.")
    return address


def _told(**properties: Any) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}
