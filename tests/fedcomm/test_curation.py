"""What moderators do with posts: every act is in the log, has its effect here and is announced."""

import asyncio
from typing import Any

import pytest

import storage.actors
import storage.groups
from activitypub import documents
from fedcomm import accounts, curation, erasing, follows, groups, members, posts, reactions, rights
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from fedcomm.posts import Draft
from storage import boosts, collections, registers, timelines, visible
from storage import posts as stored
from storage.actors import Actor
from storage.connect import rows, transaction
from storage.groups import Group
from storage.paging import Page
from storage.posts import Post

pytestmark = pytest.mark.anyio

OTHERS = (
    "author", "moderator of another group", "ex-moderator", "moderator who is banned", "suspended moderator",
)  # fmt: skip


class Place:
    """A group with a moderator and a member who wrote something."""

    def __init__(self, app: App, group: Group, face: Actor, ann: Actor, bo: Actor) -> None:
        self.app, self.group, self.face, self.ann, self.bo = app, group, face, ann, bo

    async def post(self, text: str = "Rye\nDay nine @bread@here.example", parent: Post | None = None) -> Post:
        """Something the member writes in the group."""
        draft = Draft(text=text, in_reply_to_id=parent.id if parent else None)
        return await self.now(await posts.create(self.app, self.bo, draft))

    async def now(self, post_id: int) -> Post:
        """The post as it is now."""
        found = await stored.by_id(post_id)
        assert found
        return found

    async def said(self, form: str = "wrapped") -> list[dict[str, Any]]:
        """What the group announced, as its followers' servers get it, oldest first."""
        found = await rows("SELECT body FROM outbox WHERE actor_id = ? AND form = ? ORDER BY seq", (self.face.id, form))
        return [documents.read(bytes(body)) for (body,) in found]

    async def pinned(self) -> list[int]:
        """What is pinned for everybody to see."""
        return [post.id for post in await collections.pinned(self.group.id)]

    async def home(self) -> list[int]:
        """What stands in the member's home."""
        return [entry.post_id for entry in (await timelines.home(self.ann.id, Page())).entries]


@pytest.fixture
async def place(app: App) -> Place:
    """The group `bread`: ann moderates it, bo is a member."""
    people = []
    for name in ("ann", "bo"):
        account = await accounts.create(app, name, "correct horse battery")
        people.append(await storage.actors.by_id(account.actor_id))
    ann, bo = people
    assert ann and bo
    await groups.create(app, "bread", "Bread", "", "ann")
    group, face = await groups.named("bread")
    for person in (ann, bo):
        await follows.follow(app, person, face.id)
    return Place(app, group, face, ann, bo)


async def test_a_removed_post_is_left_to_its_author_and_announced_as_a_deletion_with_its_reason(place: Place) -> None:
    post = await place.post()

    await curation.remove(place.app, place.ann, post.id, "off topic")

    assert not await visible.sees(place.ann.id, post.id) and await visible.sees(place.bo.id, post.id)
    assert await place.home() == [] and (await place.now(post.id)).boosts_count == 0
    (act,) = [a for a in await registers.log(place.group.id) if a.property == "removed"]
    assert (act.subject, act.actor_uri, act.summary) == (post.uri, place.ann.uri, "off topic")
    delete = (await place.said())[-1]["object"]
    assert (delete["type"], delete["actor"], delete["object"]) == ("Delete", place.ann.uri, post.uri)
    assert delete["summary"] == "off topic" and delete["id"] == act.uri
    first, undone = await place.said("plain")
    assert (first["type"], undone["type"], undone["object"]["id"]) == ("Announce", "Undo", first["id"])


async def test_a_restored_post_is_in_the_group_again_under_a_new_announcement(place: Place) -> None:
    post = await place.post()
    before = await boosts.of(place.face.id, post.id)
    await curation.remove(place.app, place.ann, post.id)

    await curation.restore(place.app, place.ann, post.id)

    after = await boosts.of(place.face.id, post.id)
    assert before and after and before.uri != after.uri
    assert await place.home() == [post.id] and (await place.now(post.id)).removed_at is None
    undo = (await place.said())[-1]["object"]
    assert (undo["type"], undo["object"]["type"], undo["object"]["object"]) == ("Undo", "Delete", post.uri)
    assert undo["object"]["id"] == (await registers.log(place.group.id))[1].uri
    assert [each["type"] for each in await place.said("plain")] == ["Announce", "Undo", "Announce"]


async def test_a_locked_thread_takes_answers_of_moderators_only(place: Place) -> None:
    post = await place.post()

    await curation.lock(place.app, place.ann, post.id, "enough")
    with pytest.raises(NotAllowed):
        await place.post("And yet", post)
    await posts.create(place.app, place.ann, Draft(text="Closed.", in_reply_to_id=post.id))
    await curation.unlock(place.app, place.ann, post.id)

    assert (await place.post("At last", post)).group_id == place.group.id
    said = [each["object"] for each in await place.said()]
    (lock,) = [each for each in said if each["type"] == "Lock"]
    (undo,) = [each for each in said if each["type"] == "Undo"]
    assert (lock["object"], lock["summary"], lock["cc"]) == (post.uri, "enough", [place.face.uri])
    assert (undo["object"]["type"], undo["object"]["id"]) == ("Lock", lock["id"])


async def test_a_pinned_thread_is_in_the_featured_collection(place: Place) -> None:
    post, other = await place.post(), await place.post("Wheat\nDay one @bread@here.example")

    await curation.pin(place.app, place.ann, other.id)
    await curation.pin(place.app, place.ann, post.id)
    assert await place.pinned() == [other.id, post.id]
    await curation.unpin(place.app, place.ann, other.id)

    assert await place.pinned() == [post.id]
    said = [each["object"] for each in await place.said() if each["object"]["type"] in ("Add", "Remove")]
    assert [(each["type"], each["object"], each["target"]) for each in said] == [
        ("Add", other.uri, place.face.featured),
        ("Add", post.uri, place.face.featured),
        ("Remove", other.uri, place.face.featured),
    ]


async def test_doing_again_what_is_done_says_nothing_to_anybody(place: Place) -> None:
    post = await place.post()
    acts = (
        (curation.pin, curation.unpin),
        (curation.lock, curation.unlock),
        (curation.remove, curation.restore),
    )
    for do, undo in acts:
        for act in (undo, do, do, undo, undo):
            await act(place.app, place.ann, post.id)

    assert len([a for a in await registers.log(place.group.id) if a.property != "role"]) == 6
    assert len(await place.said()) == 1 + 6


async def test_an_answer_cannot_be_pinned_and_a_removed_thread_neither(place: Place) -> None:
    post = await place.post()
    answer = await place.post("Yes", post)
    await curation.remove(place.app, place.ann, post.id)

    for each in (post, answer):
        with pytest.raises(Invalid):
            await curation.pin(place.app, place.ann, each.id)
    assert await place.pinned() == []


@pytest.mark.attack("GRP-06")
@pytest.mark.attack("GRP-08")
@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.parametrize("act", ["remove", "restore", "lock", "unlock", "pin", "unpin"])
async def test_who_does_not_moderate_the_group_changes_nothing(place: Place, who: str, act: str) -> None:
    post = await place.post()
    someone = place.bo
    if who == "moderator of another group":
        await groups.create(place.app, "wine", "Wine", "", "bo")
    elif who == "ex-moderator":
        await members.appoint(place.app, "bread", place.bo, place.ann)
        await members.dismiss(place.app, "bread", place.bo, place.ann)
    elif who == "moderator who is banned":
        await members.appoint(place.app, "bread", place.bo, place.ann)
        await members.ban(place.app, "bread", "bo", place.ann)
    elif who == "suspended moderator":
        await members.appoint(place.app, "bread", place.bo, place.ann)
        await storage.actors.change(place.bo.id, suspended_at=1)
        someone = await storage.actors.by_id(place.bo.id) or place.bo
    before, said = await registers.log(place.group.id), await place.said()

    with pytest.raises(NotAllowed):
        await getattr(curation, act)(place.app, someone, post.id)

    assert await registers.log(place.group.id) == before and await place.said() == said
    assert await place.now(post.id) == post


async def test_what_is_in_no_group_of_ours_cannot_be_moderated(place: Place) -> None:
    elsewhere = await posts.create(place.app, place.ann, Draft(text="Just me"))

    for post_id in (elsewhere, 12345):
        with pytest.raises(NotFound):
            await curation.remove(place.app, place.ann, post_id)


async def test_a_ban_with_removal_takes_out_all_posts_and_its_end_puts_them_back(place: Place) -> None:
    first, second = await place.post(), await place.post("Wheat\nDay one @bread@here.example")
    answer = await place.post("Indeed", first)
    await curation.remove(place.app, place.ann, second.id)

    await members.ban(place.app, "bread", "bo", place.ann, reason="spam", remove=True)
    out = [(await place.now(post.id)).removed_at is not None for post in (first, second, answer)]
    assert out == [True, True, True] and await place.home() == []
    await members.unban(place.app, "bread", "bo", place.ann)

    back = [(await place.now(post.id)).removed_at is None for post in (first, second, answer)]
    assert back == [True, False, True]
    assert await place.home() == [first.id]
    block, undo = [each["object"] for each in await place.said()][-2:]
    assert (block["type"], block["removeData"], block["target"]) == ("Block", True, place.face.uri)
    assert (undo["type"], undo["object"]["type"], undo["object"]["id"]) == ("Undo", "Block", block["id"])


@pytest.mark.attack("GRP-22")
async def test_the_last_steward_cannot_leave_a_group_without_one(place: Place) -> None:
    with pytest.raises(Conflict):
        await members.dismiss(place.app, "bread", place.ann, place.ann)
    await members.appoint(place.app, "bread", place.bo, place.ann)
    for step_down in (members.dismiss, members.appoint):  # or be a moderator only
        with pytest.raises(Conflict):
            await step_down(place.app, "bread", place.ann, place.ann)
    await members.appoint(place.app, "bread", place.bo, place.ann, rights.STEWARD)
    await members.dismiss(place.app, "bread", place.ann, place.ann)

    assert await members.leading(place.group) == [place.bo.uri]
    said = [each["object"] for each in await place.said() if each["object"]["type"] in ("Add", "Remove")]
    assert [(each["type"], each["object"], each["target"]) for each in said] == [
        ("Add", place.bo.uri, place.face.moderators),
        ("Add", place.bo.uri, f"{place.face.uri}/stewards"),
        ("Remove", place.ann.uri, place.face.moderators),
    ]


async def test_votes_and_deletions_at_the_same_moment_do_not_stand_in_each_others_way(place: Place) -> None:
    made = [await place.post(f"Number {n}\nDay {n} @bread@here.example") for n in range(6)]

    outcomes = await asyncio.gather(
        *(reactions.like(place.app, place.ann, post.id) for post in made[:3]),
        *(posts.delete(place.app, place.bo, post.id) for post in made[3:]),
        *(curation.remove(place.app, place.ann, post.id) for post in made[:3]),
        return_exceptions=True,
    )
    assert all(outcome is None or isinstance(outcome, NotFound) for outcome in outcomes[:3])
    liked = [outcome is None for outcome in outcomes[:3]]  # else it had been removed before

    found = [await place.now(post.id) for post in made]
    assert [post.removed_at is not None for post in found] == [True] * 3 + [False] * 3
    assert [post.deleted_at is not None for post in found] == [False] * 3 + [True] * 3
    assert [post.likes_count for post in found] == [*map(int, liked), 0, 0, 0]
    assert not [each for each in outcomes[3:] if isinstance(each, BaseException)]


@pytest.mark.attack("GRP-22")
async def test_a_steward_who_is_gone_is_followed_by_a_moderator_and_else_the_server_appoints_one(place: Place) -> None:
    await members.appoint(place.app, "bread", place.bo, place.ann)
    async with transaction():
        await erasing.close(place.app, place.ann, "")

    assert await members.roles(place.group) == {place.bo.uri: rights.STEWARD}
    with pytest.raises(Conflict):
        await members.dismiss(place.app, "bread", place.bo, place.bo)
    async with transaction():
        await erasing.close(place.app, place.bo, "")
    assert await members.leading(place.group) == []
    assert [group.id for group in await storage.groups.unattended()] == [place.group.id]
    account = await accounts.create(place.app, "cy", "correct horse battery")
    cy = await storage.actors.by_id(account.actor_id)
    assert cy
    await members.appoint(place.app, "bread", cy)
    assert await members.leading(place.group) == [cy.uri] and await storage.groups.unattended() == []
