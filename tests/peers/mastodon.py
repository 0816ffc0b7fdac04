"""A server that behaves as Mastodon 4.5 does: people, their posts, boosts and likes; groups are accounts like others.

So do GoToSocial and Misskey, each with `Habits` of its own (microblogs.py). Shows posts and boosts of those its people
follow, and passes over what a group wraps (`Announce` of an activity).
"""

import html
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids

READ_AS_POSTS = ("Note", "Question", "Article", "Page", "Image", "Audio", "Video", "Event")
ACTORS = ("Person", "Group", "Application", "Service", "Organization")
ACTIVITIES = ("Create", "Update", "Delete", "Like", "Dislike", "Undo", "Announce", "Add", "Remove", "Block", "Lock")


class Status(msgspec.Struct):
    """A post as the server has it."""

    uri: str
    author: str
    content: str
    parent: str = ""
    public: bool = True
    mentions: tuple[str, ...] = ()
    local: bool = False
    edits: int = 0
    likes: set[str] = msgspec.field(default_factory=set)
    boosts: dict[str, str] = msgspec.field(default_factory=dict)  # who → id of the Announce


class Habits(msgspec.Struct, frozen=True):
    """In which programs of this kind differ."""

    software: tuple[str, str] = ("mastodon", "4.5.0")
    statuses: str = "/users/{name}/statuses/{number}"
    key: str = "{}#main-key"
    edits: bool = True  # knows edits of posts
    shared: bool = True  # has one inbox for all
    beside: bool = True  # serves by which activity a post was published, at `/activity` behind its id
    note: Callable[[Json], Json] = dict  # a post as it shows it
    like: Callable[[Json], Json] = dict  # a like as it sends it


class Mastodon:
    """The program: statuses, follows, and the home timelines of its people."""

    inboxes = ("/inbox",)
    hasty = False

    def __init__(self, server: Server, habits: Habits = Habits()) -> None:
        self.server, self.habits, self.software = server, habits, habits.software
        server.program, server.key_form = self, habits.key
        self._settle("/actor", self._actor("actor", f"{server.base}/actor", "Application", server.name))
        server.handles[server.name] = (f"{server.base}/actor", "Application")
        self.people: dict[str, Person] = {}  # by id
        self.statuses: dict[str, Status] = {}
        self.gone: set[str] = set()
        self.following: set[tuple[str, str]] = set()  # who follows whom
        self.asked: set[tuple[str, str]] = set()  # who has asked whom, without an answer yet
        self.refused: list[str] = []  # ids of activities of ours that were rejected

    def person(self, name: str) -> "Person":
        """A new account."""
        base = f"{self.server.base}/users/{name}"
        made = self.people[base] = Person(self, name, base)
        self._settle(f"/users/{name}", self._actor(name, base, "Person", name))
        self.server.handles[name] = (base, "Person")
        return made

    def check_actor(self, document: Json) -> None:
        """What Mastodon needs of an actor."""
        if document.get("type") not in ACTORS:
            raise Dropped(f"{document.get('type')} is no account")
        for name in ("id", "inbox", "preferredUsername", "publicKey"):
            if not document.get(name):
                raise Dropped(f"the account has no {name}")
        if host_of(document["inbox"]) != host_of(document["id"]):
            raise Dropped("the inbox is elsewhere")

    async def receive(self, activity: Json) -> None:
        """Give an activity its effect, as the worker behind the inbox does."""
        handler = getattr(self, f"_{str(activity.get('type')).lower()}", None)
        if handler is None:
            raise Dropped(f"{activity.get('type')} is not understood")
        if host_of(activity["id"]) != host_of(activity["actor"]):
            raise Dropped("the id is of another host than the actor")
        await handler(activity)

    def home(self, person: "Person") -> list[tuple[str, str]]:
        """What stands in somebody's home timeline: (who showed it, post), posts and boosts of those they follow.

        Of answers those to themselves, to who wrote them, or to whom they follow (FeedManager: filter_from_home), of
        several boosts of one post the first (add_to_feed).
        """
        shown = [(s.author, s) for s in self.statuses.values() if self._unfiltered(person.uri, s)]
        for status in self.statuses.values():
            shown += [(who, status) for who in status.boosts if (person.uri, who) in self.following][:1]
        return [(who, s.uri) for who, s in shown if (person.uri, who) in self.following]

    def notified(self, person: "Person") -> list[str]:
        """The posts of others that name somebody here."""
        return [s.uri for s in self.statuses.values() if person.uri in s.mentions and s.author != person.uri]

    def _unfiltered(self, reader: str, status: Status) -> bool:
        if not status.parent:
            return True
        parent = self.statuses.get(status.parent)
        return parent is not None and (
            parent.author in (reader, status.author) or (reader, parent.author) in self.following
        )

    async def status(self, uri: str) -> Status:
        """The post, fetched at its origin when it is not known.

        Raises:
            Dropped: there is none to be had.
        """
        if uri not in self.statuses:
            note = await self.server.fetch(uri)
            if note.get("type") in ("Create", "Announce"):
                note = await self.server.fetch(ids(note["object"])[0])
            await self.server.actor(note.get("attributedTo", ""))
            self._store(note, note.get("attributedTo", ""))
        return self.statuses[uri]

    def _store(self, note: Json, author: str) -> Status:
        if note.get("type") not in READ_AS_POSTS:
            raise Dropped(f"{note.get('type')} is no post")
        if note.get("attributedTo") != author or host_of(note["id"]) != host_of(author):
            raise Dropped("the post is by somebody else than it says")
        if note["id"] in self.gone:
            raise Dropped("the post was deleted before")
        content = note.get("content") or f"{note.get('name', '')} {note.get('url', note['id'])}"
        if note["type"] in ("Article", "Page", "Video", "Event", "Image", "Audio"):
            content = f"<h2>{html.escape(note.get('name', ''))}</h2>{content}"
        public = PUBLIC in [*ids(note.get("to")), *ids(note.get("cc"))]
        named = tuple(tag["href"] for tag in note.get("tag") or [] if tag.get("type") == "Mention")
        made = Status(note["id"], author, content, note.get("inReplyTo") or "", public, named)
        return self.statuses.setdefault(note["id"], made)

    def _followed(self, uri: str) -> bool:
        return any(target == uri for _, target in self.following)

    async def _create(self, activity: Json) -> None:
        note = activity["object"]
        if not isinstance(note, dict):
            note = await self.server.fetch(note)
        if note["id"] in self.statuses:
            return
        parent = self.statuses.get(note.get("inReplyTo") or "")
        named = {*ids(note.get("to")), *ids(note.get("cc")), *(tag.get("href") for tag in note.get("tag", []))}
        answered = parent is not None and (parent.local or self._followed(parent.author))
        if not (self._followed(activity["actor"]) or answered or named & self.people.keys()):
            raise Dropped("it concerns nobody here")
        self._store(note, activity["actor"])

    async def _update(self, activity: Json) -> None:
        changed = activity["object"]
        if not self.habits.edits and changed.get("id") != activity["actor"]:
            raise Dropped("skip: Unknown type of what is updated")
        if not isinstance(changed, dict) or changed.get("id") != activity["actor"]:
            known = self.statuses.get(ids(changed)[0])
            if known is None or known.author != activity["actor"] or not isinstance(changed, dict):
                raise Dropped("the post is not known, or somebody else's")
            if changed["content"] != known.content:
                known.content, known.edits = changed["content"], known.edits + 1
            named = (tag["href"] for tag in changed.get("tag") or [] if tag.get("type") == "Mention")
            known.mentions = tuple(dict.fromkeys((*known.mentions, *named)))  # those of before become silent ones
            return
        self.server.actors[activity["actor"]] = changed

    async def _delete(self, activity: Json) -> None:
        (uri,) = ids(activity["object"])
        if host_of(uri) != host_of(activity["actor"]):
            raise Dropped("the post is of another host")
        self.gone.add(uri)
        known = self.statuses.get(uri)
        if known is not None and known.author == activity["actor"]:
            del self.statuses[uri]

    async def _announce(self, activity: Json) -> None:
        inner = activity["object"]
        if isinstance(inner, dict) and inner.get("type") in ACTIVITIES:
            raise Dropped("a wrapped activity is no boost")
        (uri,) = ids(inner)
        ours = uri in self.statuses and self.statuses[uri].local
        if not (self._followed(activity["actor"]) or ours):
            raise Dropped("nobody here follows who boosts")
        status = await self.status(uri)
        if not status.public:
            raise Dropped("the post is not for everybody")
        status.boosts.setdefault(activity["actor"], activity["id"])

    async def _like(self, activity: Json) -> None:
        status = self.statuses.get(ids(activity["object"])[0])
        if status is None or not status.local:
            raise Dropped("the post is none of ours")
        status.likes.add(activity["actor"])

    async def _follow(self, activity: Json) -> None:
        (target,) = ids(activity["object"])
        if target not in self.people:
            raise Dropped("nobody here is called so")
        self.following.add((activity["actor"], target))
        asker = await self.server.actor(activity["actor"])
        answer = {"id": f"{target}#accepts/follows/{self.server.number()}", "type": "Accept", "actor": target}
        await self.server.deliver(target, asker["inbox"], answer | {"object": _bare(activity)})

    async def _accept(self, activity: Json) -> None:
        self.following.add(self._request(activity))

    async def _reject(self, activity: Json) -> None:
        try:
            self.following.discard(self._request(activity))
        except Dropped:
            self.refused += ids(activity["object"])
            raise

    def _request(self, activity: Json) -> tuple[str, str]:
        request = activity["object"]
        if not isinstance(request, dict):
            request = next((s.activity for s in self.server.sent if s.activity["id"] == request), {})
        asked = (request.get("actor", ""), (ids(request.get("object")) or [""])[0])
        if asked not in self.asked or asked[1] != activity["actor"]:
            raise Dropped("nobody here asked for that")
        return asked

    async def _undo(self, activity: Json) -> None:
        inner, actor = activity["object"], activity["actor"]
        if isinstance(inner, dict) and inner.get("actor") != actor:
            raise Dropped("somebody else did it")
        kind = inner.get("type") if isinstance(inner, dict) else ""
        if kind == "Follow":
            self.following.discard((actor, ids(inner["object"])[0]))
        elif kind == "Like":
            self.statuses[ids(inner["object"])[0]].likes.discard(actor)
        else:
            (uri,) = ids(inner)
            boosted = [s for s in self.statuses.values() if s.boosts.get(actor) == uri]
            if not boosted:
                raise Dropped("it is not known what is undone")
            del boosted[0].boosts[actor]

    def _settle(self, path: str, told: Json) -> None:
        self.server.documents[path] = told
        if "#" not in self.habits.key:  # it has an address of its own, at which a part of the actor is served
            where = self.habits.key.format(path)
            self.server.documents[where] = {key: told[key] for key in ("id", "type", "preferredUsername", "publicKey")}
            self.server.open.add(where)

    def _actor(self, name: str, uri: str, kind: str, username: str) -> Json:
        shared = {"endpoints": {"sharedInbox": f"{self.server.base}/inbox"}} if self.habits.shared else {}
        return shared | {
            "id": uri,
            "type": kind,
            "preferredUsername": username,
            "name": name.capitalize(),
            "url": f"{self.server.base}/@{username}",
            **{part: f"{uri}/{part}" for part in ("inbox", "outbox", "followers", "following")},
            "manuallyApprovesFollowers": False,
            "discoverable": True,
            "publicKey": self.server.public_key(uri),
        }


class Person:
    """Somebody with an account there, and what they do."""

    def __init__(self, mastodon: Mastodon, name: str, uri: str) -> None:
        self.mastodon, self.name, self.uri = mastodon, name, uri
        self._server = mastodon.server

    @property
    def handle(self) -> str:
        return f"{self.name}@{self._server.host}"

    async def follow(self, handle: str) -> str:
        """Follow somebody, or join a group; gives their id."""
        target = await self._server.actor(await self._server.finger(handle))
        self.mastodon.asked.add((self.uri, target["id"]))
        await self._send(
            [target["inbox"]], self._activity("Follow", f"{self._server.base}/{uuid.uuid4()}", target["id"])
        )
        return str(target["id"])

    async def unfollow(self, uri: str) -> None:
        """Stop following, or leave a group."""
        self.mastodon.following.discard((self.uri, uri))
        follow = self._activity("Follow", f"{self._server.base}/{uuid.uuid4()}", uri)
        undo = self._activity("Undo", f"{self.uri}#follows/{self._server.number()}/undo", follow)
        await self._send([(await self._server.actor(uri))["inbox"]], undo)

    async def answer(self, uri: str, text: str) -> str:
        """Answer a post as the web interface proposes it: with everybody mentioned whom the post mentions, for as many
        people as it is.
        """
        status = await self.mastodon.status(uri)
        mentions = tuple(one for one in (status.author, *status.mentions) if one != self.uri)
        named = tuple(dict.fromkeys(mentions))
        return await self.post(text, mentions=named, answering=uri, private=not status.public)

    async def post(
        self, text: str, *, mentions: tuple[str, ...] = (), answering: str = "", private: bool = False
    ) -> str:
        """Publish a note that mentions these actors, perhaps an answer, to an author who is mentioned then too.

        One that is private is for followers and those it mentions, and shown to no server that asks.
        """
        number = self._server.number()
        path = self.mastodon.habits.statuses.format(name=self.name, number=number)
        uri = self._server.base + path
        named = list(mentions)
        if answering and (author := (await self.mastodon.status(answering)).author) not in (*named, self.uri):
            named.append(author)
        told = {
            "id": uri,
            "type": "Note",
            "summary": None,
            "inReplyTo": answering or None,
            "published": _now(),
            "url": f"{self._server.base}/@{self.name}/{number}",
            "attributedTo": self.uri,
            "to": [f"{self.uri}/followers" if private else PUBLIC],
            "cc": named if private else [f"{self.uri}/followers", *named],
            "sensitive": False,
            "content": await self._html(text, named),
            "contentMap": {"en": await self._html(text, named)},
            "attachment": [],
            "tag": [{"type": "Mention", "href": one, "name": f"@{await self._called(one)}"} for one in named],
        }
        note = self.mastodon.habits.note(told)
        if not private:
            self._server.documents[path] = note
        self.mastodon.statuses[uri] = Status(uri, self.uri, note["content"], answering, not private, local=True)
        create = self._activity("Create", f"{uri}/activity", note, to=note["to"], cc=note["cc"])
        if self.mastodon.habits.beside and not private:
            self._server.documents[f"{path}/activity"] = create
        await self._send(await self._readers(named), create)
        return uri

    async def edit(self, uri: str, text: str) -> None:
        """Let a note of one's own say something else."""
        note = self._note(uri)
        named = [tag["href"] for tag in note["tag"]]
        note |= {"content": await self._html(text, named), "updated": _now()}
        status = self.mastodon.statuses[uri]
        status.content, status.edits = note["content"], status.edits + 1
        update = self._activity("Update", f"{uri}#updates/{self._server.number()}", note, to=note["to"], cc=note["cc"])
        await self._send(await self._readers(named), update)

    async def delete(self, uri: str) -> None:
        """Delete a note of one's own."""
        named = [tag["href"] for tag in self._note(uri)["tag"]]
        tombstone = {"id": uri, "type": "Tombstone"}
        self._server.documents[uri.removeprefix(self._server.base)] = tombstone
        del self.mastodon.statuses[uri]
        delete = self._activity("Delete", f"{uri}#delete", tombstone, to=[PUBLIC])
        await self._send(await self._readers(named), delete)

    async def like(self, uri: str) -> str:
        """Like a post; its author's server is told, nobody else. Gives the id of the like."""
        author = (await self.mastodon.status(uri)).author
        like = self._activity("Like", f"{self.uri}#likes/{self._server.number()}", uri)
        await self._send([(await self._server.actor(author))["inbox"]], self.mastodon.habits.like(like))
        return str(like["id"])

    async def unlike(self, uri: str, like: str) -> None:
        """Take a like back."""
        author = (await self.mastodon.status(uri)).author
        undo = self._activity("Undo", f"{like}/undo", self.mastodon.habits.like(self._activity("Like", like, uri)))
        await self._send([(await self._server.actor(author))["inbox"]], undo)

    async def boost(self, uri: str) -> str:
        """Boost a post; gives the id of the boost."""
        status = await self.mastodon.status(uri)
        number = self._server.number()
        cc = [status.author, f"{self.uri}/followers"]
        boost = self._activity("Announce", f"{self.uri}/statuses/{number}/activity", uri, to=[PUBLIC], cc=cc)
        status.boosts[self.uri] = boost["id"]
        await self._send(await self._readers([status.author]), boost | {"published": _now()})
        return str(boost["id"])

    def _note(self, uri: str) -> Json:
        found = self._server.documents[uri.removeprefix(self._server.base)]
        assert isinstance(found, dict)
        return found

    def _activity(self, kind: str, uri: str, object_: Any, **more: Any) -> Json:
        return {"id": uri, "type": kind, "actor": self.uri, "object": object_, **more}

    async def _readers(self, named: list[str]) -> list[str]:
        followers = [who for who, whom in self.mastodon.following if whom == self.uri]
        elsewhere = [uri for uri in (*followers, *named) if host_of(uri) != self._server.host]
        actors = [await self._server.actor(uri) for uri in elsewhere]
        return list(dict.fromkeys(a.get("endpoints", {}).get("sharedInbox") or a["inbox"] for a in actors))

    async def _send(self, inboxes: list[str], activity: Json) -> None:
        for inbox in inboxes:
            await self._server.deliver(self.uri, inbox, activity)

    async def _html(self, text: str, named: list[str]) -> str:
        links = []
        for uri in named:
            name = (await self._called(uri)).partition("@")[0]
            links.append(f'<span class="h-card"><a href="{uri}" class="u-url mention">@<span>{name}</span></a></span> ')
        return f"<p>{''.join(links)}{html.escape(text)}</p>"

    async def _called(self, uri: str) -> str:
        return f"{(await self._server.actor(uri))['preferredUsername']}@{host_of(uri)}"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _bare(activity: Json) -> Json:
    return {name: value for name, value in activity.items() if name != "@context"}
