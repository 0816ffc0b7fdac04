"""A server that behaves as PieFed 1.6 does: ids in small letters, one inbox a host, and no word back when it drops.

Believes what a community announces without asking the origin; keeps the id of an activity as seen before it has looked
at the signature; passes over an announced post, which it takes for Mastodon's copy.
"""

from tests.peers.forum import CONTENT, READ, Forum
from tests.peers.posts import Community, Post
from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids

MICROBLOGS = ("mastodon", "misskey", "akkoma", "iceshrimp", "pleroma", "fedibird")


class PieFed:
    """What is PieFed's own."""

    software = ("piefed", "1.6.6")
    hasty = True
    says_no = False
    back_to_origin = False
    tells_author = False

    def __init__(self, *, asks: bool = True) -> None:
        self.asks = asks  # at `/` of a host for its inbox, as versions of 2025 and later do

    def spelled(self, uri: str) -> str:
        """In small letters."""
        return uri.lower()

    def check_actor(self, document: Json) -> None:
        """What PieFed takes from a document without asking whether it is there."""
        kind = document.get("type")
        if kind not in ("Person", "Service", "Group", "Application"):
            raise Dropped(f"{kind} is no actor")
        needed = ("name", "outbox") if kind == "Group" else ()
        for name in ("id", "preferredUsername", "publicKey", *needed):
            if name not in document:
                raise Dropped(f"KeyError: '{name}'")
        if not (document.get("inbox") or document.get("endpoints")):
            raise Dropped("KeyError: 'inbox'")

    async def meet(self, server: Server, community: Json) -> None:
        """Moderators, then the newest threads of the outbox, as far as each holds an object in an object."""
        where = community.get("attributedTo") if isinstance(community.get("attributedTo"), str) else None
        if where := where or community.get("moderators"):
            for moderator in ids((await server.fetch(where)).get("orderedItems")):
                await server.actor(moderator)
        outbox = await server.fetch(community["outbox"])
        first = outbox if "orderedItems" in outbox else await server.fetch(outbox["first"])
        for item in first["orderedItems"]:
            if item["object"]["object"]["type"] not in ("Page", "Note", "Article"):
                raise Dropped("the outbox holds something that is not read")
        for name in ("followers", "featured"):
            if name in community:
                await server.fetch(community[name])

    async def inbox(self, server: Server, actor: Json) -> str:
        """`/inbox` of the host, unless the server itself, at `/`, names another."""
        root = f"{server.base.partition(':')[0]}://{host_of(actor['id'])}/"
        told = await server.look(root) if self.asks else {}
        named = told.get("inbox") if told.get("type") == "Application" else None
        return str(named or f"{root}inbox")

    def place(self, number: int, post: Post) -> str:
        """`/c/name/p/1/title`, `/comment/2`"""
        if post.parent:
            return f"/comment/{number}"
        words = "".join(letter if letter.isalnum() else "-" for letter in post.title.lower())
        return f"/c/{post.community.rsplit('/', 1)[-1]}/p/{number}/{words}"

    def document(self, server: Server, post: Post) -> Json:
        """A Page, or a Note that answers."""
        if post.deleted:
            return {"id": post.uri, "type": "Tombstone", "formerType": "Note" if post.parent else "Page"}
        told = {
            "id": post.uri,
            "url": post.uri,
            "attributedTo": post.author,
            "content": post.text,
            "mediaType": "text/html",
            "published": post.published.replace("Z", "+00:00"),
            "audience": post.community,
            "language": {"identifier": "en", "name": "English"},
            "tag": [],
        } | ({"updated": post.updated.replace("Z", "+00:00")} if post.updated else {})
        if post.parent:
            more = {"type": "Note", "inReplyTo": post.parent, "distinguished": False, "flair": ""}
            return told | more | {"to": [PUBLIC], "cc": [post.community]}
        return told | {
            "type": "Page",
            "to": [post.community, PUBLIC],
            "cc": [],
            "name": post.title,
            "attachment": [],
            "commentsEnabled": not post.locked,
            "sensitive": False,
            "nsfl": False,
            "stickied": False,
        }

    async def unwrap(self, forum: Forum, announce: Json) -> list[Json]:
        """One activity or several; a post is passed over, an id is fetched when it is of the community's host."""
        inner = announce["object"]
        if isinstance(inner, str):
            if host_of(inner) != host_of(announce["actor"]):
                raise Dropped("the announced id is of another host than the group")
            found = await forum.server.fetch(inner)
            if found["type"] not in READ:
                return [found]
            here = announce["actor"]  # a post stands under the community that announces it, wherever it began
            page = found | {"to": [here, PUBLIC], "cc": [], "audience": here}
            return [{"type": "Create", "id": inner, "actor": found["attributedTo"], "object": page}]
        if not forum.joined.get(announce["actor"]):
            raise Dropped("nobody here has joined the community")
        several = inner if isinstance(inner, list) else [inner]
        if any("actor" not in each for each in several):
            raise Dropped("intended for Mastodon")
        if all(host_of(each["actor"]) == forum.server.host for each in several):
            raise Dropped("Activity about local content which is already present")
        return [each for each in several if each["type"] in CONTENT]

    async def pass_on(self, forum: Forum, community: Community, activity: Json) -> None:
        """Of what moderators elsewhere do only deletions; a lock, a pin and a ban have their effect there alone."""
        done = activity["object"] if activity["type"] == "Undo" else activity
        if done["type"] not in ("Lock", "Add", "Remove", "Block"):
            await forum.announce(community, activity)

    async def also(self, forum: Forum, community: Community, activity: Json) -> None:
        """The post itself, for servers that show nothing else."""
        thing = activity["object"]
        if activity["type"] != "Create" or thing.get("type") != "Page":
            return
        for inbox in forum.inboxes_of(community):
            if await forum.server.software_of(host_of(inbox)) in MICROBLOGS:
                await forum.announce_to(community, [inbox], thing)
