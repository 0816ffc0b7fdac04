"""What programs with communities have in common: they announce what is done in them, posts, comments and votes.

How their documents look, what each insists on and what it passes over is the affair of a `Dialect`.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from tests.peers.posts import PLACES, Community, Post, bare, now
from tests.peers.server import PUBLIC, Dropped, Json, Refused, Server, host_of, ids

CONTENT = ("Create", "Update", "Like", "Dislike", "Delete", "Undo", "Lock", "Add", "Remove", "Block")
VOTES = {"Like": 1, "Dislike": -1}
READ = ("Page", "Article", "Note", "Video", "Event")


class Dialect(Protocol):
    """What is a program's own.

    One may also have `reads`, the types that are posts for it, `places`, the paths of people and communities,
    `group_in`, a property by which posts name their community, `described`, an actor as it shows it, and ways of its
    own: `hear(forum, activity)`, whether it had its effect already, which is what no other program takes so,
    `tell(forum, community, activity)` for what one of its people did in a community of it, `pass_on` for what
    somebody elsewhere did there, `send(forum, community_uri, activity)` for what one of its people did in one
    elsewhere, `spoken(activity, post)`, an activity as it writes it, and `settled(document, activity)`, a community of
    it once a moderator elsewhere has changed it.
    """

    software: tuple[str, str]
    hasty: bool
    says_no: bool  # answers 400 to what it does not take, and does not just pass over it
    back_to_origin: bool  # announces an activity also to the server from which it came
    tells_author: bool  # sends a comment to the author of what it answers too

    def spelled(self, uri: str) -> str:
        """An actor's id as the program keeps it."""

    def check_actor(self, document: Json) -> None:
        """Nothing happens when the program can make an actor of it."""

    async def meet(self, server: Server, community: Json) -> None:
        """What the program reads of a community when it first hears of it."""

    async def inbox(self, server: Server, actor: Json) -> str:
        """Where the program delivers to for an actor."""

    def place(self, number: int, post: Post) -> str:
        """The path of a post or comment."""

    def document(self, server: Server, post: Post) -> Json:
        """A post or comment."""

    async def unwrap(self, forum: "Forum", announce: Json) -> list[Json]:
        """The activities that an Announce carries for the program."""

    async def also(self, forum: "Forum", community: Community, activity: Json) -> None:
        """What else is sent when an activity was announced."""


class Forum:
    """The program: communities, users, and what they know of others'."""

    inboxes = ("/inbox",)

    def __init__(self, server: Server, dialect: Dialect) -> None:
        self.server, self.dialect = server, dialect
        self.software, self.hasty = dialect.software, dialect.hasty
        server.program = self
        self.communities: dict[str, Community] = {}
        self.posts: dict[str, Post] = {}
        self.gone: set[str] = set()
        self.joined: dict[str, set[str]] = {}  # community elsewhere → who of ours
        self.asked: set[tuple[str, str]] = set()
        self.refused: list[str] = []
        self.reports: dict[tuple[str, str], str] = {}  # post and who reported → the reason, '' once it is resolved
        self.messages: list[Json] = []
        self.banned: dict[str, bool] = {}  # from their site → whether all they wrote went with them
        server.documents["/actor"] = self.actor_document(f"{server.base}/actor", "Application", server.name)
        server.handles[server.name] = (f"{server.base}/actor", "Application")

    def community(self, name: str, title: str, moderator: str) -> Community:
        """A new community; `moderator` is the id of somebody here."""
        uri = self.server.base + getattr(self.dialect, "places", PLACES)[1].format(name)
        made = self.communities[uri] = Community(uri, title, [moderator])
        told = self.actor_document(uri, "Group", name)
        told |= {f: f"{uri}/{f}" for f in ("followers", "featured")}
        told |= {"name": title, "attributedTo": f"{uri}/moderators", "postingRestrictedToMods": False}
        path = uri.removeprefix(self.server.base)
        self.server.documents[path] = told
        for part, items in (("moderators", made.moderators), ("featured", []), ("outbox", [])):
            listed = {"id": f"{uri}/{part}", "type": "OrderedCollection", "orderedItems": items}
            self.server.documents[f"{path}/{part}"] = listed
        self.server.handles[name] = (uri, "Group")
        return made

    def actor_document(self, uri: str, kind: str, username: str) -> Json:
        """One of ours, as its id serves it."""
        told = {
            "id": uri, "type": kind, "preferredUsername": username, "inbox": f"{uri}/inbox", "outbox": f"{uri}/outbox",
            "endpoints": {"sharedInbox": f"{self.server.base}/inbox"}, "publicKey": self.server.public_key(uri),
            "published": now(),
        }  # fmt: skip
        return dict(getattr(self.dialect, "described", dict)(told))

    def check_actor(self, document: Json) -> None:
        """What the program needs of an actor."""
        self.dialect.check_actor(document)

    async def actor(self, uri: str) -> Json:
        """An actor, ours or elsewhere."""
        if host_of(uri) == self.server.host:
            found = self.server.documents.get(uri.removeprefix(self.server.base))
            if not isinstance(found, dict):
                raise Dropped(f"there is no {uri} here")
            return found
        return await self.server.actor(self.dialect.spelled(uri))

    async def receive(self, activity: Json) -> None:
        """Give an activity its effect."""
        try:
            await self._receive(activity)
        except Dropped as why:
            if self.dialect.says_no:
                raise Refused(400, str(why)) from None
            raise

    async def _receive(self, activity: Json) -> None:
        kind, hear = activity.get("type"), getattr(self.dialect, "hear", None)
        if hear is not None and await hear(self, activity):
            return
        if kind == "Announce":
            for inner in await self.dialect.unwrap(self, activity):
                await self.apply(inner)
        elif kind == "Follow":
            await self._follow(activity)
        elif kind in ("Accept", "Reject"):
            self._answered(activity)
        elif kind == "Undo" and isinstance(activity["object"], dict) and activity["object"].get("type") == "Follow":
            community = self.communities[ids(activity["object"]["object"])[0]]
            community.followers.pop(activity["actor"], None)
        elif kind in CONTENT:
            community_uri = await self.community_of(activity)
            if (ours := self.communities.get(community_uri)) is not None and activity["actor"] in ours.banned:
                raise Dropped("the actor is banned from the community")
            await self.apply(activity)
            if ours is not None:
                await getattr(self.dialect, "pass_on", Forum.announce)(self, ours, activity)
        else:
            raise Dropped(f"{kind} is not understood")

    async def publish(self, activity: Json, community_uri: str) -> None:
        """What one of ours does in a community: it has its effect here, and the community is told, or tells."""
        await self.apply(activity)
        ours = self.communities.get(community_uri)
        if ours is not None:
            await getattr(self.dialect, "tell", Forum.announce)(self, ours, activity)
        else:
            await getattr(self.dialect, "send", Forum.send)(self, community_uri, activity)

    async def send(self, uri: str, activity: Json) -> None:
        """Deliver what one of ours did to somebody elsewhere, a community mostly."""
        inbox = await self.dialect.inbox(self.server, await self.actor(uri))
        await self.server.deliver(activity["actor"], inbox, activity)

    async def announce(self, community: Community, activity: Json) -> None:
        """Pass on to all followers what was done."""
        self._list(community, activity)
        origin = "" if self.dialect.back_to_origin else host_of(activity["actor"])
        await self.announce_to(community, self.inboxes_of(community, without=origin), bare(activity))
        await self.dialect.also(self, community, activity)

    def _list(self, community: Community, activity: Json) -> None:
        """What begins a thread stands first in the outbox of the community."""
        found = self.server.documents.get(f"{community.uri.removeprefix(self.server.base)}/outbox")
        if activity["type"] == "Create" and not activity["object"].get("inReplyTo") and isinstance(found, dict):
            told = {"id": self.activity_id("announce"), "type": "Announce", "actor": community.uri}
            found["orderedItems"].insert(0, told | {"object": bare(activity), "to": [PUBLIC]})

    async def announce_to(self, community: Community, inboxes: Iterable[str], inner: Any) -> None:
        """One Announce by a community, to these inboxes."""
        wrapped = {
            "id": self.activity_id("announce"),
            "type": "Announce",
            "actor": community.uri,
            "object": inner,
            "to": [PUBLIC],
            "cc": [f"{community.uri}/followers"],
        }
        for inbox in inboxes:
            await self.server.deliver(community.uri, inbox, wrapped)

    def inboxes_of(self, community: Community, *, without: str = "") -> list[str]:
        """Where followers elsewhere are told, each server once."""
        places = dict.fromkeys(community.followers.values())
        return [inbox for inbox in places if host_of(inbox) not in (self.server.host, without)]

    def activity_id(self, kind: str) -> str:
        """A new id."""
        return f"{self.server.base}/activities/{kind}/{self.server.number()}"

    async def community_of(self, activity: Json) -> str:
        """The community in which something was done: that of the post it is about, else the first that it addresses.

        Raises:
            Dropped: none.
        """
        inner = activity["object"]
        if activity["type"] == "Undo":
            return await self.community_of(inner)
        if activity["type"] in ("Create", "Update") and isinstance(inner, dict):
            if inner.get("type") == "Group":
                return str(inner["id"])
            if inner.get("inReplyTo"):
                return (await self.post(inner["inReplyTo"])).community
            return await self._addressed(inner)
        if activity.get("target"):
            return ids(activity["target"])[0].removesuffix("/moderators").removesuffix("/featured")
        return (await self.post(ids(inner)[0])).community

    async def post(self, uri: str) -> Post:
        """A post, fetched with everything that it answers when it is not known.

        Raises:
            Dropped: there is none.
        """
        if uri not in self.posts:
            found = await self.server.fetch(uri)
            await self._store(found, found.get("attributedTo", ""))
        return self.posts[uri]

    async def apply(self, activity: Json) -> None:
        """What an activity of content changes here."""
        kind, actor = activity["type"], activity["actor"]
        if host_of(activity["id"]) != host_of(actor):
            raise Dropped("the id is of another host than the actor")
        await self.actor(actor)
        if kind == "Update" and isinstance(activity["object"], dict) and activity["object"].get("type") == "Group":
            await self._moderated(activity["object"]["id"], actor)
            self._describe(activity)
        elif kind in ("Create", "Update"):
            await self._store(activity["object"], actor, changed=kind == "Update")
        elif kind in VOTES:
            (await self.post(ids(activity["object"])[0])).votes[actor] = VOTES[kind]
        elif kind == "Delete":
            await self._delete(activity, activity.get("summary"))
        elif kind == "Lock":
            await self._lock(activity, locked=True)
        elif kind == "Undo":
            await self._undo(activity)
        elif kind == "Block":
            await self._ban(activity, banned=True)
        elif kind in ("Add", "Remove"):
            await self._list_or_not(activity)
        else:
            raise Dropped(f"{kind} changes nothing here")

    def _describe(self, activity: Json) -> None:
        """A community is called something else, and so on; one of ours as far as the program takes that."""
        told = activity["object"]
        if told["id"] not in self.communities:
            self.server.actors[told["id"]] = told
        elif settled := getattr(self.dialect, "settled", None):
            path = told["id"].removeprefix(self.server.base)
            self.server.documents[path] = settled(self.server.documents[path], activity)

    async def _undo(self, activity: Json) -> None:
        inner, actor = activity["object"], activity["actor"]
        if not isinstance(inner, dict) or inner["type"] not in (*VOTES, "Delete", "Lock", "Block"):
            raise Dropped("it is not known what is undone")
        if inner["type"] in VOTES:
            if inner["actor"] != actor:
                raise Dropped("somebody else did it")
            (await self.post(ids(inner["object"])[0])).votes.pop(actor, None)
        elif inner["type"] == "Block":
            await self._ban(activity | {"object": inner["object"], "target": inner["target"]}, banned=False)
        elif inner["type"] == "Lock":
            await self._lock(activity | {"object": inner["object"]}, locked=False)
        elif inner["type"] == "Delete":
            post = await self.post(ids(inner["object"])[0])
            if inner.get("summary"):
                await self._moderated(post.community, actor)
                post.removed = ""
            elif post.author == actor:
                post.deleted = False

    async def _store(self, thing: Any, author: str, *, changed: bool = False) -> None:
        if not isinstance(thing, dict) or thing.get("type") not in getattr(self.dialect, "reads", READ):
            raise Dropped("it is no post")
        for name in ("id", "attributedTo", "to"):
            if name not in thing:
                raise Dropped(f"the post has no {name}")
        if thing["attributedTo"] != author or host_of(thing["id"]) != host_of(author):
            raise Dropped("the post is by somebody else")
        if thing["id"] in self.gone:
            raise Dropped("the post was deleted before")
        await self.actor(author)
        await self._check_readers(thing)
        known = self.posts.get(thing["id"])
        if known is not None:
            if changed and thing.get("content", "") != known.text:
                known.text, known.edits = thing.get("content", ""), known.edits + 1
                known.updated = thing.get("updated", "")
            return
        parent = await self.post(thing["inReplyTo"]) if thing.get("inReplyTo") else None
        if parent is not None and (parent.locked or parent.deleted):
            raise Dropped("the thread is closed")
        community = parent.community if parent else await self._addressed(thing)
        self.posts[thing["id"]] = Post(
            thing["id"], author, community, self._title(thing, parent), thing.get("content") or "",
            thing.get("inReplyTo") or "", locked=not thing.get("commentsEnabled", True),
            published=thing.get("published", ""),
        )  # fmt: skip

    async def _check_readers(self, thing: Json) -> None:
        """A post is for everybody, but where the program knows that its community is not."""
        private = False
        if (is_private := getattr(self.dialect, "is_private", None)) is not None:
            parent = await self.post(thing["inReplyTo"]) if thing.get("inReplyTo") else None
            private = is_private(self, parent.community if parent else await self._addressed(thing))
        if (PUBLIC in [*ids(thing["to"]), *ids(thing.get("cc"))]) == private:
            raise Dropped("the post is for everybody" if private else "the post is not for everybody")

    def _title(self, thing: Json, parent: Post | None) -> str:
        if parent is not None:
            return ""
        if not (title := thing.get("name") or thing.get("content", "").partition("\n")[0][:200]):
            raise Dropped("the post has no title")
        return str(title)

    async def _addressed(self, thing: Json) -> str:
        named = [*ids(thing["to"]), *ids(thing.get("cc")), *ids(thing.get(getattr(self.dialect, "group_in", "cc")))]
        for uri in named:
            if uri == PUBLIC or uri.endswith("/followers"):
                continue
            if (await self.actor(uri))["type"] == "Group":
                if ids(thing.get("audience", uri)) != [uri]:
                    raise Dropped("the audience is another community")
                return uri
        raise Dropped("it is for no community")

    async def _delete(self, activity: Json, reason: str | None) -> None:
        (uri,) = ids(activity["object"])
        post, actor = await self.post(uri), activity["actor"]
        if reason is not None:
            await self._moderated(post.community, actor)
            post.removed = reason
        elif host_of(uri) != host_of(actor) or post.author != actor:
            raise Dropped("the post is by somebody else")
        else:
            post.deleted, post.text = True, ""
            self.gone.add(uri)

    async def _lock(self, activity: Json, *, locked: bool) -> None:
        post = await self.post(ids(activity["object"])[0])
        await self._moderated(post.community, activity["actor"])
        post.locked = locked

    async def _ban(self, activity: Json, *, banned: bool) -> None:
        (community,) = ids(activity["target"])
        await self._moderated(community, activity["actor"])
        if (ours := self.communities.get(community)) is not None:
            (ours.banned.update if banned else ours.banned.difference_update)(ids(activity["object"]))

    async def _list_or_not(self, activity: Json) -> None:
        """Somebody moderates, a thread is on top; or not any more. What is elsewhere is asked for when it is needed."""
        (target,), (thing,) = ids(activity["target"]), ids(activity["object"])
        community, _, name = target.rpartition("/")
        await self._moderated(community, activity["actor"])
        if (ours := self.communities.get(community)) is None:
            return
        if name not in ("moderators", "featured"):
            raise Dropped("the target is no list of the community")
        items = ours.moderators if name == "moderators" else self.featured(community)
        if activity["type"] == "Remove":
            items.remove(thing)
        elif thing not in items:
            await (self.actor if name == "moderators" else self.post)(thing)
            items.append(thing)

    def featured(self, community_uri: str) -> list[str]:
        """What is on top of a community of this server."""
        listed: Any = self.server.documents[f"{community_uri.removeprefix(self.server.base)}/featured"]
        found: list[str] = listed["orderedItems"]
        return found

    async def _moderated(self, community_uri: str, actor: str) -> None:
        """Nothing happens when the actor may moderate there: somebody of its server, or one that it lists.

        Raises:
            Dropped: they may not.
        """
        if host_of(community_uri) == host_of(actor):
            return
        if (ours := self.communities.get(community_uri)) is not None and actor in ours.moderators:
            return
        where = (await self.actor(community_uri)).get("attributedTo")
        listed = await self.server.fetch(where) if isinstance(where, str) else {}
        if actor not in ids(listed.get("orderedItems")):
            raise Dropped("the actor does not moderate the community")

    async def let_in(self, community: Community, who: str) -> None:
        """Somebody who asked may join."""
        community.asks = False
        await self._follow(community.waiting.pop(who))
        community.asks = True

    async def _follow(self, activity: Json) -> None:
        community = self.communities.get(ids(activity["object"])[0])
        if community is None:
            raise Dropped("there is no such community here")
        asker = await self.actor(activity["actor"])
        if asker["type"] not in getattr(self.dialect, "followers", (asker["type"],)):
            raise Dropped("only people follow a community")
        if community.asks:
            community.waiting[activity["actor"]] = activity
            return
        community.followers[activity["actor"]] = await self.dialect.inbox(self.server, asker)
        accept = {"id": self.activity_id("accept"), "type": "Accept", "actor": community.uri, "object": bare(activity)}
        await self.server.deliver(community.uri, asker["inbox"], accept)

    def _answered(self, activity: Json) -> None:
        request = activity["object"]
        if not isinstance(request, dict) or (request.get("actor", ""), activity["actor"]) not in self.asked:
            self.refused += ids(request) if activity["type"] == "Reject" else []
            raise Dropped("nobody here asked for that")
        members = self.joined.setdefault(activity["actor"], set())
        (members.add if activity["type"] == "Accept" else members.discard)(request["actor"])
