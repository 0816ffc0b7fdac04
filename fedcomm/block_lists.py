"""Lists of servers that others block, in the forms in which they are passed on: read, and written.

CSV as Mastodon exports it (`#domain,#severity,…`) or as fediblockhole does (`domain,severity,private_comment,…`), the
JSON of `GET /api/v1/instance/domain_blocks` and of GoToSocial's export, snapshots of FIRES (`fires.py`), and plain text
with a name a line.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from activitypub.errors import ProtocolError
from activitypub.origins import host_named
from fedcomm import fires
from fedcomm.errors import Invalid
from fedcomm.exports import harmless
from storage.peers import Decided, Decision

MAX_BYTES = 4_000_000
MAX_LINES = 50_000
MAX_TOLD = 50  # lines that are not understood, of which one is told
SEVERITIES = {"suspend": "suspend", "silence": "limit", "limit": "limit", "noop": "", "": "suspend"}
_WRITTEN = {"suspend": "suspend", "limit": "silence", "": "noop"}
_YES = frozenset({"true", "t", "1", "yes", "on"})
_COLUMNS = ("domain", "severity", "reject_media", "reject_reports", "public_comment", "obfuscate")
_COMMENT = 1_000  # characters


class Entry(msgspec.Struct, frozen=True):
    """What a list says about one server."""

    host: str
    decision: Decision


class Listed(msgspec.Struct, frozen=True):
    """A list that was read: each server once, the last word counts; and some of the lines that say nothing."""

    entries: list[Entry]
    unread: list[str]


def read(content: bytes, *, or_nothing: bool = False) -> Listed:
    """What stands in a file; `or_nothing`: a list that names nobody is one as well.

    Raises:
        Invalid: it is too long, or no list of servers.
    """
    if len(content) > MAX_BYTES:
        raise Invalid("A list may have {most} bytes.", field="file", most=MAX_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("This is no list of servers: CSV, JSON or a name a line, in UTF-8.", field="file") from None
    found: dict[str, Entry] = {}
    unread: list[str] = []
    for at, fields in enumerate(_lines(text)):
        if at >= MAX_LINES:
            raise Invalid("A list may have {most} servers. Please divide it.", field="file", most=MAX_LINES)
        entry = _entry(fields)
        if entry is not None:
            found[entry.host] = entry
        elif len(unread) < MAX_TOLD:
            unread.append(str(fields.get("domain", ""))[:100])
    if not found and (unread or not or_nothing):
        raise Invalid("No server is named in this file.", field="file")
    return Listed(list(found.values()), unread)


def stricter(before: Decision, wanted: Decision) -> Decision:
    """Both at once: never less than what was decided. What is allowed by name stays so."""
    if before.policy == "allow":
        return before
    ranks = ("", "limit", "suspend")
    return Decision(
        max(before.policy, wanted.policy, key=ranks.index),
        before.reject_media or wanted.reject_media,
        before.reject_reports or wanted.reject_reports,
        before.public_comment or wanted.public_comment,
        before.private_comment or wanted.private_comment,
        before.obfuscate or wanted.obfuscate,
        before.hold_contact,
    )


def to_csv(decided: Iterable[Decided]) -> str:
    """As Mastodon exports it, for its own import and others'; what is allowed is left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"#{name}" for name in _COLUMNS])
    for host, each in _blocking(decided):
        flags = (each.reject_media, each.reject_reports)
        writer.writerow(
            [host, _WRITTEN[each.policy], *map(_flag, flags), harmless(each.public_comment), _flag(each.obfuscate)]
        )
    return text.getvalue()


def to_json(decided: Iterable[Decided]) -> str:
    """An array with an object for each server, in the words of Mastodon's API."""
    told = [
        {"domain": host, "severity": _WRITTEN[each.policy], "reject_media": each.reject_media,
         "reject_reports": each.reject_reports, "comment": each.public_comment, "obfuscate": each.obfuscate}
        for host, each in _blocking(decided)
    ]  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def to_text(decided: Iterable[Decided]) -> str:
    """The names of those that are suspended, one a line."""
    return "".join(f"{host}\n" for host, each in _blocking(decided) if each.policy == "suspend")


WRITERS = {"csv": to_csv, "json": to_json, "txt": to_text}


def _blocking(decided: Iterable[Decided]) -> Iterator[tuple[str, Decision]]:
    return ((each.host, each.decision) for each in decided if each.decision.policy != "allow")


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _lines(text: str) -> Iterator[dict[str, Any]]:
    """The fields of each entry, by the names that Mastodon gives them."""
    if text.lstrip()[:1] in ("[", "{"):
        yield from _of_json(text)
        return
    lines = [line for line in text.splitlines() if line.strip()]
    first = [name.strip().lstrip("#").lower() for name in next(csv.reader(lines[:1]), [])]
    if "domain" in first:
        try:
            for row in csv.reader(lines[1:]):
                yield dict(zip(first, (cell.strip() for cell in row), strict=False))
        except csv.Error:
            raise Invalid("This is no list of servers: CSV, JSON or a name a line, in UTF-8.", field="file") from None
        return
    for line in lines:
        name = line.partition("#")[0].strip()
        if name:
            yield {"domain": name}


def _of_json(text: str) -> Iterator[dict[str, Any]]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if fires.is_snapshot(found):
        yield from fires.lines(found)
        return
    if not isinstance(found, list):
        raise Invalid("This is no list of servers: CSV, JSON or a name a line, in UTF-8.", field="file")
    for each in found:
        yield each if isinstance(each, dict) else {"domain": each}


def _entry(fields: dict[str, Any]) -> Entry | None:
    """None where no server is named in full, or with a severity that nobody knows."""
    domain, severity = fields.get("domain"), str(fields.get("severity") or "").lower()
    if not isinstance(domain, str) or severity not in SEVERITIES:
        return None
    try:
        host = host_named(domain.removeprefix("*."))
    except ProtocolError:
        return None
    if "*" in host or "." not in host:
        return None
    decision = Decision(
        SEVERITIES[severity], _yes(fields, "reject_media"), _yes(fields, "reject_reports"),
        _text(fields, "public_comment") or _text(fields, "comment"), _text(fields, "private_comment"),
        _yes(fields, "obfuscate"),
    )  # fmt: skip
    return Entry(host, decision) if decision.anything else None


def _yes(fields: dict[str, Any], name: str) -> bool:
    return str(fields.get(name, "")).strip().lower() in _YES


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return " ".join(value.split())[:_COMMENT] if isinstance(value, str) else ""
