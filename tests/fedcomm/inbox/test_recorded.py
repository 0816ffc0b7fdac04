"""Groups of running servers as a member here sees them: what PieFed 1.6.6 and NodeBB 4.15.1 sent, in their order."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fedcomm.app import App
from fedcomm.config import Config
from storage.connect import Database, rows
from tests import build
from tests.fedcomm.inbox.recorded import Story, World

pytestmark = pytest.mark.anyio

LABCLUB = "https://piefed.fedlab.test/c/labclub"
FIRST = f"{LABCLUB}/p/1/first-post"
COMMENT, SECOND_COMMENT = (f"https://piefed.fedlab.test/comment/{number}" for number in (1, 2))
FRANK = "https://piefed.fedlab.test/u/frank"
CATEGORY = "https://nodebb.fedlab.test/category/5"
TOPIC, REPLY = (f"https://nodebb.fedlab.test/post/{number}" for number in (2, 3))


async def _story(database_url: str, program: str) -> AsyncIterator[Story]:
    world = World(program)
    settings = Config(base_url=build.BASE, host="home.test", database_url=database_url, test_mode=True)
    app = await App.open(settings, transport=httpx.MockTransport(world.answer))
    yield Story(app, world, program)
    await app.close()


@pytest.fixture
async def piefed(database: Database, database_url: str) -> AsyncIterator[Story]:
    """A member in a community of PieFed."""
    async for story in _story(database_url, "piefed"):
        await story.join(LABCLUB)
        yield story


@pytest.fixture
async def nodebb(database: Database, database_url: str) -> AsyncIterator[Story]:
    """A member in a category of NodeBB."""
    async for story in _story(database_url, "nodebb"):
        await story.join(CATEGORY)
        yield story


async def test_posts_comments_and_votes_of_piefed_arrive(piefed: Story) -> None:
    await piefed.until("comment-reply-create-0")
    first, comment, second = [await piefed.post(uri) for uri in (FIRST, COMMENT, SECOND_COMMENT)]
    assert (first.title, first.group_id, first.boosts_count) == ("First post", comment.group_id, 1)
    assert (comment.parent_id, second.parent_id, second.thread_id) == (first.id, comment.id, first.id)

    assert await piefed.until("post-like-0") == ""
    assert (await piefed.post(FIRST)).likes_count == 1
    assert await piefed.until("post-dislike-0") == ""
    changed = await piefed.post(FIRST)
    assert (changed.likes_count, changed.dislikes_count) == (0, 1)
    assert await piefed.until("post-unvote-0") == ""
    assert (await piefed.post(FIRST)).dislikes_count == 0
    assert await piefed.until("comment-like-0") == ""
    assert (await piefed.post(COMMENT)).likes_count == 1


async def test_edits_locks_and_pins_of_piefed_arrive(piefed: Story) -> None:
    await piefed.until("comment-like-0")
    before = await piefed.post(FIRST)

    assert await piefed.until("post-edit-0") == ""
    assert (await piefed.post(FIRST)).content != before.content
    assert await piefed.until("post-lock-0") == ""
    assert (await piefed.post(FIRST)).locked
    assert await piefed.until("post-unlock-0") == ""
    assert not (await piefed.post(FIRST)).locked
    assert await piefed.until("post-feature-0") == ""
    assert await piefed.register("pinned", FIRST) is not None
    assert await piefed.until("post-unfeature-0") == ""
    assert await piefed.register("pinned", FIRST) is None


async def test_what_authors_and_moderators_of_piefed_delete_and_put_back_arrives(piefed: Story) -> None:
    await piefed.until("post-unfeature-0")
    before = await piefed.post(COMMENT)

    assert await piefed.until("comment-delete-author-0") == ""
    assert (await piefed.post(COMMENT)).deleted_at is not None
    assert (await piefed.post(FIRST)).replies_count == 0
    assert await piefed.until("comment-undelete-author-0") == ""
    back = await piefed.post(COMMENT)
    assert (back.deleted_at, back.content) == (None, before.content)
    assert (await piefed.post(FIRST)).replies_count == 1
    assert await piefed.until("comment-remove-mod-0") == ""
    removed = await piefed.post(COMMENT)
    assert removed.removed_at is not None and removed.deleted_at is None
    assert await piefed.until("comment-restore-mod-0") == ""
    assert (await piefed.post(COMMENT)).removed_at is None
    assert await piefed.until("post-delete-author-0") == ""
    assert (await piefed.post(FIRST)).deleted_at is not None
    assert await piefed.until("post-undelete-author-0") == ""
    assert (await piefed.post(FIRST)).deleted_at is None


async def test_moderators_and_bans_of_piefed_are_known(piefed: Story) -> None:
    assert await piefed.until("mod-add-0") == ""
    assert await piefed.register("role", FRANK) is not None
    assert await piefed.until("mod-remove-0") == ""
    assert await piefed.register("role", FRANK) is None
    assert await piefed.until("user-ban-0") == ""
    assert await piefed.register("ban", FRANK) is not None


async def test_what_piefed_passes_on_of_third_servers_arrives(piefed: Story) -> None:
    await piefed.until("local-mod-ban-remote-user-0")
    page, note = "https://probe.fedlab.test/o/q11795291425", "https://probe.fedlab.test/o/q21795291425"

    assert await piefed.until("relayed-remote-create-page-0") == ""
    assert (await piefed.post(page)).title
    assert await piefed.until("relayed-remote-reply-mastodon-style-0") == ""
    assert (await piefed.post(note)).group_id == (await piefed.post(page)).group_id
    assert await piefed.until("relayed-remote-delete-0") == ""
    assert (await piefed.post(note)).deleted_at is not None


async def test_topics_replies_and_votes_of_nodebb_arrive(nodebb: Story) -> None:
    await nodebb.until("topic-create-1")
    topic = await nodebb.post(TOPIC)
    assert topic.title
    assert (topic.kind, topic.boosts_count) == ("article", 1)
    assert topic.group_id is not None

    assert await nodebb.until("reply-local-0") == ""
    reply = await nodebb.post(REPLY)
    assert (reply.parent_id, reply.group_id) == (topic.id, topic.group_id)
    assert await nodebb.until("upvote-local-0") == ""
    assert (await nodebb.post(TOPIC)).likes_count == 1
    assert await nodebb.until("downvote-local-0") == ""
    assert (await nodebb.post(TOPIC)).dislikes_count == 1
    assert await nodebb.until("edit-local-0") == ""
    assert await nodebb.until("reply-delete-local-0") == ""
    assert (await nodebb.post(REPLY)).deleted_at is not None


async def test_a_topic_that_nodebb_takes_back_is_gone(nodebb: Story) -> None:
    await nodebb.until("downvote-local-0")

    assert await nodebb.until("mod-delete-topic-0") == ""
    assert (await nodebb.post(TOPIC)).boosts_count == 0
    assert await nodebb.until("mod-delete-topic-1") == ""
    assert (await nodebb.post(TOPIC)).deleted_at is not None


async def test_what_nodebb_passes_on_of_third_servers_arrives(nodebb: Story) -> None:
    await nodebb.until("edit-local-0")

    assert await nodebb.until("remote-create-page-1", *DELETIONS) == ""
    assert await nodebb.until("remote-like-0") == ""  # with the liked post embedded
    assert (await nodebb.post(TOPIC)).likes_count == 1
    assert await nodebb.until("remote-undo-like-0") == ""
    assert (await nodebb.post(TOPIC)).likes_count == 0
    assert await nodebb.until("remote-reply-0") == ""
    assert await nodebb.until("remote-reply-mastodon-style-0") == ""
    assert await nodebb.until("remote-update-0") == ""
    assert await nodebb.until("remote-delete-0") == ""
    assert await nodebb.until("remote-mention-topic-1") == ""
    found = await rows("SELECT deleted_at IS NULL, group_id IS NULL FROM post WHERE uri LIKE 'https://probe%'")
    assert sorted((bool(alive), bool(outside)) for alive, outside in found) == [(False, False), *[(True, False)] * 3]


async def test_a_group_without_followers_and_featured_is_read(nodebb: Story) -> None:
    found = await rows("SELECT name, followers, featured, moderators FROM actor WHERE uri = ?", (CATEGORY,))

    assert found == [("Lab Club", "", "", f"{CATEGORY}/moderators")]


DELETIONS = ("reply-delete-local-0", "mod-delete-reply-0", "mod-delete-topic-0", "mod-delete-topic-1")
