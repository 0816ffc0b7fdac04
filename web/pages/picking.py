"""Pictures on the page on which one writes: kept as soon as they are sent, so that a refused form still has them."""

import msgspec
from starlette.datastructures import UploadFile

import storage.media
from fedcomm import media
from fedcomm.app import App
from fedcomm.errors import AppError
from storage.actors import Actor
from storage.media import Media
from web.uploads import content_of


class Picked(msgspec.Struct, frozen=True):
    """A picture of the form: one that is kept already (`id`), or a file. `alt` says what it shows."""

    id: int = 0
    file: UploadFile | None = None
    alt: str = ""
    drop: bool = False


async def kept(app: App, owner: Actor, given: list[Picked]) -> tuple[list[Picked], AppError | None]:
    """Those that are kept from now on, with what is wrong with the first that cannot be."""
    found: list[Picked] = []
    problem: AppError | None = None
    for each in given[: media.MOST_ON_A_POST]:
        try:
            if picked := await _kept(app, owner, each):
                found.append(picked)
        except AppError as refused:
            problem = problem or refused
            if each.id:
                found.append(each)
    return found, problem


async def previews(owner: Actor, given: list[Picked]) -> dict[int, Media]:
    """What the pictures of the form that are kept look like, by id."""
    return await storage.media.several(owner.id, [each.id for each in given if each.id])


async def _kept(app: App, owner: Actor, each: Picked) -> Picked | None:
    if each.id:
        if each.drop:
            await media.delete(app, owner, each.id)
            return None
        await media.describe(owner, each.id, each.alt, None)
        return each
    if each.file is None or not each.file.filename:
        return None
    made = await media.upload(app, owner, await content_of(each.file), each.alt, patience=None)
    return Picked(made.id, None, each.alt)
