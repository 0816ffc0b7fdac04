"""A server that behaves as Mobilizon 5 does: a group's people publish articles and events in its name.

What they publish, change and delete they say themselves; its author is the group. People are not followed, only groups;
who wants to be in one sends `Join`, and knows the answer by the id of that. Likes are not understood.
"""

from typing import Any

from tests.peers.posts import now
from tests.peers.publisher import Publisher
from tests.peers.server import PUBLIC, Dropped, Json, Server, ids


class Mobilizon:
    """What is Mobilizon's own."""

    software = ("mobilizon", "5.1.2")
    group = "/@bakers"
    person = "/@nina"
    username = "bakers"
    place = "/events/{}"
    likes = False

    def described(self, actor: Json) -> Json:
        """Groups have more collections than others; none of them lists moderators."""
        collections = ("members", "resources", "posts", "events", "todos", "discussions")
        more = {name: f"{actor['id']}/{name}" if actor["type"] == "Group" else None for name in collections}
        return actor | more | {"openness": "open", "manuallyApprovesFollowers": False}

    def thing(self, publisher: Publisher, uri: str, title: str, text: str) -> Json:
        """An event, with its time and place."""
        address = {"type": "PostalAddress", "addressLocality": "Lyon", "streetAddress": "10 Rue Jangot"}
        return {
            "id": uri, "type": "Event", "name": title, "content": f"<p>{text}</p>", "mediaType": "text/html",
            "summary": "Saturday, at the mill", "attributedTo": publisher.group, "actor": publisher.person,
            "to": [PUBLIC], "cc": [f"{publisher.group}/followers"], "url": uri, "inReplyTo": None,
            "startTime": "2026-12-05T19:30:00+01:00", "endTime": "2026-12-05T22:00:00+01:00", "joinMode": "free",
            "location": {"type": "Place", "name": "The mill", "address": address}, "commentsEnabled": True,
            "published": "2026-11-21T14:08:20Z", "attachment": [], "tag": [], "status": "CONFIRMED", "draft": False,
        }  # fmt: skip

    def told(self, publisher: Publisher, activity: Json) -> Json:
        """As the person said it, in the name of the group."""
        return activity | {"attributedTo": publisher.group}


class Association(Publisher):
    """A Mobilizon whose group has members: they discuss, and nobody else is told of it.

    Who asks to be a `Member` of an `open` group is one at once; else somebody of the group lets them in, who says so in
    person or as the group.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server, Mobilizon())
        self.open = True
        self.asking: dict[str, str] = {}  # who → id of their Join
        self.invited: dict[str, str] = {}  # who → id of the Invite
        self.members: dict[str, str] = {}
        self.discussions: dict[str, list[str]] = {}  # ids of what is in each, in order
        self.texts: dict[str, str] = {}
        server.documents["/@bakers/members"] = self._members

    async def receive(self, activity: Json) -> None:
        """As a publisher does, and what makes members and what those say."""
        kind, actor, inner = activity["type"], activity["actor"], activity["object"]
        if kind in ("Accept", "Reject") and ids(inner)[0] in self.invited.values():
            return self._answered(kind, activity)
        if kind == "Join" and inner == self.group:
            await self.server.actor(actor)
            self.asking[actor] = activity["id"]
            if self.open:
                await self.let_in(actor, self.group)
        elif kind == "Leave" and inner == self.group:
            if self.members.pop(actor, None) is None and self.asking.pop(actor, None) is None:
                raise Dropped("it is no member")
        elif kind == "Create" and inner.get("name") and inner["attributedTo"] == self.group:
            self._begun(actor, inner)
            await self._relay(self._discussion(inner))
        elif kind in ("Create", "Update") and inner.get("context") in self.discussions:
            self._discussed(kind, actor, inner)
            await self._relay(self._discussion(inner) if inner["id"] in self.discussions else self._comment_of(inner))
        elif kind == "Delete" and ids(inner)[0] in self.texts:
            if (await self.server.look(ids(inner)[0])).get("type", "Tombstone") != "Tombstone":
                raise Dropped("it is still there")
            del self.texts[ids(inner)[0]]
        else:
            await super().receive(activity)

    async def let_in(self, who: str, by: str) -> None:
        """Somebody, or the group itself, has one who asked among the members."""
        self.members[who] = self.asking.pop(who)
        await self._among("Accept", by, self._member(who), attributedTo=self.group)

    async def take_out(self, who: str) -> None:
        """Somebody of the group does not have one among the members any more."""
        uri = self.members[who]
        await self._among("Remove", self.person, uri, id=None, origin=self.group)
        del self.members[who]

    async def invite(self, who: str) -> str:
        """The person invites somebody into the group; gives the id of that."""
        uri = f"{self.server.base}/member/{self.server.number()}"
        self.invited[who] = uri
        said = self._activity("Invite", self.person, self.group, target=who, attributedTo=self.group)
        said |= {"id": uri, "to": [who, f"{self.group}/members"], "cc": [self.group]}
        await self._send(said, [(await self.server.actor(who))["endpoints"]["sharedInbox"]])
        return uri

    async def take_back(self, who: str) -> None:
        """The person takes an invitation back."""
        said = self._activity("Remove", self.person, self.invited.pop(who), origin=self.group, to=[who])
        del said["id"]
        await self._send(said, [(await self.server.actor(who))["endpoints"]["sharedInbox"]])

    async def give(self, who: str, role: str) -> None:
        """The person says what a member is from now on; that has the same id each time."""
        member = self._member(who) | {"role": role, "published": now()}
        more = {"id": f"{member['id']}/activity", "attributedTo": [self.group]}
        await self._among("Update", self.person, member, **more)

    async def discuss(self, title: str, text: str) -> str:
        """The person begins a discussion; gives its id."""
        path = f"/@bakers/c/{title.lower()}-{self.server.number()}"
        uri = self.server.base + path
        self.server.documents[path] = {
            "id": uri, "type": "Note", "name": title, "content": f"<p>{text}</p>", "mediaType": "text/html",
            "actor": self.person, "attributedTo": self.group, "to": [f"{self.group}/members"], "cc": [],
            "publishedAt": now(), "context": uri,
        }  # fmt: skip
        self.discussions[uri] = [uri]
        await self._among("Create", self.person, self.server.documents[path])
        return uri

    async def reply(self, discussion: str, text: str, stranger: Publisher | None = None) -> str:
        """Somebody says something in a discussion: the person of here, or of another Mobilizon, whose server tells the
        group alone. Gives the id of that, which everybody may read who knows it."""
        home = stranger or self
        path = f"/comments/{home.server.number()}"
        note = {
            "id": home.server.base + path, "type": "Note", "content": f"<p>{text}</p>", "actor": home.person,
            "attributedTo": self.group, "to": [self.group], "cc": [], "inReplyTo": self.discussions[discussion][-1],
            "context": discussion, "published": now(), "tag": [], "mediaType": "text/html", "isAnnouncement": False,
        }  # fmt: skip
        home.server.documents[path] = note
        self.discussions[discussion].append(note["id"])
        await (self._among("Create", self.person, note) if stranger is None else self._relay(self._comment_of(note)))
        return str(note["id"])

    async def reword(self, uri: str, text: str) -> None:
        """The person lets something that they said in a discussion say something else."""
        note = self.server.documents[uri.removeprefix(self.server.base)]
        assert isinstance(note, dict)
        note |= {"content": f"<p>{text}</p>"}
        await self._among("Update", self.person, note)

    async def unsay(self, uri: str) -> None:
        """The person takes back something that they said in a discussion (Types.Comments)."""
        gone = {"type": "Tombstone", "formerType": "Note", "deleted": now(), "id": uri}
        self.server.documents[uri.removeprefix(self.server.base)] = {"id": uri, "type": "Tombstone"}
        await self._among("Delete", self.person, gone)

    async def rename(self, discussion: str, title: str) -> None:
        """The person gives a discussion another title: in its document stands what was said last (Converter)."""
        path = discussion.removeprefix(self.server.base)
        document = self.server.documents[path]
        assert isinstance(document, dict)
        self.server.documents[path] = document | {"name": title, "content": "<p>Said last.</p>"}
        await self._among("Update", self.person, self.server.documents[path])

    def _discussion(self, note: Json) -> Json:
        """As its document has what a member elsewhere has begun."""
        kept = ("id", "type", "name", "content", "actor", "attributedTo", "to", "cc", "context")
        return {name: note[name] for name in kept if name in note} | {"publishedAt": now(), "mediaType": "text/html"}

    def _comment_of(self, note: Json) -> Json:
        """As its document has what a member elsewhere has said: for whom it mentions (Converter.Comment)."""
        kept = ("id", "type", "content", "actor", "attributedTo", "context", "inReplyTo")
        return {name: note[name] for name in kept} | {
            "to": [], "cc": [], "tag": [], "published": now(), "isAnnouncement": False,
        }  # fmt: skip

    async def _relay(self, note: Json) -> None:
        """The group announces to its members what one of another server said (Utils.do_maybe_relay_if_group_activity),
        and of what they delete nothing: that names no group."""
        to = [*note["to"], f"{self.group}/followers", f"{self.group}/members"]
        said = self._activity("Announce", self.group, note, to=to, cc=[], attributedTo=self.group)
        said["id"] = f"{self.server.base}/announces/{self.server.number()}"
        inboxes = [(await self.server.actor(who))["endpoints"]["sharedInbox"] for who in self.members]
        await self._send(said, inboxes)

    def _answered(self, kind: str, activity: Json) -> None:
        actor, inner = activity["actor"], activity["object"]
        if self.invited.get(actor) != ids(inner)[0]:
            raise Dropped("somebody else was invited")
        if (activity["to"], activity["cc"]) != ([self.person, f"{self.group}/members"], [self.group]):
            raise Dropped("it is not for who invited and the members")
        uri = self.invited.pop(actor)
        if kind == "Accept":
            if (inner["type"], inner["actor"], inner["object"]) != ("Member", actor, self.group):
                raise Dropped("it does not say what is accepted")
            self.members[actor] = uri

    def _begun(self, actor: str, note: Json) -> None:
        """A member begins a discussion, which has the id of what is said first (Converter.Discussion)."""
        if note["type"] != "Note" or (note["to"], note["cc"]) != ([f"{self.group}/members"], []):
            raise Dropped("it is no discussion of the members")
        if note["context"] != note["id"] or note["actor"] != actor or actor not in self.members:
            raise Dropped("it is by nobody who is in the group, or in another discussion")
        self.discussions[note["id"]], self.texts[note["id"]] = [note["id"]], note["content"]

    def _discussed(self, kind: str, actor: str, note: Json) -> None:
        if PUBLIC in note["to"] or (note.get("actor"), note["attributedTo"]) != (actor, self.group):
            raise Dropped("it is a message to somebody, or for everybody")
        if actor not in self.members:
            raise Dropped("it is by nobody who is in the group")
        if note.get("name") and f"<strong>{note['name']}</strong>" in note["content"]:
            raise Dropped("its title is shown twice")
        if kind == "Create":
            self.discussions[note["context"]].append(note["id"])
        self.texts[note["id"]] = note["content"]

    def _members(self) -> Json:
        """As members see it; everybody else, that there are none."""
        uri, (_path, asking) = f"{self.group}/members", self.server.asked[-1]
        shown = [self._member(who) for who in self.members] if asking in self.members else []
        if shown:
            nina = {"type": "Member", "id": f"{self.server.base}/member/0", "actor": self.person}
            shown.append(nina | {"object": self.group, "role": "creator"})
        page = {"type": "OrderedCollectionPage", "id": f"{uri}?page=1", "partOf": uri, "orderedItems": shown}
        return {"id": uri, "type": "OrderedCollection", "totalItems": len(shown), "first": page}

    def _member(self, who: str) -> Json:
        return {"type": "Member", "id": self.members[who], "actor": who, "object": self.group, "role": "member"}

    async def _among(self, kind: str, by: str, thing: Any, **more: Any) -> None:
        said = self._activity(kind, by, thing, to=[f"{self.group}/members"], cc=[], **more)
        if said["id"] is None:
            del said["id"]
        inboxes = [(await self.server.actor(who))["endpoints"]["sharedInbox"] for who in self.members]
        await self._send(said, inboxes)
