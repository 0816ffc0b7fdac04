"""Posts of every kind, their mentions, tags, edits and counters."""

import msgspec

from storage import boosts, conversations, events, media, post_text
from storage.connect import Writes, dialect, row, rows
from storage.counting import hold

PUBLIC, UNLISTED, FOLLOWERS, DIRECT = range(4)
# In a group: for its members, here and elsewhere; for whoever is signed in here. A mention opens neither.
MEMBERS, LOCAL = 4, 5
FOR_FEW = (FOLLOWERS, DIRECT)  # not for whoever reads the thread they are in


class Post(msgspec.Struct, frozen=True):
    """One row of `post`; times in ms since 1970, flags 0 or 1, `content` is sanitised HTML."""

    id: int
    uri: str
    url: str
    kind: str
    local: int
    author_id: int
    group_id: int | None
    parent_id: int | None
    parent_uri: str | None
    thread_id: int
    context: str
    title: str
    content: str
    source: str
    summary: str
    sensitive: int
    language: str
    visibility: int
    published: int
    author_updated: int | None
    edited_at: int | None
    received_at: int
    create_uri: str
    truth: str
    entered_by: str
    app_id: int | None
    removed_at: int | None
    deleted_at: int | None
    locked: int
    attachments_count: int
    replies_count: int
    boosts_count: int
    likes_count: int
    dislikes_count: int
    last_reply_at: int | None
    locked_until: int | None = None  # ms since 1970, None for as long as nobody opens it
    own_title: str | None = None  # its author's, where moderators gave it another

    @property
    def starter(self) -> bool:
        """Whether the post began its thread."""
        return self.parent_uri is None and self.parent_id is None


class Poll(msgspec.Struct, frozen=True):
    """One row of `poll`; `options` and `votes` are JSON lists of equal length."""

    post_id: int
    multiple: int
    options: str
    votes: str
    voters_count: int
    ends_at: int | None
    closed_at: int | None
    hide_totals: int = 0

    def over(self, now_ms: int) -> bool:
        """Whether nobody can vote any more."""
        return self.closed_at is not None or (self.ends_at is not None and self.ends_at <= now_ms)

    def hidden(self, now_ms: int) -> bool:
        """Whether its author wants nobody to see yet how many chose which answer."""
        return bool(self.hide_totals) and not self.over(now_ms)


class Attachment(msgspec.Struct, frozen=True):
    """A remote picture or file of a post: what its author's server said of it."""

    kind: str
    mime: str
    url: str
    description: str
    blurhash: str
    width: int | None
    height: int | None
    meta: str = "{}"


COLUMNS = ", ".join(Post.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM post "
BY_URIS = _SELECT + "WHERE uri IN (?texts)"
TOMBSTONES = "SELECT uri FROM tombstone WHERE uri IN (?texts)"
_INSERT = f"INSERT INTO post ({COLUMNS}) VALUES ({', '.join('?' * len(Post.__struct_fields__))})"
_HOME_FOR_FOLLOWERS = (
    "INSERT INTO home_entry (owner_id, id, post_id, boosted_by)"
    " SELECT f.follower_id, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)"
    " FROM follow f JOIN account c ON c.actor_id = f.follower_id"
    " WHERE f.target_id = ? AND f.state = 'accepted' ON CONFLICT DO NOTHING"
)
_HOME_FOR_FOLLOWERS_OF_BOOST = _HOME_FOR_FOLLOWERS.replace(
    " ON CONFLICT", " AND EXISTS (SELECT 1 FROM boost WHERE boost.id = ?) ON CONFLICT"
)


async def by_id(post_id: int) -> Post | None:
    """The post with this id, also a deleted one; who may see it is asked of `visible`."""
    found = await row(_SELECT + "WHERE id = ?", (post_id,))
    return Post(*found) if found else None


async def by_ids(post_ids: list[int]) -> dict[int, Post]:
    """The posts with these ids, by id."""
    return {found[0]: Post(*found) for found in await rows(_SELECT + "WHERE id IN (?ints)", (post_ids,))}


async def by_uri(uri: str) -> Post | None:
    """The post with this ActivityPub id."""
    found = await row(_SELECT + "WHERE uri = ?", (uri,))
    return Post(*found) if found else None


async def poll_of(post_id: int) -> Poll | None:
    """The poll of a post."""
    found = await row(f"SELECT {', '.join(Poll.__struct_fields__)} FROM poll WHERE post_id = ?", (post_id,))
    return Poll(*found) if found else None


async def mentioned(post_id: int) -> list[int]:
    """Ids of the actors a post names."""
    return [found[0] for found in await rows("SELECT actor_id FROM mention WHERE post_id = ?", (post_id,))]


async def has_named(author_id: int, thread_id: int, actor_id: int) -> bool:
    """Whether somebody has named an actor in a thread."""
    sql = (
        "SELECT 1 FROM post JOIN mention ON mention.post_id = post.id AND mention.actor_id = ?"
        " WHERE post.thread_id = ? AND post.author_id = ? LIMIT 1"
    )
    return await row(sql, (actor_id, thread_id, author_id)) is not None


async def wrote_in(author_id: int, group_id: int) -> bool:
    """Whether somebody ever wrote in a group."""
    sql = "SELECT 1 FROM post WHERE group_id = ? AND author_id = ? LIMIT 1"
    return await row(sql, (group_id, author_id)) is not None


async def around(post_id: int) -> list[int]:
    """Ids of those elsewhere who boosted or answered a post: their servers have it (at most 500)."""
    sql = "SELECT actor_id FROM boost WHERE post_id = ? UNION SELECT author_id FROM post WHERE parent_id = ? LIMIT 500"
    return [found[0] for found in await rows(sql, (post_id, post_id))]


async def tags_of(post_id: int) -> list[str]:
    """Names of the tags of a post, without '#'."""
    sql = "SELECT t.name FROM post_tag p JOIN tag t ON t.id = p.tag_id WHERE p.post_id = ? ORDER BY t.name"
    return [found[0] for found in await rows(sql, (post_id,))]


async def dead(uri: str) -> bool:
    """Whether this id was deleted, and so never lives again."""
    return await row("SELECT 1 FROM tombstone WHERE uri = ?", (uri,)) is not None


async def all_by(author_id: int) -> list[Post]:
    """Everything that somebody wrote and did not delete."""
    return [Post(*found) for found in await rows(_SELECT + "WHERE author_id = ? AND deleted_at IS NULL", (author_id,))]


async def some_by(author_id: int, limit: int) -> list[Post]:
    """Some of what somebody wrote and did not delete, the oldest first."""
    sql = _SELECT + "WHERE author_id = ? AND deleted_at IS NULL ORDER BY id LIMIT ?"
    return [Post(*found) for found in await rows(sql, (author_id, limit))]


def insert(writes: Writes, post: Post) -> None:
    """Add the post as a new row."""
    writes.add(_INSERT, msgspec.structs.astuple(post))


def mention(writes: Writes, post_id: int, actor_id: int, addressed: bool) -> None:
    """Note that the post names this actor."""
    writes.add(
        "INSERT INTO mention (post_id, actor_id, addressed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (post_id, actor_id, int(addressed)),
    )


def tag(writes: Writes, tag_id: int, name: str, post_id: int) -> None:
    """Note that the post has this tag; `tag_id` is used when the tag is new."""
    writes.add("INSERT INTO tag (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (tag_id, name))
    writes.add(
        "INSERT INTO post_tag (tag_id, post_id) SELECT id, CAST(? AS BIGINT) FROM tag WHERE name = ?"
        " ON CONFLICT DO NOTHING",
        (post_id, name),
    )


def attach(writes: Writes, media_id: int, owner_id: int, post_id: int, at: int, file: Attachment, now_ms: int) -> None:
    """Note a remote attachment of a post."""
    writes.add(
        "INSERT INTO media (id, owner_id, post_id, position, kind, mime, origin, remote_url, description, blurhash,"
        " width, height, meta, state, created_at) VALUES (?, ?, ?, ?, ?, ?, 'remote', ?, ?, ?, ?, ?, ?, 'remote', ?)",
        (media_id, owner_id, post_id, at, *msgspec.structs.astuple(file), now_ms),
    )


def put_poll(writes: Writes, poll: Poll) -> None:
    """Store or renew the poll of a post."""
    writes.add(
        "INSERT INTO poll (post_id, multiple, options, votes, voters_count, ends_at, closed_at, hide_totals)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (post_id) DO UPDATE SET options = excluded.options,"
        " votes = excluded.votes, voters_count = excluded.voters_count, closed_at = excluded.closed_at,"
        " hide_totals = excluded.hide_totals",
        msgspec.structs.astuple(poll),
    )


def home_for_followers(writes: Writes, entry_id: int, post_id: int, by: int | None, followed: int) -> None:
    """Put a post where the followers here of `followed` see it; `by` is who boosted it."""
    if by is None:
        writes.add(_HOME_FOR_FOLLOWERS, (entry_id, post_id, by, followed))
    else:  # a second boost of the same post by the same actor is none, and is not shown
        writes.add(_HOME_FOR_FOLLOWERS_OF_BOOST, (entry_id, post_id, by, followed, entry_id))


def home_for_followers_of_both(writes: Writes, post_id: int, author_id: int, other_id: int) -> None:
    """Put an answer where those here see it that follow both its author and whom it answers."""
    writes.add(
        "INSERT INTO home_entry (owner_id, id, post_id, boosted_by)"
        " SELECT f.follower_id, CAST(? AS BIGINT), CAST(? AS BIGINT), NULL"
        " FROM follow f JOIN account c ON c.actor_id = f.follower_id"
        " WHERE f.target_id = ? AND f.state = 'accepted' AND (f.follower_id = ? OR EXISTS (SELECT 1 FROM follow g"
        " WHERE g.follower_id = f.follower_id AND g.target_id = ? AND g.state = 'accepted')) ON CONFLICT DO NOTHING",
        (post_id, post_id, author_id, other_id, other_id),
    )


def fill_home(writes: Writes, owner_id: int, author_id: int, limit: int) -> None:
    """Put the newest posts of somebody newly followed into a home timeline, where their times put them."""
    writes.add(
        "INSERT INTO home_entry (owner_id, id, post_id, boosted_by) SELECT CAST(? AS BIGINT), p.id, p.id, NULL"
        " FROM (SELECT id FROM post WHERE author_id = ? AND visibility < 3 AND parent_uri IS NULL"
        " AND deleted_at IS NULL ORDER BY id DESC LIMIT ?) p WHERE 1 = 1 ON CONFLICT DO NOTHING",
        (owner_id, author_id, limit),
    )


def forget_between(writes: Writes, one: int, other: int) -> None:
    """Take each out of what the other sees: timelines and notifications."""
    for owner, author in ((one, other), (other, one)):
        writes.add("DELETE FROM notification WHERE owner_id = ? AND actor_id = ?", (owner, author))
        writes.add(
            "DELETE FROM home_entry WHERE owner_id = ? AND (boosted_by = ? OR post_id IN"
            " (SELECT id FROM post WHERE author_id = ?))",
            (owner, author, author),
        )


def home_for(writes: Writes, owner_id: int, entry_id: int, post_id: int) -> None:
    """Put a post into one home timeline: its author's own."""
    writes.add(
        "INSERT INTO home_entry (owner_id, id, post_id, boosted_by) VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING",
        (owner_id, entry_id, post_id),
    )


def count_reply(writes: Writes, answer: Post) -> None:
    """One answer more to its parent, and its thread lived at that time.

    What is for a few is not counted: whoever may read the parent reads how many there are (attack PRI-01).
    """
    if answer.visibility in FOR_FEW:
        return
    writes.add("UPDATE post SET replies_count = replies_count + 1 WHERE id = ?", (answer.parent_id,))
    at_ms = answer.published
    writes.add(
        "UPDATE post SET last_reply_at = ? WHERE id = ? AND (last_reply_at IS NULL OR last_reply_at < ?)",
        (at_ms, answer.thread_id, at_ms),
    )


def uncount_reply(writes: Writes, answer: Post) -> None:
    """What was counted as an answer is for a few now."""
    fewer = "CASE WHEN replies_count > 0 THEN replies_count - 1 ELSE 0 END"
    writes.add(f"UPDATE post SET replies_count = {fewer} WHERE id = ?", (answer.parent_id,))


def keep_revision(writes: Writes, post: Post) -> None:
    """Keep what the post said and showed before an edit: its files as `threads.named` writes them."""
    listed, pair = ("json_agg", "json_build_array") if dialect() == "postgres" else ("json_group_array", "json_array")
    writes.add(
        "INSERT INTO post_revision (post_id, number, title, content, source, summary, sensitive, created_at, poll,"
        " media) SELECT CAST(? AS BIGINT), COALESCE(MAX(number), 0) + 1, CAST(? AS TEXT), CAST(? AS TEXT),"
        " CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS SMALLINT), CAST(? AS BIGINT),"
        " (SELECT options FROM poll WHERE poll.post_id = ?), COALESCE((SELECT CAST("
        f"{listed}({pair}(CASE WHEN file.remote_url <> '' THEN file.remote_url ELSE CAST(file.id AS TEXT) END,"
        " file.description)) AS TEXT)"
        " FROM media file WHERE file.post_id = ?), '[]') FROM post_revision WHERE post_id = ?",
        (
            *(post.id, post.title, post.content, post.source, post.summary, post.sensitive),
            *(post.edited_at or post.published, post.id, post.id, post.id),
        ),
    )


def change(writes: Writes, post_id: int, **columns: object) -> None:
    """Set the given columns of one post."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    writes.add(f"UPDATE post SET {assignments} WHERE id = ?", (*columns.values(), post_id))


def forget_links(writes: Writes, post_id: int) -> None:
    """Drop mentions, tags and attachments of a post before an edit writes them anew."""
    writes.add("DELETE FROM mention WHERE post_id = ?", (post_id,))
    writes.add("DELETE FROM post_tag WHERE post_id = ?", (post_id,))
    writes.add("DELETE FROM media WHERE post_id = ? AND origin = 'remote'", (post_id,))


def taken_back(uri: str, actor_uri: str) -> str:
    """The name under which it is remembered that an actor took back what may still come.

    With the actor in it, nobody uses up an id for somebody else (attack ORI-21).
    """
    return f"{uri} {actor_uri}"


def bury(writes: Writes, uri: str, host: str, kind: str, now_ms: int) -> None:
    """Remember for ever that this id is dead, or for a while that something was taken back (`taken_back`)."""
    writes.add(
        "INSERT INTO tombstone (uri, host, kind, deleted_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (uri, host, kind, now_ms),
    )


def erase(writes: Writes, post: Post, now_ms: int, *, told: bool = True) -> None:
    """Delete what a post said and everything that shows or counts it, once; the row stays as a gap in its thread.

    Whoever looks on is told, without `told` nobody.
    """
    hold(writes, "post", post.id)
    if post.parent_id is not None:
        hold(writes, "post", post.parent_id)  # posts before the talk, as who writes an answer does it
    hold(writes, "talk", post.thread_id)
    still = "(SELECT COUNT(*) FROM post gone WHERE gone.id = ? AND gone.deleted_at IS NULL)"
    for table, column, row_id in (
        ("post", "replies_count", post.parent_id if post.visibility not in FOR_FEW else None),
        ("groups", "threads_count", post.group_id if post.starter else None),
        ("actor", "posts_count", post.author_id if post.visibility < DIRECT else None),
    ):
        if row_id is not None:
            less = f"{column} - {still}"
            writes.add(
                f"UPDATE {table} SET {column} = CASE WHEN {less} < 0 THEN 0 ELSE {less} END WHERE id = ?",
                (post.id, post.id, row_id),
            )
    writes.add(
        "UPDATE post SET deleted_at = ?, title = '', content = '', source = '', summary = '', likes_count = 0,"
        " dislikes_count = 0, boosts_count = 0, own_title = NULL WHERE id = ? AND deleted_at IS NULL",
        (now_ms, post.id),
    )
    if told:
        boosts.drop(writes, "post_id = ?", (post.id,))
        named = "DELETE FROM mention WHERE post_id = ? AND addressed = 1 RETURNING actor_id"
        place = (post.author_id, post.group_id or 0, post.visibility, int(post.starter))
        events.tell_together(writes, named, (post.id,), "gone", post.id, *place)
    for table in ("home_entry", "notification", "bookmark", "reaction", "boost", "mention", "post_tag", "poll_vote"):
        writes.add(f"DELETE FROM {table} WHERE post_id = ?", (post.id,))
    for table in ("poll", "control", "plea"):
        writes.add(f"DELETE FROM {table} WHERE post_id = ?", (post.id,))
    writes.add("DELETE FROM plea WHERE kind = 'reply' AND subject_id = ?", (post.id,))
    writes.add("DELETE FROM pin WHERE post_id = ?", (post.id,))
    if post.visibility == DIRECT:
        conversations.without(writes, post.id)
    writes.add("DELETE FROM post_revision WHERE post_id = ?", (post.id,))
    media.drop_elsewhere(writes, post.id)
    media.drop(writes, post.id, now_ms)
    writes.add("DELETE FROM proven WHERE object_uri = ?", (post.uri,))
    post_text.drop(writes, post.id)


def revive(writes: Writes, post: Post, author_uri: str) -> None:
    """Its author took the deletion back: the post may say something again, and its id is not dead any more."""
    writes.add("UPDATE post SET deleted_at = NULL WHERE id = ?", (post.id,))
    writes.add("DELETE FROM tombstone WHERE uri IN (?, ?)", (post.uri, taken_back(post.uri, author_uri)))


def prove(writes: Writes, uri: str, object_uri: str, raw: bytes, now_ms: int) -> None:
    """Keep the compressed body of an activity that its author proved."""
    writes.add(
        "INSERT INTO proven (uri, object_uri, raw, received_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (uri, object_uri, raw, now_ms),
    )
