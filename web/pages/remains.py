"""What is left of a thread whose beginning was deleted or removed: its answers, which are other people's words."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

import storage.groups
import storage.posts
import storage.threads
from storage import visible
from storage.timelines import Entry
from web import params
from web.pages import frame, gaps, threads

MOST = 100  # answers of a page


class Query(msgspec.Struct, frozen=True):
    """After which answer the page begins; 0 for the first page."""

    after: int = 0


async def page(request: Request, viewer: int, post_id: int) -> Response | None:
    """The page of such a thread of a group; None when nothing is left that the viewer may see.

    What its author deleted is answered with 410, what moderators removed, and may put back, with 404.
    """
    gone = (await storage.threads.gone(viewer, [post_id])).get(post_id)
    post = await storage.posts.by_id(post_id) if gone else None
    if post is None or not post.starter:
        return None
    _group, face = await storage.groups.with_face(post.group_id)
    if face is None or not await visible.seen_actors(viewer, [face.id]):
        return None
    branches = await storage.threads.branches(viewer, post.id)
    answers = sorted(branches.seen)
    if not answers:
        return None
    after = params.query(request, Query).after
    following = [answer for answer in answers if answer > after]
    lines = await threads.lines(viewer, [Entry(answer, answer) for answer in following[:MOST]], "thread")
    more = following[MOST - 1] if len(following) > MOST else 0
    last = max((line.id for line in lines), default=0)
    missing = [each for below in branches.answers.values() for each in below if after < each < last]
    went = await storage.threads.gone(viewer, [each for each in missing if each not in branches.seen])
    return await frame.page(
        request,
        "remains.html",
        404 if gone == "removed" else 410,
        gone=gone,
        face=face,
        lines=lines,
        gaps=gaps.before([line.id for line in lines], went),
        total=len(answers),
        more=more,
        first=after == 0,
    )
