"""Servers that publish, and whose followers talk about it: PeerTube, WordPress and Mobilizon, with what they share.

Each has an actor of the type Group that is followed, somebody who publishes, and takes answers and likes. They cannot
be members of a group elsewhere: none of them follows one for its people.
"""

import time
import uuid
from typing import Any

import msgspec

from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids

HTML = "text/html"


class Comment(msgspec.Struct):
    """An answer to something that was published here."""

    uri: str
    author: str
    parent: str
    content: str


class Publisher:
    """What the three have in common."""

    software: tuple[str, str] = ("", "")
    inboxes = ("/inbox",)
    hasty = False
    wanted = ("id", "type", "inbox", "preferredUsername", "publicKey")  # of an actor elsewhere

    def __init__(self, server: Server, channel: str, person: str) -> None:
        self.server = server
        server.program = self
        self.channel, self.person = f"{server.base}{channel}", f"{server.base}{person}"
        self.followers: dict[str, str] = {}  # of the channel: who → inbox
        self.published: dict[str, Json] = {}
        self.comments: dict[str, Comment] = {}
        self.likes: dict[str, set[str]] = {}
        for uri, kind in ((f"{server.base}/actor", "Application"), (self.person, "Person"), (self.channel, "Group")):
            name = uri.rsplit("/", 1)[1].lstrip("@")
            name = server.name if kind == "Application" else name
            server.documents[uri.removeprefix(server.base)] = self.actor_document(uri, kind, name)
            server.handles[name] = (uri, kind)

    @property
    def handle(self) -> str:
        """By which the channel is followed."""
        return f"{self.channel.rsplit('/', 1)[1].lstrip('@')}@{self.server.host}"

    def check_actor(self, document: Json) -> None:
        """What the program needs of an actor."""
        for name in self.wanted:
            if not document.get(name):
                raise Dropped(f"the actor has no {name}")

    async def receive(self, activity: Json) -> None:
        """Give an activity its effect."""
        handler = getattr(self, f"_{activity['type'].lower()}", None)
        if handler is None:
            raise Dropped(f"{activity['type']} is not understood")
        await handler(activity)

    async def publish(self, title: str, text: str) -> str:
        """Publish something in the channel; gives its id."""
        raise NotImplementedError

    async def answer(self, uri: str, text: str) -> str:
        """Somebody here answers; gives the id of the answer."""
        mine = f"{self.person}/comments/{self.server.number()}"
        above = self.comments[uri].author if uri in self.comments else self.person
        note = {
            "id": mine, "type": "Note", "content": f"<p>{text}</p>", "attributedTo": self.person, "inReplyTo": uri,
            "url": mine, "published": now(), "to": [PUBLIC], "cc": [f"{self.person}/followers", above],
        }  # fmt: skip
        self.server.documents[mine.removeprefix(self.server.base)] = note
        self.comments[mine] = Comment(mine, self.person, uri, note["content"])
        await self.tell(self.activity("Create", self.person, note, to=note["to"], cc=note["cc"]), above)
        return mine

    async def tell(self, activity: Json, *also: str) -> None:
        """To the followers of the channel, and to these actors."""
        inboxes = list(self.followers.values())
        inboxes += [await self.inbox(uri) for uri in also if host_of(uri) != self.server.host]
        for inbox in dict.fromkeys(inboxes):
            await self.server.deliver(activity["actor"], inbox, activity)

    async def inbox(self, uri: str) -> str:
        """Where an actor elsewhere is reached."""
        found = await self.server.actor(uri)
        return str(found.get("endpoints", {}).get("sharedInbox") or found["inbox"])

    def keep(self, document: Json) -> None:
        """Serve what was published, as it is now."""
        self.published[document["id"]] = document
        self.server.documents[document["id"].removeprefix(self.server.base)] = document

    def gone(self, uri: str) -> None:
        """Serve it no more."""
        del self.published[uri]
        self.server.documents[uri.removeprefix(self.server.base)] = {"id": uri, "type": "Tombstone"}

    def activity(self, kind: str, actor: str, thing: Any, **more: Any) -> Json:
        """An activity with an id of its own."""
        return {"id": f"{actor}#{kind.lower()}/{uuid.uuid4()}", "type": kind, "actor": actor, "object": thing, **more}

    def actor_document(self, uri: str, kind: str, name: str) -> Json:
        """One of its actors."""
        return {
            "id": uri, "type": kind, "preferredUsername": name, "name": name.capitalize(), "url": uri,
            "inbox": f"{uri}/inbox", "outbox": f"{uri}/outbox", "followers": f"{uri}/followers",
            "following": f"{uri}/following", "endpoints": {"sharedInbox": f"{self.server.base}/inbox"},
            "publicKey": self.server.public_key(uri), "published": "2024-06-30T13:45:17.984Z",
        }  # fmt: skip

    async def _follow(self, activity: Json) -> None:
        if activity["object"] not in (self.channel, self.person):
            raise Dropped("nobody here is called so")
        asker = await self.server.actor(activity["actor"])
        self.followers[activity["actor"]] = await self.inbox(activity["actor"])
        bare = {name: value for name, value in activity.items() if name != "@context"}
        await self.server.deliver(
            activity["object"], asker["inbox"], self.activity("Accept", activity["object"], bare, to=[asker["id"]])
        )

    async def _create(self, activity: Json) -> None:
        note = activity["object"]
        parent = note.get("inReplyTo") if isinstance(note, dict) else None
        if note.get("type") != "Note" or parent not in self.published | self.comments:
            raise Dropped("it answers nothing here")
        if PUBLIC not in [*ids(note.get("to")), *ids(note.get("cc"))] or not note.get("published"):
            raise Dropped("it is not for everybody, or has no date")
        self.comments.setdefault(note["id"], Comment(note["id"], activity["actor"], parent, note["content"]))

    async def _update(self, activity: Json) -> None:
        known = self.comments.get(activity["object"].get("id", ""))
        if known is None or known.author != activity["actor"]:
            raise Dropped("it is not known, or somebody else's")
        known.content = activity["object"]["content"]

    async def _delete(self, activity: Json) -> None:
        known = self.comments.get(ids(activity["object"])[0])
        if known is None or known.author != activity["actor"]:
            raise Dropped("it is not known, or somebody else's")
        del self.comments[known.uri]

    async def _like(self, activity: Json) -> None:
        (uri,) = ids(activity["object"])
        if uri not in self.published | self.comments:
            raise Dropped("it is not known")
        self.likes.setdefault(uri, set()).add(activity["actor"])

    async def _undo(self, activity: Json) -> None:
        inner = activity["object"]
        if inner["type"] == "Like":
            self.likes[ids(inner["object"])[0]].discard(activity["actor"])
        elif inner["type"] == "Follow":
            self.followers.pop(activity["actor"], None)
        else:
            raise Dropped("it is not known what is undone")


class PeerTube(Publisher):
    """PeerTube 7: videos by an account in a channel, which announces them by their ids; comments; likes both ways.

    Videos are in Markdown, have two authors (account and channel) and their addresses as a list of links. What was
    edited is told to who follows the channel too.
    """

    software = ("peertube", "7.3.0")

    def __init__(self, server: Server) -> None:
        super().__init__(server, "/video-channels/garden_channel", "/accounts/greta")
        document = server.documents["/video-channels/garden_channel"]
        assert isinstance(document, dict)
        document |= {"attributedTo": [{"type": "Person", "id": self.person}], "postingRestrictedToMods": True}

    async def publish(self, title: str, text: str) -> str:
        uri = f"{self.server.base}/videos/watch/{uuid.uuid4()}"
        self.keep(self._video(uri, title, text))
        announce = self.activity("Announce", self.channel, uri, to=[PUBLIC], cc=[f"{self.person}/followers"])
        await self.tell(announce | {"id": f"{uri}/announces/7"})
        return uri

    async def edit(self, uri: str, title: str, text: str) -> None:
        """The account that published it says it otherwise."""
        self.keep(self._video(uri, title, text) | {"updated": now()})
        await self.tell(self.activity("Update", self.person, self.published[uri], to=[PUBLIC]))

    async def delete(self, uri: str) -> None:
        """The account takes it away."""
        self.gone(uri)
        await self.tell(self.activity("Delete", self.person, uri, to=[PUBLIC]) | {"id": f"{uri}/delete"})

    def _video(self, uri: str, title: str, text: str) -> Json:
        file = {"type": "Link", "mediaType": "video/mp4", "href": f"{uri}.mp4", "height": 720, "size": 9_000_000}
        return {
            "id": uri, "type": "Video", "name": title, "duration": "PT1145S", "uuid": uri.rsplit("/", 1)[1],
            "category": {"identifier": "15", "name": "Science & Technology"}, "views": 360, "sensitive": False,
            "language": {"identifier": "en", "name": "English"}, "state": 1, "commentsEnabled": True,
            "published": now(), "updated": now(), "mediaType": "text/markdown", "content": text, "tag": [],
            "icon": [{"type": "Image", "url": f"{uri}.jpg", "mediaType": "image/jpeg", "width": 850, "height": 480}],
            "url": [{"type": "Link", "mediaType": HTML, "href": uri}, file],
            "likes": f"{uri}/likes", "comments": f"{uri}/comments", "to": [PUBLIC], "cc": [f"{self.person}/followers"],
            "attributedTo": [{"type": "Person", "id": self.person}, {"type": "Group", "id": self.channel}],
        }  # fmt: skip


class WordPress(Publisher):
    """The plugin of WordPress 7: the blog is a Group that announces what its authors publish; comments; likes in.

    Actors have addresses with a query, articles a `preview` and the blog as `audience`.
    """

    software = ("wordpress", "6.8")
    wanted = ("id", "type", "inbox", "preferredUsername", "publicKey", "url")

    def __init__(self, server: Server) -> None:
        super().__init__(server, "/blog", "/author/wilma")

    async def publish(self, title: str, text: str) -> str:
        uri = f"{self.server.base}/posts/{self.server.number()}"
        self.keep(self._article(uri, title, text))
        await self._announced("Create", self.published[uri])
        return uri

    async def edit(self, uri: str, title: str, text: str) -> None:
        """The author says it otherwise."""
        self.keep(self._article(uri, title, text) | {"updated": now()})
        await self._announced("Update", self.published[uri])

    async def delete(self, uri: str) -> None:
        """The author takes it away."""
        self.gone(uri)
        await self._announced("Delete", {"id": uri, "type": "Tombstone"})

    async def _announced(self, kind: str, thing: Json) -> None:
        inner = self.activity(kind, self.person, thing, to=[PUBLIC], cc=[f"{self.person}/followers"])
        await self.tell(self.activity("Announce", self.channel, inner, to=[PUBLIC], cc=[f"{self.channel}/followers"]))

    def _article(self, uri: str, title: str, text: str) -> Json:
        return {
            "id": uri, "type": "Article", "name": title, "content": f"<p>{text}</p>", "attributedTo": self.person,
            "audience": self.channel, "summary": f"<p>{text[:20]}</p>", "preview": {"type": "Note", "content": text},
            "url": f"{self.server.base}/blog/{title.lower()}/", "published": now(), "context": f"{uri}/context",
            "contentMap": {"en": f"<p>{text}</p>"}, "nameMap": {"en": title}, "mediaType": HTML, "attachment": [],
            "tag": [{"type": "Hashtag", "href": f"{self.server.base}/tag/rye", "name": "#Rye"}],
            "to": [PUBLIC], "cc": [f"{self.person}/followers"],
            "replies": {"id": f"{uri}/replies", "type": "Collection", "first": {"type": "CollectionPage", "items": []}},
        }  # fmt: skip


class Mobilizon(Publisher):
    """Mobilizon 5: events that a person publishes in the name of a group, told by the person; comments; no likes.

    Whoever takes part says so by a `Join`, which nobody but Mobilizon has to understand.
    """

    software = ("mobilizon", "5.1.0")

    def __init__(self, server: Server) -> None:
        super().__init__(server, "/@gardeners", "/@gerd")
        document = server.documents["/@gardeners"]
        assert isinstance(document, dict)
        document |= {name: f"{self.channel}/{name}" for name in ("members", "resources", "discussions", "events")}
        document |= {"openness": "invite_only", "manuallyApprovesFollowers": False}

    async def publish(self, title: str, text: str) -> str:
        uri = f"{self.server.base}/events/{uuid.uuid4()}"
        self.keep(self._event(uri, title, text))
        await self._told("Create", self.published[uri])
        return uri

    async def edit(self, uri: str, title: str, text: str) -> None:
        """The organiser says it otherwise."""
        self.keep(self._event(uri, title, text) | {"updated": now()})
        await self._told("Update", self.published[uri])

    async def delete(self, uri: str) -> None:
        """The organiser takes it away."""
        self.gone(uri)
        await self._told("Delete", uri)

    async def join(self, uri: str) -> None:
        """Somebody takes part in an event; followers of the group are told."""
        await self.tell(self.activity("Join", self.person, uri, to=[PUBLIC], participationMessage="I come"))

    async def _told(self, kind: str, thing: Any) -> None:
        more = {"attributedTo": self.channel, "to": [PUBLIC], "cc": [f"{self.channel}/followers"]}
        await self.tell(self.activity(kind, self.person, thing, **more))

    def _event(self, uri: str, title: str, text: str) -> Json:
        address = {"type": "PostalAddress", "addressLocality": "Nantes", "addressCountry": "France"}
        return {
            "id": uri, "type": "Event", "name": title, "content": f"<p>{text}</p>", "mediaType": HTML, "url": uri,
            "actor": self.person, "attributedTo": self.channel, "category": "meeting", "joinMode": "free",
            "startTime": "2027-05-18T13:00:00Z", "endTime": "2027-05-18T14:00:00Z", "timezone": "Europe/Paris",
            "location": {"type": "Place", "name": "The castle", "address": address}, "ical:status": "CONFIRMED",
            "commentsEnabled": True, "repliesModerationOption": "allow_all", "maximumAttendeeCapacity": 0,
            "published": now(), "uuid": uri.rsplit("/", 1)[1], "tag": [], "attachment": [],
            "to": [PUBLIC], "cc": [f"{self.channel}/followers"],
        }  # fmt: skip


def now() -> str:
    """The time as they write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
