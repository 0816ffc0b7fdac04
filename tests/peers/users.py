"""People of a program with communities, and what they do."""

from typing import Any

from tests.peers.forum import Forum
from tests.peers.posts import PLACES, Post, now
from tests.peers.server import PUBLIC, Json, host_of


class User:
    """Somebody with an account there, and what they do."""

    def __init__(self, forum: Forum, name: str) -> None:
        path = getattr(forum.dialect, "places", PLACES)[0].format(name)
        self.forum, self.name, self.uri = forum, name, forum.server.base + path
        forum.server.documents[path] = forum.actor_document(self.uri, "Person", name)
        forum.server.handles[name] = (self.uri, "Person")

    async def join(self, handle: str) -> str:
        """Join a community; gives its id."""
        forum = self.forum
        community = await forum.actor(await forum.server.finger(handle))
        await forum.dialect.meet(forum.server, community)
        forum.asked.add((self.uri, community["id"]))
        follow = self._activity("Follow", community["id"], to=[community["id"]])
        await forum.server.deliver(self.uri, await forum.dialect.inbox(forum.server, community), follow)
        return str(community["id"])

    async def leave(self, community_uri: str) -> None:
        """Leave a community elsewhere."""
        forum = self.forum
        forum.joined[community_uri].discard(self.uri)
        undo = self._activity("Undo", self._activity("Follow", community_uri, to=[community_uri]))
        community = await forum.actor(community_uri)
        await forum.server.deliver(self.uri, await forum.dialect.inbox(forum.server, community), undo)

    async def post(self, community_uri: str, title: str, text: str) -> str:
        """Begin a thread; gives its id."""
        create = await self._write(Post("", self.uri, community_uri, title, f"<p>{text}</p>"))
        return str(create["object"]["id"])

    async def comment(self, parent_uri: str, text: str) -> str:
        """Answer a post or comment; gives the id of the answer."""
        forum = self.forum
        parent = await forum.post(parent_uri)
        create = await self._write(Post("", self.uri, parent.community, "", f"<p>{text}</p>", parent_uri))
        if forum.dialect.tells_author and host_of(parent.author) != forum.server.host:
            inbox = await forum.dialect.inbox(forum.server, await forum.actor(parent.author))
            if inbox not in [sent.inbox for sent in forum.server.sent if sent.activity["id"] == create["id"]]:
                await forum.send(parent.author, create)
        return str(create["object"]["id"])

    async def vote(self, uri: str, value: int) -> None:
        """Vote 1 or -1, or take the vote back with 0."""
        post = await self.forum.post(uri)
        if value:
            kind = "Like" if value > 0 else "Dislike"
            await self._publish(self._activity(kind, uri, audience=post.community), post)
            return
        kind = "Like" if post.votes[self.uri] > 0 else "Dislike"
        vote = self._activity(kind, uri, audience=post.community)
        await self._publish(self._activity("Undo", vote, audience=post.community), post)

    async def edit(self, uri: str, text: str) -> None:
        """Let a post or comment of one's own say something else."""
        post = self.forum.posts[uri]
        thing = self.forum.dialect.document(self.forum.server, post)
        await self._publish(self._shared("Update", thing | {"content": f"<p>{text}</p>", "updated": now()}, post), post)

    async def delete(self, uri: str) -> None:
        """Delete a post or comment of one's own."""
        post = self.forum.posts[uri]
        await self._publish(self._shared("Delete", uri, post), post)

    async def remove(self, uri: str, reason: str) -> None:
        """As a moderator, take a post out of its community."""
        post = self.forum.posts[uri]
        await self._publish(self._shared("Delete", uri, post, summary=reason), post)

    async def restore(self, uri: str) -> None:
        """As a moderator, put a post back."""
        post = self.forum.posts[uri]
        deletion = self._shared("Delete", uri, post, summary=post.removed)
        await self._publish(self._shared("Undo", deletion, post), post)

    async def lock(self, uri: str) -> None:
        """As a moderator, close a thread."""
        post = self.forum.posts[uri]
        await self._publish(self._shared("Lock", uri, post), post)

    async def unlock(self, uri: str) -> None:
        """As a moderator, open a thread again."""
        post = self.forum.posts[uri]
        await self._publish(self._shared("Undo", self._shared("Lock", uri, post), post), post)

    async def describe(self, community_uri: str, **changed: Any) -> None:
        """As a moderator, let a community be called something else, and so on."""
        told = {name: value for name, value in (await self.forum.actor(community_uri)).items() if name != "@context"}
        update = self._activity(
            "Update", told | {"updated": now()} | changed, to=[PUBLIC], cc=[community_uri], audience=community_uri
        )
        await self.forum.publish(update, community_uri)

    async def ban(self, community_uri: str, who: str, reason: str) -> None:
        """As a moderator, keep somebody out of a community of this server."""
        self.forum.communities[community_uri].banned.add(who)
        await self.forum.publish(self._block(community_uri, who, reason), community_uri)

    async def unban(self, community_uri: str, who: str) -> None:
        """As a moderator, let somebody in again."""
        self.forum.communities[community_uri].banned.discard(who)
        shared = {"to": [PUBLIC], "cc": [community_uri], "audience": community_uri}
        undo = self._activity("Undo", self._block(community_uri, who, ""), **shared)
        await self.forum.publish(undo, community_uri)

    def _block(self, community_uri: str, who: str, reason: str) -> Json:
        shared = {"to": [PUBLIC], "cc": [community_uri], "target": community_uri, "audience": community_uri}
        return self._activity("Block", who, **shared, summary=reason, removeData=False)

    async def _write(self, post: Post) -> Json:
        forum = self.forum
        path = forum.dialect.place(forum.server.number(), post)
        post.uri, post.published = forum.server.base + path, now()
        forum.server.documents[path] = lambda: forum.dialect.document(forum.server, forum.posts[post.uri])
        return await self._publish(self._shared("Create", forum.dialect.document(forum.server, post), post), post)

    async def _publish(self, activity: Json, post: Post) -> Json:
        spoken = getattr(self.forum.dialect, "spoken", None)
        said: Json = spoken(activity, post) if spoken else activity
        await self.forum.publish(said, post.community)
        return said

    def _shared(self, kind: str, object_: Any, post: Post, **more: Any) -> Json:
        is_private = getattr(self.forum.dialect, "is_private", None)
        private = is_private is not None and is_private(self.forum, post.community)
        to = f"{post.community}/followers" if private else PUBLIC
        return self._activity(kind, object_, to=[to], cc=[post.community], audience=post.community, **more)

    def _activity(self, kind: str, object_: Any, **more: Any) -> Json:
        return {
            "id": self.forum.activity_id(kind.lower()),
            "type": kind,
            "actor": self.uri,
            "object": object_,
            **more,
        }
