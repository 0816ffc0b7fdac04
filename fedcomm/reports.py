"""Reports by members here: kept, and told to those whom the member wants to know of it.

What is reported in a group is for those who look after it, wherever they live; the admins here and the server of who is
reported hear of it as the member likes. Only the admins here see who reported.
"""

import msgspec

import storage.actors
import storage.groups
import storage.posts
from fedcomm import clock, consents, flags, group_profile, members, telling
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound, TooMany
from fedcomm.flags import Case
from storage import reports, visible
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from storage.reports import Broken, Report

CATEGORIES = ("spam", "legal", "violation", "other")
MAX_COMMENT = 1_000  # characters
MAX_POSTS = 50
MAX_A_DAY = 50  # by one member
_DAY = 86_400_000  # ms


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What a member reports, by which rules (numbers from 1), and who is to know of it.

    `to_group`: those who look after the group that the posts are in; of what is in none the admins hear always.
    `forward`: the server of who is reported, but not by whom.
    """

    target_id: int
    post_ids: tuple[int, ...] = ()
    comment: str = ""
    category: str = "other"
    group_rules: tuple[int, ...] = ()
    server_rules: tuple[int, ...] = ()
    to_group: bool = True
    to_admins: bool = True
    forward: bool = False


async def report(app: App, reporter: Actor, complaint: Complaint) -> Report:
    """Report somebody, perhaps for posts of theirs.

    Raises:
        NotFound: there is nobody like that, or no such post of theirs for the member.
        NotAllowed: oneself.
        Invalid: too long, too many posts, no such category or rule, or nobody is to know of it.
        TooMany: enough for a day.
    """
    _check(complaint)
    target = await storage.actors.by_id(complaint.target_id)
    if target is None or target.deleted_at is not None:
        raise NotFound("There is no such account.")
    if target.id == reporter.id:
        raise NotAllowed("Nobody reports themselves.")
    posts = await _posts(reporter, target, complaint.post_ids)
    group, face = await storage.groups.with_face(_group_of(posts))
    now = clock.now_ms()
    if await reports.count_by(reporter.id, now - _DAY) >= MAX_A_DAY:
        raise TooMany("You have reported a great deal today. Please write to an admin.", retry_after=_DAY / 1000)
    for_group = group is not None and complaint.to_group
    unattended = for_group and group is not None and not await attended(group, target)
    if not (for_group or complaint.to_admins or complaint.forward):
        raise Invalid("Please say who is to know of it.", field="told")
    rules = await broken(app, group, face, complaint.group_rules, complaint.server_rules)
    report_id = next_id()
    made = Report(
        id=report_id, uri=app.urls.activity(report_id), reporter_id=reporter.id, target_id=target.id,
        group_id=group.id if group is not None else None, post_ids=[post.id for post in posts],
        comment=complaint.comment.strip(), category=complaint.category, state=reports.OPEN, created_at=now,
        closed_at=None, for_group=int(for_group), for_admins=int(complaint.to_admins or group is None or unattended),
        forwarded=int(complaint.forward and bool(target.host)), rules=rules,
    )  # fmt: skip
    writes, case = Writes(), Case(made, target, posts, group, face)
    reports.insert(writes, made)
    await telling.of_report(app, writes, made, reporter, group, face)
    if made.forwarded:
        await flags.to_server_of_target(app, writes, case)
    if for_group and group is not None:
        await (flags.to_moderators if group.local else flags.to_group)(app, writes, case)
    await apply(writes)
    return made


async def attended(group: Group, target: Actor) -> bool:
    """Whether anybody looks after a group beside who is reported; of groups elsewhere their servers know."""
    return not group.local or any(uri != target.uri for uri in await members.leading(group))


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


def _group_of(posts: list[Post]) -> int | None:
    """The group of what is reported. Its moderators read nothing of another one, or of none."""
    groups = {post.group_id for post in posts}
    return groups.pop() if len(groups) == 1 else None


async def broken(
    app: App, group: Group | None, face: Actor | None, group_rules: tuple[int, ...], server_rules: tuple[int, ...]
) -> list[Broken]:  # fmt: skip
    """The rules with these numbers, as they read now.

    Raises:
        Invalid: there is no such rule.
    """
    of_group, of_server = await group_profile.rules_shown(group, face), await consents.of_server(app)
    wanted = ((True, of_group, group_rules), (False, of_server.rules, server_rules))
    found = []
    for is_group, rules, numbers in wanted:
        for number in sorted(set(numbers)):
            if not 1 <= number <= len(rules):
                raise Invalid("There is no rule {number}.", field="rules", number=number)
            found.append(Broken(is_group, number, rules[number - 1]))
    return found
