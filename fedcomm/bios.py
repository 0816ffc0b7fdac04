"""What groups of ours say of themselves to who does not see their pages: how one writes in them, and their rules.

Most programs show a group as they show a person; what it says of itself is the only place where they can learn more.
"""

import html
import re
from collections.abc import Callable, Sequence
from gettext import NullTranslations

import msgspec

import storage.groups
from fedcomm.mapping import rules
from storage import directory, registers
from storage.actors import Actor
from storage.groups import Group

_FIRST = re.compile(r"\A\s*<p>([^<]*)</p>")


async def of(faces: Sequence[Actor], host: str, translations: Callable[[str], NullTranslations]) -> dict[int, str]:
    """The whole of it as HTML, by face, of those that are groups of ours; with a `host` their handles have one."""
    groups = [group for group in await storage.groups.by_actors([face.id for face in faces]) if group.local]
    ids = [group.id for group in groups]
    spoken = {group: languages for group, (_topics, languages) in (await directory.about(ids)).items()} if ids else {}
    ruled = await registers.several([group.id for group in groups if group.ruled], "rules")
    by_id = {face.id: face for face in faces}
    found = {}
    for group in groups:
        face, words = by_id[group.actor_id], translations(_language(spoken[group.id]))
        lines = msgspec.json.decode(ruled.get(group.id) or "[]", type=list[str])
        said = rules.with_rules(face.summary, lines, words.gettext("The rules of the group:"))
        found[face.id] = _hint(group, handle(face, host), words) + said
    return found


def handle(face: Actor, host: str) -> str:
    """How a post mentions a group of ours."""
    return f"@{face.username}@{host}" if host else f"@{face.username}"


def without_hint(summary: str, mentioned: str) -> str:
    """The summary that a steward elsewhere sends back, without the line above it."""
    first = _FIRST.match(summary)
    return summary[first.end() :] if first and "·" in first[1] and mentioned in first[1].split() else summary


def _hint(group: Group, mentioned: str, words: NullTranslations) -> str:
    if group.posting == "moderators" or group.closed_at or group.visibility != "public":
        return ""
    # Programs that show groups as people cut long texts: it stands first.
    if group.join_mode == "invite":  # elsewhere who follows it is turned down without a word
        line = words.gettext("Group · joined by invitation only · mention {handle} to start a thread")
    else:
        line = words.gettext("Group · mention {handle} to start a thread")
    line = line.format(handle=mentioned)
    if group.slow:
        line += " · " + words.gettext("one post for each person in {time}").format(time=_short(group.slow))
    return f"<p>{html.escape(line, quote=False)}</p>"


def _short(seconds: int) -> str:
    """A pause between posts, in units that are written alike everywhere."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _language(spoken: Sequence[str]) -> str:
    """The one that is spoken in the group; English where it is one of several, or nobody has said."""
    return spoken[0] if spoken and "en" not in spoken else "en"
