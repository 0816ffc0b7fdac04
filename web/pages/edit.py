"""Changing what one has written."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import posts
from fedcomm.errors import AppError
from fedcomm.posts import Draft
from storage.actors import Actor
from storage.posts import Post
from web import errors, params, respond, state
from web.pages import frame, shown
from web.pages.readers import Reader, form, members_only
from web.pages.write import own


class Text(msgspec.Struct, frozen=True):
    """What the post is to say, as one types it; of a thread the first line is its title."""

    text: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /write/{id}/edit`"""
    post, author = await own(reader, params.number(request))
    return await _page(request, post, author, post.source or shown.plain(post.content))


@members_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /write/{id}/edit`: everybody who has it is told."""
    given = await form(request, Text, reader)
    post, author = await own(reader, params.number(request))
    draft = Draft(text=given.text, summary=post.summary, sensitive=bool(post.sensitive), language=post.language)
    try:
        await posts.edit(state.app_of(request), reader.actor, post.id, draft)
    except AppError as refused:
        return await _page(request, post, author, given.text, refused)
    return respond.redirect(shown.permalink(post, author))


async def _page(request: Request, post: Post, author: Actor, text: str, refused: AppError | None = None) -> Response:
    return await frame.page(
        request,
        "edit.html",
        errors.status_of(refused) if refused else 200,
        post=post,
        author=author,
        text=text,
        problem=refused,
        longest=state.app_of(request).config.limits.post_characters,
    )


routes = [
    Route("/write/{id}/edit", show),
    Route("/write/{id}/edit", save, methods=["POST"]),
]
