"""Changing what one has written."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import posts
from fedcomm.errors import AppError, Invalid
from fedcomm.posts import Draft
from storage.actors import Actor
from storage.posts import Post
from web import errors, params, respond, state
from web.pages import frame, shown, tongues
from web.pages.readers import Reader, form, members_only
from web.pages.write import own


class Text(msgspec.Struct, frozen=True):
    """What the post is to say, as one types it; of a thread the first line is its title."""

    text: str = ""
    warning: str = ""
    language: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /write/{id}/edit`"""
    post, author = await own(reader, params.number(request))
    given = Text(post.source or shown.plain(post.content), post.summary, post.language)
    return await _page(request, post, author, given)


@members_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /write/{id}/edit`: everybody who has it is told."""
    given = await form(request, Text, reader)
    post, author = await own(reader, params.number(request))
    warning = given.warning.strip()
    # What was sensitive because of its warning only is not without it.
    sensitive = bool(post.sensitive) and bool(warning or not post.summary)
    draft = Draft(text=given.text, summary=warning, sensitive=sensitive, language=given.language)
    try:
        if given.language not in ("", post.language, *tongues.NAMES):
            raise Invalid("There is no such language here.", field="language")
        await posts.edit(state.app_of(request), reader.actor, post.id, draft)
    except AppError as refused:
        return await _page(request, post, author, given, refused)
    return respond.redirect(shown.permalink(post, author))


async def _page(request: Request, post: Post, author: Actor, given: Text, refused: AppError | None = None) -> Response:
    return await frame.page(
        request,
        "edit.html",
        errors.status_of(refused) if refused else 200,
        post=post,
        author=author,
        given=given,
        languages=tongues.NAMES,
        field={"spoiler_text": "warning", "language": "language"}.get(str(getattr(refused, "field", "")), "text"),
        problem=refused,
        longest=state.app_of(request).config.limits.post_characters,
    )


routes = [
    Route("/write/{id}/edit", show),
    Route("/write/{id}/edit", save, methods=["POST"]),
]
