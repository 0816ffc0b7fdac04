"""Groups of another server that one could follow, as its own API lists them: hints, each is asked for at its id.

Mastodon, GoToSocial and Misskey have no groups of their own to list: what is a group in their directories lives
elsewhere, or is a bot that boosts (a.gup.pe), whose server tells nobody of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from activitypub import nodeinfo
from activitypub.client import Allowance
from activitypub.errors import Malformed, ProtocolError
from activitypub.origins import host_of, is_url
from fedcomm.app import App

MOST = 100  # groups of one server that are looked at
_LONGEST = 2_000  # characters of what a group says of itself
_USERS = ("users_active_month", "users_active_week", "active", "subscriptionsCount", "subscriptions_count", "threads")
Json = dict[str, Any]


class Prospect(msgspec.Struct, frozen=True):
    """A group: its id, what it is called, all that it says in small letters, and how lively it is there."""

    uri: str
    title: str
    words: str
    lively: int


async def of_server(app: App, host: str, allowance: Allowance) -> list[Prospect]:
    """The groups that a server lists, the liveliest first; none when it does not in a way that is known here.

    Raises:
        Unreachable: it does not answer now.
    """
    scheme = "http" if app.base_url.startswith("http://") else "https"
    software = await nodeinfo.read(app.client, host, scheme=scheme, allowance=allowance)
    for path, read in LISTS.get(software.name if software else "", ()):
        try:
            told = await app.client.get_value(f"{scheme}://{host}{path}", allowance=allowance)
            listed = told if isinstance(told, dict) else {"listed": told}
            found = [each for each in read(listed, f"{scheme}://{host}") if host_of(each.uri) == host]
        except ProtocolError:
            continue
        if found:
            return sorted(found[:MOST], key=lambda each: -each.lively)
    return []


def _lemmy(told: Json, _base: str) -> Iterator[Prospect]:
    """Lemmy 0.19 and 1.0, PieFed: a view of each community, with or without counts beside it."""
    for view in _listed(told, "communities"):
        community = view.get("community", view)
        if isinstance(community, dict) and not any(community.get(flag) for flag in ("nsfw", "removed", "deleted")):
            counts = view.get("counts")
            yield from _prospect(community, community | (counts if isinstance(counts, dict) else {}))


def _mbin(told: Json, _base: str) -> Iterator[Prospect]:
    for magazine in _listed(told, "items"):
        if not magazine.get("isAdult"):
            yield from _prospect(magazine, magazine)


def _nodebb(told: Json, base: str) -> Iterator[Prospect]:
    for category in _listed(told, "categories"):
        if isinstance(number := category.get("cid"), int) and number > 0:
            named = {"id": f"{base}/category/{number}", "title": category.get("name")}
            yield from _prospect(category | named, {"active": category.get("totalTopicCount")})


def _fedcomm(told: Json, _base: str) -> Iterator[Prospect]:
    for group in _listed(told, "groups"):
        yield from _prospect(group, group)


def _friendica(told: Json, _base: str) -> Iterator[Prospect]:
    """The forums among the accounts of its directory, which is that of Mastodon's API."""
    for account in _listed(told, "listed"):
        if account.get("group") is True:
            named = {"id": account.get("url"), "title": account.get("display_name"), "summary": account.get("note")}
            yield from _prospect(account | named, {"active": account.get("statuses_count")})


def _prospect(said: Json, counts: Json) -> Iterator[Prospect]:
    uri = next((said[key] for key in ("actor_id", "ap_id", "apProfileId", "id") if is_url(said.get(key))), None)
    if uri is None:
        return
    topics = said.get("topics")
    texts = [said.get(key) for key in ("title", "name", "description", "summary")]
    texts += topics if isinstance(topics, list) else []
    words = " ".join(text for text in texts if isinstance(text, str))[:_LONGEST]
    lively = next((found for key in _USERS if isinstance(found := counts.get(key), int)), 0)
    try:
        host_of(uri)
    except Malformed:
        return
    title = said.get("title") or said.get("name")
    yield Prospect(uri, str(title)[:200], words.lower(), lively)


def _listed(told: Json, key: str) -> list[Json]:
    found = told.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


Reading = Callable[[Json, str], Iterator[Prospect]]
# Where a program lists its groups: each of these in turn, until one names some.
LISTS: dict[str, tuple[tuple[str, Reading], ...]] = {
    "lemmy": (
        ("/api/v3/community/list?type_=Local&sort=Active&limit=50", _lemmy),
        ("/api/v4/community/list?type_=local&sort=active_monthly&limit=50", _lemmy),
    ),
    "piefed": (("/api/alpha/community/list?type_=Local&sort=Active&limit=50", _lemmy),),
    "mbin": (("/api/magazines?sort=active&federation=local&perPage=50", _mbin),),
    "kbin": (("/api/magazines?sort=active&federation=local&perPage=50", _mbin),),
    "nodebb": (("/api/categories", _nodebb),),
    "friendica": (("/api/v1/directory?local=true&order=active&limit=80", _friendica),),
    "fedcomm": (("/api/fedcomm/v1/groups", _fedcomm),),
}
