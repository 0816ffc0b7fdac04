"""Pictures on the pages on which one writes: kept as soon as they are sent, so that a refused form still has them."""

from collections.abc import Collection

import msgspec
from starlette.datastructures import UploadFile

import storage.media
from fedcomm import media
from fedcomm.app import App
from fedcomm.drafting import Words
from fedcomm.errors import AppError
from storage.actors import Actor
from storage.media import Media
from web.uploads import content_of


class Picked(msgspec.Struct, frozen=True):
    """A picture of the form: one that is kept already (`id`), or a file. `alt` says what it shows.

    `focus` is what must be seen of it, as Mastodon writes it; '' leaves that as it is. `place` orders them.
    """

    id: int = 0
    file: UploadFile | None = None
    alt: str = ""
    drop: bool = False
    focus: str = ""
    place: int = 0


async def kept(
    app: App, owner: Actor, given: list[Picked], hung: Collection[int] = ()
) -> tuple[list[Picked], AppError | None]:
    """Those that are kept from now on, in order, with what is wrong with the first that cannot be.

    Those that the edited post has (`hung`) stay as they are until the edit is made.
    """
    found: list[Picked] = []
    problem: AppError | None = None
    for each in _in_order(given[: media.MOST_ON_A_POST]):
        try:
            if picked := each if each.id in hung else await _kept(app, owner, each):
                found.append(picked)
        except AppError as refused:
            problem = problem or refused
            if each.id:
                found.append(each)
    return found, problem


def of_post(files: Collection[Media]) -> list[Picked]:
    """The pictures that a post has, as its form shows them."""
    return [Picked(file.id, None, file.description) for file in files]


def wanted(found: list[Picked]) -> tuple[tuple[int, ...], tuple[Words, ...]]:
    """Which of the pictures a post is to have, and what is said of each."""
    left = [each for each in found if not each.drop]
    return tuple(each.id for each in left), tuple(Words(each.id, each.alt, each.focus or None) for each in left)


async def previews(owner: Actor, given: list[Picked]) -> dict[int, Media]:
    """What the pictures of the form that are kept look like, by id."""
    return await storage.media.several(owner.id, [each.id for each in given if each.id])


def slots(given: list[Picked]) -> list[Picked]:
    """The pictures of the form, and room for as many as a post may have."""
    return [*given, *[Picked()] * media.MOST_ON_A_POST][: media.MOST_ON_A_POST]


def _in_order(given: list[Picked]) -> list[Picked]:
    """By the places they are to have; of two for one place, the one that was moved there gets it."""

    def place(numbered: tuple[int, Picked]) -> tuple[int, int]:
        present, each = numbered
        wished = each.place or present
        return wished, (wished > present) - (wished < present)

    return [each for _, each in sorted(enumerate(given, 1), key=place)]


async def _kept(app: App, owner: Actor, each: Picked) -> Picked | None:
    if each.id:
        if each.drop:
            await media.delete(app, owner, each.id)
            return None
        await media.describe(owner, each.id, each.alt, each.focus or None)
        return each
    if each.file is None or not each.file.filename:
        return None
    made = await media.upload(app, owner, await content_of(each.file), each.alt, patience=None)
    return Picked(made.id, None, each.alt)
