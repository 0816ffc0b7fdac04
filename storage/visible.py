"""May this viewer see that post: one SQL condition for both databases. Every query that shows posts is built with it.

What they may see and do not want to, because they muted somebody or a whole server, is the other condition: lists that
nobody asked for one by one leave it out (`wanted`), as do notifications (`told`).

A viewer is the id of an actor here; 0 is somebody who is not signed in, and sees what everybody may see.

What somebody blocked or muted is looked up row by row only if they did so at all (`_any`): that is asked once in a
statement. The query for home of who did not took 54 µs then, and 95 before.
"""

from collections.abc import Sequence

from storage.connect import current, rows

ANYBODY = 0

_BLOCKS = "SELECT 1 FROM block WHERE block.actor_id = ?"
_BLOCKED_BY = "SELECT 1 FROM block WHERE block.target_id = ?"
_MUTES = "SELECT 1 FROM mute WHERE mute.actor_id = ?"
_LASTING = "(mute.expires_at IS NULL OR mute.expires_at > ?)"
_SERVERS = "SELECT 1 FROM domain_block WHERE domain_block.actor_id = ?"


def actor(column: str) -> str:
    """The condition that a viewer may see the actor whose id is `column`: neither gone nor blocked, either way.

    Limited actors, and all of a limited server, are there for those who follow them. Takes `actor_args(viewer)`.
    """
    return f"""({column} = ? OR (
 EXISTS (SELECT 1 FROM actor shown LEFT JOIN peer ON peer.host = shown.host AND shown.host <> ''
  WHERE shown.id = {column} AND shown.deleted_at IS NULL AND shown.suspended_at IS NULL
  AND COALESCE(peer.holds, '') <> 'suspend'
  AND ((shown.limited_at IS NULL AND COALESCE(peer.holds, '') <> 'limit') OR {_follows(column)}))
 AND {_neither(_blocks(column), _blocked_by(column))}))"""


def asking(column: str) -> str:
    """As `actor`, of those who wait for a viewer to let them in: who is limited has to ask, so they are there for whom
    they ask. Takes `asking_args(viewer)`.
    """
    return f"""(EXISTS (SELECT 1 FROM actor asker LEFT JOIN peer ON peer.host = asker.host AND asker.host <> ''
  WHERE asker.id = {column} AND asker.deleted_at IS NULL AND asker.suspended_at IS NULL
  AND COALESCE(peer.holds, '') <> 'suspend')
 AND {_neither(_blocks(column), _blocked_by(column))})"""


def _follows(column: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = ?"
        f" AND follow.target_id = {column} AND follow.state = 'accepted')"
    )


def wanted(column: str) -> str:
    """The condition that a viewer muted neither the actor whose id is `column` nor their server.

    Takes `wanted_args(viewer)`. Profiles and single posts do without it: who asks for them wants to read them.
    """
    return _neither(_muted(column), _of_blocked_server(column))


def told(column: str) -> str:
    """As `wanted`, for what a viewer is told of: who was muted for timelines alone is still heard."""
    return _neither(_muted(column, " AND mute.notifications = 1"), _of_blocked_server(column))


def _any(theirs: str, narrowed: str) -> str:
    """Something of the viewer's is what it is narrowed down to; `theirs` and `narrowed` each take the viewer."""
    return f"EXISTS ({theirs}) AND EXISTS ({narrowed})"


def _neither(one: str, other: str) -> str:
    """One term to SQLite, which believes that few rows are left after ten of them, and sorts these then."""
    return f"NOT ({one} OR {other})"


def _blocks(column: str) -> str:
    return _any(_BLOCKS, f"{_BLOCKS} AND block.target_id = {column}")


def _blocked_by(column: str) -> str:
    return _any(_BLOCKED_BY, f"{_BLOCKED_BY} AND block.actor_id = {column}")


def _muted(column: str, also: str = "") -> str:
    return _any(_MUTES, f"{_MUTES} AND mute.target_id = {column}{also} AND {_LASTING}")


def _of_blocked_server(column: str) -> str:
    host = f"(SELECT afar.host FROM actor afar WHERE afar.id = {column})"
    return _any(_SERVERS, f"{_SERVERS} AND domain_block.host = {host}")


def _names(unwanted: str) -> str:
    return f"SELECT 1 FROM mention named WHERE named.post_id = post.id AND EXISTS ({unwanted})"


def _names_nobody(muted: str) -> str:
    return _neither(
        _any(_MUTES, _names(f"{_MUTES} AND mute.target_id = named.actor_id AND {muted}")),
        _any(_BLOCKS, _names(f"{_BLOCKS} AND block.target_id = named.actor_id")),
    )


# Of a row of `post`: it names nobody whom the viewer muted or blocked; for home, where nobody asked for it.
NAMES_NOBODY_UNWANTED = _names_nobody(_LASTING)
# As that, for what the viewer is told of: who was muted for timelines alone may be named.
NAMES_NOBODY_UNHEARD = _names_nobody(f"{_LASTING} AND mute.notifications = 1")

_HERE = "EXISTS (SELECT 1 FROM account WHERE account.actor_id = ?)"


def _belongs(group: str) -> str:
    """The viewer is a member of the group whose id is `group`, or looks after it; takes the viewer twice.

    Their groups are looked up, not whether they are in this one: so PostgreSQL reads a page of home in 5 ms, and with
    two `EXISTS` in 11, which it spends on planning.
    """
    return f"""({group} IN (SELECT member.group_id FROM member WHERE member.actor_id = ? AND member.state = 'joined'
   UNION ALL SELECT role.group_id FROM register role WHERE role.property = 'role' AND role.value IS NOT NULL
   AND role.subject = (SELECT holder.uri FROM actor holder WHERE holder.id = ?)))"""


def within(face: str) -> str:
    """The condition that a viewer may know who and how much is in the group whose actor is `face` (attack PRI-26).

    Of whoever is no group, and of a public one, everybody may. Takes `within_args(viewer)`.
    """
    return f"""NOT EXISTS (SELECT 1 FROM groups place WHERE place.actor_id = {face} AND place.visibility <> 'public'
 AND NOT ((place.visibility = 'local' AND {_HERE}) OR (place.visibility = 'members' AND {_belongs("place.id")})))"""


# The groups (`groups venue`, by a condition that may follow) of whose acts a viewer may read in public, each with the
# first of these: what was before a group changed for whom it is may be about who was in it when it was not for
# everybody, and is for those who belong to it.
LOGGED = f"""SELECT venue.id, venue.actor_id, CASE WHEN {_belongs("venue.id")} THEN 0 ELSE COALESCE((SELECT now.act_id
  FROM register now WHERE now.group_id = venue.id AND now.property = 'visibility' AND now.subject = ''), 0) END AS since
FROM groups venue WHERE {actor("venue.actor_id")} AND {within("venue.actor_id")}"""

# Of a row of `post` that is for the members of its group, or for whoever is signed in here; being named opens nothing.
_IN_GROUP = f"""((post.visibility = 4 AND {_belongs("post.group_id")})
  OR (post.visibility = 5 AND {_HERE}))"""

# Of a row of `post`. A removed post is left to its author; a mention opens only what was addressed to it as well.
TO_VIEWER = f"""(post.deleted_at IS NULL AND (post.removed_at IS NULL OR post.author_id = ?)
 AND (post.visibility IN (0, 1) OR post.author_id = ?
  OR (post.visibility = 2 AND {_follows("post.author_id")})
  OR (post.visibility < 4 AND EXISTS (SELECT 1 FROM mention
   WHERE mention.post_id = post.id AND mention.actor_id = ? AND mention.addressed = 1))
  OR {_IN_GROUP})
 AND {actor("post.author_id")})"""

# Of a row of `post`: the viewer may see it and wants to read it; for lists that bring posts unasked. Takes `reading`.
READ = f"({TO_VIEWER} AND {wanted('post.author_id')})"

# Of a row of `boost`, without a word about the post itself.
BOOST_TO_VIEWER = f"""((boost.visibility IN (0, 1) OR boost.actor_id = ? OR {_follows("boost.actor_id")})
 AND {actor("boost.actor_id")})"""

# Of a row of `post`: there may be somebody whom this server shows it to. For pictures, which have one address for all.
# A group of ours tells members elsewhere where it has them, also when none lives here any more.
ANY_READER = """(post.deleted_at IS NULL AND post.removed_at IS NULL AND (post.visibility <> 4 OR post.local = 1
 OR EXISTS (SELECT 1 FROM register role JOIN actor holder ON holder.uri = role.subject AND holder.host = ''
  WHERE role.group_id = post.group_id AND role.property = 'role' AND role.value IS NOT NULL)
 OR EXISTS (SELECT 1 FROM member WHERE member.group_id = post.group_id AND member.state = 'joined'
  AND member.home_host = '')
 OR EXISTS (SELECT 1 FROM groups place WHERE place.id = post.group_id AND place.local = 1)))"""

# Of a row of `post` that is not there any more: whom it was for may know what became of it. Takes `past(viewer)`.
PAST = f"(post.visibility IN (0, 1) OR {_IN_GROUP})"

# Of a row of `reaction` that is a like, without a word about the post itself: its group has not switched votes off.
LIKE = """NOT EXISTS (SELECT 1 FROM post JOIN groups ON groups.id = post.group_id
 WHERE post.id = reaction.post_id AND groups.votes = 'none')"""

_POST_ARGS = TO_VIEWER.count("?")
_ACTOR_ARGS = actor("x").count("?")
_ASKING_ARGS = asking("x").count("?")
_WITHIN_ARGS = within("x").count("?")
_BOOST_ARGS = BOOST_TO_VIEWER.count("?")
_LOGGED_ARGS = LOGGED.count("?")
_SEEN = f"SELECT post.id FROM post WHERE post.id IN (?ints) AND {TO_VIEWER}"
_UNNAMED = f"""
SELECT 1 FROM post WHERE post.id = ? AND (post.visibility IN (0, 1, 4, 5) OR post.author_id = ?
 OR (post.visibility = 2 AND {_follows("post.author_id")}))"""
# Somebody of the post's group on the server of an actor, who may see the post: a member, or who looks after it.
_THERE = f"""
SELECT viewer.id FROM post {{belonging}}
WHERE post.id = ? AND post.visibility = 4 AND viewer.host <> ''
AND viewer.deleted_at IS NULL AND viewer.suspended_at IS NULL
AND viewer.host = (SELECT asking.host FROM actor asking WHERE asking.id = ?) AND {actor("post.author_id")}
AND {TO_VIEWER.replace("?", "viewer.id")} LIMIT 1"""
_MEMBER_THERE = _THERE.format(
    belonging="JOIN member ON member.group_id = post.group_id AND member.state = 'joined'"
    " JOIN actor viewer ON viewer.id = member.actor_id"
)
_HOLDER_THERE = _THERE.format(
    belonging="JOIN register role ON role.group_id = post.group_id AND role.property = 'role'"
    " AND role.value IS NOT NULL JOIN actor viewer ON viewer.uri = role.subject"
)
_LIVES_THERE = """viewer.host <> '' AND viewer.deleted_at IS NULL AND viewer.suspended_at IS NULL
 AND viewer.host = (SELECT asking.host FROM actor asking WHERE asking.id = ?)"""
_MEMBERS_THERE = f"""SELECT 1 FROM member JOIN actor viewer ON viewer.id = member.actor_id
 WHERE member.state = 'joined' AND member.group_id = {{group}} AND {_LIVES_THERE}"""
_HOLDERS_THERE = f"""SELECT 1 FROM register role JOIN actor viewer ON viewer.uri = role.subject
 WHERE role.property = 'role' AND role.value IS NOT NULL AND role.group_id = {{group}} AND {_LIVES_THERE}"""
_READS_IT = " AND " + TO_VIEWER.replace("?", "viewer.id")
# Of a row of `post` that is in a group: somebody on the server of who asks may see it, a member or who looks after the
# group, and so it is told to that.
TO_SERVER = f"""((EXISTS ({_MEMBERS_THERE.format(group="post.group_id")}{_READS_IT})
 OR EXISTS ({_HOLDERS_THERE.format(group="post.group_id")}{_READS_IT})) AND {actor("post.author_id")})"""
_HAS_MEMBER = f"SELECT 1 WHERE EXISTS ({_MEMBERS_THERE}) OR EXISTS ({_HOLDERS_THERE})".format(group="?")
# The author of a post in a group elsewhere, when that group's own server asks, which passes it on.
_AT_HOME = f"""
SELECT post.author_id FROM post JOIN groups place ON place.id = post.group_id AND place.local = 0
JOIN actor face ON face.id = place.actor_id JOIN actor asking ON asking.id = ? AND asking.host = face.host
WHERE post.id = ? AND post.visibility = 4 AND {actor("post.author_id")}"""
# (post, viewer) for those of some actors that may see some posts.
PAIRS = (
    "SELECT post.id, viewer.id FROM post CROSS JOIN actor viewer WHERE post.id IN (?ints) AND viewer.id IN (?ints)"
    f" AND {TO_VIEWER.replace('?', 'viewer.id')}"
)
_LOCAL_GROUP = "SELECT 1 FROM groups WHERE groups.actor_id = a.id AND groups.visibility = 'local'"
_SEEN_ACTORS = f"""
SELECT a.id FROM actor a WHERE a.id IN (?ints) AND {actor("a.id")}
AND (NOT EXISTS ({_LOCAL_GROUP}) OR {_HERE})"""


def args(viewer: int) -> tuple[int, ...]:
    """The arguments of `TO_VIEWER`."""
    return (viewer,) * _POST_ARGS


def actor_args(viewer: int) -> tuple[int, ...]:
    """The arguments of a condition made by `actor`."""
    return (viewer,) * _ACTOR_ARGS


def asking_args(viewer: int) -> tuple[int, ...]:
    """The arguments of a condition made by `asking`."""
    return (viewer,) * _ASKING_ARGS


def within_args(viewer: int) -> tuple[int, ...]:
    """The arguments of a condition made by `within`."""
    return (viewer,) * _WITHIN_ARGS


def logged_args(viewer: int) -> tuple[int, ...]:
    """The arguments of `LOGGED`."""
    return (viewer,) * _LOGGED_ARGS


def boost_args(viewer: int) -> tuple[int, ...]:
    """The arguments of `BOOST_TO_VIEWER`."""
    return (viewer,) * _BOOST_ARGS


def wanted_args(viewer: int) -> tuple[int, ...]:
    """The arguments of a condition made by `wanted` or `told`, of `NAMES_NOBODY_UNWANTED` and `…_UNHEARD`."""
    return (viewer, viewer, current().ids.now(), viewer, viewer)


def reading(viewer: int) -> tuple[int, ...]:
    """The arguments of `READ`."""
    return (*args(viewer), *wanted_args(viewer))


async def seen(viewer: int, post_ids: Sequence[int]) -> set[int]:
    """Those of the posts that the viewer may see."""
    return {found[0] for found in await rows(_SEEN, (list(post_ids), *args(viewer)))}


async def sees(viewer: int, post_id: int) -> bool:
    """Whether the viewer may see the post; also False when there is none."""
    return bool(await rows(_SEEN, ([post_id], *args(viewer))))


async def on_server(asking: int, post_id: int) -> int:
    """A member on the server of who asks for a post that is for its group's members, and who may see it; or somebody
    there who looks after the group, and need be no member.

    Servers ask in the name of nobody, for their members; a server without one has nothing to ask for. `ANYBODY` when
    there is none (attack PRI-02). The server of a group elsewhere is told what its author sees.
    """
    about = (post_id, asking, *actor_args(asking))
    found = await rows(_MEMBER_THERE, about) or await rows(_HOLDER_THERE, about)
    found = found or await rows(_AT_HOME, (asking, post_id, *actor_args(asking)))
    return found[0][0] if found else ANYBODY


def server_args(asking: int) -> tuple[int, ...]:
    """The arguments of `TO_SERVER`."""
    return (asking, asking, *actor_args(asking))


async def has_member(asking: int, group_id: int) -> bool:
    """Whether a member of the group, or somebody who looks after it, lives on the server of who asks."""
    return asking != ANYBODY and bool(await rows(_HAS_MEMBER, (group_id, asking, group_id, asking)))


async def seen_before(viewer: int, post_id: int) -> bool:
    """Whether what a post said before an edit was for a viewer who may see it now.

    Whom it names may be named since then only, and an edit may have made it one for fewer people (attack PRI-14).
    """
    return bool(await rows(_UNNAMED, (post_id, viewer, viewer)))


async def inside(viewer: int, face_id: int) -> bool:
    """Whether the viewer may know who and how much is in the group with this actor."""
    sql = f"SELECT 1 FROM actor face WHERE face.id = ? AND {within('face.id')}"
    return bool(await rows(sql, (face_id, *within_args(viewer))))


def past(viewer: int) -> tuple[int, ...]:
    """What `PAST` takes."""
    return (viewer,) * PAST.count("?")


async def seen_actors(viewer: int, actor_ids: Sequence[int]) -> set[int]:
    """Those of the actors that the viewer may see; groups for this server alone, only who has an account here."""
    if not actor_ids:
        return set()
    return {found[0] for found in await rows(_SEEN_ACTORS, (list(actor_ids), *actor_args(viewer), viewer))}
