"""A server that behaves as Friendica 2024.09 does with a forum: it boosts posts and answers by id, and nothing else.

Edits, votes and deletions of its people go to the forum's followers as they are. What groups elsewhere announce is
unwrapped; the object of a Create is asked for at its origin. Its answers name who is answered, and no group.
"""

from tests.peers.forum import Forum
from tests.peers.posts import Community, Post, bare
from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of

LINKED = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
PROCESSED = ("Like", "Dislike", "Update", "Delete", "Undo")


class Friendica:
    """What is Friendica's own."""

    software = ("friendica", "2024.09-rc-1571")
    hasty = False
    says_no = False
    back_to_origin = True
    tells_author = True
    reads = ("Page", "Article", "Note", "Video", "Event", "Question", "Image", "Audio")
    places = ("/profile/{}", "/profile/{}")

    def __init__(self) -> None:
        self.quotes: dict[str, str] = {}  # text of a post → what it shares (Transmitter.createNote)

    def spelled(self, uri: str) -> str:
        """As it is."""
        return uri

    def check_actor(self, document: Json) -> None:
        """What Friendica needs of a contact."""
        for name in ("id", "type", "inbox", "preferredUsername", "publicKey"):
            if not document.get(name):
                raise Dropped(f"the contact has no {name}")

    async def meet(self, server: Server, community: Json) -> None:
        """Nothing more than the profile."""

    async def inbox(self, server: Server, actor: Json) -> str:
        """The shared inbox, where there is one."""
        return str(actor.get("endpoints", {}).get("sharedInbox") or actor["inbox"])

    def place(self, number: int, post: Post) -> str:
        """`/objects/1`, whatever it is."""
        return f"/objects/00000000-1965-{number:04}"

    def document(self, server: Server, post: Post) -> Json:
        """An Article, or a Note that answers; the group is mentioned by who begins a thread."""
        if post.deleted:
            return {"id": post.uri, "type": "Tombstone"}
        told = {
            "id": post.uri, "summary": "", "inReplyTo": post.parent or None, "diaspora:guid": post.uri[-20:],
            "published": post.published, "url": post.uri.replace("/objects/", "/display/"),
            "attributedTo": post.author, "sensitive": False, "context": f"{post.parent or post.uri}#context",
            "content": post.text, "source": {"content": f"[b]{post.text}[/b]", "mediaType": "text/bbcode"},
            "attachment": [],
        } | ({"updated": post.updated} if post.updated else {})  # fmt: skip
        if post.parent:
            return told | {"type": "Note", "to": [PUBLIC], "cc": [f"{post.author}/followers"], "tag": []}
        tag = {"type": "Mention", "href": post.community, "name": f"@{post.community.rsplit('/', 1)[-1]}"}
        told |= {"to": [post.community], "cc": [PUBLIC, f"{post.community}/followers"], "tag": [tag]}
        if (shared := self.quotes.get(post.text)) is None:
            return told | {"type": "Article", "name": post.title}
        link = {"type": "Link", "mediaType": LINKED, "href": shared, "name": f"RE: {shared}"}
        content = f'{post.text}<br>RE: <a href="{shared}" target="_blank" rel="noopener noreferrer">{shared}</a>'
        more = {"type": "Note", "_misskey_content": post.text, "quoteUrl": shared, "content": content}
        return told | more | {"tag": [tag, link]}

    def spoken(self, activity: Json, post: Post) -> Json:
        """With what the thing itself is addressed to, and the program that said it."""
        answers = post.parent or activity["type"] not in ("Create", "Update", "Delete")
        said = {name: value for name, value in activity.items() if name != "audience"}
        said |= {"instrument": {"type": "Service", "name": "Friendica 'Yellow Archangel' 2024.09"}}
        said |= {"to": [PUBLIC], "cc": []} if answers else {"to": [post.community], "cc": [PUBLIC]}
        if activity["type"] == "Delete":
            said["object"] = {"id": activity["object"], "type": "Tombstone"}
        return said

    async def unwrap(self, forum: Forum, announce: Json) -> list[Json]:
        """What a group announces; a Create is only a hint at what its origin serves."""
        inner = announce["object"]
        if isinstance(inner, str):
            return [await self._asked_for(forum, inner)]
        if (await forum.actor(announce["actor"]))["type"] != "Group":
            raise Dropped("only groups announce activities")
        if inner["type"] == "Create":
            return [await self._asked_for(forum, inner["object"]["id"])]
        if inner["type"] not in PROCESSED or (inner["type"] == "Undo" and inner["object"]["type"] == "Delete"):
            raise Dropped("Unhandled announced activity")
        return [inner]

    async def tell(self, forum: Forum, community: Community, activity: Json) -> None:
        """A post or answer is boosted by the forum; anything else goes out as it is."""
        if activity["type"] == "Create":
            await self.pass_on(forum, community, activity)
            return
        for inbox in forum.inboxes_of(community):
            await forum.server.deliver(activity["actor"], inbox, bare(activity))

    async def pass_on(self, forum: Forum, community: Community, activity: Json) -> None:
        """Of what comes from elsewhere, posts and answers are boosted, and nothing else is passed on."""
        if activity["type"] == "Create":
            await forum.announce_to(community, forum.inboxes_of(community), activity["object"]["id"])

    async def also(self, forum: Forum, community: Community, activity: Json) -> None:
        """Nothing else."""

    async def _asked_for(self, forum: Forum, uri: str) -> Json:
        if host_of(uri) == forum.server.host:
            raise Dropped("it is one of ours")
        found = await forum.server.fetch(uri)
        return {"id": f"{uri}#create", "type": "Create", "actor": found["attributedTo"], "object": found}
