"""A server that behaves as NodeBB 4.15 does with a category: says everything twice, and never answers when it stumbles.

Each topic goes out as the article itself and as the activity; who takes a topic out is not told, and a topic that is
taken out is un-boosted and deleted. What a handler stumbles over is rejected from the server's own actor, and the
request is left hanging.
"""

import asyncio
from typing import Any
from urllib.parse import quote

from tests.peers.server import PUBLIC, Dropped, Json, Refused, Server, host_of, ids

HANGS = 20.0  # seconds, as long as anybody has waited


class NodeBB:
    """The program with one category and one user of its own, who moderates it."""

    software = ("nodebb", "4.15.1")
    inboxes = ("/inbox",)
    hasty = False

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        server.program = self
        server.key_form = "{}#key"
        self.category, self.user = f"{server.base}/category/5", f"{server.base}/uid/1"
        self.followers: dict[str, str] = {}  # who → inbox
        self.posts: dict[str, Json] = {}
        self.likes: dict[str, set[str]] = {}  # post → who
        self.joined: set[str] = set()  # groups elsewhere that its user follows
        self.stumbles_over: set[str] = set()  # types of activities
        server.documents["/actor"] = self._actor(f"{server.base}/actor", "Application", server.name)
        server.documents["/uid/1"] = self._actor(self.user, "Person", "admin")
        server.documents["/category/5"] = self._actor(self.category, "Group", name) | {
            "attributedTo": f"{self.category}/moderators", "postingRestrictedToMods": False,
        }  # fmt: skip
        server.documents["/category/5/moderators"] = {
            "id": f"{self.category}/moderators",
            "type": "OrderedCollection",
            "totalItems": 1,
            "orderedItems": [server.documents["/uid/1"]],  # embedded, not named
        }
        server.handles[server.name] = (f"{server.base}/actor", "Application")
        server.handles["admin"] = (self.user, "Person")
        server.handles[name] = (self.category, "Group")

    def check_actor(self, document: Json) -> None:
        """What NodeBB needs of an actor."""
        key = document.get("publicKey", {})
        if not document.get("inbox") or not key.get("id") or not key.get("publicKeyPem"):
            raise Dropped("no inbox or key")
        if document["preferredUsername"] != document["preferredUsername"].lower() and document["type"] == "Group":
            raise Dropped("the name of the group is not in small letters")

    async def receive(self, activity: Json) -> None:
        """Give an activity its effect; the object of a Create is asked for at its origin."""
        kind = activity["type"]
        if kind in self.stumbles_over:
            await self._stumble(activity)
        elif kind == "Follow":
            asker = await self.server.actor(activity["actor"])
            self.followers[activity["actor"]] = asker["endpoints"]["sharedInbox"]
            (category,) = ids(activity["object"])
            told = self._activity("Accept", category, _bare(activity), to=[activity["actor"]])
            await self.server.deliver(category, asker["inbox"], told)
        elif kind == "Create":
            if await self._create(activity) and self._of_the_category(activity["object"]):
                await self._tell(self._announced(_bare(activity)))
        elif kind == "Accept":
            self.joined.add(activity["actor"])
        elif kind == "Announce" and isinstance(activity["object"], dict):
            await self._passed_on(activity)
        elif kind == "Announce" and activity["actor"] in self.joined:
            await self._shown(activity["object"])
        elif kind in ("Like", "Undo", "Update", "Delete"):
            await self._change(activity)
        elif kind != "Dislike":
            raise Dropped(f"{kind} is not understood")

    async def _create(self, activity: Json) -> bool:
        (uri,) = ids(activity["object"])
        found = await self.server.fetch(uri)
        if isinstance(found.get("attributedTo"), list):
            raise Dropped("several authors are not understood")
        if uri in self.posts:
            return False
        self.posts[uri] = found
        return True

    async def _shown(self, uri: str) -> None:
        """A group elsewhere boosts a topic, which stands under the group that the topic itself names."""
        if uri not in self.posts:
            self.posts[uri] = await self.server.fetch(uri)

    def _of_the_category(self, thing: Any) -> bool:
        named = [*ids(thing.get("to")), *ids(thing.get("cc")), *ids(thing.get("audience"))]
        return self.category in named or self.posts.get(thing.get("inReplyTo"), {}).get("audience") == self.category

    async def _passed_on(self, announce: Json) -> None:
        """What a group elsewhere announces; of what it may be only these have an effect."""
        inner = announce["object"]
        if inner["type"] == "Create":
            if host_of(inner["object"]["id"]) == self.server.host:
                raise Refused(424, "it is one of ours")
            await self._create(inner)
        elif inner["type"] in ("Like", "Update", "Delete"):
            await self._change(inner)
        else:
            raise Dropped(f"an announced {inner['type']} is not handled")

    async def _change(self, activity: Json) -> None:
        inner = activity["object"]
        if activity["type"] == "Undo" and (not isinstance(inner, dict) or inner["type"] != "Like"):
            return
        (uri,) = ids(inner["object"] if activity["type"] == "Undo" else inner)
        if uri not in self.posts:
            raise Dropped("the post is not known")
        if activity["type"] == "Like":
            self.likes.setdefault(uri, set()).add(activity["actor"])
        elif activity["type"] == "Undo":
            self.likes.get(uri, set()).discard(activity["actor"])
        elif host_of(uri) != host_of(activity["actor"]):
            raise Dropped("the post is of another host")
        elif activity["type"] == "Delete":
            del self.posts[uri]
        else:
            self.posts[uri] = await self.server.fetch(uri)

    async def topic(self, title: str, text: str) -> str:
        """Begin a topic, told as the article itself and as the activity; gives its id."""
        uri = f"{self.server.base}/post/{self.server.number()}"
        article = {
            "id": uri, "type": "Article", "name": title, "content": f"<p>{text}</p>", "attributedTo": self.user,
            "summary": f"<p>{text}</p>", "source": {"content": text, "mediaType": "text/markdown"},
            "to": [PUBLIC], "cc": [self.category, f"{self.category}/followers"], "audience": self.category,
            "context": f"{self.server.base}/topic/{self.server.number()}", "published": "2026-11-21T19:57:03.104Z",
            "preview": {"type": "Note", "attributedTo": self.user, "content": f"<p>{text}</p>"}, "tag": [],
        }  # fmt: skip
        self.server.documents[uri.removeprefix(self.server.base)] = article
        self.posts[uri] = article
        create = self._activity("Create", self.user, article, uri=f"{uri}#activity/create/1", to=[PUBLIC])
        await self._tell(self._announced(article, uri=f"{uri}#activity/announce/cid/5"))
        await self._tell(self._announced(create))
        return uri

    async def crosspost(self, uri: str) -> None:
        """Show a topic of a group elsewhere in the category too."""
        await self._tell(self._announced(uri, uri=f"{self.server.base}/post/{quote(uri)}#activity/announce/cid/5"))

    def second(self, name: str) -> str:
        """Another category, of that name; gives its id."""
        uri = f"{self.server.base}/category/6"
        self.server.documents["/category/6"] = self._actor(uri, "Group", name)
        self.server.handles[name] = (uri, "Group")
        return uri

    async def move(self, uri: str, old: str, new: str) -> None:
        """The user moves a topic into another category: that is said, the new one boosts it, the old one no more
        (src/api/topics.js, src/activitypub/out.js)."""
        topic, followers = self.posts[uri]["context"], [f"{category}/followers" for category in (new, old)]
        self.posts[uri] |= {"audience": new, "cc": [new, followers[0]]}
        move = self._activity("Move", self.user, topic, to=[PUBLIC], cc=followers, origin=old, target=new)
        await self._tell(move | {"id": f"{topic}#activity/move/{self.server.number()}"})
        await self._tell(self._boosted(uri, new))
        undo = self._activity("Undo", old, self._boosted(uri, old), to=[PUBLIC], cc=[followers[1], 2])
        await self._tell(undo | {"object": undo["object"] | {"object": 4}})

    async def take_away(self, uri: str, old: str) -> None:
        """The user moves a topic to a category of another server, or to none."""
        topic = self.posts[uri]["context"]
        gone = self._activity("Remove", self.user, topic, to=[PUBLIC], cc=[f"{old}/followers"], target=old)
        await self._tell(gone | {"id": f"{topic}#activity/remove/{self.server.number()}"})
        await self._tell(self._activity("Undo", old, self._boosted(uri, old), to=[PUBLIC], cc=[f"{old}/followers"]))

    def _boosted(self, uri: str, category: str) -> Json:
        number = category.rsplit("/", 1)[-1]
        announce = self._announced(uri, uri=f"{uri}#activity/announce/cid/{number}")
        return announce | {"actor": category, "to": [f"{category}/followers"]}

    async def reply(self, uri: str, text: str) -> str:
        """Answer a post; told as the activity only."""
        mine = f"{self.server.base}/post/{self.server.number()}"
        note = {
            "id": mine, "type": "Note", "content": f"<p>{text}</p>", "attributedTo": self.user, "inReplyTo": uri,
            "to": [PUBLIC], "cc": [self.category], "audience": self.category, "published": "2026-11-21T19:58:39Z",
        }  # fmt: skip
        self.server.documents[mine.removeprefix(self.server.base)] = note
        self.posts[mine] = note
        await self._tell(self._announced(self._activity("Create", self.user, note, to=[PUBLIC])))
        return mine

    async def like(self, uri: str) -> None:
        """Vote for a post; the post stands in the vote whole, and integers in `cc`."""
        like = self._activity("Like", self.user, self.posts[uri], to=[PUBLIC], cc=[2])
        await self._tell(self._announced(like))

    async def edit(self, uri: str, text: str) -> None:
        """Let a post in the category say something else."""
        self.posts[uri] |= {"content": f"<p>{text}</p>", "updated": "2026-11-21T20:10:00Z"}
        await self._tell(self._announced(self._activity("Update", self.user, self.posts[uri], to=[PUBLIC])))

    async def join(self, handle: str) -> str:
        """The user follows a group elsewhere; gives its id."""
        group = await self.server.actor(await self.server.finger(handle))
        await self.server.deliver(self.user, group["inbox"], self._activity("Follow", self.user, group["id"]))
        return str(group["id"])

    async def write(self, group: str, text: str, *, title: str = "", answering: str = "") -> str:
        """The user begins a topic in a group elsewhere, or answers in one; gives the id of that."""
        uri = f"{self.server.base}/post/{self.server.number()}"
        more = {"type": "Note", "inReplyTo": answering} if answering else {"type": "Article", "name": title}
        tag = {"type": "Mention", "href": group, "name": f"@{group.rsplit('/', 1)[-1]}"}
        thing = more | {
            "id": uri, "content": f"<p>{text}</p>", "attributedTo": self.user, "to": [PUBLIC, group], "audience": group,
            "cc": [f"{self.user}/followers"], "published": "2026-11-21T19:57:03.104Z", "tag": [tag],
        }  # fmt: skip
        self.server.documents[uri.removeprefix(self.server.base)] = self.posts[uri] = thing
        await self._send(group, self._activity("Create", self.user, thing, to=[PUBLIC, group]))
        return uri

    async def vote(self, uri: str, kind: str = "Like") -> Json:
        """The user votes for a post elsewhere; only who wrote it is told. Gives the activity."""
        like = self._activity(kind, self.user, uri, to=[PUBLIC])
        await self._send(self.posts[uri]["attributedTo"], like)
        return like

    async def unvote(self, uri: str, vote: Json) -> None:
        """The user takes a vote for a post elsewhere back."""
        await self._send(self.posts[uri]["attributedTo"], self._activity("Undo", self.user, vote, to=[PUBLIC]))

    async def change(self, group: str, uri: str, text: str) -> None:
        """The user lets a post in a group elsewhere say something else."""
        self.posts[uri] |= {"content": f"<p>{text}</p>", "updated": "2026-11-21T20:10:00Z"}
        await self._send(group, self._activity("Update", self.user, self.posts[uri], to=[PUBLIC, group]))

    async def erase(self, group: str, uri: str) -> None:
        """The user deletes a post in a group elsewhere; it is addressed to nobody."""
        tombstone = {"id": uri, "type": "Tombstone", "formerType": self.posts.pop(uri)["type"]}
        self.server.documents[uri.removeprefix(self.server.base)] = tombstone
        await self._send(group, self._activity("Delete", self.user, uri, to=[], cc=[]))

    async def _send(self, whom: str, activity: Json) -> None:
        actor = await self.server.actor(whom)
        await self.server.deliver(self.user, actor["endpoints"]["sharedInbox"], activity)

    async def take_out(self, uri: str) -> None:
        """A moderator deletes a topic: its boost is undone, and a deletion by its *author* announced."""
        self.server.documents[uri.removeprefix(self.server.base)] = {
            "id": uri, "type": "Tombstone", "formerType": "Article",
        }  # fmt: skip
        boost = self._announced(uri, uri=f"{uri}#activity/announce/cid/5")
        await self._tell(
            self._activity("Undo", self.category, boost, to=[PUBLIC], cc=[f"{self.category}/followers", 2])
        )
        await self._tell(self._announced(self._activity("Delete", self.user, uri, to=[PUBLIC], cc=[2])))

    async def _stumble(self, activity: Json) -> None:
        sender = f"{self.server.base}/actor"
        inbox = (await self.server.actor(activity["actor"]))["inbox"]
        reject = self._activity("Reject", sender, _bare(activity), to=[activity["actor"]])
        await self.server.deliver(sender, inbox, reject)
        await asyncio.sleep(HANGS)

    async def _tell(self, activity: Json) -> None:
        for inbox in dict.fromkeys(self.followers.values()):
            await self.server.deliver(activity["actor"], inbox, activity)

    def _announced(self, thing: Any, *, uri: str = "") -> Json:
        to, cc = [f"{self.category}/followers"], [PUBLIC]
        return self._activity("Announce", self.category, thing, uri=uri, to=to, cc=cc)

    def _activity(self, kind: str, actor: str, object_: Any, *, uri: str = "", **more: Any) -> Json:
        uri = uri or f"{actor}#activity/{kind.lower()}/{self.server.number()}"
        return {"id": uri, "type": kind, "actor": actor, "object": object_, **more}

    def _actor(self, uri: str, kind: str, name: str) -> Json:
        return {
            "id": uri, "type": kind, "preferredUsername": name, "name": name.capitalize(), "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox", "endpoints": {"sharedInbox": f"{self.server.base}/inbox"},
            "publicKey": self.server.public_key(uri),
        }  # fmt: skip


def _bare(activity: Json) -> Json:
    return {name: value for name, value in activity.items() if name != "@context"}
