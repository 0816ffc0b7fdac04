"""A server that behaves as Mbin 1.10 does: unwraps every Announce, and does not announce what its own people do.

Their posts, answers, votes and edits go to the magazine's followers as they are; what comes from elsewhere is wrapped.
Votes down are counted and never sent; a deletion cannot be taken back.
"""

from tests.peers.forum import Forum
from tests.peers.posts import Community, Post
from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids

UNDERSTOOD = ("Create", "Update", "Delete", "Like", "Dislike", "Undo", "Lock", "Block", "Add", "Remove", "Flag")


class Mbin:
    """What is Mbin's own."""

    software = ("mbin", "1.10.1")
    hasty = False
    says_no = False
    back_to_origin = False
    tells_author = True
    reads = ("Page", "Article", "Note", "Video", "Question")
    places = ("/u/{}", "/m/{}")

    def spelled(self, uri: str) -> str:
        """As it is."""
        return uri

    def check_actor(self, document: Json) -> None:
        """What Mbin makes users and magazines of."""
        for name in ("id", "type", "preferredUsername", "inbox", "publicKey"):
            if not document.get(name):
                raise Dropped(f"the actor has no {name}")
        if host_of(document["publicKey"]["id"]) != host_of(document["id"]):
            raise Dropped("the key is of another host")

    async def meet(self, server: Server, community: Json) -> None:
        """The moderators; nothing that was written before."""
        where = community.get("attributedTo")
        if isinstance(where, str):
            for moderator in ids((await server.fetch(where)).get("orderedItems")):
                await server.actor(moderator)

    async def inbox(self, server: Server, actor: Json) -> str:
        """The shared inbox, where there is one."""
        return str(actor.get("endpoints", {}).get("sharedInbox") or actor["inbox"])

    def place(self, number: int, post: Post) -> str:
        """`/m/name/t/1`, `/m/name/t/1/-/comment/2`"""
        magazine = post.community.rsplit("/", 1)[-1]
        return f"/m/{magazine}/t/1/-/comment/{number}" if post.parent else f"/m/{magazine}/t/{number}"

    def document(self, server: Server, post: Post) -> Json:
        """A Page whose summary repeats its title with tags, or a Note that answers."""
        if post.deleted:
            return {"id": post.uri, "type": "Tombstone"}
        told = {
            "id": post.uri, "attributedTo": post.author, "audience": post.community, "content": post.text,
            "mediaType": "text/html", "published": post.published, "sensitive": False, "tag": [],
            "source": {"content": post.text, "mediaType": "text/markdown"},
        } | ({"updated": post.updated} if post.updated else {})  # fmt: skip
        followers = f"{post.author}/followers"
        if post.parent:
            more = {"type": "Note", "inReplyTo": post.parent, "to": [PUBLIC], "cc": [post.community, followers]}
            return told | more
        return told | {
            "type": "Page", "inReplyTo": None, "to": [post.community, PUBLIC], "cc": [followers], "name": post.title,
            "summary": f"{post.title} #{post.community.rsplit('/', 1)[-1]}", "commentsEnabled": not post.locked,
            "stickied": False,
        }  # fmt: skip

    def spoken(self, activity: Json, post: Post) -> Json:
        """Votes are addressed too; what is deleted is a tombstone."""
        said = activity | {"to": [PUBLIC], "cc": [post.community, f"{activity['actor']}/followers"]}
        if activity["type"] == "Delete":
            said["object"] = {"id": activity["object"], "type": "Tombstone"}
        return said

    async def unwrap(self, forum: Forum, announce: Json) -> list[Json]:
        """The inner activity as if it had come by itself; a boost of a post brings the post."""
        inner = announce["object"]
        if isinstance(inner, str):
            found = await forum.server.fetch(inner)
            return [{"id": f"{inner}#create", "type": "Create", "actor": found["attributedTo"], "object": found}]
        if host_of(inner.get("actor") or inner["attributedTo"]) == forum.server.host:
            raise Dropped("it announces an activity from a local user")
        if inner["type"] not in UNDERSTOOD or (inner["type"] == "Undo" and inner["object"]["type"] == "Delete"):
            raise Dropped(f"{inner['type']} is not handled")
        return [inner]

    async def tell(self, forum: Forum, community: Community, activity: Json) -> None:
        """As it is, by who did it."""
        for inbox in forum.inboxes_of(community):
            await forum.server.deliver(activity["actor"], inbox, activity)

    async def also(self, forum: Forum, community: Community, activity: Json) -> None:
        """Nothing else."""
