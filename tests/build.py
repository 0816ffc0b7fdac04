"""Rows for tests, made in one call each and without any service: people, groups, posts, follows, tokens."""

import secrets
from collections.abc import Iterable
from typing import Any

import storage.actors
import storage.groups
import storage.posts
from fedcomm import tokens
from storage import talks
from storage.actors import Actor
from storage.connect import Writes, execute, row
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from storage.saving import save

BASE = "https://home.test"
NOW = 1_764_000_000_000  # ms: some day in November 2025

PUBLIC, UNLISTED, FOLLOWERS, DIRECT, MEMBERS, LOCAL = range(6)


async def insert(table: str, **columns: Any) -> None:
    """One row with these columns, the others at their defaults."""
    marks = ", ".join("?" * len(columns))
    await execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))


async def person(name: str, host: str = "", *, kind: str = "Person", role: str = "member", **columns: Any) -> Actor:
    """Somebody here, who can sign in, or on `host`."""
    actor = await _actor(name, host, kind, f"https://{host}/users/{name}" if host else f"{BASE}/users/{name}", columns)
    if not host and kind == "Person":
        await account(actor, role=role)
    return actor


async def account(actor: Actor, role: str = "member", state: str = "active") -> int:
    """What somebody signs in with; its password is never right."""
    account_id = next_id()
    await insert(
        "account", id=account_id, actor_id=actor.id, password_hash="", role=role, state=state, created_at=NOW
    )  # fmt: skip
    return account_id


async def group(name: str, host: str = "", title: str = "", visibility: str = "public", **columns: Any) -> Group:
    """A group here or on `host`."""
    uri = columns.pop("uri", None) or (f"https://{host}/c/{name}" if host else f"{BASE}/c/{name}")
    actor = await _actor(name, host, "Group", uri, {"name": title or name.title()} | columns)
    group_id = next_id()
    await insert("groups", id=group_id, actor_id=actor.id, local=int(not host), created_at=NOW, visibility=visibility)
    await insert("face_alias", url=uri, group_id=group_id, status="active")
    found = await storage.groups.by_id(group_id)
    assert found
    return found


async def post(
    author: Actor,
    text: str = "Hello",
    *,
    visibility: int = PUBLIC,
    parent: Post | None = None,
    group: Group | None = None,
    mentions: Iterable[Actor] = (),
    tags: Iterable[str] = (),
    home: Iterable[Actor] = (),
    **columns: Any,
) -> Post:
    """Something somebody wrote; a thread starter of `group` is boosted by it, and `home` are those who get it."""
    post_id = columns.pop("id", None) or next_id()
    base = BASE if author.local else f"https://{author.host}"
    found = {
        "id": post_id, "uri": f"{base}/posts/{post_id}", "url": f"{base}/@{author.username}/{post_id}", "kind": "note",
        "local": int(author.local), "author_id": author.id, "group_id": group.id if group else None,
        "parent_id": parent.id if parent else None, "parent_uri": parent.uri if parent else None,
        "thread_id": parent.thread_id if parent else post_id, "content": f"<p>{text}</p>", "source": text,
        "visibility": visibility, "published": NOW, "received_at": NOW, "truth": "home" if author.local else "signed",
    } | columns  # fmt: skip
    await insert("post", **found)
    for actor in mentions:
        await insert("mention", post_id=post_id, actor_id=actor.id)
    for name in tags:
        await tag(post_id, name)
    for owner in home:
        await insert("home_entry", owner_id=owner.id, id=post_id, post_id=post_id)
    made = await storage.posts.by_id(post_id)
    assert made
    talks.record(writes := Writes(), made, person=author.kind == "Person" and not author.bot)
    await save(writes)
    if group and not parent:
        actor = await storage.actors.by_id(group.actor_id)
        assert actor
        await boost(actor, made)
    return made


async def tag(post_id: int, name: str) -> None:
    """The post has this tag."""
    await execute("INSERT INTO tag (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (next_id(), name))
    found = await row("SELECT id FROM tag WHERE name = ?", (name,))
    assert found
    await insert("post_tag", tag_id=found[0], post_id=post_id)


async def boost(actor: Actor, post: Post, *, visibility: int = PUBLIC, home: Iterable[Actor] = ()) -> int:
    """Somebody passes a post on; its id."""
    boost_id = next_id()
    await insert(
        "boost", id=boost_id, uri=f"{actor.uri}#boosts/{boost_id}", actor_id=actor.id, post_id=post.id,
        visibility=visibility, published=NOW,
    )  # fmt: skip
    for owner in home:
        await insert("home_entry", owner_id=owner.id, id=boost_id, post_id=post.id, boosted_by=actor.id)
    return boost_id


async def like(actor: Actor, post: Post, kind: str = "like", at: int = NOW) -> None:
    """Somebody votes."""
    await insert(
        "reaction", post_id=post.id, actor_id=actor.id, kind=kind, uri=f"{actor.uri}#likes/{post.id}", truth="home",
        created_at=at,
    )  # fmt: skip


async def follow(follower: Actor, target: Actor, state: str = "accepted", *, reblogs: int = 1) -> None:
    """One follows the other."""
    follow_id = next_id()
    await insert(
        "follow", id=follow_id, follower_id=follower.id, target_id=target.id, state=state, created_at=NOW,
        uri=f"{follower.uri}#follows/{follow_id}", reblogs=reblogs,
    )  # fmt: skip


async def join(actor: Actor, group: Group) -> None:
    """Somebody is a member of the group, and follows it."""
    face = await storage.actors.by_id(group.actor_id)
    assert face
    await follow(actor, face)
    await insert(
        "member", group_id=group.id, actor_id=actor.id, state="joined", home_host=actor.host, joined_at=NOW
    )  # fmt: skip


async def suspend(actor: Actor) -> None:
    """Who looks after this server has suspended somebody elsewhere."""
    await execute("UPDATE actor SET suspended_at = ? WHERE id = ?", (NOW, actor.id))
    await insert("sanction", id=next_id(), target_id=actor.id, act="suspend", text="", made_by="", created_at=NOW)


async def block(actor: Actor, target: Actor) -> None:
    """One blocks the other."""
    await insert("block", actor_id=actor.id, target_id=target.id, uri=f"{actor.uri}#b/{next_id()}", created_at=NOW)


async def notice(owner: Actor, kind: str, actor: Actor, post: Post | None = None) -> int:
    """Somebody here is told of something; its id."""
    notice_id = next_id()
    await insert(
        "notification", id=notice_id, owner_id=owner.id, kind=kind, actor_id=actor.id,
        post_id=post.id if post else 0, created_at=NOW,
    )  # fmt: skip
    return notice_id


async def token(actor: Actor | None, scopes: str = "read write follow push", app_id: int | None = None) -> str:
    """An access token of somebody here, or of a program that acts for nobody."""
    secret = secrets.token_urlsafe(32)
    account_id = None
    if actor is not None:
        found = await row("SELECT id FROM account WHERE actor_id = ?", (actor.id,))
        assert found
        account_id = found[0]
    await insert(
        "oauth_token", id=next_id(), token_hash=tokens.hash_of(secret), account_id=account_id, scopes=scopes,
        created_at=NOW, app_id=app_id,
    )  # fmt: skip
    return secret


async def _actor(name: str, host: str, kind: str, uri: str, columns: dict[str, Any]) -> Actor:
    actor_id = next_id()
    base = f"https://{host}" if host else BASE
    found = {
        "id": actor_id, "uri": uri, "kind": kind, "host": host, "username": name, "username_key": name.lower(),
        "name": name.title(), "url": f"{base}/@{name}", "inbox": f"{uri}/inbox", "followers": f"{uri}/followers",
        "created_at": NOW, "updated_at": NOW,
    } | columns  # fmt: skip
    await insert("actor", **found)
    made = await storage.actors.by_id(actor_id)
    assert made
    return made
