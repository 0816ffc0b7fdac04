"""Writing: a new thread in a group, an answer, or a post for those who follow one."""

import secrets
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.flairs
import storage.follows
import storage.groups
import storage.media
import storage.posts
from fedcomm import (
    admit,
    consents,
    members,
    memberships,
    newcomers,
    posts,
    preferences,
    restraints,
    scheduled,
    ways,
)  # fmt: skip
from fedcomm.drafting import LEVELS
from fedcomm.errors import AppError, Invalid, NotAllowed, NotFound
from fedcomm.restraints import Open
from storage import idempotency, visible
from storage.actors import Actor
from storage.groups import Group
from storage.posts import LOCAL, MEMBERS, Post
from storage.scheduled import Scheduled
from web import params, respond, state, tongues
from web.pages import clocks, frame, picking, shown, threads, words
from web.pages.group import named
from web.pages.picking import Picked
from web.pages.readers import Plain, Reader, form, members_only
from web.pages.thread import seen

# Of what is refused: the field of the form.
FIELDS = {
    "title": "title", "text": "text", "status": "text", "spoiler_text": "warning", "language": "language",
    "visibility": "visibility", "poll": "options", "file": "pictures", "description": "pictures",
    "media_ids": "pictures", "flair": "flair", "focus": "pictures", "scheduled_at": "publish_at",
}  # fmt: skip
_OPTIONS = 4  # answers of a poll that the form has room for
_WORDS = {level: name for name, level in LEVELS.items()} | {MEMBERS: "private", LOCAL: "private"}
_HOURS = (1, 6, 24, 72, 168)


class _Shared(msgspec.Struct, frozen=True):
    title: str = ""
    text: str = ""
    url: str = ""
    warning: str = ""


class Text(msgspec.Struct, frozen=True):
    """What somebody writes: into `group`, in answer to the post `to`, or for whom `visibility` says.

    With `options` it asks something, for `hours`. `publish_at` is when, by the clock of who writes; '' is now. `anew`
    is the post that waited and in whose place it comes. `key` tells a form sent twice from two.
    """

    group: str = ""
    to: int = 0
    title: str = ""
    text: str = ""
    warning: str = ""
    visibility: str = ""
    language: str = ""
    options: list[str] = []
    multiple: bool = False
    hours: int = 24
    pictures: list[Picked] = []
    publish_at: str = ""
    flair: str = ""
    anew: int = 0
    key: str = ""
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /write`, `GET /write?group=name` or `GET /write?to=id`; what else the address says stands in the form."""
    given = params.query(request, Text)
    if given.anew:
        return await _page(request, reader, msgspec.structs.replace(await _anew(reader, given.anew), key=_key()))
    usual = preferences.of(reader.account)
    given = msgspec.structs.replace(given, language=given.language or usual.language)
    if not (given.visibility or given.to or given.group):
        given = msgspec.structs.replace(given, visibility=usual.visibility)
    return await _page(request, reader, msgspec.structs.replace(given, key=_key()))


@members_only
async def send(request: Request, reader: Reader) -> Response:
    """`POST /write`: on to what was written, or the form again with what is wrong."""
    given = await form(request, Text, reader)
    app = state.app_of(request)
    key = f"page {given.key}" if given.key else ""
    if key and (known := await idempotency.post_of(reader.account.id, key)) is not None:
        return respond.redirect(await _place(reader, given, known))
    replaced = await _waiting(reader, given.anew)
    hung = scheduled.draft_of(replaced).media_ids or () if replaced else ()
    pictures, problem = await picking.kept(app, reader.actor, given.pictures, hung)
    given = msgspec.structs.replace(given, pictures=pictures)
    if problem is not None:
        return await _page(request, reader, given, problem)
    try:
        draft = await _draft(reader, given, app.host)
        if replaced is not None:
            draft = msgspec.structs.replace(draft, scheduled_id=replaced.id)
        if given.publish_at:
            when = clocks.time_of(reader, given.publish_at)
            post_id = (await scheduled.add(app, reader.actor, draft, when, reader.account.id, key)).id
        else:
            post_id = await scheduled.create(app, reader.actor, draft, reader.account.id, key)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect(await _place(reader, given, post_id))


@members_only
async def share(request: Request, reader: Reader) -> Response:
    """`GET /share?text=`, to which pages elsewhere send who wants to tell others of them (Mastodon, FEP-3b86 §4.6)."""
    given = params.query(request, _Shared)
    text = "\n\n".join(part for part in (given.title, given.text, given.url) if part.strip())
    return respond.redirect(f"/write?{urlencode({'text': text, 'warning': given.warning})}")


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


def _key() -> str:
    return secrets.token_urlsafe(16)


async def _waiting(reader: Reader, scheduled_id: int) -> Scheduled | None:
    """The post that is written anew; None when there is none, also since the form was sent once already."""
    try:
        return await scheduled.of(reader.account.id, scheduled_id) if scheduled_id else None
    except NotFound:
        return None


async def _anew(reader: Reader, scheduled_id: int) -> Text:
    """The form as it was filled in for a post that waits; what it answers is left out when that is not there any more.

    Raises:
        NotFound: the reader has no such post.
    """
    draft = scheduled.draft_of(await scheduled.of(reader.account.id, scheduled_id))
    files = await storage.media.several(reader.actor.id, draft.media_ids or ())
    to = draft.in_reply_to_id or 0
    given = Text(
        to=to if to and await visible.sees(reader.actor.id, to) else 0,
        text=draft.text,
        warning=draft.summary,
        visibility=draft.visibility,
        language=draft.language,
        pictures=picking.of_post([files[each] for each in draft.media_ids or () if each in files]),
        anew=scheduled_id,
    )
    if (poll := draft.poll) is None:
        return given
    hours = min(_HOURS, key=lambda each: abs(each * 3600 - poll.seconds))
    return msgspec.structs.replace(given, options=list(poll.options), multiple=poll.multiple, hours=hours)


async def _place(reader: Reader, given: Text, post_id: int) -> str:
    """Where what was written is read, now or in its time: an answer in its thread, as far as one may see that."""
    if await _waiting(reader, post_id) is not None:
        return "/scheduled?done=kept"
    own_page = f"/@{reader.actor.username}/{post_id}"
    if not given.to:
        return own_page
    written, _ = await seen(reader.actor.id, post_id)  # in the thread of newcomers, if it answers a welcome
    try:
        return f"{shown.permalink(*await seen(reader.actor.id, written.thread_id))}#post-{post_id}"
    except NotFound:
        return own_page


async def _draft(reader: Reader, given: Text, host: str) -> posts.Draft:
    """What was written as one writes it with any client: a group is mentioned, a title is the first line."""
    poll = _poll(given)
    if not (given.text.strip() or given.title.strip() or poll or given.pictures):
        raise Invalid("Please write something first.", field="text")
    if given.language and given.language not in tongues.NAMES:
        raise Invalid("There is no such language here.", field="language")
    if given.to:
        await seen(reader.actor.id, given.to)
    media_ids, media_words = picking.wanted(given.pictures)
    draft = posts.Draft(
        text=given.text,
        summary=given.warning.strip(),
        visibility=given.visibility or "public",
        language=given.language,
        in_reply_to_id=given.to or None,
        poll=poll,
        media_ids=media_ids,
        media_words=media_words,
    )
    if given.to or not given.group:
        return draft
    _group, face = await named(reader.actor.id, given.group, host)
    if not given.title.strip():
        raise Invalid("A thread needs a title.", field="title")
    title = " ".join(given.title.split())
    text = f"@{face.acct} {title}\n\n{given.text}".strip()
    return msgspec.structs.replace(draft, text=text, visibility="public", flair=given.flair)


def _poll(given: Text) -> posts.PollDraft | None:
    options = tuple(option.strip() for option in given.options if option.strip())
    return posts.PollDraft(options, given.multiple, given.hours * 3600) if options else None


async def _page(request: Request, reader: Reader, given: Text, refused: AppError | None = None) -> Response:
    post, author, face, labels = None, None, None, []
    if given.to:
        post, author = await seen(reader.actor.id, given.to)
    elif given.group:
        group, face = await named(reader.actor.id, given.group, state.app_of(request).host)
        labels = await storage.flairs.of_group(group.id)
    if post is not None and not given.visibility:  # an answer is as open as what it answers, unless one says otherwise
        given = msgspec.structs.replace(given, visibility=_WORDS[post.visibility])
    saying_hello = post is not None and await newcomers.open_to(reader.actor, post.id) is not None
    where, there = await _group(reader, post, face)
    return await frame.with_form(
        request,
        "write.html",
        refused,
        given=given,
        post=post,
        author=author,
        quoted=await threads.one(reader.actor.id, post) if post else None,
        face=face,
        flairs=labels,
        levels=await _levels(post),
        saying_hello=saying_hello,
        there=there,
        rules=(await consents.of_group(where)).rules if where else (),
        asked=await _asked(request, reader, where),
        outside=await _outside(reader, where, face),
        seal=consents.seal((await consents.of_group(where),)) if where and face else "",
        follow=await storage.follows.of(reader.actor.id, face.id) if face else None,
        limits=admit,
        languages=tongues.NAMES,
        options=[*given.options, *[""] * _OPTIONS][: max(_OPTIONS, len(given.options))],
        hours=_HOURS,
        clock=clocks.name_of(reader),
        previews=await picking.previews(reader.actor, given.pictures),
        pictures=picking.slots(given.pictures),
        focuses=words.FOCUSES,
        field=FIELDS.get(getattr(refused, "field", ""), ""),
        longest=state.app_of(request).config.limits.post_characters,
    )


async def _group(reader: Reader, post: Post | None, face: Actor | None) -> tuple[Group | None, Actor | None]:
    """The group in which it is written, if in any; in a shared thread that through which the writer is in it."""
    if face is not None:
        return await storage.groups.by_actor(face.id), face
    home, its_face = await storage.groups.with_face(post.group_id if post is not None else None)
    if home is None or post is None:
        return home, its_face
    way = await ways.of_answer(home, post, reader.actor)
    return (home, its_face) if way is None else (way.group, way.face)


async def _outside(reader: Reader, group: Group | None, face: Actor | None) -> str:
    """Why who writes can begin nothing in a group elsewhere (`memberships.outside`); '' when they can."""
    if group is None or face is None:
        return ""
    return await memberships.outside(await members.standing(group, reader.actor), reader.actor, face, group)


async def _asked(request: Request, reader: Reader, group: Group | None) -> Open:
    """What the group asks of who writes, to be read before."""
    if group is None or not group.local:
        return Open()
    standing = await members.standing(group, reader.actor)
    return await restraints.open_to(state.app_of(request), group, reader.actor, standing)


async def _levels(answered: Post | None) -> dict[str, str]:
    """Whom a post can be for; an answer for no more people than what it answers, or than its group is for."""
    group = await storage.groups.by_id(answered.group_id) if answered is not None and answered.group_id else None
    level = "" if answered is None else {MEMBERS: "members", LOCAL: "local"}.get(answered.visibility, "")
    if inside := words.LEVELS_INSIDE.get(level or (group.visibility if group is not None else "")):
        return inside
    closed = answered is not None and answered.visibility >= LEVELS["private"]
    least = answered.visibility if answered is not None and closed else 0
    return {name: text for name, text in words.LEVELS.items() if LEVELS[name] >= least}


routes = [
    Route("/write", show),
    Route("/write", send, methods=["POST"]),
    Route("/share", share),
    Route("/write/{id}/delete", confirm),
    Route("/write/{id}/delete", delete, methods=["POST"]),
]
