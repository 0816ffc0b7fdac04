"""Writing: a new thread in a group, or an answer."""

import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.posts
from fedcomm import posts
from fedcomm.errors import AppError, Invalid, NotAllowed, NotFound
from storage.actors import Actor
from storage.posts import Post
from web import errors, params, respond, state
from web.pages import frame, shown
from web.pages.group import named
from web.pages.readers import Plain, Reader, form, members_only
from web.pages.thread import seen

_FIELDS = {"title": "title", "text": "text", "status": "text"}  # of what is refused: the field of the form


class Text(msgspec.Struct, frozen=True):
    """What somebody writes: into `group`, or in answer to the post `to`; `key` tells a form sent twice from two."""

    group: str = ""
    to: int = 0
    title: str = ""
    text: str = ""
    key: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /write?group=name` or `GET /write?to=id`"""
    given = params.query(request, Text)
    return await _page(request, reader, msgspec.structs.replace(given, key=secrets.token_urlsafe(16)))


@members_only
async def send(request: Request, reader: Reader) -> Response:
    """`POST /write`: on to what was written, or the form again with what is wrong."""
    given = await form(request, Text, reader)
    app = state.app_of(request)
    try:
        draft = await _draft(reader, given, app.host)
        post_id = await posts.create(
            app, reader.actor, draft, reader.account.id, f"page {given.key}" if given.key else ""
        )
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect(await _place(reader, given, post_id))


@members_only
async def confirm(request: Request, reader: Reader) -> Response:
    """`GET /write/{id}/delete`: whether it is really meant."""
    post, author = await own(reader, params.number(request))
    return await frame.page(request, "delete.html", post=post, author=author)


@members_only
async def delete(request: Request, reader: Reader) -> Response:
    """`POST /write/{id}/delete`: one's own post is gone, everywhere."""
    await form(request, Plain, reader)
    post, author = await own(reader, params.number(request))
    await posts.delete(state.app_of(request), reader.actor, post.id)
    parent = await storage.posts.by_id(post.thread_id) if post.thread_id != post.id else None
    starter = await storage.actors.by_id(parent.author_id) if parent else None
    return respond.redirect(shown.permalink(parent, starter) if parent and starter else shown.profile(author))


async def own(reader: Reader, post_id: int) -> tuple[Post, Actor]:
    """A post of the reader's own, and who that is.

    Raises:
        NotFound: there is none, or it is not for them.
        NotAllowed: it is somebody else's.
    """
    post, author = await seen(reader.actor.id, post_id)
    if author.id != reader.actor.id:
        raise NotAllowed("Only its author can change or delete a post.")
    return post, author


async def _place(reader: Reader, given: Text, post_id: int) -> str:
    """Where what was written is read: an answer in its thread, as far as one may see that."""
    own_page = f"/@{reader.actor.username}/{post_id}"
    if not given.to:
        return own_page
    answered, _ = await seen(reader.actor.id, given.to)
    try:
        return f"{shown.permalink(*await seen(reader.actor.id, answered.thread_id))}#post-{post_id}"
    except NotFound:
        return own_page


async def _draft(reader: Reader, given: Text, host: str) -> posts.Draft:
    """What was written as one writes it with any client: a group is mentioned, a title is the first line."""
    if not given.text.strip() and not given.title.strip():
        raise Invalid("Please write something first.", field="text")
    if given.to:
        post, _author = await seen(reader.actor.id, given.to)
        return posts.Draft(text=given.text, in_reply_to_id=post.id)
    _group, face = await named(reader.actor.id, given.group, host)
    if not given.title.strip():
        raise Invalid("A thread needs a title.", field="title")
    title = " ".join(given.title.split())
    return posts.Draft(text=f"@{face.acct} {title}\n\n{given.text}".strip())


async def _page(request: Request, reader: Reader, given: Text, refused: AppError | None = None) -> Response:
    post, author, face = None, None, None
    if given.to:
        post, author = await seen(reader.actor.id, given.to)
    else:
        face = await _face(reader, given.group, state.app_of(request).host)
    return await frame.page(
        request,
        "write.html",
        errors.status_of(refused) if refused else 200,
        given=given,
        post=post,
        author=author,
        face=face,
        problem=refused,
        field=_FIELDS.get(getattr(refused, "field", ""), ""),
        longest=state.app_of(request).config.limits.post_characters,
    )


async def _face(reader: Reader, group: str, host: str) -> Actor:
    return (await named(reader.actor.id, group, host))[1]


routes = [
    Route("/write", show),
    Route("/write", send, methods=["POST"]),
    Route("/write/{id}/delete", confirm),
    Route("/write/{id}/delete", delete, methods=["POST"]),
]
