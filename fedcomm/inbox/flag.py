"""Flag: somebody elsewhere reports something of ours, or a group elsewhere lets those here know who look after it."""

import itertools
from collections.abc import Mapping, Sequence

import msgspec

from activitypub.activities import Activity
from fedcomm import admit, clock, flags, group_profile, members, sanitise, telling
from fedcomm import reports as reporting
from fedcomm.flags import Case
from fedcomm.group_profile import MAX_RULE, MAX_RULES
from fedcomm.inbox import announce
from fedcomm.inbox.hand import Hand, Ignored
from storage import reports
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from storage.reports import Broken, Report

MAX_COMMENT = 5_000  # characters
MAX_POSTS = 50
MAX_A_DAY = 100  # reports of one server
DAY = 86_400_000  # ms


class _Rule(msgspec.Struct, frozen=True):
    number: int
    text: str


class _Said(msgspec.Struct, frozen=True):
    comment: str
    category: str
    rules: list[Broken]


async def report(hand: Hand, activity: Activity) -> None:
    """Kept for the admins and for who looks after the group that a post is in; it names one of ours, and perhaps posts.

    Moderators elsewhere are told by the group.
    """
    reporter = await _reporter(hand, activity)
    posts = _posts(hand, activity)
    target = _target(hand, activity, posts)
    group = next((found for found in map(hand.facts.group_of, posts) if found is not None), None)
    if any(
        admit.banned(hand.facts.standing(found, reporter.uri).ban) for found in map(hand.facts.group_of, posts) if found
    ):
        raise Ignored("the reporter is banned from the group")  # attack GRP-01
    here = group is not None and bool(group.local)
    of_group, of_admins = here, True
    if group is not None and here and await flags.chooses(reporter.host):
        of_group = hand.facts.face_of(group).uri in activity.audience.everyone
        of_admins = not of_group or not await reporting.attended(group, target)
    known = await group_profile.rules_shown(group, hand.facts.face_of(group)) if group is not None and here else []
    said = _said(activity, _numbered(known))
    made = _made(activity, reporter, target, group, posts, said, for_group=of_group, for_admins=of_admins)
    await _keep(hand, made, reporter, target, group, posts)


async def announced(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes a report on to who looks after it and lives here, or whose post is reported (Lemmy)."""
    group, face = announce.announcer(hand, activity, late=True)
    inner = activity.object
    assert isinstance(inner, Activity)
    if inner.uri is not None and hand.app.urls.own(inner.uri):
        raise Ignored("it is ours")
    if not admit.reporting(hand.app.peers, face):
        raise Ignored("reports from that server are not taken")
    reporter = await _reporter(hand, inner)
    posts = [post for post in _posts(hand, inner) if post.group_id == group.id]
    if not posts:
        raise Ignored("it is about no post of the group that is known here")
    target = _author(hand, posts[0])
    leading = [who for who in await members.leaders(face) if who.local and who.id != target.id]
    if not (leading or target.local):
        raise Ignored("nobody here looks after the group")
    numbers = _numbered(await group_profile.rules_shown(group, face))
    said = _said(inner, numbers or {rule.text: rule.number for rule in _rules(inner)})  # the group's, who knows them
    made = _made(inner, reporter, target, group, posts, said, for_group=bool(leading), for_admins=target.local)
    await _keep(hand, made, reporter, target, group, posts)


async def _reporter(hand: Hand, activity: Activity) -> Actor:
    """Who reports, if that is taken from them.

    Raises:
        Ignored: their server reports too much, or nothing that is taken.
    """
    reporter = hand.actor(activity.actor)
    if not admit.reporting(hand.app.peers, reporter):
        raise Ignored("reports from that server are not taken")
    if await reports.count_from(reporter.host, clock.now_ms() - DAY) >= MAX_A_DAY:
        raise Ignored("that server has reported enough for a day")  # attack GRP-16
    return reporter


def _posts(hand: Hand, activity: Activity) -> list[Post]:
    return [hand.facts.posts[uri] for uri in activity.object_ids if uri in hand.facts.posts][:MAX_POSTS]


def _target(hand: Hand, activity: Activity, posts: Sequence[Post]) -> Actor:
    people = [hand.facts.actors[uri] for uri in activity.object_ids if uri in hand.facts.actors]
    found = next((who for who in people if who.local), None) or next(
        (_author(hand, post) for post in posts if post.local or post.group_id), None
    )
    if found is None:
        raise Ignored("it is about nobody here")
    return found


def _author(hand: Hand, post: Post) -> Actor:
    author = hand.facts.author_of(post)
    if author is None:
        raise Ignored("nobody knows whose post it is")
    return author


def _rules(activity: Activity) -> list[Broken]:
    """Which rules of the group are broken, as a server of fedcomm says it."""
    try:
        found = msgspec.convert(activity.raw.get("rules", []), list[_Rule])[:MAX_RULES]
    except msgspec.ValidationError:
        return []
    return [Broken(True, each.number, each.text.strip()[:MAX_RULE]) for each in found if 0 < each.number <= MAX_RULES]


def _numbered(rules: Sequence[str]) -> dict[str, int]:
    return {text: number for number, text in reversed(list(enumerate(rules, 1)))}


def _said(activity: Activity, numbers: Mapping[str, int]) -> _Said:
    """Rules are known by their text, and have its number in the group; what is none of its are the reporter's words.

    Of the rules the words do not speak once more, as they do for other programs.
    """
    claimed = _rules(activity)
    texts = dict.fromkeys(each.text for each in claimed if each.text in numbers)
    rules = [Broken(True, numbers[text], text) for text in texts]
    lines = sanitise.plain(activity.content or activity.summary).strip().splitlines()
    named = {sanitise.plain(reports.said(rule)) for rule in claimed}
    others = [each.text for each in claimed if each.text and each.text not in numbers]
    comment = "\n".join([*others, *itertools.dropwhile(named.__contains__, lines)])[:MAX_COMMENT]
    category = activity.raw.get("category")
    if category not in reporting.CATEGORIES:
        category = "violation" if rules else "other"
    return _Said(comment, category, rules)


def _made(
    activity: Activity, reporter: Actor, target: Actor, group: Group | None, posts: Sequence[Post], said: _Said, *,
    for_group: bool, for_admins: bool,
) -> Report:  # fmt: skip
    return Report(
        id=next_id(), uri=activity.uri or "", reporter_id=reporter.id, target_id=target.id,
        group_id=group.id if group is not None else None, post_ids=[post.id for post in posts],
        comment=said.comment, category=said.category, state=reports.OPEN, created_at=clock.now_ms(), closed_at=None,
        for_group=int(for_group), for_admins=int(for_admins), rules=said.rules,
    )  # fmt: skip


async def _keep(
    hand: Hand, made: Report, reporter: Actor, target: Actor, group: Group | None, posts: Sequence[Post]
) -> None:  # fmt: skip
    if made.uri and await reports.by_uri(made.uri) is not None:
        raise Ignored("it is known")
    writes, face = Writes(), hand.facts.face_of(group) if group is not None else None
    reports.insert(writes, made)
    await telling.of_report(hand.app, writes, made, reporter, group, face)
    if group is not None and group.local and made.for_group:
        await flags.to_moderators(hand.app, writes, Case(made, target, posts, group, face), without=reporter.host)
    await write(writes)
