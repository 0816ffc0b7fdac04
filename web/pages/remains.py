"""What is left of a thread whose beginning was deleted: its answers, which are other people's words."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

import storage.groups
import storage.posts
import storage.threads
from storage import visible
from storage.posts import PUBLIC, UNLISTED
from storage.timelines import Entry
from web import params
from web.pages import frame, threads

MOST = 100  # answers of a page


class Query(msgspec.Struct, frozen=True):
    """After which answer the page begins; 0 for the first page."""

    after: int = 0


async def page(request: Request, viewer: int, post_id: int) -> Response | None:
    """The page of a deleted thread of a group, with 410; None when nothing is left that the viewer may see."""
    post = await storage.posts.by_id(post_id)
    if post is None or post.deleted_at is None or not post.starter or post.visibility not in (PUBLIC, UNLISTED):
        return None
    _group, face = await storage.groups.with_face(post.group_id)
    if face is None or not await visible.seen_actors(viewer, [face.id]):
        return None
    answers = sorted((await storage.threads.branches(viewer, post.id)).seen)
    if not answers:
        return None
    after = params.query(request, Query).after
    following = [answer for answer in answers if answer > after]
    lines = await threads.lines(viewer, [Entry(answer, answer) for answer in following[:MOST]], "thread")
    more = following[MOST - 1] if len(following) > MOST else 0
    return await frame.page(
        request, "remains.html", 410, face=face, lines=lines, total=len(answers), more=more, first=after == 0
    )
