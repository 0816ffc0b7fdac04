"""A server that behaves as GoToSocial 0.20 does: an account says with each post who may like, answer and boost it.

What that does not allow is dropped without a word. What is asked for (`ReplyRequest` and its like) waits until
somebody there decides; what comes without being asked for is dropped too, so that a test sees what was not asked for.
"""

import msgspec

from tests.peers.mastodon import Mastodon
from tests.peers.microblogs import GOTOSOCIAL
from tests.peers.server import PUBLIC, Dropped, Json, Server, ids

KINDS = {"ReplyRequest": "canReply", "LikeRequest": "canLike", "AnnounceRequest": "canAnnounce"}
NOTES = ("Note", "Article", "Page", "Question")


class GoToSocial(Mastodon):
    """The program; `waiting` is what somebody there has to decide, by the id of the reply, like or boost."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, GOTOSOCIAL)
        self.waiting: dict[str, Json] = {}
        self.stamps: dict[str, str] = {}  # what was allowed, with the id of its authorization
        self.answers: list[Json] = []  # to requests of people here

    def limit(self, **rules: Json) -> None:
        """With which rules people here post from now on; `canReply` and so on."""
        anybody = {"automaticApproval": [PUBLIC], "manualApproval": []}
        policy = {kind: rules.get(kind, anybody) for kind in KINDS.values()}
        self.habits = msgspec.structs.replace(self.habits, note=lambda note: note | {"interactionPolicy": policy})

    async def decide(self, what: str, kind: str) -> None:
        """`Accept` or `Reject` what waits."""
        request = self.waiting.pop(what)
        author = self.statuses[request["object"]].author
        number, asker = self.server.number(), await self.server.actor(request["actor"])
        answer = {"id": f"{author}/{kind.lower()}s/{number}", "type": kind, "actor": author, "to": request["actor"]}
        answer |= {"object": request | {"instrument": what}}
        if kind == "Accept":
            self.stamps[what] = f"{author}/authorizations/{number}"
            answer["result"] = self.stamps[what]
            await self._let_in(request)
        await self.server.deliver(author, asker["inbox"], answer)

    async def _let_in(self, request: Json) -> None:
        thing, handlers = request["instrument"], {"Like": super()._like, "Announce": super()._announce}
        if thing["type"] in NOTES:
            self._store(thing, request["actor"])
        else:
            await handlers[thing["type"]](thing)

    async def _plea(self, activity: Json) -> None:
        thing, (target,) = activity.get("instrument"), ids(activity["object"])
        if not isinstance(thing, dict) or thing.get("approvedBy") or activity["id"] == thing.get("id"):
            raise Dropped("the instrument is no document, or says that it is allowed")
        if thing.get("attributedTo", thing.get("actor")) != activity["actor"]:
            raise Dropped("the instrument is by somebody else")
        if target not in self.statuses or self.statuses[target].author not in ids(activity.get("to")):
            raise Dropped("the post is not by who is asked")
        if thing.get("inReplyTo", thing.get("object")) != target:
            raise Dropped("the instrument is about another post")
        level = self._level(target, KINDS[activity["type"]], activity["actor"])
        if level == "nobody":
            raise Dropped("this is not permitted")
        self.waiting[thing["id"]] = {name: value for name, value in activity.items() if name != "@context"}
        if level == "automatic":
            await self.decide(thing["id"], "Accept")

    _replyrequest = _likerequest = _announcerequest = _plea

    async def _create(self, activity: Json) -> None:
        note = activity["object"] if isinstance(activity["object"], dict) else {}
        if (target := note.get("inReplyTo")) in self.statuses and note["id"] not in self.stamps:
            self._permit(target, "canReply", activity)
        if self.stamps.get(note.get("id", "")) != note.get("replyAuthorization"):
            raise Dropped("the authorization is not the one that was given")
        await super()._create(activity)

    async def _like(self, activity: Json) -> None:
        self._permit(ids(activity["object"])[0], "canLike", activity)
        await super()._like(activity)

    async def _announce(self, activity: Json) -> None:
        target = ids(activity["object"])[0]
        if target in self.statuses and activity["id"] not in self.stamps:
            self._permit(target, "canAnnounce", activity)
        await super()._announce(activity)

    async def _accept(self, activity: Json) -> None:
        if "result" in activity:
            self.answers.append(activity)
            return
        await super()._accept(activity)

    def _permit(self, target: str, kind: str, activity: Json) -> None:
        if self._level(target, kind, activity["actor"]) != "automatic":
            raise Dropped("this is not permitted, or has to be asked for")

    def _level(self, target: str, kind: str, who: str) -> str:
        document = self.server.documents.get(target.removeprefix(self.server.base))
        rule = document.get("interactionPolicy", {}).get(kind) if isinstance(document, dict) else None
        named = {PUBLIC, who, *([f"{self.statuses[target].author}/followers"] if self._follows(who, target) else [])}
        if rule is None or named & set(rule["automaticApproval"]):
            return "automatic"
        return "manual" if named & set(rule["manualApproval"]) else "nobody"

    def _follows(self, who: str, target: str) -> bool:
        return (who, self.statuses[target].author) in self.following
