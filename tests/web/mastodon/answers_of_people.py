"""One answer of each kind about whom and what somebody follows, mutes, lists and shows."""

from typing import Any

import storage.actors
from tests import build
from tests.web.mastodon import keys
from tests.web.mastodon.answers import Answer
from tests.web.mastodon.member import Member


async def everything(alice: Member, bob: Member) -> list[Answer]:
    """Answers to alice and bob, who know each other; alice uses #tomatoes."""
    muted = await build.person("muted")
    friend = await build.person("friend")
    for actor in (friend, bob.actor):
        await build.follow(actor, friend if actor is not friend else alice.actor)
    await storage.actors.change(friend.id, discoverable=1)
    await storage.actors.change((await build.person("unknown")).id, discoverable=1)
    at = {"{id}": str(muted.id), "{name}": "tomatoes"}

    async def ask(about: str, table: Any, method: str = "post", by: Member = bob, **wish: Any) -> Answer:
        path = about
        for part, value in at.items():
            path = path.replace(part, value)
        value = await (by.get(path, **wish) if method == "get" else by.do(path, method, **wish))
        return Answer(about, value, table, method=method)

    account, one_list = "/api/v1/accounts/{id}", "/api/v1/lists/{id}"
    found = [
        await ask(f"{account}/mute", keys.RELATIONSHIP, duration=60),
        await ask("/api/v1/mutes", [keys.MUTED_ACCOUNT], "get"),
        await ask(f"{account}/unmute", keys.RELATIONSHIP),
        await ask(f"{account}/note", keys.RELATIONSHIP, comment="Met at the fair"),
        await ask("/api/v1/domain_blocks", {}, domain="bad.test"),
        await ask("/api/v1/domain_blocks", [str], "get"),
        await ask("/api/v1/domain_blocks", {}, "delete", domain="bad.test"),
        await ask("/api/v1/tags/{name}/follow", keys.TAG),
        await ask("/api/v1/followed_tags", [keys.TAG], "get"),
        await ask("/api/v1/tags/{name}/unfollow", keys.TAG),
        await ask("/api/v1/featured_tags/suggestions", [keys.TAG], "get", alice),
        await ask("/api/v1/featured_tags", keys.FEATURED_TAG, by=alice, name="tomatoes"),
        await ask("/api/v1/featured_tags", [keys.FEATURED_TAG], "get", alice),
        await ask("/api/v1/suggestions", [keys.ACCOUNT], "get"),
        await ask("/api/v2/suggestions", [{"sources": list, "account": keys.ACCOUNT}], "get"),
        await ask("/api/v1/directory", [keys.ACCOUNT], "get"),
    ]
    at["{id}"] = str(friend.id)
    found += [
        await ask(f"{account}/endorse", keys.RELATIONSHIP),
        await ask("/api/v1/endorsements", [keys.ACCOUNT], "get"),
        await ask("/api/v1/accounts/familiar_followers", [{"id": "number", "accounts": [keys.ACCOUNT]}], "get",
                  **{"id[]": alice.id}),
        await ask("/api/v1/lists", keys.LIST, title="Friends"),
    ]  # fmt: skip
    at["{id}"] = found[-1].value["id"]
    found += [
        await ask(one_list, keys.LIST, "put", title="Close friends"),
        await ask(f"{one_list}/accounts", {}, account_ids=[str(friend.id)]),
        await ask(f"{one_list}/accounts", [keys.ACCOUNT], "get"),
        await ask(f"{one_list}/accounts", {}, "delete", account_ids=[str(friend.id)]),
        await ask(one_list, {}, "delete"),
    ]
    at["{id}"] = alice.id
    found.append(await ask(f"{account}/featured_tags", [keys.FEATURED_TAG], "get"))
    return found
