"""One answer of each kind that the client API gives, asked of a server on which something has happened."""

from typing import Any

import httpx
import msgspec

from storage.actors import Actor
from tests import build
from tests.pictures import picture
from tests.web.mastodon import keys
from tests.web.mastodon.member import Member


class Answer(msgspec.Struct):
    """An answer, with what must be in it; `name` is its path in the published description of the API."""

    name: str
    value: Any
    table: Any
    status: str = "200"
    method: str = "get"


async def everything(client: httpx.AsyncClient, alice: Member, bob: Member, group: Actor) -> list[Answer]:
    """Answers about a small conversation in a group."""
    for member in (alice, bob):
        await member.do(f"accounts/{group.id}/follow")
    far = await build.person("carol", "far.test")
    await build.post(far, "Hello from afar", tags=["tomatoes"], mentions=[alice.actor], language="en")
    followed = await bob.do(f"accounts/{alice.id}/follow")
    top = await alice.post("@gardening Which soil? #tomatoes @bob", language="en", spoiler_text="Soil")
    answer = await bob.post("Wet", in_reply_to_id=top["id"])
    asked = await alice.post("Which?", poll={"options": ["one", "two"], "expires_in": 3600})
    favoured = await bob.do(f"statuses/{top['id']}/favourite")
    boost = await bob.do(f"statuses/{top['id']}/reblog")
    await bob.do(f"statuses/{top['id']}/bookmark")
    edited = await alice.do(f"statuses/{top['id']}", "PUT", status="@gardening Which soil, please? #tomatoes")
    files = {"file": ("x.png", picture("PNG"), "image/png")}
    sent = [(await alice.ask("POST", path, files=files)).json() for path in ("/api/v1/media", "/api/v2/media")]
    described = await alice.do(f"media/{sent[0]['id']}", "PUT", description="A corner")
    pictured = await alice.post("", media_ids=[sent[1]["id"]])
    doomed = await alice.post("Soon gone")
    poll = {"options": ["one", "two"], "expires_in": 3600, "hide_totals": True}
    waiting = await alice.post("Soon", scheduled_at="2999-01-01T10:00:00Z", poll=poll)
    deleted = await alice.do(f"statuses/{doomed['id']}", "DELETE")
    await alice.do("markers", home={"last_read_id": top["id"]})
    pinned = await alice.do(f"statuses/{top['id']}/pin")
    direct = await alice.post("@bob psst", visibility="direct")
    await alice.do("/api/v2/notifications/policy", "PATCH", for_not_followers="filter")
    await bob.post("@alice look")
    group_key = (await alice.get("/api/v2/notifications"))["notification_groups"][0]["group_key"]

    async def get(name: str, table: Any, by: Member = bob, **parameters: Any) -> Answer:
        at = parameters.pop("at", top["id"])
        path = name.replace("{id}", at).replace("{group_key}", at)
        for part in ("{hashtag}", "{name}"):
            path = path.replace(part, "tomatoes")
        return Answer(name, await by.get(path, **parameters), table)

    account, status, one_list = "/api/v1/accounts/{id}", "/api/v1/statuses/{id}", "/api/v1/lists/{id}"
    return [
        Answer("/api/v1/statuses", asked, keys.OWN_STATUS | {"poll": keys.POLL}, method="post"),
        Answer("/api/v1/statuses", answer, keys.OWN_STATUS, method="post"),
        Answer("/api/v1/statuses", pictured, keys.OWN_STATUS | {"media_attachments": [keys.ATTACHMENT]}, method="post"),
        Answer("/api/v1/media", sent[0], keys.ATTACHMENT, method="post"),
        Answer("/api/v2/media", sent[1], keys.ATTACHMENT, method="post"),
        Answer("/api/v1/media/{id}", described, keys.ATTACHMENT, method="put"),
        Answer(f"{status}/favourite", favoured, keys.STATUS, method="post"),
        Answer(f"{status}/reblog", boost, keys.STATUS | {"reblog": keys.STATUS}, method="post"),
        Answer(status, edited, keys.OWN_STATUS, method="put"),
        Answer(status, deleted, keys.DELETED_STATUS, method="delete"),
        Answer(f"{account}/follow", followed, keys.RELATIONSHIP, method="post"),
        await get(status, keys.STATUS),
        await get(f"{status}/context", keys.CONTEXT, at=answer["id"]),
        await get(f"{status}/history", [keys.EDIT]),
        await get(f"{status}/source", keys.SOURCE_OF_STATUS, alice),
        await get(f"{status}/favourited_by", [keys.ACCOUNT]),
        await get(f"{status}/reblogged_by", [keys.ACCOUNT]),
        await get("/api/v1/statuses", [keys.STATUS], **{"id[]": top["id"]}),
        await get("/api/v1/polls/{id}", keys.POLL, at=asked["id"]),
        await get("/api/v1/accounts/verify_credentials", keys.OWN_ACCOUNT),
        await get(account, keys.LOCAL_ACCOUNT, at=alice.id),
        await get(account, keys.LOCAL_ACCOUNT, at=str(group.id)),
        await get(account, keys.ACCOUNT, at=str(far.id)),
        await get("/api/v1/accounts", [keys.LOCAL_ACCOUNT], **{"id[]": alice.id}),
        await get("/api/v1/accounts/lookup", keys.LOCAL_ACCOUNT, acct="alice"),
        await get("/api/v1/accounts/search", [keys.LOCAL_ACCOUNT], q="alice"),
        await get("/api/v1/accounts/relationships", [keys.RELATIONSHIP], **{"id[]": [alice.id, str(group.id)]}),
        await get(f"{account}/statuses", [keys.STATUS], at=str(group.id)),
        await get(f"{account}/statuses", [keys.STATUS], at=alice.id),
        await get(f"{account}/followers", [keys.ACCOUNT], at=str(group.id)),
        await get(f"{account}/following", [keys.ACCOUNT], at=bob.id),
        await get(f"{account}/lists", [keys.LIST], at=str(group.id)),
        await get("/api/v1/timelines/home", [keys.STATUS]),
        await get("/api/v1/timelines/public", [keys.STATUS]),
        await get("/api/v1/timelines/tag/{hashtag}", [keys.STATUS]),
        await get("/api/v1/timelines/list/{id}", [keys.STATUS], at=str(group.id)),
        await get("/api/v1/favourites", [keys.STATUS]),
        await get("/api/v1/bookmarks", [keys.STATUS]),
        await get("/api/v1/lists", [keys.LIST]),
        await get(one_list, keys.LIST, at=str(group.id)),
        await get(f"{one_list}/accounts", [keys.ACCOUNT], at=str(group.id)),
        Answer(f"{status}/pin", pinned, keys.OWN_STATUS, method="post"),
        await get("/api/v1/notifications", [keys.NOTIFICATION], alice),
        await get("/api/v2/notifications", keys.GROUPED_NOTIFICATIONS, alice),
        await get("/api/v2/notifications/{group_key}", keys.GROUPED_NOTIFICATIONS, alice, at=group_key),
        await get("/api/v2/notifications/{group_key}/accounts", [keys.ACCOUNT], alice, at=group_key),
        await get("/api/v2/notifications/unread_count", {"count": int}, alice),
        await get("/api/v2/notifications/policy", keys.NOTIFICATION_POLICY, alice),
        await get("/api/v1/notifications/requests", [keys.NOTIFICATION_REQUEST], alice),
        await get("/api/v1/notifications/requests/{id}", keys.NOTIFICATION_REQUEST, alice, at=bob.id),
        await get("/api/v1/notifications/requests/merged", {"merged": bool}, alice),
        await get("/api/v1/conversations", [keys.CONVERSATION]),
        Answer(
            "/api/v1/conversations/{id}/read",
            await bob.do(f"conversations/{direct['id']}/read"),
            keys.CONVERSATION,
            method="post",
        ),
        await get("/api/v1/markers", {"home": keys.MARKER}, alice, **{"timeline[]": "home"}),
        await get("/api/v2/search", keys.SEARCH, q="tomatoes"),
        await get("/api/v2/search", keys.SEARCH, q="alice"),
        await get("/api/v1/tags/{name}", keys.TAG),
        await get("/api/v1/preferences", keys.PREFERENCES),
        await get("/api/v1/profile", keys.PROFILE),
        await get("/api/v1/scheduled_statuses", [keys.SCHEDULED_STATUS], alice),
        await get("/api/v1/scheduled_statuses/{id}", keys.SCHEDULED_STATUS, alice, at=waiting["id"]),
        await get("/api/v1/instance", keys.OLD_INSTANCE),
        await get("/api/v2/instance", keys.INSTANCE),
        await get("/api/v1/instance/rules", [keys.RULE]),
    ]
