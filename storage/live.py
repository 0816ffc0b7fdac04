"""For whom something that just happened is: asked once for all who look on, where that is possible."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from storage import timelines, visible
from storage.connect import current, row, rows


class About(msgspec.Struct, frozen=True, array_like=True):
    """What decides where a post is shown; `face` is the actor of its group, 0 = it is in none."""

    post_id: int
    author_id: int
    face: int
    visibility: int
    local: int
    starter: int
    media: int
    removed: int
    tags: frozenset[str]


class Passed(msgspec.Struct, frozen=True):
    """A boost; `group` is the group that made it, which so begins a thread in it; 0 = it was no group."""

    boost_id: int
    post_id: int
    actor_id: int
    group: int


_ABOUT = """
SELECT post.id, post.author_id, COALESCE(groups.actor_id, 0), post.visibility, post.local,
CASE WHEN post.parent_id IS NULL AND post.parent_uri IS NULL THEN 1 ELSE 0 END, post.attachments_count,
CASE WHEN post.removed_at IS NULL THEN 0 ELSE 1 END
FROM post LEFT JOIN groups ON groups.id = post.group_id WHERE post.id = ? AND post.deleted_at IS NULL"""
_TAGS = "SELECT tag.name FROM post_tag JOIN tag ON tag.id = post_tag.tag_id WHERE post_tag.post_id = ?"
_PASSED = """
SELECT boost.id, boost.post_id, boost.actor_id, COALESCE(groups.id, 0)
FROM boost LEFT JOIN groups ON groups.actor_id = boost.actor_id WHERE boost.id = ?"""
_BOOST_OF = "SELECT boost.id FROM boost WHERE boost.actor_id = ? AND boost.post_id = ?"
_NAMED = "SELECT actor_id FROM mention WHERE post_id = ? AND addressed = 1 AND actor_id IN (?ints)"
_LATELY = 40  # posts and boosts of somebody: more are on nobody's screen
_SINCE = 14 * 86_400_000  # ms: nor are older ones
_WROTE = "SELECT id, visibility FROM post WHERE author_id = ? AND visibility <> 3 AND id > ? ORDER BY id DESC LIMIT ?"
_BOOSTED = "SELECT id, visibility FROM boost WHERE actor_id = ? AND id > ? ORDER BY id DESC LIMIT ?"
_VIEWER = -1  # stands for each viewer where a condition takes one
_AT_HOME = f"""
SELECT viewer.id FROM actor viewer CROSS JOIN home_entry JOIN post ON post.id = home_entry.post_id
WHERE viewer.id IN (?ints) AND home_entry.owner_id = viewer.id AND home_entry.id = ?
AND {visible.READ} AND {timelines.LINE}{timelines.NOT_EXCLUSIVE}"""
_JOINED = f"""
SELECT viewer.id FROM actor viewer CROSS JOIN boost JOIN post ON post.id = boost.post_id
WHERE viewer.id IN (?ints) AND boost.id = ? AND {visible.READ} AND {timelines.THREAD}
AND boost.actor_id IN ({timelines.JOINED_AT_HOME})"""
_LISTED = f"""
SELECT list.id, list.owner_id FROM list JOIN actor viewer ON viewer.id = list.owner_id CROSS JOIN home_entry
JOIN post ON post.id = home_entry.post_id WHERE list.id IN (?ints) AND home_entry.owner_id = viewer.id
AND home_entry.id = ? AND {visible.READ} AND {timelines.LINE} AND {timelines.IN_LIST}"""
_LISTED_GROUP = f"""
SELECT list.id, list.owner_id FROM list JOIN actor viewer ON viewer.id = list.owner_id CROSS JOIN boost
JOIN post ON post.id = boost.post_id WHERE list.id IN (?ints) AND boost.id = ? AND boost.actor_id IN {timelines.LISTED}
AND {visible.READ} AND {timelines.THREAD} AND boost.actor_id IN ({timelines.JOINED})"""
_FOLLOWERS = "SELECT follower_id FROM follow WHERE target_id = ? AND state = 'accepted' AND follower_id IN (?ints)"
_VALID = """
SELECT token.id FROM oauth_token token JOIN account ON account.id = token.account_id
JOIN actor ON actor.id = account.actor_id WHERE token.id IN (?ints) AND token.revoked_at IS NULL
AND account.state = 'active' AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"""
_READERS = f"""
SELECT viewer.id FROM post CROSS JOIN actor viewer WHERE post.id = ? AND viewer.id IN (?ints)
AND {visible.TO_VIEWER} AND {visible.wanted("post.author_id")}"""
_TOUCHED = """
SELECT actor_id FROM reaction WHERE post_id = ? AND actor_id IN (?ints)
UNION SELECT actor_id FROM boost WHERE post_id = ? AND actor_id IN (?ints)
UNION SELECT actor_id FROM bookmark WHERE post_id = ? AND actor_id IN (?ints)
UNION SELECT actor_id FROM poll_vote WHERE post_id = ? AND actor_id IN (?ints)
UNION SELECT author_id FROM post WHERE id = ? AND author_id IN (?ints)
UNION SELECT thread_mute.owner_id FROM thread_mute JOIN post root ON root.id = thread_mute.root_id
 JOIN post ON post.thread_id = root.thread_id WHERE post.id = ? AND thread_mute.owner_id IN (?ints)"""
_PLACE = re.compile(r"\?(?:ints|texts)?")


async def about(post_id: int) -> About | None:
    """What decides where the post is shown; None when it is deleted."""
    found = await row(_ABOUT, (post_id,))
    if found is None:
        return None
    tags = await rows(_TAGS, (post_id,))
    return msgspec.convert((*found, frozenset(tag[0] for tag in tags)), About)


async def passed(boost_id: int) -> Passed | None:
    """The boost with this id."""
    found = await row(_PASSED, (boost_id,))
    return Passed(*found) if found else None


async def boost_of(face: int, post_id: int) -> int:
    """The boost by which a group shows a post; 0 = there is none."""
    found = await row(_BOOST_OF, (face, post_id))
    return found[0] if found else 0


async def readers(post_id: int, viewers: Sequence[int]) -> set[int]:
    """Those of the viewers who may see the post, and did not mute its author or server."""
    args = (post_id, list(viewers), *visible.args(_VIEWER), *visible.wanted_args(_VIEWER))
    return {found[0] for found in await rows(*_for_each(_READERS, args))}


async def at_home(entry_id: int, viewers: Sequence[int]) -> list[int]:
    """Those of the viewers whose home shows a line: as `timelines.home` of each."""
    args = (list(viewers), entry_id, *timelines.line(_VIEWER), *timelines.not_exclusive(_VIEWER))
    return [found[0] for found in await rows(*_for_each(_AT_HOME, args))] if viewers else []


async def at_home_of_members(boost_id: int, viewers: Sequence[int]) -> list[int]:
    """Those of the viewers whose home shows what a group took in: as `timelines.home` of each."""
    args = (list(viewers), boost_id, *timelines.thread(_VIEWER), *timelines.joined_at_home(_VIEWER))
    return [found[0] for found in await rows(*_for_each(_JOINED, args))] if viewers else []


async def in_lists(entry_id: int, list_ids: Sequence[int]) -> dict[int, int]:
    """Those of some lists that show a line of their owners' homes, by id, with their owners: as `timelines.of_list`."""
    args = (list(list_ids), entry_id, *timelines.line(_VIEWER))
    return {found[0]: found[1] for found in await rows(*_for_each(_LISTED, args))} if list_ids else {}


async def in_lists_with_group(boost_id: int, list_ids: Sequence[int]) -> dict[int, int]:
    """Those of some lists that show what a group took in, by id, with their owners: as `timelines.of_list`."""
    args = (list(list_ids), boost_id, *timelines.thread(_VIEWER), *timelines.joined(_VIEWER))
    return {found[0]: found[1] for found in await rows(*_for_each(_LISTED_GROUP, args))} if list_ids else {}


async def followers(actor_id: int, viewers: Sequence[int]) -> list[int]:
    """Those of the viewers who follow the actor."""
    return [found[0] for found in await rows(_FOLLOWERS, (actor_id, list(viewers)))]


async def named(post_id: int, viewers: Sequence[int]) -> list[int]:
    """Those of the viewers to whom the post was addressed by name."""
    return [found[0] for found in await rows(_NAMED, (post_id, list(viewers)))]


async def lately(actor_id: int) -> dict[int, int]:
    """What somebody wrote and boosted last, also what is deleted: the visibility of each, by its id."""
    wanted = (actor_id, (current().ids.now() - _SINCE) << 16, _LATELY)
    found = await rows(_WROTE, wanted) + await rows(_BOOSTED, wanted)
    return {each[0]: each[1] for each in found}


async def valid(token_ids: Sequence[int]) -> set[int]:
    """Those of the tokens with which somebody may still look on."""
    return {found[0] for found in await rows(_VALID, (list(token_ids),))}


async def touched(post_id: int, viewers: Sequence[int]) -> set[int]:
    """Those of the viewers who have something to do with the post, so that they are shown more of it than others."""
    return {found[0] for found in await rows(_TOUCHED, (post_id, list(viewers)) * _TOUCHED.count("?ints"))}


def _for_each(sql: str, args: Sequence[Any]) -> tuple[str, list[Any]]:
    """A statement for one viewer as one for each row of `viewer`: `_VIEWER` among its arguments stands for them."""
    left = iter(args)
    kept: list[Any] = []

    def place(found: re.Match[str]) -> str:
        value = next(left)
        if value == _VIEWER:
            return "viewer.id"
        kept.append(value)
        return str(found[0])

    return _PLACE.sub(place, sql), kept
