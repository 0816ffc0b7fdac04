"""Changing what one has written."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.flairs
import storage.media
from fedcomm import posts, titles
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid
from fedcomm.posts import Draft
from storage.actors import Actor
from storage.flairs import Flair
from storage.posts import Post
from web import params, respond, state, tongues
from web.pages import frame, picking, shown, words
from web.pages.picking import Picked
from web.pages.readers import Reader, form, members_only
from web.pages.write import FIELDS, own


class Text(msgspec.Struct, frozen=True):
    """What the post is to say, as one types it; of a thread the first line is its title."""

    text: str = ""
    warning: str = ""
    language: str = ""
    pictures: list[Picked] | None = None  # None leaves them as they are
    flair: str | None = None  # None leaves it as it is
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /write/{id}/edit`"""
    post, author = await own(reader, params.number(request))
    pictures = picking.of_post(await storage.media.of_post(post.id))
    has = (await storage.flairs.of_posts([post.id])).get(post.id, [])
    text = _called(post, post.source or shown.plain(post.content))
    given = Text(text, post.summary, post.language, pictures, has[0].name if has else "")
    return await _page(request, post, author, given)


@members_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /write/{id}/edit`: everybody who has it is told."""
    given = await form(request, Text, reader)
    post, author = await own(reader, params.number(request))
    app = state.app_of(request)
    given, problem = await _with_pictures(app, post, author, given)
    try:
        if problem is not None:
            raise problem
        await posts.edit(app, reader.actor, post.id, _draft(post, given))
    except AppError as refused:
        return await _page(request, post, author, given, refused)
    return respond.redirect(shown.permalink(post, author))


async def _with_pictures(app: App, post: Post, author: Actor, given: Text) -> tuple[Text, AppError | None]:
    """What was given, with its new pictures kept, and what is wrong with one that cannot be."""
    if given.pictures is None:
        return given, None
    hung = [file.id for file in await storage.media.of_post(post.id)]
    pictures, problem = await picking.kept(app, author, given.pictures, hung)
    return msgspec.structs.replace(given, pictures=pictures), problem


def _draft(post: Post, given: Text) -> Draft:
    if given.language not in ("", post.language, *tongues.NAMES):
        raise Invalid("There is no such language here.", field="language")
    warning = given.warning.strip()
    # What was sensitive because of its warning only is not without it.
    sensitive = bool(post.sensitive) and bool(warning or not post.summary)
    draft = Draft(text=given.text, summary=warning, sensitive=sensitive, language=given.language, flair=given.flair)
    if given.pictures is None:
        return draft
    media_ids, media_words = picking.wanted(given.pictures)
    return msgspec.structs.replace(draft, media_ids=media_ids, media_words=media_words)


async def _page(request: Request, post: Post, author: Actor, given: Text, refused: AppError | None = None) -> Response:
    pictures = given.pictures or []
    return await frame.with_form(
        request,
        "edit.html",
        refused,
        post=post,
        author=author,
        given=given,
        languages=tongues.NAMES,
        flairs=await _flairs(post),
        field=FIELDS.get(getattr(refused, "field", ""), "text") if refused else "",
        pictures=picking.slots(pictures),
        previews=await picking.previews(author, pictures),
        focuses=words.FOCUSES,
        longest=state.app_of(request).config.limits.post_characters,
    )


def _called(post: Post, text: str) -> str:
    """The text with the title that moderators gave the thread, where that stands in it as plainly as the author's did:
    sent as it is, it says nothing new of the title, and of nothing else."""
    title, body = titles.split(text)
    if not post.own_title or title != post.own_title:
        return text
    rest = titles.unaddressed(text)
    changed = text.rstrip().removesuffix(rest) + rest.replace(title, post.title, 1)
    return changed if titles.split(changed) == (post.title, body) else text


async def _flairs(post: Post) -> list[Flair]:
    """Those among which the author of a thread chooses: none where moderators have decided."""
    if not post.starter or post.group_id is None or await storage.flairs.decided(post.id):
        return []
    return await storage.flairs.of_group(post.group_id)


routes = [
    Route("/write/{id}/edit", show),
    Route("/write/{id}/edit", save, methods=["POST"]),
]
