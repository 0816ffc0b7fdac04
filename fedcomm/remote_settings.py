"""What members of ours who moderate a community on Lemmy change of its settings: in the `Update` that Lemmy takes.

The whole document goes back with what is otherwise in it, since Lemmy 0.19 and 1.0 read the addresses and the key of
the community from it as well. Other programs take none from moderators elsewhere: PieFed 1.6 passes it on, and changes
nothing (docs/decisions/0044-settings-of-communities.md).
"""

import asyncio
import html
from typing import Any

import msgspec

from activitypub.client import Allowance
from activitypub.contexts import PUBLIC, context_for
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import admit, clock, members, rights, sanitise
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

PROGRAM = "lemmy"
MAX_TITLE, MAX_SIDEBAR, MAX_LINE = 100, 10_000, 150  # characters, as Lemmy has it
# What a community of Lemmy says of itself (`Group` in 0.19.20 and 1.0-beta): nothing else is said in a member's name.
_KEYS = frozenset(
    (
        "type", "id", "preferredUsername", "name", "summary", "source", "description", "mediaType", "icon", "image",
        "sensitive", "featured", "inbox", "outbox", "followers", "endpoints", "publicKey", "language", "published",
        "postingRestrictedToMods", "attributedTo", "manuallyApprovesFollowers", "discoverable", "tag",
    )
)  # fmt: skip
SECONDS = 8.0  # that somebody who looks at it waits for the other server
_ASKING = (3, 3, 1_000_000)  # requests, of them of one domain, and bytes


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be changed: `sidebar` is Markdown; `line` and `languages` are there from Lemmy 1.0 on, None before."""

    title: str = ""
    sidebar: str = ""
    sensitive: bool = False
    only_moderators: bool = False
    line: str | None = None
    languages: tuple[str, ...] | None = None


async def read(app: App, group: Group, face: Actor, by: Actor) -> Settings:
    """The settings as the server of the community has them now.

    Raises:
        NotAllowed: `by` may not change them from here.
        Conflict: that server does not answer now.
    """
    await _may(group, by)
    return _read(await _document(app, face))


async def change(app: App, group: Group, face: Actor, by: Actor, before: Settings, wanted: Settings) -> None:
    """Change what is otherwise in `wanted` than `by` saw it before; nothing is sent when that is nothing.

    Raises:
        NotAllowed: `by` may not change them from here.
        Invalid: no title, or a text that is too long.
        Conflict: the server of the community does not answer now.
    """
    await _may(group, by)
    _check(wanted)
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(wanted)
    changed = {name: value for name, value in new.items() if value != old[name] and value is not None}
    if not changed:
        return
    known = await _document(app, face)
    document = _written(known, changed) | {"updated": activities.timestamp(clock.now_ms())}
    document["@context"] = context_for(document.keys())
    everybody = f"{face.uri}/followers" if known.get("manuallyApprovesFollowers") else PUBLIC
    update = activities.activity(
        "Update", app.urls.activity(next_id()), by.uri, document, to=[everybody], cc=[face.uri], audience=face.uri
    )
    publish(app, writes := Writes(), by, update, Audience(inboxes=(face.inbox,)))
    await apply(writes)


async def _may(group: Group, by: Actor) -> None:
    admit.actor(by)
    standing = await members.standing(group, by)
    admit.right(standing, rights.SETTINGS)
    if group.local or standing.program != PROGRAM:
        raise NotAllowed("The server of this group takes that from nobody here.")


def _check(wanted: Settings) -> None:
    if not 1 <= len(wanted.title.strip()) <= MAX_TITLE:
        raise Invalid("A group needs a title of at most {limit} characters.", field="title", limit=MAX_TITLE)
    for field, text, most in (("sidebar", wanted.sidebar, MAX_SIDEBAR), ("line", wanted.line or "", MAX_LINE)):
        if len(text) > most:
            raise Invalid("This may have {limit} characters.", field=field, limit=most)


async def _document(app: App, face: Actor) -> dict[str, Any]:
    try:
        async with asyncio.timeout(SECONDS):
            found = (await app.client.get_document(face.uri, allowance=Allowance(*_ASKING))).raw
    except (Unreachable, TimeoutError) as why:
        raise Conflict("{host} does not answer at the moment. Please try again later.", host=face.host) from why
    except ProtocolError as why:
        raise NotAllowed("{host} does not let this be done from here.", host=face.host) from why
    if found.get("type") != "Group":
        raise NotAllowed("{host} does not let this be done from here.", host=face.host)
    return found


def _read(document: dict[str, Any]) -> Settings:
    newer = "discoverable" in document  # Lemmy says it from 1.0 on, and has the line and takes the languages since
    source, listed = document.get("source"), document.get("language")
    markdown = source.get("content") if isinstance(source, dict) else None
    tongues = [each.get("identifier") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return Settings(
        title=_text(document.get("name"))[:MAX_TITLE],
        sidebar=(markdown if isinstance(markdown, str) else sanitise.text_of(_text(document.get("summary")))),
        sensitive=document.get("sensitive") is True,
        only_moderators=document.get("postingRestrictedToMods") is True,
        line=_text(document.get("description")) if newer else None,
        languages=tuple(_text(each) for each in tongues if _text(each)) if newer else None,
    )


def _written(document: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """The document of a community with what is otherwise in it, as Lemmy writes that."""
    parts: dict[str, Any] = {}
    if "title" in changed:
        parts["name"] = changed["title"].strip()
    if "sidebar" in changed:
        text = changed["sidebar"].strip()
        written = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n") if part.strip())
        parts |= {
            "summary": written or None,
            "source": {"content": text, "mediaType": "text/markdown"} if text else None,
        }
    if "sensitive" in changed:
        parts["sensitive"] = changed["sensitive"]
    if "only_moderators" in changed:
        parts["postingRestrictedToMods"] = changed["only_moderators"]
    if "line" in changed:
        parts["description"] = changed["line"].strip() or None
    if "languages" in changed:
        parts["language"] = [{"identifier": code, "name": code} for code in changed["languages"]]
    told = {name: value for name, value in document.items() if name in _KEYS} | parts
    return {name: value for name, value in told.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
