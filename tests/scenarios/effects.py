"""What must and must not have come of a case: each function looks at one promise."""

from collections.abc import Awaitable, Callable
from typing import Any

from fedcomm import clock
from storage import members, registers
from storage.connect import rows, value
from storage.posts import Post
from tests.scenarios.stage import Stage


async def _shown(stage: Stage, uri: str) -> Post | None:
    found = await stage.instance.post(stage.fill(uri))
    return found if found is not None and found.deleted_at is None and found.removed_at is None else None


async def absent(stage: Stage, uris: list[str]) -> None:
    assert [uri for uri in uris if await _shown(stage, uri) is not None] == []


async def present(stage: Stage, uris: list[str]) -> None:
    assert [uri for uri in uris if await _shown(stage, uri) is None] == []


async def unchanged(stage: Stage, uris: list[str]) -> None:
    for uri in uris:
        found = await _shown(stage, uri)
        assert found is not None
        assert "FORGED" not in found.content


async def content_never(stage: Stage, text: str) -> None:
    with stage.instance.here():
        assert await rows("SELECT uri FROM post WHERE content LIKE ?", (f"%{text[3:9]}%",)) == []


async def profile_never(stage: Stage, text: str) -> None:
    with stage.instance.here():
        assert await rows("SELECT uri FROM actor WHERE name LIKE ?", (f"%{text}%",)) == []


async def handle_never(stage: Stage, handle: str) -> None:
    name, host = handle.lstrip("@").split("@")
    with stage.instance.here():
        found = await rows("SELECT uri FROM actor WHERE username = ? AND host = ?", (name, host))
    assert [uri for (uri,) in found if not uri.startswith(f"https://{host}/")] == []


async def attributed(stage: Stage, who: dict[str, str]) -> None:
    with stage.instance.here():
        for uri, author in who.items():
            assert await value("SELECT a.uri FROM post p JOIN actor a ON a.id = p.author_id WHERE p.uri = ?", (uri,)) in (None, author)  # noqa: E501  # fmt: skip


async def not_authored_by(stage: Stage, who: dict[str, str]) -> None:
    with stage.instance.here():
        for uri, author in who.items():
            assert await value("SELECT a.uri FROM post p JOIN actor a ON a.id = p.author_id WHERE p.uri = ?", (uri,)) != author  # noqa: E501  # fmt: skip


async def no_local_authorship(stage: Stage, _yes: bool) -> None:
    with stage.instance.here():
        assert await value("SELECT COUNT(*) FROM post WHERE local = 1") == 1
        assert await rows("SELECT uri FROM post WHERE local = 0 AND author_id IN (SELECT id FROM actor WHERE host = '')") == []  # noqa: E501  # fmt: skip


async def no_5xx(stage: Stage, _yes: bool) -> None:
    assert stage.statuses
    assert max(stage.statuses) < 500


async def statuses(stage: Stage, expected: list[str]) -> None:
    classes = [f"{status // 100}xx" for status in stage.statuses]
    assert classes[-len(expected) :] == expected if len(expected) > 1 else set(classes) == set(expected)


async def count(stage: Stage, numbers: dict[str, int]) -> None:
    with stage.instance.here():
        for uri, number in numbers.items():
            assert await value("SELECT COUNT(*) FROM post WHERE uri = ?", (uri,)) == number


async def notifications_max(stage: Stage, most: int) -> None:
    with stage.instance.here():
        assert await value("SELECT COUNT(*) FROM notification WHERE owner_id = ?", (stage.user.actor.id,)) <= most


async def likes(stage: Stage, numbers: dict[str, int]) -> None:
    for uri, number in numbers.items():
        found = await _shown(stage, uri)
        assert found is not None
        assert found.likes_count == number


async def likes_max(stage: Stage, numbers: dict[str, int]) -> None:
    found = await _shown(stage, next(iter(numbers)))
    assert found is not None
    assert 0 < found.likes_count <= next(iter(numbers.values()))


async def fetches_max(stage: Stage, most: int) -> None:
    assert sum(len(host.asked) for host in stage.hosts.values()) <= most


async def no_self_fetch(stage: Stage, _yes: bool) -> None:
    assert [url for method, url, _status in stage.fediverse.wire.log if method == "GET" and "ours.test" in url] == []


async def no_private_connect(stage: Stage, _yes: bool) -> None:
    assert {url.split("/")[2] for _method, url, _status in stage.fediverse.wire.log} <= set(stage.hosts)


async def no_script(stage: Stage, _yes: bool) -> None:
    with stage.instance.here():
        shown = str(await rows("SELECT content, title, summary FROM post")).lower()
        assert not any(bad in shown for bad in ("<script", "onerror=", "javascript:", "<svg"))
        addresses = [url for (url,) in await rows("SELECT remote_url FROM media")]
        assert all(url.startswith(("https://", "http://")) for url in addresses)


async def not_pinned_on_top(stage: Stage, _yes: bool) -> None:
    with stage.instance.here():
        assert await value("SELECT COUNT(*) FROM post WHERE published > ?", (clock.now_ms(),)) == 0
        assert await value("SELECT MAX(id) FROM post") < stage.note.id + (3_600_000 << 16)


async def never_served(stage: Stage, names: list[str]) -> None:
    with stage.instance.here():
        bodies = [found[0] for found in await rows("SELECT body FROM outbox")]
    for name in names:
        assert not any(f'"{name}"'.encode() in body for body in bodies)


async def not_public(stage: Stage, uris: list[str]) -> None:
    for uri in uris:
        found = await _shown(stage, uri)
        assert found is None or found.visibility > 1


async def not_relayed(stage: Stage, uris: list[str]) -> None:
    before = 1  # the post of ours that the group passed on
    with stage.instance.here():
        wrapped = await value("SELECT COUNT(*) FROM outbox WHERE form = 'wrapped'")
    bans = sum(1 for _ in await _bans(stage))
    assert wrapped == before + bans
    for uri in uris:
        assert "//" not in uri or await stage.relayed(uri) == 0


async def _bans(stage: Stage) -> list[Any]:
    with stage.instance.here():
        return await rows("SELECT 1 FROM act WHERE property = 'ban'")


async def relayed(stage: Stage, uris: list[str]) -> None:
    for uri in uris:
        assert await stage.relayed(uri) == 1


async def relays_max(stage: Stage, numbers: dict[str, int]) -> None:
    for uri, most in numbers.items():
        assert await stage.relayed(stage.fill(uri)) <= most


async def in_group(stage: Stage, where: dict[str, str]) -> None:
    for uri, group in where.items():
        found = await _shown(stage, uri)
        assert found is not None
        assert found.group_id == (await stage.group(group))[0].id


async def not_in_group(stage: Stage, uris: list[str]) -> None:
    for uri in uris:
        found = await _shown(stage, uri)
        assert found is None or found.group_id is None


async def actor_alive(stage: Stage, uris: list[str]) -> None:
    with stage.instance.here():
        for uri in uris:
            assert await value("SELECT deleted_at FROM actor WHERE uri = ?", (uri,)) is None
            assert await value("SELECT COUNT(*) FROM actor WHERE uri = ?", (uri,)) == 1


async def _follow_state(stage: Stage, follower: str, target: str) -> str | None:
    sql = (
        "SELECT f.state FROM follow f JOIN actor a ON a.id = f.follower_id JOIN actor t ON t.id = f.target_id"
        " WHERE a.uri = ? AND t.uri = ?"
    )
    with stage.instance.here():
        state: str | None = await value(sql, (stage.fill(follower), stage.fill(target)))
    return state


async def still_follower(stage: Stage, pairs: dict[str, str]) -> None:
    for followed, follower in pairs.items():
        assert await _follow_state(stage, follower, followed) == "accepted"


async def still_following(stage: Stage, pairs: dict[str, str]) -> None:
    for follower, followed in pairs.items():
        assert await _follow_state(stage, follower, followed) == "accepted"


async def still_pending(stage: Stage, pairs: dict[str, str]) -> None:
    for follower, followed in pairs.items():
        assert await _follow_state(stage, follower, followed) == "pending"


async def not_following(stage: Stage, pairs: dict[str, str]) -> None:
    for follower, followed in pairs.items():
        assert await _follow_state(stage, follower, followed) is None


async def follow_sent(stage: Stage, pairs: dict[str, str]) -> None:
    for follower, followed in pairs.items():
        sent = [thing for host in stage.hosts.values() for thing in host.received if thing["type"] == "Follow"]
        assert (stage.fill(follower), followed) in {(thing["actor"], thing["object"]) for thing in sent}


async def still_member(stage: Stage, pairs: dict[str, str]) -> None:
    for group, who in pairs.items():
        found, _face = await stage.group(group)
        with stage.instance.here():
            actor_id = await value("SELECT id FROM actor WHERE uri = ?", (stage.fill(who),))
            member = await members.of(found.id, actor_id)
        assert member is not None
        assert member.state == "joined"


async def not_moderator(stage: Stage, pairs: dict[str, str]) -> None:
    with stage.instance.here():
        for group, who in pairs.items():
            sql = "SELECT group_id FROM face_alias WHERE url = ?"
            group_id = await value(sql, (stage.fill(group),))
            assert group_id is not None
            assert await registers.get(group_id, "role", who) is None


async def featured_unchanged(stage: Stage, uris: list[str]) -> None:
    for group in uris:
        found, _face = await stage.group(group)
        with stage.instance.here():
            assert await registers.all_of(found.id, "pin") == await registers.all_of(found.id, "featured") == []


async def not_locked(stage: Stage, uris: list[str]) -> None:
    for uri in uris:
        found = await _shown(stage, uri)
        assert found is not None
        assert not found.locked


async def no_file_outside_media(stage: Stage, _yes: bool) -> None:
    with stage.instance.here():
        assert await rows("SELECT key FROM media WHERE key IS NOT NULL") == []


CHECKS: dict[str, Callable[[Stage, Any], Awaitable[None]]] = {
    check.__name__: check
    for check in (
        absent, present, unchanged, profile_never, handle_never, attributed, not_authored_by, no_local_authorship,
        no_5xx, statuses, count, notifications_max, likes, likes_max, fetches_max, no_self_fetch, no_private_connect,
        no_script, not_pinned_on_top, never_served, not_public, not_relayed, relayed, relays_max, in_group,
        not_in_group, actor_alive, still_follower, still_following, still_pending, not_following, follow_sent,
        still_member, not_moderator, featured_unchanged, not_locked, no_file_outside_media,
    )
}  # fmt: skip
