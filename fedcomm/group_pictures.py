"""The picture of a group of ours and the one at the top of its page: registers like what it is called."""

from collections.abc import Mapping

import storage.media
from fedcomm import acts, clock, media
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.pictures import Picture
from storage import fragments, registers
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group

PLACES = ("icon", "image")  # as an actor has them (AS2, "icon", "image")

Pictures = Mapping[str, Picture | None]  # by place; None takes one away
Words = Mapping[str, str]  # by place: what a picture shows
Kept = dict[str, tuple[int, str] | None]  # by place: id and address of a new picture


async def keep(app: App, writes: Writes, face: Actor, pictures: Pictures, words: Words) -> Kept:
    """Keep the new pictures of a group once `writes` are made; their files are there before, outside a transaction.

    Raises:
        Invalid: words that are too long, or no room for more pictures of this group.
    """
    if any(len(text.strip()) > media.MAX_DESCRIPTION for text in words.values()):
        raise Invalid("A description may have {limit} characters.", field="descriptions", limit=media.MAX_DESCRIPTION)
    return {
        place: await media.keep(app, writes, face, picture) if picture is not None else None
        for place, picture in pictures.items()
        if place in PLACES and (picture is not None or getattr(face, place))
    }


def record(app: App, writes: Writes, group: Group, face: Actor, kept: Kept, words: Words, *, by: str, uri: str) -> bool:
    """Write a register for each picture and each description that differs; says whether anything does.

    A picture that is replaced is not served any more, so nothing can bring it back.
    """
    changed = False
    for place in PLACES:
        there = bool(getattr(face, place)) if place not in kept else kept[place] is not None
        text = words.get(place, "" if place in kept else getattr(face, f"{place}_description"))
        if place in kept:
            _put(app, writes, group, face, place, kept[place], by, uri)
        described = _describe(app, writes, group, face, place, text.strip() if there else "", by, uri)
        changed = changed or place in kept or described
    if changed:
        fragments.forget_actor_later(writes, face.id)
    return changed


def _put(
    app: App, writes: Writes, group: Group, face: Actor, place: str, kept: tuple[int, str] | None, by: str, uri: str
) -> None:
    media_id, url = kept or (None, "")
    old: int | None = getattr(face, f"{place}_media_id")
    act = acts.record(app, writes, group, face, f"profile:{place}", "", url or None, by=by, uri=uri)
    columns = {place: url, f"{place}_media_id": media_id, "updated_at": clock.now_ms()}
    registers.take_effect(writes, act, "actor", face.id, **columns)
    if old is not None:
        storage.media.drop_one(writes, old, clock.now_ms())


def _describe(app: App, writes: Writes, group: Group, face: Actor, place: str, text: str, by: str, uri: str) -> bool:
    column = f"{place}_description"
    if text == getattr(face, column):
        return False
    act = acts.record(app, writes, group, face, f"profile:{column}", "", text or None, by=by, uri=uri)
    registers.take_effect(writes, act, "actor", face.id, **{column: text, "updated_at": clock.now_ms()})
    return True
