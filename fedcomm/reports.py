"""Reports by members here: kept for the admins, and told to the server of who is reported if the member wants that."""

import msgspec

import storage.actors
import storage.groups
import storage.posts
from fedcomm import audit, clock, telling
from fedcomm.actors import SERVICE
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound, TooMany
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import reports, visible
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post
from storage.reports import Report

CATEGORIES = ("spam", "legal", "violation", "other")
MAX_COMMENT = 1_000  # characters
MAX_POSTS = 50
MAX_A_DAY = 50  # by one member
_DAY = 86_400_000  # ms


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What a member reports; `forward`: the server of who is reported is to know as well, but not by whom."""

    target_id: int
    post_ids: tuple[int, ...] = ()
    comment: str = ""
    category: str = "other"
    forward: bool = False


async def report(app: App, reporter: Actor, complaint: Complaint) -> Report:
    """Report somebody, perhaps for posts of theirs. Only admins here see who reported: what is forwarded is said by the
    server itself (Mastodon does the same).

    Raises:
        NotFound: there is nobody like that, or no such post of theirs for the member.
        NotAllowed: oneself.
        Invalid: too long, too many posts, or no such category.
        TooMany: enough for a day.
    """
    _check(complaint)
    target = await storage.actors.by_id(complaint.target_id)
    if target is None or target.deleted_at is not None:
        raise NotFound("There is no such account.")
    if target.id == reporter.id:
        raise NotAllowed("Nobody reports themselves.")
    posts = await _posts(reporter, target, complaint.post_ids)
    now = clock.now_ms()
    if await reports.count_by(reporter.id, now - _DAY) >= MAX_A_DAY:
        raise TooMany("You have reported a great deal today. Please write to an admin.", retry_after=_DAY / 1000)
    report_id = next_id()
    made = Report(
        report_id, app.urls.activity(report_id), reporter.id, target.id,
        next((post.group_id for post in posts if post.group_id), None), [post.id for post in posts],
        complaint.comment.strip(), complaint.category, "open", now, None,
    )  # fmt: skip
    writes = Writes()
    reports.insert(writes, made)
    await telling.admins(writes, "admin.report", reporter.id, made.id)
    if complaint.forward and target.host:
        await _forward(app, writes, made, target, posts)
    await apply(writes)
    return made


async def close(by: Account, report_id: int) -> None:
    """An admin has dealt with a report; once is enough.

    Raises:
        NotFound: there is no such report.
    """
    found = await reports.by_id(report_id)
    if found is None:
        raise NotFound("There is no such report.")
    if found.state == "closed":
        return
    target = await storage.actors.by_id(found.target_id)
    async with transaction():
        writes = Writes()
        reports.close(writes, found.id, clock.now_ms())
        await write(writes)
        await audit.record(by, "report.close", f"@{target.acct}" if target else "", report=str(found.id))


def _check(complaint: Complaint) -> None:
    if complaint.category not in CATEGORIES:
        raise Invalid("A report is about spam, legal, violation or other.", field="category")
    if len(complaint.comment) > MAX_COMMENT:
        raise Invalid("A report may have {limit} characters.", field="comment", limit=MAX_COMMENT)
    if len(complaint.post_ids) > MAX_POSTS:
        raise Invalid("A report may be about {limit} posts.", field="status_ids", limit=MAX_POSTS)


async def _posts(reporter: Actor, target: Actor, post_ids: tuple[int, ...]) -> list[Post]:
    seen = await visible.seen(reporter.id, post_ids) if post_ids else set()
    found = await storage.posts.by_ids(list(dict.fromkeys(post_ids)))
    posts = [post for post in found.values() if post.id in seen and post.author_id == target.id]
    if len(posts) < len(set(post_ids)):
        raise NotFound("There is no such post of this account.")
    return posts


async def _forward(app: App, writes: Writes, made: Report, target: Actor, posts: list[Post]) -> None:
    """To the author's server, and to that of the group which the posts are in."""
    service = await storage.actors.local(SERVICE)
    assert service is not None  # made at the first start
    flag = activities.activity(
        "Flag",
        made.uri,
        service.uri,
        [target.uri, *(post.uri for post in posts)],
        to=[target.uri],
        content=made.comment,
    )
    inboxes = [target.inbox]
    _group, face = await storage.groups.with_face(made.group_id)
    if face is not None and face.host and face.host != target.host:
        inboxes.append(face.inbox)
    publish(app, writes, service, flag, Audience(inboxes=tuple(inboxes)))
