"""The first look of somebody who has just joined a group with a long past: it is all there, at once."""

import pytest

import storage.groups
from storage.actors import Actor
from storage.connect import execute_many
from storage.ids import next_id
from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

THREADS = 110


async def past(face: Actor, author: Actor) -> list[str]:
    """Threads in a group, every third answered and with a picture; gives their ids, the newest first."""
    group = await storage.groups.by_actor(face.id)
    assert group is not None
    begun = []
    for number in range(THREADS):
        thread = await build.post(author, f"Thread {number}", group=group, attachments_count=int(number % 3 == 0))
        begun.append(thread)
        if number % 3 == 0:
            await build.post(author, f"Answer {number}", group=group, parent=thread)
            await build.insert(
                "media", id=next_id(), owner_id=author.id, post_id=thread.id, kind="image", mime="image/png",
                origin="remote", remote_url="https://far.example/a.png", state="remote", created_at=build.NOW,
            )  # fmt: skip
    await execute_many("UPDATE post SET replies_count = 1 WHERE id = ?", [(post.id,) for post in begun[::3]])
    return [str(post.id) for post in reversed(begun)]


async def test_who_joins_finds_the_threads_of_the_group_at_home_and_in_its_list_with_words_and_pictures(
    bob: Member, gardening: Actor
) -> None:
    threads = await past(gardening, await build.person("mona", "far.example"))
    assert await bob.get("timelines/home") == []

    await bob.do(f"accounts/{gardening.id}/follow")

    home = await bob.get("timelines/home", limit=40)
    posts = [status["reblog"] for status in home]
    assert [post["id"] for post in posts] == threads[:40]
    assert {status["account"]["acct"] for status in home} == {"gardening"}
    assert [post["content"] for post in posts[:2]] == ["<p>Thread 109</p>", "<p>Thread 108</p>"]
    assert [len(post["media_attachments"]) for post in posts[:3]] == [0, 1, 0]
    assert all(post["in_reply_to_id"] is None for post in posts)
    assert sum(len(page) for page in await bob.pages("timelines/home")) == THREADS

    (group_as_list,) = await bob.get("lists")
    listed = await bob.get(f"timelines/list/{group_as_list['id']}")
    assert [status["id"] for status in listed] == threads[:20]
    answered = await bob.get(f"statuses/{posts[1]['id']}/context")
    assert [status["content"] for status in answered["descendants"]] == ["<p>Answer 108</p>"]
