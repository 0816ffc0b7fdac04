"""`/api/v1/statuses`: writing, reading, changing and deleting posts."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.posts
import storage.scheduled
from activitypub import properties
from fedcomm import boosts, posts, preferences
from fedcomm import scheduled as later
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.posts import Draft, PollDraft
from storage import shown, threads, timelines, visible
from storage.posts import Post
from storage.timelines import Entry
from web import auth, params, respond, state
from web.auth import Viewer
from web.mastodon import refreshes, scheduled, subjects
from web.mastodon.entities import account, emoji, status
from web.mastodon.entities.media import attachment
from web.mastodon.entities.times import moment

FOR_STRANGERS = {"above": 40, "below": 60, "depth": 20}  # Mastodon: "limits of a context"
FOR_MEMBERS = {"above": 4096, "below": 4096, "depth": 4096}
MOST_AT_ONCE = 40
LONGEST_KEY = 200  # characters of an Idempotency-Key
_WAITS = "A post with this Idempotency-Key waits for its time already."


class NewPoll(msgspec.Struct, frozen=True):
    """A poll as clients send it; `expires_in` in seconds."""

    options: list[str] = []
    expires_in: int = 86_400
    multiple: bool = False
    hide_totals: bool = False


class MediaWords(msgspec.Struct, frozen=True):
    """What an edit says anew of a picture."""

    id: str = ""
    description: str | None = None
    focus: str | None = None


class NewStatus(msgspec.Struct, frozen=True):
    """A post as clients send it; None = not said."""

    status: str | None = None
    in_reply_to_id: str = ""
    media_ids: list[str] | None = None
    media_attributes: list[MediaWords] = []
    sensitive: bool | None = None
    spoiler_text: str | None = None
    visibility: str = ""
    language: str | None = None
    scheduled_at: str = ""
    quoted_status_id: str = ""
    poll: NewPoll | None = None


class Deletion(msgspec.Struct, frozen=True):
    """Whether nobody is to write the post anew with the same pictures."""

    delete_media: bool = False


class Ids(msgspec.Struct, frozen=True):
    """Several posts."""

    id: list[str] = []


async def create(request: Request) -> Response:
    """`POST /api/v1/statuses`"""
    viewer = await auth.require(request, "write:statuses")
    wish = await params.read(request, NewStatus)
    _refuse_what_is_not_offered(wish)
    wish = await _as_usual(viewer, wish)
    parent = subjects.identifier(wish.in_reply_to_id) if wish.in_reply_to_id else None
    if parent is not None:
        above = await timelines.entry(viewer.actor_id, parent)
        if above is None:
            raise NotFound("The post that this answers is not there.")
        parent = above.post_id
    draft = Draft(
        text=wish.status or "", summary=wish.spoiler_text or "", visibility=visibility_of(wish.visibility),
        sensitive=bool(wish.sensitive), language=wish.language or "", in_reply_to_id=parent, poll=_poll(wish.poll),
        media_ids=_media(wish), media_words=_words(wish), app_id=viewer.app_id,
    )  # fmt: skip
    key = request.headers.get("idempotency-key", "")[:LONGEST_KEY]
    app, author = state.app_of(request), await auth.actor_of(viewer)
    if wish.scheduled_at and await later.published(viewer.account_id, key) is None:
        return await scheduled.add(request, viewer, author, draft, wish.scheduled_at, key)
    post_id = await posts.create(app, author, draft, account_id=viewer.account_id, idempotency_key=key)
    try:
        return await answer(request, viewer, Entry(post_id, post_id))
    except NotFound:
        if key and await storage.scheduled.by_id(post_id) is not None:
            raise Invalid(
                "A post with this Idempotency-Key waits for its time already.", field="scheduled_at"
            ) from None
        raise


async def one(request: Request) -> Response:
    """`GET /api/v1/statuses/:id`"""
    viewer = await auth.optional(request, "read:statuses")
    return await answer(request, viewer, await subjects.entry(request, viewer))


async def several(request: Request) -> Response:
    """`GET /api/v1/statuses?id[]=`"""
    viewer = await auth.optional(request, "read:statuses")
    ids = [subjects.identifier(text) for text in params.query(request, Ids).id[:MOST_AT_ONCE]]
    seen = await visible.seen(subjects.id_of(viewer), ids)
    entries = [Entry(each, each) for each in dict.fromkeys(ids) if each in seen]
    return respond.json_bytes(await status.page(state.app_of(request).base_url, subjects.id_of(viewer), entries))


async def edit(request: Request) -> Response:
    """`PUT /api/v1/statuses/:id`; what is not said stays as it is."""
    viewer = await auth.require(request, "write:statuses")
    post = await _own(request, viewer)
    wish = await params.read(request, NewStatus)
    _refuse_what_is_not_offered(wish)
    draft = Draft(
        text=post.source if wish.status is None else wish.status,
        summary=post.summary if wish.spoiler_text is None else wish.spoiler_text,
        visibility=status.VISIBILITIES[post.visibility],
        sensitive=_still_sensitive(post, wish),
        language=properties.language(wish.language) or post.language,
        in_reply_to_id=post.parent_id,
        poll=_poll(wish.poll),
        media_ids=_media(wish),
        media_words=_words(wish),
        app_id=post.app_id,
    )
    await posts.edit(state.app_of(request), await auth.actor_of(viewer), post.id, draft)
    return await answer(request, viewer, Entry(post.id, post.id))


async def delete(request: Request) -> Response:
    """`DELETE /api/v1/statuses/:id`: the answer has the text as it was written, to write it anew."""
    viewer = await auth.require(request, "write:statuses")
    entry = await subjects.entry(request, viewer)
    app, actor = state.app_of(request), await auth.actor_of(viewer)
    rendered = await status.each(app.base_url, viewer.actor_id, [entry])
    if entry.boosted_by == viewer.actor_id:
        await boosts.unboost(app, actor, entry.post_id)
        return respond.json_bytes(rendered[0])
    post = await _own(request, viewer)
    wish = await params.read(request, Deletion)
    await posts.delete(app, actor, post.id, redraft=not wish.delete_media)
    found: dict[str, Any] = msgspec.json.decode(rendered[0])
    del found["content"]
    return respond.json(found | {"text": post.source})


async def context(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/context`"""
    viewer = await auth.optional(request, "read:statuses")
    entry = await subjects.entry(request, viewer)
    limits = FOR_MEMBERS if viewer else FOR_STRANGERS
    found = await threads.context(subjects.id_of(viewer), entry.post_id, **limits)
    shown_posts = await status.by_id(
        state.app_of(request).base_url, subjects.id_of(viewer), [*found.ancestors, *found.descendants]
    )  # fmt: skip
    above, below = (
        b",".join(shown_posts[each] for each in ids if each in shown_posts)
        for ids in (found.ancestors, found.descendants)
    )
    body = b'{"ancestors":[' + above + b'],"descendants":[' + below + b"]}"
    return respond.json_bytes(body, headers=await refreshes.of_thread(request, viewer, entry.post_id))


async def source(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/source`: what its author typed; of a post whose server does not tell, what it says."""
    viewer = await auth.require(request, "read:statuses")
    post = await subjects.post(request, viewer)
    return respond.json({"id": str(post.id), "text": post.source or post.content, "spoiler_text": post.summary})


async def history(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/history`: what it said before, to whom it was for, and says now; files while there."""
    viewer = await auth.optional(request, "read:statuses")
    post = await subjects.post(request, viewer)
    base = state.app_of(request).base_url
    bundle = await shown.bundle([post.id])
    files, asked = bundle.media.get(post.id, []), bundle.polls.get(post.id)
    before = await visible.seen_before(subjects.id_of(viewer), post.id)
    earlier = await threads.history(post.id) if before else []
    now = threads.Revision(
        post.title, post.content, post.summary, post.sensitive,
        (post.edited_at or post.published) if earlier or not before else post.published,
        asked.options if asked else None, threads.named(files),
    )  # fmt: skip
    author = msgspec.Raw((await account.accounts(base, [post.author_id]))[post.author_id])
    versions = (*earlier, now)
    texts = {
        at: (status.home_of(post), f"{each.title}\n{each.content}\n{each.summary}") for at, each in enumerate(versions)
    }
    named = await emoji.named_in(base, texts)
    doubt, host = status.doubt(post, bundle.faces.get(post.id)), status.home_of(post)
    return respond.json(
        [
            _edit(
                author,
                version,
                [attachment(base, file, host, post.visibility) for file in threads.shown_then(version, files)],
                named.get(at, []),
                doubt,
            )
            for at, version in enumerate(versions)
        ]
    )


def _edit(
    author: msgspec.Raw,
    version: threads.Revision,
    attached: Sequence[dict[str, Any]],
    emojis: Sequence[dict[str, Any]],
    doubt: str,
) -> dict[str, Any]:
    """What a post said at a time (Mastodon API: "StatusEdit")."""
    entity: dict[str, Any] = {
        "content": doubt + status.content_of(version.title, version.content), "spoiler_text": version.summary,
        "sensitive": bool(version.sensitive), "created_at": moment(version.created_at), "account": author,
        "media_attachments": attached, "emojis": emojis,
    }  # fmt: skip
    if version.poll is not None:
        entity["poll"] = {"options": [{"title": title} for title in msgspec.json.decode(version.poll)]}
    return entity


async def answer(request: Request, viewer: Viewer | None, entry: Entry) -> Response:
    """One post or boost as the answer."""
    found = await status.each(state.app_of(request).base_url, subjects.id_of(viewer), [entry])
    if not found:
        raise NotFound(subjects.MISSING)
    return respond.json_bytes(found[0])


async def _own(request: Request, viewer: Viewer) -> Post:
    """A post of the viewer; of others' nothing is said but that it is not theirs."""
    post = await storage.posts.by_id(params.number(request))
    if post is None or post.deleted_at is not None or not await visible.sees(viewer.actor_id, post.id):
        raise NotFound(subjects.MISSING)
    if post.author_id != viewer.actor_id:
        raise NotAllowed("This is somebody else's.")
    return post


async def _as_usual(viewer: Viewer, wish: NewStatus) -> NewStatus:
    """What a new post does not say for itself is as its author likes it; what is no language says nothing."""
    said = properties.language(wish.language)
    if wish.visibility and wish.sensitive is not None and said:
        return wish
    usual = preferences.of(await storage.accounts.by_id(viewer.account_id))
    sensitive = usual.sensitive if wish.sensitive is None else wish.sensitive
    visibility, language = wish.visibility or usual.visibility, said or usual.language
    return msgspec.structs.replace(wish, visibility=visibility, sensitive=sensitive, language=language)


def visibility_of(word: str) -> str:
    """The visibility that a client names; nothing said means for everybody.

    Raises:
        Invalid: there is no such one.
    """
    if word not in ("", *status.VISIBILITIES):
        raise Invalid("The visibility is public, unlisted, private or direct.", field="visibility")
    return word or "public"


def _still_sensitive(post: Post, wish: NewStatus) -> bool:
    """Whether an edited post is sensitive; one that was so by its warning is no more when the warning is taken away."""
    if wish.sensitive is not None:
        return wish.sensitive
    return bool(post.sensitive) and not (post.summary and wish.spoiler_text == "")


def _poll(wish: NewPoll | None) -> PollDraft | None:
    return (
        PollDraft(tuple(wish.options), wish.multiple, wish.expires_in, wish.hide_totals)
        if wish and wish.options
        else None
    )


def _media(wish: NewStatus) -> tuple[int, ...] | None:
    return None if wish.media_ids is None else tuple(subjects.identifier(text) for text in wish.media_ids)


def _words(wish: NewStatus) -> tuple[posts.Words, ...]:
    said = wish.media_attributes
    return tuple(posts.Words(subjects.identifier(each.id), each.description, each.focus) for each in said)


def _refuse_what_is_not_offered(wish: NewStatus) -> None:
    if wish.quoted_status_id:
        raise Invalid("Posts cannot be quoted here yet.", field="quoted_status_id")


routes = [
    Route("/api/v1/statuses", create, methods=["POST"]),
    Route("/api/v1/statuses", several),
    Route("/api/v1/statuses/{id}", one),
    Route("/api/v1/statuses/{id}", edit, methods=["PUT"]),
    Route("/api/v1/statuses/{id}", delete, methods=["DELETE"]),
    Route("/api/v1/statuses/{id}/context", context),
    Route("/api/v1/statuses/{id}/source", source),
    Route("/api/v1/statuses/{id}/history", history),
]
