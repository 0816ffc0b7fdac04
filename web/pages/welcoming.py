"""How a group welcomes newcomers, as its moderators set it: in which words, who greets, and where they say hello."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import rights, welcomes
from fedcomm.desk import afar, reading
from fedcomm.desk.values import Welcome
from fedcomm.errors import AppError, Invalid
from storage.posts import Post
from web import languages, respond, state
from web.pages import frame, shown
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form


class Words(msgspec.Struct, frozen=True):
    """The welcome in one language."""

    language: str = ""
    text: str = ""


class Wish(msgspec.Struct, frozen=True):
    """The form: `greeter` is a name here or a handle, `thread` the address of a thread."""

    texts: list[Words] = []
    greeter: str = ""
    thread: str = ""
    csrf: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/welcome`"""
    if not place.group.local:
        return await _show_afar(request, place)
    found = await welcomes.setting(place.group)
    named = found.greeter.acct if found.greeter and found.named else ""
    texts = [Words(language, text) for language, text in found.texts.items()]
    return await _page(request, place, Wish(texts, named, await _address(request, found.thread)))


@looking_after_any
async def save(request: Request, place: Place) -> Response:
    """`POST /c/{name}/welcome`"""
    given = await form(request, Wish, place.reader)
    texts = {words.language: words.text for words in given.texts if words.language in languages.AVAILABLE}
    if not place.group.local:
        return await _send(request, place, given, Welcome(texts=texts, greeter=given.greeter, thread=given.thread))
    wanted = welcomes.Change(texts=texts, greeter=given.greeter, thread=given.thread)
    try:
        await welcomes.change(state.app_of(request), place.face.username, wanted, place.by(rights.WELCOME))
    except AppError as refused:
        return await _page(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/welcome?done=saved")


async def _show_afar(request: Request, place: Place) -> Response:
    """How a group elsewhere welcomes newcomers, as its server says now."""
    place.by(rights.WELCOME)
    try:
        app, by = state.app_of(request), place.reader.actor
        there = (await reading.read(app, place.group, place.face, by, rights.WELCOME)).welcome
    except AppError as refused:
        return await _page(request, place, Wish(), refused, readable=False)
    texts = [Words(language, text) for language, text in (there.texts or {}).items()]
    return await _page(request, place, Wish(texts, there.greeter or "", there.thread or ""))


async def _send(request: Request, place: Place, given: Wish, wanted: Welcome) -> Response:
    """It goes to the server of the group, which tells whose text is too long and who cannot greet."""
    place.by(rights.WELCOME)
    try:
        if any(len(text) > welcomes.MAX_TEXT for text in (wanted.texts or {}).values()):
            raise Invalid("The welcome may have {limit} characters.", field="texts", limit=welcomes.MAX_TEXT)
        await afar.change_welcome(state.app_of(request), place.group, place.face, place.reader.actor, wanted)
    except AppError as refused:
        return await _page(request, place, given, refused)
    return respond.redirect(f"{shown.profile(place.face)}/welcome?done=sent")


async def _address(request: Request, thread: Post | None) -> str:
    author = await storage.actors.by_id(thread.author_id) if thread else None
    base = state.app_of(request).base_url
    return f"{base}{shown.permalink(thread, author)}" if thread and author else ""


async def _page(
    request: Request, place: Place, given: Wish, refused: AppError | None = None, *, readable: bool = True
) -> Response:
    return await frame.with_form(
        request,
        "welcome.html",
        refused,
        group=place.group,
        face=place.face,
        given=given,
        readable=readable,
        texts={words.language: words.text for words in given.texts},
        found=await welcomes.setting(place.group) if place.group.local else None,
        languages=languages.AVAILABLE,
        longest=welcomes.MAX_TEXT,
    )


routes = [
    Route("/c/{name}/welcome", show),
    Route("/c/{name}/welcome", save, methods=["POST"]),
]
