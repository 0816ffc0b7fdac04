"""A server on which everything has happened that the client API tells of, and what stands there in addresses."""

import httpx
import msgspec

from fedcomm import actors, bulletins, emojis, settings
from fedcomm.app import App
from storage import peers
from storage.actors import Actor
from storage.ids import next_id
from tests import build
from tests.pictures import picture
from tests.web.mastodon import answers
from tests.web.mastodon.member import Member
from tests.web.mastodon.test_custom_emojis import PNG


class Busy(msgspec.Struct):
    """alice's server: the ids that fit behind each word of an address."""

    words: dict[str, list[str]]

    def addresses(self, pattern: str) -> list[str]:
        """The addresses of this form, one for each id that fits behind the word before its first braces.

        Raises:
            KeyError: nothing is known that fits; `words` has to say.
        """
        head, brace, rest = pattern.partition("{")
        if not brace:
            return [pattern]
        known = self.words[head.rstrip("/").rpartition("/")[2]]
        return [address for word in known for address in self.addresses(f"{head}{word}{rest.partition('}')[2]}")]


async def busy(app: App, client: httpx.AsyncClient, alice: Member, bob: Member, group: Actor) -> Busy:
    """It, with much that alice has done and that others have done to her."""
    await answers.everything(client, alice, bob, group)
    post, loose = await _pictured(alice), await _picture(alice)
    friends = await _whom_she_knows(alice, bob)
    requesters = await _who_turns_to_her(alice, bob, post)
    hers = await bob.post("Which?", poll={"options": ["one", "two"], "expires_in": 3600})
    poll = await alice.post("Which?", poll={"options": ["one", "two"], "expires_in": 3600})
    one = await alice.do(
        "/api/v2/filters", title="Soil", context=["home", "public", "notifications"],
        keywords_attributes=[{"keyword": "tomatoes", "whole_word": False}],
    )  # fmt: skip
    old = await alice.do("filters", phrase="slug", context=["home"])
    about = await alice.do(f"/api/v2/filters/{one['id']}/statuses", status_id=post)
    await alice.do("tags/rye/follow")
    featured = await alice.do("featured_tags", name="tomatoes")
    said = await bulletins.publish(None, "We bake on Friday")
    await _what_admins_say(app)
    notices = await alice.get("notifications")
    (later,), terms = await alice.get("scheduled_statuses"), await alice.get("instance/terms_of_service")
    return Busy(
        {
            "accounts": [alice.id, bob.id, str(group.id)], "announcements": [str(said.id)], "annual_reports": ["2025"],
            "collections": [str((await actors.service(app)).id)],
            "conversations": [each["id"] for each in await alice.get("conversations")],
            "featured_tags": [featured["id"]], "items": [str(group.id)],
            "filters": [one["id"], old["id"]], "keywords": [one["keywords"][0]["id"]],
            "follow_requests": requesters, "list": [str(group.id), friends], "lists": [str(group.id), friends],
            "media": [loose], "modlog": [each["id"] for each in await alice.get("modlog")],
            "notifications": [notices[0]["id"], notices[0]["group_key"]],
            "polls": [poll["poll"]["id"], hers["poll"]["id"]], "quotes": [post], "reactions": ["🍞"],
            "requests": [bob.id],
            "scheduled_statuses": [later["id"]], "statuses": [post, poll["id"], hers["id"], about["id"]],
            "suggestions": [bob.id], "tag": ["tomatoes"], "tags": ["soil", "tomatoes"],
            "terms_of_service": [terms["effective_date"]],
        }
    )  # fmt: skip


async def _picture(alice: Member) -> str:
    sent = await alice.ask("POST", "/api/v1/media", files={"file": ("x.png", picture(), "image/png")})
    assert sent.status_code == 200, sent.text
    found: str = sent.json()["id"]
    return found


async def _pictured(alice: Member) -> str:
    """The id of a post with all that one can hold."""
    await emojis.add(None, "oven", PNG)
    found: str = (await alice.post("Ripe :oven: #tomatoes", media_ids=[await _picture(alice)]))["id"]
    return found


async def _whom_she_knows(alice: Member, bob: Member) -> str:
    """alice follows, likes, shows, lists and mutes; gives the id of her list."""
    post = (await bob.post("Tomatoes, again"))["id"]
    await alice.do(f"accounts/{bob.id}/follow")
    await alice.do(f"accounts/{bob.id}/endorse")
    for verb in ("bookmark", "favourite", "reblog"):
        await alice.do(f"statuses/{post}/{verb}")
    friends = await alice.do("lists", title="Friends")
    await alice.do(f"lists/{friends['id']}/accounts", account_ids=[bob.id])
    await alice.do(f"accounts/{(await build.person('tomatoes_fan', 'far.test')).id}/mute")
    await alice.do(f"accounts/{(await build.person('eve', 'far.test')).id}/block")
    await alice.do("domain_blocks", domain="rude.test")
    await alice.post("And #basil")
    found: str = friends["id"]
    return found


async def _who_turns_to_her(alice: Member, bob: Member, post: str) -> list[str]:
    """bob does, and two want to follow her, whose ids this gives; somebody else is there to be suggested."""
    await bob.post("@alice Psst, tomatoes", visibility="direct")
    for verb in ("favourite", "reblog"):
        await bob.do(f"statuses/{post}/{verb}")
    await bob.do(f"accounts/{(await build.person('gil', 'far.test', discoverable=1)).id}/follow")
    await build.person("hal", discoverable=1)
    found = [await build.person(name, "far.test") for name in ("fay", "gus")]
    for actor in found:
        await build.follow(actor, alice.actor, "pending")
    return [str(actor.id) for actor in found]


async def _what_admins_say(app: App) -> None:
    texts = {"rules": ["Be kind"], "privacy_policy": "We forget", "terms": "Be kind"}
    await settings.change(app, None, texts | {"blocks_shown": "everybody"})
    await peers.decide("bad.test", peers.Decision("suspend"), next_id(), build.NOW)
