"""FIRES: lists of servers in the form of FediMod (https://fires.fedimod.org): a data set, and its snapshot.

Both spellings that its reference server has used are read: `entityKey` beside `entity_key` and `entity.value`,
`recommendedPolicy` beside `recommended_policy`. A snapshot has the latest word on each server; what was retracted is
not in force. Data about people is left out, and the pages of `changes` are not needed.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

# In its own words: "drop" is what Mastodon calls suspend, "filter" close to its silence, "reject" says no to the sender
# besides. "accept" is no reason to block.
_SEVERITIES = {"drop": "suspend", "reject": "suspend", "filter": "silence"}
_COLLECTIONS = ("Collection", "OrderedCollection", "OrderedCollectionPage")


def snapshot_of(content: bytes) -> str:
    """Where the snapshot is, when this describes a data set; else ''."""
    if content.lstrip()[:1] != b"{":
        return ""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    if not isinstance(found, dict) or found.get("type") != "Dataset":
        return ""
    endpoints = found.get("endpoints") or found.get("endpoint")
    where = endpoints.get("snapshot") if isinstance(endpoints, dict) else None
    return where if isinstance(where, str) else ""


def is_snapshot(found: Any) -> bool:
    """Whether this is a collection, as snapshots are."""
    return isinstance(found, dict) and found.get("type") in _COLLECTIONS


def lines(snapshot: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What it recommends about servers, in the words of Mastodon."""
    items = snapshot.get("orderedItems") or snapshot.get("items") or []
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict) or item.get("type") != "Recommendation":
            continue
        kind, name = _entity(item)
        severity = _SEVERITIES.get(str(_either(item, "recommendedPolicy", "recommended_policy")).lower())
        if kind == "domain" and severity:
            yield {"domain": name, "severity": severity, "public_comment": item.get("comment")}


def _entity(item: dict[str, Any]) -> tuple[str, object]:
    entity = item.get("entity")
    if isinstance(entity, dict):
        return str(entity.get("type")).lower(), entity.get("value")
    return str(_either(item, "entityKind", "entity_kind")).lower(), _either(item, "entityKey", "entity_key")


def _either(item: dict[str, Any], now: str, before: str) -> object:
    return item.get(now) or item.get(before)
