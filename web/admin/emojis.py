"""Custom emojis: uploading, sorting and deleting them."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import emojis
from fedcomm.errors import AppError
from web import respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form


class NewEmoji(msgspec.Struct, frozen=True):
    """An emoji to be made."""

    shortcode: str = ""
    image: UploadFile | None = None
    category: str = ""
    csrf: str = ""


class Place(msgspec.Struct, frozen=True):
    """Where an emoji is found when one is chosen."""

    category: str = ""
    in_picker: bool = False
    csrf: str = ""


@admins_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/emojis`"""
    return await _page(request, NewEmoji())


@admins_only
async def add(request: Request, reader: Reader) -> Response:
    """`POST /admin/emojis`: there at once."""
    given = await form(request, NewEmoji, reader)
    content = await given.image.read(emojis.MOST_BYTES + 1) if given.image else b""
    try:
        await emojis.add(reader.account, given.shortcode, content, given.category)
    except AppError as refused:
        return await _page(request, given, refused)
    return respond.redirect("/admin/emojis?done=added")


@admins_only
async def change(request: Request, reader: Reader) -> Response:
    """`POST /admin/emojis/{name}`"""
    given = await form(request, Place, reader)
    await emojis.change(reader.account, request.path_params["name"], given.category, given.in_picker)
    return respond.redirect("/admin/emojis?done=changed")


@admins_only
async def remove(request: Request, reader: Reader) -> Response:
    """`POST /admin/emojis/{name}/remove`"""
    await form(request, Plain, reader)
    await emojis.remove(reader.account, request.path_params["name"])
    return respond.redirect("/admin/emojis?done=removed")


async def _page(request: Request, given: NewEmoji, refused: AppError | None = None) -> Response:
    urls = state.app_of(request).urls
    found = [
        (each, urls.emoji_picture(each.id, emojis.ENDINGS[each.mime])) for each in (await emojis.ours()).values()
    ]  # fmt: skip
    return await frame.with_form(
        request,
        "admin/emojis.html",
        refused,
        given=given,
        found=found,
    )


routes = [
    Route("/admin/emojis", show),
    Route("/admin/emojis", add, methods=["POST"]),
    Route("/admin/emojis/{name}", change, methods=["POST"]),
    Route("/admin/emojis/{name}/remove", remove, methods=["POST"]),
]
