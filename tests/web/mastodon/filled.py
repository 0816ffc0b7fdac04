"""Every list that comes in pages, and what puts one more entry into it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import storage.actors
import storage.posts
from storage.connect import execute
from storage.posts import Post
from tests import build
from tests.web.mastodon.member import Member

Filling = Callable[[Member, int], Awaitable[None]]


async def _home(viewer: Member, number: int) -> None:
    await build.post(await build.person(f"author{number}"), home=[viewer.actor])


async def _public(viewer: Member, number: int) -> None:
    await build.post(await build.person(f"author{number}", "far.test"), tags=["tomatoes"])


async def _own(viewer: Member, number: int) -> None:
    await build.post(viewer.actor, str(number))


async def _voted(viewer: Member, number: int) -> None:
    await build.like(viewer.actor, await build.post(await build.person(f"author{number}")), at=build.NOW + number)


async def _bookmarked(viewer: Member, number: int) -> None:
    post = await build.post(await build.person(f"author{number}"))
    await viewer.do(f"statuses/{post.id}/bookmark")


async def _follower(viewer: Member, number: int) -> None:
    await build.follow(await build.person(f"fan{number}"), viewer.actor)


async def _followed(viewer: Member, number: int) -> None:
    await build.follow(viewer.actor, await build.person(f"star{number}", "far.test"))


async def _request(viewer: Member, number: int) -> None:
    await build.follow(await build.person(f"fan{number}"), viewer.actor, "pending")


async def _blocked(viewer: Member, number: int) -> None:
    await build.block(viewer.actor, await build.person(f"rude{number}"))


async def _muted(viewer: Member, number: int) -> None:
    await viewer.do(f"accounts/{(await build.person(f'noisy{number}')).id}/mute")


async def _domain(viewer: Member, number: int) -> None:
    await viewer.do("domain_blocks", domain=f"rude{number}.test")


async def _tag(viewer: Member, number: int) -> None:
    await viewer.do(f"tags/tag{number}/follow")


async def _listed(viewer: Member, number: int) -> None:
    (friends,) = await viewer.get("lists")
    friend = await build.person(f"friend{number}")
    await build.follow(viewer.actor, friend)
    await viewer.do(f"lists/{friends['id']}/accounts", account_ids=[str(friend.id)])


async def _endorsed(viewer: Member, number: int) -> None:
    friend = await build.person(f"friend{number}")
    await build.follow(viewer.actor, friend)
    await viewer.do(f"accounts/{friend.id}/endorse")


async def _conversation(viewer: Member, number: int) -> None:
    friend = await build.person(f"friend{number}")
    post = await build.post(friend, visibility=build.DIRECT, mentions=[viewer.actor])
    await build.insert("conversation", owner_id=viewer.actor.id, thread_id=post.id, last_post_id=post.id, unread=1)


async def _voter(viewer: Member, number: int) -> None:
    await build.like(await build.person(f"fan{number}"), await _first(viewer), at=build.NOW + number)


async def _booster(viewer: Member, number: int) -> None:
    await build.boost(await build.person(f"fan{number}"), await _first(viewer))


async def _notice(viewer: Member, number: int) -> None:
    await build.notice(viewer.actor, "follow", await build.person(f"fan{number}"))


async def _fan(viewer: Member, number: int) -> None:
    await build.notice(viewer.actor, "favourite", await build.person(f"fan{number}"), await _first(viewer))


async def _unheard(viewer: Member, number: int) -> None:
    notice = await build.notice(viewer.actor, "follow", await build.person(f"fan{number}"))
    await execute("UPDATE notification SET filtered = 1 WHERE id = ?", (notice,))


async def _direct(viewer: Member, number: int) -> None:
    await build.post(await build.person(f"friend{number}"), visibility=build.DIRECT, mentions=[viewer.actor])


async def _of_listed(viewer: Member, number: int) -> None:
    await _listed(viewer, number)
    friend = await storage.actors.local(f"friend{number}")
    assert friend
    await build.post(friend, home=[viewer.actor])


async def _scheduled(viewer: Member, number: int) -> None:
    later = datetime.now(UTC) + timedelta(days=1 + number)
    await viewer.do("statuses", status=str(number), scheduled_at=later.isoformat())


async def _first(viewer: Member) -> Post:
    post = await storage.posts.by_id(int((await viewer.get(f"accounts/{viewer.id}/statuses"))[-1]["id"]))
    assert post
    return post


# The path of each list, and what puts one more entry into it.
LISTS: dict[str, Filling] = {
    "timelines/home": _home,
    "timelines/direct": _direct,
    "timelines/list/{list}": _of_listed,
    "timelines/public": _public,
    "timelines/public?local=false&remote=true": _public,
    "timelines/tag/Tomatoes": _public,
    "accounts/{me}/statuses?exclude_replies=true": _own,
    "accounts/{me}/followers": _follower,
    "accounts/{me}/following": _followed,
    "favourites": _voted,
    "bookmarks": _bookmarked,
    "follow_requests": _request,
    "blocks": _blocked,
    "mutes": _muted,
    "domain_blocks": _domain,
    "conversations": _conversation,
    "followed_tags": _tag,
    "endorsements": _endorsed,
    "accounts/{me}/endorsements": _endorsed,
    "lists/{list}/accounts": _listed,
    "statuses/{first}/favourited_by": _voter,
    "statuses/{first}/reblogged_by": _booster,
    "notifications?types[]=follow&types[]=mention&exclude_types[]=poll": _notice,
    "notifications/requests": _unheard,
    "scheduled_statuses": _scheduled,
    "/api/v2/notifications/{key}/accounts": _fan,
    "/api/v2/notifications?grouped_types[]=favourite": _notice,
}


async def full(path: str, viewer: Member, count: int) -> str:
    """The address of this list, one of `LISTS`, with so many entries for the viewer."""
    first = (await viewer.post("first"))["id"] if "{first}" in path or "{key}" in path else ""
    made = (await viewer.do("lists", title="Friends"))["id"] if "{list}" in path else ""
    for number in range(count):
        await LISTS[path](viewer, number)
    key = (await viewer.get("notifications"))[0]["group_key"] if "{key}" in path else ""
    return path.format(me=viewer.id, first=first, list=made, key=key)
