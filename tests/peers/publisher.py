"""What PeerTube, WordPress and Mobilizon have in common: a group that publishes, comments on it, and those who follow.

How the documents look, and who tells whom of what, is the affair of a `Kind`.
"""

from typing import Any, Protocol

import msgspec

from tests.peers.posts import bare, now
from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids


class Comment(msgspec.Struct):
    """What somebody has said about something published here."""

    author: str
    text: str
    parent: str


class Kind(Protocol):
    """What is a program's own."""

    software: tuple[str, str]
    group: str  # path of the group
    person: str  # path of the one who publishes
    username: str  # of the group
    place: str  # path of what is published
    likes: bool  # counts likes

    def described(self, actor: Json) -> Json:
        """An actor as it shows it."""

    def thing(self, publisher: "Publisher", uri: str, title: str, text: str) -> Json:
        """What is published, as its id serves it."""

    def told(self, publisher: "Publisher", activity: Json) -> Json:
        """What followers of the group get when the one who publishes has done that."""


class Publisher:
    """The program with one group and one person of its own."""

    inboxes = ("/inbox",)
    hasty = False

    def __init__(self, server: Server, kind: Kind) -> None:
        self.server, self.kind, self.software = server, kind, kind.software
        server.program = self
        self.group, self.person = server.base + kind.group, server.base + kind.person
        self.followers: dict[str, str] = {}  # of the group: who → inbox
        self.comments: dict[str, Comment] = {}
        self.likes: dict[str, set[str]] = {}
        self.accepted: list[str] = []  # ids of what groups elsewhere have said yes to
        self.seen: dict[str, Json] = {}  # what groups elsewhere have boosted
        for path, uri, type_, name in (
            ("/actor", f"{server.base}/actor", "Application", "application"),
            (kind.person, self.person, "Person", "nina"),
            (kind.group, self.group, "Group", kind.username),
        ):
            server.documents[path] = kind.described(self._actor(uri, type_, name))
            server.handles[name] = (uri, type_)

    @property
    def handle(self) -> str:
        """That of the group."""
        return f"{self.kind.username}@{self.server.host}"

    def check_actor(self, document: Json) -> None:
        """What is needed of an actor."""
        for name in ("id", "type", "inbox", "preferredUsername", "publicKey"):
            if not document.get(name):
                raise Dropped(f"the actor has no {name}")

    async def receive(self, activity: Json) -> None:
        """Give an activity its effect."""
        kind, actor, inner = activity["type"], activity["actor"], activity["object"]
        if kind == "Follow" and ids(inner) == [self.group]:
            asker = await self.server.actor(actor)
            self.followers[actor] = asker.get("endpoints", {}).get("sharedInbox") or asker["inbox"]
            accept = self._activity("Accept", self.group, bare(activity))
            await self.server.deliver(self.group, asker["inbox"], accept)
        elif kind == "Accept":
            self.accepted += ids(inner)
        elif kind in ("Create", "Update") and isinstance(inner, dict):
            self._comment(inner, actor)
        elif kind == "Delete":
            self._forget(ids(inner)[0], actor)
        elif kind == "Like" and self.kind.likes:
            self._known(ids(inner)[0]).add(actor)
        elif kind == "Undo" and inner["type"] == "Follow":
            self.followers.pop(actor, None)
        elif kind == "Undo" and inner["type"] == "Like" and self.kind.likes:
            self._known(ids(inner["object"])[0]).discard(actor)
        elif kind == "Announce" and isinstance(inner, str):
            self.seen[inner] = await self.server.fetch(inner)
        else:
            raise Dropped(f"{kind} is not handled")

    async def publish(self, title: str, text: str) -> str:
        """Publish something in the group; gives its id."""
        number = self.server.number()
        path = self.kind.place.format(number)
        uri = self.server.base + path
        self.server.documents[path] = self.kind.thing(self, uri, title, text)
        self.likes[uri] = set()
        await self._tell("Create", self.server.documents[path])
        return uri

    async def edit(self, uri: str, text: str) -> None:
        """Let something published say something else."""
        thing = self._thing(uri)
        thing |= {"content": text, "updated": now()}
        await self._tell("Update", thing)

    async def delete(self, uri: str) -> None:
        """Take something published back."""
        path = uri.removeprefix(self.server.base)
        self.server.documents[path] = {"id": uri, "type": "Tombstone"}
        await self._tell("Delete", uri)

    async def comment(self, parent: str, text: str) -> str:
        """The person says something about a thing, or answers a comment; gives the id of that."""
        path = f"/comments/{self.server.number()}"
        note = {
            "id": self.server.base + path, "type": "Note", "attributedTo": self.person, "inReplyTo": parent,
            "content": f"<p>{text}</p>", "to": [PUBLIC], "cc": [f"{self.person}/followers"], "published": now(),
        }  # fmt: skip
        told = list(self.followers.values())
        if parent in self.comments:
            note["tag"] = [{"type": "Mention", "href": self.comments[parent].author, "name": "@somebody"}]
            told.append((await self.server.actor(self.comments[parent].author))["inbox"])
        self.server.documents[path] = note
        await self._send(self._activity("Create", self.person, note, to=[PUBLIC]), told)
        return str(note["id"])

    async def like(self, uri: str) -> None:
        """The person likes something; who follows the group is told."""
        await self._send(self._activity("Like", self.person, uri, to=[PUBLIC]), list(self.followers.values()))

    async def take_part(self, uri: str) -> None:
        """The person says that they come to an event; who follows the group is told."""
        await self._send(self._activity("Join", self.person, uri, to=[PUBLIC]), list(self.followers.values()))

    async def ask(self, kind: str, handle: str) -> tuple[str, str]:
        """Ask a group elsewhere for something (`Follow`, `Join`, `Leave`); gives the id of that and of the group."""
        target = await self.server.actor(await self.server.finger(handle))
        activity = self._activity(kind, self.person, target["id"], to=[target["id"]])
        name = str(activity["id"])
        if kind == "Leave":  # which Mobilizon gives none
            del activity["id"]
        await self.server.deliver(self.person, target["inbox"], activity)
        return name, str(target["id"])

    async def claim(self, kind: str, thing: Any, whose: str) -> None:
        """The person says of somebody's affair what is not theirs to say, such as that they are let in."""
        inbox = (await self.server.actor(whose))["inbox"]
        await self.server.deliver(self.person, inbox, self._activity(kind, self.person, thing, to=[whose]))

    def _comment(self, note: Json, actor: str) -> None:
        if note.get("type") != "Note" or note.get("attributedTo") != actor or host_of(note["id"]) != host_of(actor):
            raise Dropped("it is no comment of who says it")
        if PUBLIC not in [*ids(note.get("to")), *ids(note.get("cc"))] or not note.get("published"):
            raise Dropped("it is not for everybody, or has no date")
        parent = note.get("inReplyTo") or ""
        if parent not in self.likes and parent not in self.comments and not parent.startswith(self.server.base):
            raise Dropped("it answers nothing that was published here")
        self.comments[note["id"]] = Comment(actor, note["content"], parent)

    def _forget(self, uri: str, actor: str) -> None:
        if uri not in self.comments or self.comments[uri].author != actor:
            raise Dropped("it is no comment of who says it")
        del self.comments[uri]

    def _known(self, uri: str) -> set[str]:
        if uri not in self.likes:
            raise Dropped("there is no such thing here")
        return self.likes[uri]

    def _thing(self, uri: str) -> Json:
        found = self.server.documents[uri.removeprefix(self.server.base)]
        assert isinstance(found, dict)
        return found

    async def _tell(self, kind: str, thing: Any) -> None:
        done = self._activity(kind, self.person, thing, to=[PUBLIC], cc=[f"{self.group}/followers"])
        await self._send(self.kind.told(self, done), list(self.followers.values()))

    async def _send(self, activity: Json, inboxes: list[str]) -> None:
        for inbox in dict.fromkeys(inboxes):
            await self.server.deliver(activity["actor"], inbox, activity)

    def _activity(self, kind: str, actor: str, object_: Any, **more: Any) -> Json:
        uri = f"{self.server.base}/activities/{self.server.number()}"
        return {"id": uri, "type": kind, "actor": actor, "object": object_, **more}

    def _actor(self, uri: str, kind: str, name: str) -> Json:
        return {
            "id": uri, "type": kind, "preferredUsername": name, "name": name.capitalize(), "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox", "followers": f"{uri}/followers", "following": f"{uri}/following",
            "endpoints": {"sharedInbox": f"{self.server.base}/inbox"}, "publicKey": self.server.public_key(uri),
        }  # fmt: skip
