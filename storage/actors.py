"""Whoever acts: people, groups and services, ours and others', with their keys."""

import msgspec

from storage import fragments, imports, media
from storage.connect import Writes, execute, row, rows
from storage.sanctions import SUSPENDED_HERE


class Actor(msgspec.Struct, frozen=True):
    """One row of `actor`; times in ms since 1970, flags 0 or 1, `host` is '' for ours."""

    id: int
    uri: str
    kind: str
    host: str
    username: str
    username_key: str
    handle_verified: int
    name: str
    summary: str
    summary_source: str
    url: str
    inbox: str
    shared_inbox: str
    outbox: str
    followers: str
    following: str
    featured: str
    moderators: str
    icon: str
    image: str
    icon_media_id: int | None
    image_media_id: int | None
    fields: str
    also_known_as: str
    moved_to_id: int | None
    moved_at: int | None
    locked: int
    bot: int
    discoverable: int
    indexable: int
    followers_count: int
    following_count: int
    posts_count: int
    last_post_at: int | None
    published: int | None
    created_at: int
    updated_at: int
    fetched_at: int | None
    limited_at: int | None
    suspended_at: int | None
    deleted_at: int | None
    hide_collections: int = 0  # whom they follow and who follows them is shown to nobody else
    icon_description: str = ""  # for who cannot see it
    image_description: str = ""
    show_media: int = 1  # which parts the profile has in programs
    show_media_replies: int = 1
    show_featured: int = 1
    attribution_domains: str = "[]"  # JSON list of sites that may name them as author
    sensitive_at: int | None = None  # since when who looks after this server has their pictures behind a warning

    @property
    def local(self) -> bool:
        """Whether the actor lives on this server."""
        return self.host == ""

    @property
    def acct(self) -> str:
        """`name` for ours, `name@host` for others."""
        return f"{self.username}@{self.host}" if self.host else self.username

    @property
    def gone(self) -> bool:
        """Whether the actor was deleted or suspended: nothing of theirs is shown or accepted."""
        return self.deleted_at is not None or self.suspended_at is not None

    @property
    def forgotten(self) -> bool:
        """Whether all that was known of somebody elsewhere was erased with their server: they may be met anew."""
        return self.deleted_at is not None and not self.local and not self.inbox


class Key(msgspec.Struct, frozen=True):
    """A public key and whose it is; `private_der` only for ours."""

    key_id: str
    actor_id: int
    actor_uri: str
    algorithm: str
    public_der: bytes
    private_der: bytes | None
    fetched_at: int
    expires_at: int | None


COLUMNS = ", ".join(Actor.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM actor "
BY_URIS = _SELECT + "WHERE uri IN (?texts)"
_TOLD = (
    "username", "username_key", "name", "summary", "url", "inbox", "shared_inbox", "outbox", "followers", "following",
    "featured", "moderators", "icon", "image", "fields", "also_known_as", "moved_to_id", "locked", "bot",
    "discoverable", "indexable", "published", "updated_at", "fetched_at",
)  # fmt: skip
_KEY = (
    "SELECT k.key_id, k.actor_id, a.uri, k.algorithm, k.public_der, k.private_der, k.fetched_at, k.expires_at"
    " FROM actor_key k JOIN actor a ON a.id = k.actor_id "
)
_INSERT = f"INSERT INTO actor ({COLUMNS}) VALUES ({', '.join('?' * len(Actor.__struct_fields__))})"


async def by_id(actor_id: int) -> Actor | None:
    """The actor with this id."""
    found = await row(_SELECT + "WHERE id = ?", (actor_id,))
    return Actor(*found) if found else None


async def by_ids(actor_ids: list[int]) -> dict[int, Actor]:
    """The actors with these ids, by id; unknown ones are left out."""
    return {found[0]: Actor(*found) for found in await rows(_SELECT + "WHERE id IN (?ints)", (actor_ids,))}


async def by_uri(uri: str) -> Actor | None:
    """The actor with this ActivityPub id."""
    found = await row(_SELECT + "WHERE uri = ?", (uri,))
    return Actor(*found) if found else None


async def by_uris(uris: list[str]) -> dict[str, Actor]:
    """The actors with these ActivityPub ids, by id; unknown ones are left out."""
    return {found[1]: Actor(*found) for found in await rows(BY_URIS, (uris,))}


async def local(username: str) -> Actor | None:
    """Our actor of that name, in any case, also a deleted one."""
    found = await row(_SELECT + "WHERE username_key = ? AND host = ''", (username.lower(),))
    return Actor(*found) if found else None


async def by_handle(username: str, host: str) -> Actor | None:
    """The actor `username@host`, the newest of several; host '' = ours."""
    found = await row(
        _SELECT + "WHERE username_key = ? AND host = ? ORDER BY deleted_at IS NOT NULL, id DESC LIMIT 1",
        (username.lower(), host.lower()),
    )
    return Actor(*found) if found else None


async def key(key_id: str) -> Key | None:
    """The stored key with this id."""
    found = await row(_KEY + "WHERE k.key_id = ?", (key_id,))
    return Key(*found) if found else None


async def keys_of(actor_id: int) -> list[Key]:
    """All keys of an actor, RSA first, of each kind the newest first."""
    sql = _KEY + "WHERE k.actor_id = ? ORDER BY k.algorithm DESC, k.fetched_at DESC"
    return [Key(*found) for found in await rows(sql, (actor_id,))]


async def drop_replaced(before_ms: int) -> int:
    """Forget keys of ours for which there is another one that was made before then."""
    return await execute(
        "DELETE FROM actor_key WHERE private_der IS NOT NULL AND EXISTS (SELECT 1 FROM actor_key newer"
        " WHERE newer.actor_id = actor_key.actor_id AND newer.algorithm = actor_key.algorithm"
        " AND newer.private_der IS NOT NULL AND newer.fetched_at > actor_key.fetched_at AND newer.fetched_at < ?)",
        (before_ms,),
    )


async def suspended() -> list[str]:
    """Ids of the actors elsewhere that were suspended here, not those that are so on their own server alone."""
    sql = f"SELECT uri FROM actor WHERE suspended_at IS NOT NULL AND host <> '' AND {SUSPENDED_HERE}"
    return [found[0] for found in await rows(sql)]


async def followed_by(actor_id: int) -> list[int]:
    """Ids of those whom an actor follows."""
    return [found[0] for found in await rows("SELECT target_id FROM follow WHERE follower_id = ?", (actor_id,))]


async def set_aliases(actor_id: int, before: str, after: str) -> bool:
    """Give an actor other aliases (JSON); False when they were not `before` any more."""
    sql = "UPDATE actor SET also_known_as = ? WHERE id = ? AND also_known_as = ?"
    return await execute(sql, (after, actor_id, before)) > 0


async def set_moved(actor_id: int, target_id: int, now_ms: int, before_ms: int) -> bool:
    """Note that an actor goes to another; False when it has moved since `before_ms`."""
    sql = "UPDATE actor SET moved_to_id = ?, moved_at = ? WHERE id = ? AND (moved_at IS NULL OR moved_at <= ?)"
    return await execute(sql, (target_id, now_ms, actor_id, before_ms)) > 0


async def change(actor_id: int, **columns: object) -> None:
    """Set the given columns of one actor."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    await execute(f"UPDATE actor SET {assignments} WHERE id = ?", (*columns.values(), actor_id))
    fragments.forget_actor(actor_id)


def insert(writes: Writes, actor: Actor) -> None:
    """Add the actor as a new row."""
    writes.add(_INSERT, msgspec.structs.astuple(actor))


def replace(writes: Writes, actor: Actor) -> None:
    """Write what a profile says now; counters and what we decided about the actor stay."""
    values = {name: getattr(actor, name) for name in _TOLD}
    assignments = ", ".join(f"{name} = ?" for name in values)
    writes.add(f"UPDATE actor SET {assignments} WHERE id = ?", (*values.values(), actor.id))
    fragments.forget_actor_later(writes, actor.id)


def change_later(writes: Writes, actor_id: int, **columns: object) -> None:
    """As `change`, as part of `writes`."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    writes.add(f"UPDATE actor SET {assignments} WHERE id = ?", (*columns.values(), actor_id))
    fragments.forget_actor_later(writes, actor_id)


def put_key(writes: Writes, key: Key) -> None:
    """Store a key; a key id that belongs to somebody else is left alone (attack SIG-16)."""
    writes.add(
        "INSERT INTO actor_key (key_id, actor_id, algorithm, public_der, private_der, fetched_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key_id) DO UPDATE SET algorithm = excluded.algorithm,"
        " public_der = excluded.public_der, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at"
        " WHERE actor_key.actor_id = excluded.actor_id AND actor_key.private_der IS NULL",
        (key.key_id, key.actor_id, key.algorithm, key.public_der, key.private_der, key.fetched_at, key.expires_at),
    )


def drop_keys_except(writes: Writes, actor_id: int, key_ids: list[str]) -> None:
    """Forget the keys of an actor that are not among `key_ids`: a rotated key is dead."""
    writes.add(
        "DELETE FROM actor_key WHERE actor_id = ? AND private_der IS NULL AND key_id NOT IN (?texts)",
        (actor_id, key_ids),
    )


# Servers from where ours are followed no more, where the condition holds: they may have posts that are deleted later.
PARTED = (
    "INSERT INTO parted (target_id, inbox, host, left_at) SELECT DISTINCT f.target_id,"
    " CASE WHEN a.shared_inbox <> '' THEN a.shared_inbox ELSE a.inbox END, a.host, CAST(? AS BIGINT)"
    " FROM follow f JOIN actor a ON a.id = f.follower_id AND a.host <> '' AND a.inbox <> ''"
    " JOIN actor own ON own.id = f.target_id AND own.host = '' WHERE f.state = 'accepted' AND {}"
    " ON CONFLICT (target_id, inbox) DO UPDATE SET left_at = excluded.left_at"
)
# What others are counted to have because of an actor, before it goes.
_UNCOUNT = (
    "UPDATE actor SET followers_count = followers_count - 1 WHERE id IN"
    " (SELECT target_id FROM follow WHERE follower_id = ? AND state = 'accepted')",
    "UPDATE actor SET following_count = following_count - 1 WHERE id IN"
    " (SELECT follower_id FROM follow WHERE target_id = ? AND state = 'accepted')",
    "UPDATE post SET boosts_count = boosts_count - 1 WHERE id IN (SELECT post_id FROM boost WHERE actor_id = ?)",
    "UPDATE post SET likes_count = likes_count - 1 WHERE id IN"
    " (SELECT post_id FROM reaction WHERE actor_id = ? AND kind = 'like')",
    "UPDATE post SET dislikes_count = dislikes_count - 1 WHERE id IN"
    " (SELECT post_id FROM reaction WHERE actor_id = ? AND kind = 'dislike')",
)


_OWN = (
    "domain_block",
    "featured_tag",
    "tag_follow",
    "held",
    "told",
    "caught",
    "trusted_contact",
)  # what else an actor keeps


def close(writes: Writes, actor_id: int, now_ms: int) -> None:
    """The actor is gone, and what it said of itself with it; the row stays, so the name stays taken."""
    writes.add(
        "UPDATE actor SET deleted_at = COALESCE(deleted_at, ?), name = '', summary = '', summary_source = '',"
        " icon = '', image = '', icon_description = '', image_description = '', attribution_domains = '[]',"
        " fields = '[]', also_known_as = '[]', moved_to_id = NULL,"
        " followers_count = 0, following_count = 0, posts_count = 0 WHERE id = ?",
        (now_ms, actor_id),
    )
    fragments.forget_actor_later(writes, actor_id)


def erase(writes: Writes, actor_id: int, now_ms: int) -> None:
    """The actor is gone, and its relations with it."""
    close(writes, actor_id, now_ms)
    for statement in _UNCOUNT:
        writes.add(statement, (actor_id,))
    writes.add(PARTED.format("f.follower_id = ?"), (now_ms, actor_id))
    writes.add("DELETE FROM follow WHERE follower_id = ?", (actor_id,))
    writes.add("DELETE FROM follow WHERE target_id = ?", (actor_id,))
    writes.add("DELETE FROM block WHERE actor_id = ?", (actor_id,))
    writes.add("DELETE FROM block WHERE target_id = ?", (actor_id,))
    for table in ("join_request", "membership"):
        writes.add(f"DELETE FROM {table} WHERE actor_id = ?", (actor_id,))
    for table in ("mute", "note", "endorsement", "dismissed_suggestion"):
        writes.add(f"DELETE FROM {table} WHERE actor_id = ?", (actor_id,))
        writes.add(f"DELETE FROM {table} WHERE target_id = ?", (actor_id,))
    writes.add("DELETE FROM list_entry WHERE actor_id = ?", (actor_id,))
    writes.add("DELETE FROM list_entry WHERE list_id IN (SELECT id FROM list WHERE owner_id = ?)", (actor_id,))
    for table, owner in (("list", "owner_id"), ("group_list", "owner_id"), *((name, "actor_id") for name in _OWN)):
        writes.add(f"DELETE FROM {table} WHERE {owner} = ?", (actor_id,))
    writes.add("DELETE FROM notification WHERE actor_id = ?", (actor_id,))
    writes.add("DELETE FROM notification WHERE owner_id = ?", (actor_id,))
    imports.drop(writes, actor_id)
    writes.add("DELETE FROM home_entry WHERE owner_id = ?", (actor_id,))
    writes.add("DELETE FROM home_entry WHERE boosted_by = ?", (actor_id,))
    writes.add("DELETE FROM boost WHERE actor_id = ?", (actor_id,))
    writes.add("DELETE FROM reaction WHERE actor_id = ?", (actor_id,))
    writes.add("DELETE FROM actor_key WHERE actor_id = ? AND private_der IS NULL", (actor_id,))
    writes.add(
        "UPDATE groups SET members_count = members_count - 1 WHERE id IN"
        " (SELECT group_id FROM member WHERE actor_id = ? AND state = 'joined')",
        (actor_id,),
    )
    writes.add("UPDATE member SET state = 'left', left_at = ? WHERE actor_id = ?", (now_ms, actor_id))
    media.drop_all(writes, actor_id, now_ms)
    fragments.forget_actor_later(writes, actor_id)


def count_post(writes: Writes, actor_id: int, at_ms: int) -> None:
    """One post more of an actor, written at that time."""
    writes.add(
        "UPDATE actor SET posts_count = posts_count + 1, last_post_at = CASE WHEN last_post_at > ? THEN last_post_at"
        " ELSE ? END WHERE id = ?",
        (at_ms, at_ms, actor_id),
    )
