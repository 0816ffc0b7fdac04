"""What moderators do with a browser to a thread or an answer where they read it."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.groups
from fedcomm import cautions, curation, flairs, group_profile, retitling, reviews, transfers
from fedcomm.app import App
from fedcomm.desk import afar
from fedcomm.desk.values import Decision
from fedcomm.errors import Invalid
from storage import visible
from storage.posts import Post
from web import params, respond, state
from web.pages import reasons, shown
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen


class Wish(msgspec.Struct, frozen=True):
    """What a moderator wants with a post."""

    act: str = ""
    reason: str = ""
    rule: int = 0  # that of the group which it breaks
    flair: str = ""
    title: str = ""
    minutes: int = 0  # for which a thread is closed; 0 for good
    to: str = ""  # the name of the group into which a thread goes
    group: str = ""  # one that shows the thread beside its own, and what is done is done there
    csrf: str = ""


@members_only
async def thread(request: Request, reader: Reader) -> Response:
    """`POST /moderate/{id}`: take a post out of its group, close or pin its thread, give it a flair."""
    wish = await form(request, Wish, reader)
    app = state.app_of(request)
    post, author = await seen(reader.actor.id, params.number(request))
    match wish.act:
        case "remove":
            group, face = await storage.groups.with_face(post.group_id)
            rules = await group_profile.rules_shown(group, face)
            waits = await curation.remove(app, reader.actor, post.id, reasons.said(rules, wish.rule, wish.reason))
            return respond.redirect("/moderation?done=waits" if waits else await _around(reader, post))
        case "hold":
            waits = await _hold(app, reader, post, wish)
            return respond.redirect("/moderation?done=waits" if waits else await _around(reader, post))
        case "lock":
            await curation.lock(app, reader.actor, post.id, wish.reason, wish.group)
        case "cool":
            await curation.lock(app, reader.actor, post.id, wish.reason, minutes=wish.minutes or -1)
        case "move":
            await transfers.move(app, reader.actor, post.id, wish.to, wish.reason)
        case "warn":
            group, face = await storage.groups.with_face(post.group_id)
            rules = await group_profile.rules_shown(group, face)
            await cautions.warn(app, reader.actor, post.id, reasons.said(rules, wish.rule, wish.reason))
        case "unlock":
            await curation.unlock(app, reader.actor, post.id, wish.group)
        case "pin":
            await curation.pin(app, reader.actor, post.id, wish.group)
        case "unpin":
            await curation.unpin(app, reader.actor, post.id, wish.group)
        case "flair":
            await flairs.give(app, reader.actor, post.id, wish.flair)
        case "title":
            if not wish.title.strip():
                raise Invalid("A thread needs a title.", field="title")
            await retitling.retitle(app, reader.actor, post.id, wish.title, wish.reason)
        case "untitle":
            await retitling.retitle(app, reader.actor, post.id, "", wish.reason)
        case _:
            raise Invalid("There is no such act.")
    return respond.redirect(shown.permalink(post, author))


async def _hold(app: App, reader: Reader, post: Post, wish: Wish) -> bool:
    """A group elsewhere hears of it on its desk: its server takes the post out, and tells all others."""
    group, face = await storage.groups.with_face(post.group_id)
    rules = await group_profile.rules_shown(group, face)
    reason = reasons.said(rules, wish.rule, wish.reason)
    if group is None or face is None or group.local:
        return await reviews.hold(app, reader.actor, post.id, reason)
    await afar.decide(app, group, face, reader.actor, Decision(act="hold", id=post.uri, reason=reason))
    return False


async def _around(reader: Reader, post: Post) -> str:
    """Where one goes on when a post is out: the thread it was in, or the group."""
    if post.thread_id != post.id and await visible.sees(reader.actor.id, post.thread_id):
        return shown.permalink(*await seen(reader.actor.id, post.thread_id))
    _group, face = await storage.groups.with_face(post.group_id)
    return shown.profile(face) if face else "/"


routes = [Route("/moderate/{id}", thread, methods=["POST"])]
