"""A small world to look at: a group, people here and elsewhere, a thread with answers of every kind."""

from typing import NamedTuple

import storage.actors
from fedcomm import invites
from fedcomm.app import App
from storage.actors import Actor
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from tests import build


class World(NamedTuple):
    """Who and what there is."""

    alice: Actor  # a member, who has joined
    bob: Actor  # of another server
    group: Group
    face: Actor
    thread: Post
    answer: Post  # by bob, to the thread
    deeper: Post  # by alice, to the answer
    poll: Post
    first_admin: str  # address of the link
    invitation: str


async def made(app: App) -> World:
    """All of it, new; nobody is admin yet."""
    alice = await build.person("alice")
    bob = await build.person("bob", "far.example", summary="<p>From afar</p>")
    group = await build.group("rye", title="Rye bread", summary="<p>All about rye</p>")
    face = await storage.actors.by_id(group.actor_id)
    assert face
    await build.join(alice, group)
    thread = await build.post(alice, "Mine is too wet", group=group, title="Sour dough", language="en")
    answer = await build.post(bob, "Take less water", group=group, parent=thread, truth="attested")
    deeper = await build.post(alice, "How much less?", group=group, parent=answer)
    poll = await build.post(bob, "Which flour?", group=group, kind="question", summary="Flour", sensitive=1)
    await build.insert(
        "poll", post_id=poll.id, multiple=0, options='["Rye","Spelt"]', votes="[3,1]", voters_count=4, ends_at=build.NOW
    )
    await build.insert("bookmark", actor_id=alice.id, post_id=poll.id, created_at=build.NOW)
    await build.like(alice, answer)
    for kind, about in (("mention", answer), ("favourite", thread), ("follow", None), ("poll", poll)):
        await build.notice(alice, kind, bob, about)
    eve = await build.person("eve", "far.example")
    await build.block(alice, eve)
    await build.insert("list", id=7, owner_id=alice.id, title="Bakers", created_at=build.NOW)
    await build.insert(
        "block_list", id=7, source="list.csv", made_by="@ada", state="draft", added=1, raised=0, present=0, left_out=0,
        unread="", changed_at=build.NOW,
    )  # fmt: skip
    await build.insert("block_entry", list_id=7, host="evil.example", wanted='{"policy":"suspend"}', cuts=0)
    await build.insert(
        "block_subscription", id=7, url="https://lists.example/blocks.csv", priority=0, most="suspend", automatic=0,
        adopt=0, made_by="@ada", next_at=build.NOW, entries=20, shrunk=4, failures=1, error="The peer answers <late>",
    )  # fmt: skip
    await build.insert("list_entry", list_id=7, actor_id=bob.id)
    await build.insert(
        "address_block", id=7, network="192.0.2.0/24", severity="no_access", comment="x", created_at=build.NOW
    )
    await build.insert("mute", actor_id=alice.id, target_id=eve.id, created_at=build.NOW)
    await build.insert("domain_block", actor_id=alice.id, host="evil.example", id=5)
    await build.follow(await build.person("fay", "far.example"), alice, "pending")
    await build.insert(
        "report", id=7, uri="", reporter_id=alice.id, target_id=bob.id, group_id=group.id, post_ids=f"[{answer.id}]",
        comment="Too <wet>", state="open", created_at=build.NOW, for_group=1,
        rules='[{"group":true,"number":1,"text":"Be dry."}]',
    )  # fmt: skip
    await build.insert("report_note", id=next_id(), report_id=7, author=alice.uri, text="Look & see")
    link = await invites.first_admin_link(app)
    assert link
    invitation = await invites.create(app, None, group_id=group.id, max_uses=2)
    return World(
        alice, bob, group, face, thread, answer, deeper, poll,
        link.removeprefix(app.base_url), invitation.removeprefix(app.base_url),
    )  # fmt: skip


def for_anybody(world: World) -> dict[str, int]:
    """Addresses that somebody who is not signed in can open, and the status of each."""
    return {
        "/": 200,
        f"/?max_id={world.thread.id + 1}": 200,
        "/about": 200,
        "/about/federation": 200,
        "/tags/rye": 200,
        "/sign_in": 200,
        "/sign-up": 200,
        "/c/rye": 200,
        "/c/rye/join": 200,
        "/c/rye/unanswered": 200,
        "/c/rye/statistics": 200,
        "/modlog": 200,
        "/modlog?act=people&since=2026-01-01": 200,
        "/modlog?group=rye&act=nonsense": 422,
        "/modlog/1": 404,
        "/about/transparency": 200,
        "/privacy-policy": 200,
        "/terms-of-service": 404,
        "/terms-of-service/2026-01-01": 404,
        "/about/transparency/1999": 404,
        "/c/rye/modlog": 200,
        "/c/rye?sort=top-month": 200,
        "/c/rye/rules": 200,
        f"/visit?uri={world.face.uri}": 200,
        f"/visit?uri={world.alice.uri}": 200,
        f"/visit?uri={world.thread.uri}": 200,
        "/visit?uri=https://far.example/nothing": 404,
        "/@alice": 200,
        "/@bob@far.example": 200,
        "/@alice/followers": 200,
        "/@bob@far.example/following": 200,
        "/c/rye/members": 200,
        f"/@alice/{world.thread.id}": 200,
        f"/@bob@far.example/{world.answer.id}": 200,
        f"/@bob@far.example/{world.poll.id}": 200,
        world.first_admin: 200,
        world.invitation: 200,
        "/nowhere": 404,
        "/@nobody": 404,
        "/c/nothing": 404,
        "/@alice/1": 404,
        "/setup/wrong": 404,
        "/invite/wrong": 404,
        "/appeal/wrong": 404,
        "/guest/wrong": 404,
        "/c/rye/guest": 200,
    }


def for_members(world: World) -> dict[str, int]:
    """Addresses for who is signed in."""
    return {
        "/home": 200,
        "/moderation": 200,
        f"/@alice/{world.thread.id}/receipt": 200,
        f"/home?max_id={world.answer.id}": 200,
        "/notifications": 200,
        "/bookmarks": 200,
        "/favourites": 200,
        "/lists": 200,
        "/lists/7": 200,
        "/lists/7/edit": 200,
        f"/lists/{world.face.id}": 200,
        f"/lists/{world.face.id}/edit": 200,
        "/lists/8": 404,
        "/follow_requests": 200,
        "/conversations": 200,
        "/scheduled": 200,
        "/write?anew=5": 404,
        "/settings": 200,
        "/settings/blocks": 200,
        "/settings/mutes": 200,
        "/settings/filters": 200,
        "/settings/interests": 200,
        "/settings/invites": 200,
        "/settings/invites?group=rye": 200,
        "/c/rye/welcome": 403,
        "/c/rye/held": 403,
        "/c/rye/reports": 403,
        "/c/rye/appeals": 403,
        "/c/rye/reports/7": 403,
        "/c/rye/requests": 403,
        "/c/rye/invites": 403,
        "/c/rye/requests/denied": 403,
        "/c/rye/bans": 403,
        "/c/rye/log": 403,
        "/c/rye/undo": 403,
        "/settings/filters?id=5": 404,
        "/settings/domain_blocks": 200,
        "/settings/profile": 200,
        "/settings/data": 200,
        "/settings/moving": 200,
        "/find": 200,
        "/search?q=": 200,
        "/search?q=rye": 200,
        "/search?q=@alice@far.example": 200,
        f"/intents/follow?object={world.bob.uri}": 200,
        f"/intents/like?object={world.answer.uri}": 200,
        f"/intents/announce?object={world.answer.uri}": 200,
        f"/intents/object?object={world.face.uri}": 200,
        "/intents/object?object=https://new.example/5": 200,
        "/intents/explode?object=https://new.example/5": 404,
        "/write": 200,
        "/write?group=rye": 200,
        f"/write?to={world.answer.id}": 200,
        f"/write/{world.thread.id}/delete": 200,
        f"/write/{world.thread.id}/edit": 200,
        f"/write/{world.answer.id}/edit": 403,
        f"/write/{world.answer.id}/delete": 403,
    }


FOR_ADMINS = (
    "/admin", "/admin/sign_ups", "/admin/reports", "/admin/reports/7", "/admin/invites", "/admin/people",
    "/admin/people/alice", "/admin/groups", "/admin/neighbours", "/admin/site", "/admin/log", "/admin/emojis",
    "/admin/announcements", "/admin/servers", "/admin/servers/far.example",
    "/admin/block_lists", "/admin/block_lists/7", "/admin/block_lists/subscriptions", "/admin/spam",
    "/admin/mail_domains", "/admin/media", "/admin/queue", "/admin/networks", "/admin/networks/7",
)  # fmt: skip
