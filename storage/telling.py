"""How a member here is told of something: once, and as their policy wants it (Mastodon: "Notification policy")."""

from storage import events, thread_mutes
from storage.connect import Writes

DAY = 86_400_000  # ms
NEW_FOR = 30 * DAY  # an account is new for so long
FOLLOWER_AFTER = 3 * DAY  # whoever follows for less is not a follower yet, as on Mastodon
ACCEPT, FILTER, DROP = range(3)

# What no policy keeps back: it is about what one did oneself, or what one is there for.
_ALWAYS = frozenset(
    {"poll", "update", "status", "admin.sign_up", "admin.report", "severed_relationships", "moderation_warning"}
)
_KINDS = _ALWAYS | {"mention", "reblog", "follow", "follow_request", "favourite"}

_COLUMNS = ("id", "owner_id", "actor_id", "post_id", "report_id", "created_at")
_TOLD = (
    f"(SELECT {', '.join(f'column{n} AS {name}' for n, name in enumerate(_COLUMNS, 1))}"
    f" FROM (VALUES ({', '.join(['CAST(? AS BIGINT)'] * len(_COLUMNS))})) AS given) told"
)
_FOLLOWING = (
    "EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = told.owner_id AND follow.target_id = told.actor_id"
    " AND follow.state = 'accepted')"
)
_FOLLOWER = (
    "EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = told.actor_id AND follow.target_id = told.owner_id"
    f" AND follow.state = 'accepted' AND follow.created_at <= told.created_at - {FOLLOWER_AFTER})"
)
_NEW = (
    "EXISTS (SELECT 1 FROM actor WHERE actor.id = told.actor_id"
    f" AND COALESCE(actor.published, actor.created_at) > told.created_at - {NEW_FOR})"
)
_BOT = "EXISTS (SELECT 1 FROM actor WHERE actor.id = told.actor_id AND actor.bot = 1)"
_DIRECT = "EXISTS (SELECT 1 FROM post WHERE post.id = told.post_id AND post.visibility = 3)"
# It answers something that the member wrote to its author alone.
_ANSWER = (
    "EXISTS (SELECT 1 FROM post JOIN post mine ON mine.thread_id = post.thread_id JOIN mention"
    " ON mention.post_id = mine.id WHERE post.id = told.post_id AND mine.author_id = told.owner_id"
    " AND mine.visibility = 3 AND mine.id < post.id AND mention.actor_id = told.actor_id)"
)
_LET_IN = (
    "(EXISTS (SELECT 1 FROM notification_permission allowed WHERE allowed.owner_id = told.owner_id"
    " AND allowed.actor_id = told.actor_id)"
    " OR EXISTS (SELECT 1 FROM account WHERE account.actor_id = told.actor_id AND account.role <> 'member')"
    " OR EXISTS (SELECT 1 FROM actor WHERE actor.id = told.actor_id AND actor.kind = 'Application'"
    " AND actor.host = ''))"  # this server itself
)


def tell(
    writes: Writes, notification_id: int, owner_id: int, kind: str, actor_id: int, post_id: int, now_ms: int,
    report_id: int = 0,
) -> None:  # fmt: skip
    """Tell a member here of something, once; `post_id` is 0 when it is about no post.

    Nothing is told of a thread that the member has muted. The kind is a part of the statement, so that what is told of
    a new post is told after the post is there (`storage.writes`).
    """
    if kind not in _KINDS:
        raise ValueError(f"nobody is told of {kind}")
    args = (notification_id, owner_id, actor_id, post_id, report_id, now_ms)
    writes.add(_ALWAYS_TOLD[kind] if kind in _ALWAYS else _JUDGED[kind], args)
    events.tell(writes, "notice", notification_id, owner_id)


def tell_of_request(writes: Writes, notification_id: int, owner_id: int, actor_id: int, now_ms: int) -> None:
    """As `tell` of a request to join a group that the member looks after: no policy of theirs keeps that back."""
    writes.add(_OF_REQUEST, (notification_id, owner_id, actor_id, 0, 0, now_ms))
    events.tell(writes, "notice", notification_id, owner_id)


def tell_if_new(
    writes: Writes, notification_id: int, owner_id: int, actor_id: int, post_id: int, now_ms: int
) -> None:  # fmt: skip
    """As `tell` of a mention, for a post that was edited and whose mentions are not written anew yet."""
    writes.add(_NEWLY_NAMED, (notification_id, owner_id, actor_id, post_id, 0, now_ms))
    events.tell(writes, "notice", notification_id, owner_id)


def tell_anew(
    writes: Writes, notification_id: int, owner_id: int, kind: str, actor_id: int, post_id: int, now_ms: int
) -> None:
    """As `tell`; what the member was told of the same kind and post before goes."""
    writes.add(
        "DELETE FROM notification WHERE owner_id = ? AND kind = ? AND post_id = ?", (owner_id, kind, post_id)
    )  # fmt: skip
    tell(writes, notification_id, owner_id, kind, actor_id, post_id, now_ms)


def _insert(kind: str, filtered: str, condition: str) -> str:
    return (
        "INSERT INTO notification (id, owner_id, kind, actor_id, post_id, report_id, filtered, created_at)"
        f" SELECT told.id, told.owner_id, '{kind}', told.actor_id, told.post_id, told.report_id, {filtered},"
        f" told.created_at FROM {_TOLD} LEFT JOIN notification_policy policy ON policy.owner_id = told.owner_id"
        f" WHERE NOT {thread_mutes.muted('told.owner_id', 'told.post_id')}{condition} ON CONFLICT DO NOTHING"
    )


def _kept_back(level: int, kind: str) -> str:
    """The condition that the policy wants this for what is told."""
    private = (
        f" OR (COALESCE(policy.private_mentions, 0) = {level} AND {_DIRECT} AND NOT {_FOLLOWING} AND NOT {_ANSWER})"
    )
    return (
        f"(NOT {_LET_IN} AND ((COALESCE(policy.not_following, 0) = {level} AND NOT {_FOLLOWING})"
        f" OR (COALESCE(policy.not_followers, 0) = {level} AND NOT {_FOLLOWER})"
        f" OR (COALESCE(policy.bots, 0) = {level} AND {_BOT} AND NOT {_FOLLOWING})"
        f" OR (COALESCE(policy.new_accounts, 0) = {level} AND {_NEW} AND NOT {_FOLLOWING})"
        f"{private * (kind == 'mention')}))"
    )


_ALWAYS_TOLD = {kind: _insert(kind, "0", "") for kind in sorted(_ALWAYS)}
_JUDGED = {
    kind: _insert(
        kind,
        f"CASE WHEN policy.owner_id IS NOT NULL AND {_kept_back(FILTER, kind)} THEN 1 ELSE 0 END",
        f" AND (policy.owner_id IS NULL OR NOT {_kept_back(DROP, kind)})",
    )
    for kind in sorted(_KINDS - _ALWAYS)
}
_OF_REQUEST = _insert("follow_request", "0", "")
_NEWLY_NAMED = _JUDGED["mention"].replace(
    " ON CONFLICT",
    " AND NOT EXISTS (SELECT 1 FROM mention before WHERE before.post_id = told.post_id"
    " AND before.actor_id = told.owner_id) ON CONFLICT",
)
