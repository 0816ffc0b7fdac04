"""What members say of themselves, and how whoever follows them learns of it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

import storage.actors
import storage.media
from activitypub.contexts import PUBLIC
from fedcomm import actors, clock, follows, media, proving, writing
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.pictures import Picture
from storage import relationships
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id
from storage.outbox import Audience
from storage.paging import Page

MAX_NAME, MAX_NOTE = 100, 1000  # characters
MAX_FIELDS, MAX_FIELD = 4, 255  # lines of a profile; characters of either part of one
MAX_SITES = 10  # as on Mastodon

_SITE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_FLAGS = (
    "locked", "bot", "discoverable", "indexable", "hide_collections", "show_media", "show_media_replies",
    "show_featured",
)  # fmt: skip


class Line(msgspec.Struct, frozen=True):
    """A line of a profile: what it is about, and what is said about it."""

    name: str
    value: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; None leaves a thing as it is."""

    name: str | None = None
    note: str | None = None  # as it is typed
    fields: tuple[Line, ...] | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_collections: bool | None = None
    show_media: bool | None = None
    show_media_replies: bool | None = None
    show_featured: bool | None = None
    sites: tuple[str, ...] | None = None  # that may name them as author
    descriptions: Mapping[str, str] = MappingProxyType({})  # of `icon` and `image`
    pictures: Mapping[str, Picture | None] = MappingProxyType({})  # `icon` and `image`; None takes one away


async def change(app: App, actor: Actor, wanted: Change, writes: Writes | None = None) -> Actor:
    """The member as they are after the change, which is written with these writes.

    Who waited to follow them is let in once they ask nobody any more.

    Raises:
        Invalid: a part is too long, or there are too many lines.
    """
    columns, writes = _columns(app, wanted), Writes() if writes is None else writes
    columns |= await _pictures(app, writes, actor, wanted)
    present = msgspec.structs.asdict(actor)
    if all(present[name] == value for name, value in columns.items()):
        return actor
    now = clock.now_ms()
    changed = msgspec.structs.replace(actor, **columns, updated_at=now)
    storage.actors.change_later(writes, actor.id, **columns, updated_at=now)
    await tell(app, writes, changed)
    await apply(writes)
    if actor.locked and not changed.locked:
        await _let_in(app, changed)
    return changed


async def _pictures(app: App, writes: Writes, actor: Actor, wanted: Change) -> dict[str, Any]:
    """The columns of what shows them from now on; what did before is not served any more."""
    columns: dict[str, Any] = {}
    for name, picture in wanted.pictures.items():
        old: int | None = getattr(actor, f"{name}_media_id")
        columns[f"{name}_description"] = ""  # the old one spoke of another picture
        if picture is None:
            columns |= {name: "", f"{name}_media_id": None}
        else:
            columns[f"{name}_media_id"], columns[name] = await media.keep(app, writes, actor, picture)
        if old is not None:
            storage.media.drop_one(writes, old, clock.now_ms())
    for name, text in wanted.descriptions.items():
        columns[f"{name}_description"] = _line(text, media.MAX_DESCRIPTION, name)
    return columns


async def tell(app: App, writes: Writes, changed: Actor) -> None:
    """Let followers' servers know how a member's profile reads once `writes` are durable."""
    document = await actors.document(app, changed)
    update = activities.update(
        app.urls.activity(next_id()), changed.uri, document, to=[PUBLIC], cc=[changed.followers]
    )  # fmt: skip
    publish(app, writes, changed, await proving.proven(app, changed, update), Audience(followers=(changed.id,)))


async def _let_in(app: App, actor: Actor) -> None:
    while waiting := (await relationships.requests(actor.id, Page(limit=80))).ids:
        for follower in waiting:
            await follows.accept(app, actor, follower)


def _columns(app: App, wanted: Change) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if wanted.name is not None:
        columns["name"] = _line(wanted.name, MAX_NAME, "display_name")
    if wanted.note is not None:
        if writing.length(wanted.note) > MAX_NOTE:
            raise Invalid("A profile may have {limit} characters.", field="note", limit=MAX_NOTE)
        columns |= {"summary": _html(app, wanted.note), "summary_source": wanted.note.strip()}
    if wanted.fields is not None:
        columns["fields"] = _fields(app, wanted.fields)
    if wanted.sites is not None:
        columns["attribution_domains"] = _sites(wanted.sites)
    for name in _FLAGS:
        value = getattr(wanted, name)
        if value is not None:
            columns[name] = int(value)
    return columns


def _sites(names: tuple[str, ...]) -> str:
    """Hosts, whether they were given as such or as addresses."""
    hosts = [name.strip().lower().partition("://")[2] or name.strip().lower() for name in names if name.strip()]
    hosts = list(dict.fromkeys(host.partition("/")[0] for host in hosts))
    if len(hosts) > MAX_SITES or not all(_SITE.fullmatch(host) for host in hosts):
        raise Invalid(
            "Up to {most} sites may name you as author, such as “example.org”.", field="sites", most=MAX_SITES
        )
    return msgspec.json.encode(hosts).decode()


def _fields(app: App, lines: tuple[Line, ...]) -> str:
    """The lines as they are kept: what was typed beside what is shown."""
    given = [line for line in lines if line.name.strip() or line.value.strip()]
    if len(given) > MAX_FIELDS:
        raise Invalid("A profile may have {limit} lines.", field="fields", limit=MAX_FIELDS)
    kept = [
        {
            "name": _line(line.name, MAX_FIELD, "fields"),
            "value": _html(app, _line(line.value, MAX_FIELD, "fields")).removeprefix("<p>").removesuffix("</p>"),
            "source": line.value.strip(),
        }
        for line in given
    ]
    return msgspec.json.encode(kept).decode()


def _html(app: App, text: str) -> str:
    return writing.write(text.strip(), base_url=app.base_url).html if text.strip() else ""


def _line(text: str, most: int, field: str) -> str:
    """One line of text that can be shown."""
    line = "".join(character for character in text.strip() if character.isprintable())
    if len(line) > most:
        raise Invalid("That is too long: {limit} characters are allowed here.", field=field, limit=most)
    return line
