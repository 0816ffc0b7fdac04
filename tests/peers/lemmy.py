"""A server that behaves as Lemmy does (0.19 to 1.0-beta): the announcer must be the community of what it announces.

Says no with 400 and a reason; refuses an announced post or id that is no activity; announces back to the author's
server, and a bare post besides, which Mastodon shows.
"""

from tests.peers.forum import CONTENT, Forum
from tests.peers.posts import Community, Post
from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids

NEEDED = {
    "Person": ("id", "preferredUsername", "inbox", "outbox", "publicKey"),
    "Group": ("id", "preferredUsername", "inbox", "outbox", "followers", "publicKey"),
    "Application": ("id", "inbox", "outbox", "publicKey"),
}
PEOPLE = ("Person", "Service", "Organization")  # who can do something in a community


class Lemmy:
    """What is Lemmy's own."""

    hasty = False
    says_no = True
    back_to_origin = True
    tells_author = True
    followers = PEOPLE

    def __init__(self, version: str = "0.19.12") -> None:
        self.software = ("lemmy", version)
        self.newer = version >= "1"

    def spelled(self, uri: str) -> str:
        """As it is."""
        return uri

    def is_private(self, forum: Forum, community_uri: str) -> bool:
        """Whether a community is for its members, as 1.0 has it: then its posts are for nobody else."""
        return bool(forum.server.actors.get(community_uri, {}).get("manuallyApprovesFollowers"))

    def check_actor(self, document: Json) -> None:
        """What Lemmy's reader needs; it takes one type, as a string."""
        kind = document.get("type")
        needed = NEEDED.get(kind) if isinstance(kind, str) else None
        if needed is None:
            raise Dropped(f"{kind} is no actor")
        for name in needed:
            if not document.get(name):
                raise Dropped(f"missing field `{name}`")
        if document["publicKey"].get("owner") != document["id"]:
            raise Dropped("the key has another owner")

    def settled(self, known: Json, update: Json) -> Json:
        """Settings, and with them every address and the key, as `UpdateCommunity` of 0.19 and 1.0 have it.

        0.19 leaves the languages alone; 1.0 takes nothing that is not newer than what it has.
        """
        told, host = update["object"], host_of(known["id"])
        self.check_actor(told)
        if PUBLIC not in [*update["to"], *update["cc"]]:
            raise Dropped("ObjectIsNotPublic")
        if host_of(told["id"]) != host:
            raise Dropped("UrlVerificationError: Domains do not match")
        if self.newer and told["updated"] <= known.get("updated", known["published"]):
            return known
        taken = {"name", "sensitive", "postingRestrictedToMods", "updated", "icon", "image", "summary", "source"}
        taken |= {"inbox", "outbox", "followers", "featured", "endpoints", "publicKey", "attributedTo"}
        taken |= {"description", "language", "tag", "discoverable"} if self.newer else set()
        kept = {name: value for name, value in known.items() if name not in taken}
        return kept | {name: value for name, value in told.items() if name in taken}

    def described(self, actor: Json) -> Json:
        """A community says what Lemmy's do."""
        if actor["type"] != "Group":
            return actor
        more = {"discoverable": True, "tag": []} if self.newer else {}
        return actor | {"sensitive": False, "language": [{"identifier": "en", "name": "English"}]} | more

    async def meet(self, server: Server, community: Json) -> None:
        """The moderators, who are people, and the newest threads, each announced by the community itself."""
        listed = await server.fetch(community["attributedTo"])
        for moderator in ids(listed["orderedItems"]):
            await server.actor(moderator)
        outbox = await server.fetch(community["outbox"])  # which has no pages for Lemmy
        for name in ("id", "type", "totalItems", "orderedItems"):
            if name not in outbox:
                raise Dropped(f"missing field `{name}`")
        for item in outbox["orderedItems"]:
            if item["type"] != "Announce" or item["actor"] != community["id"] or item["object"]["type"] != "Create":
                raise Dropped("the outbox holds something else than announced posts")

    async def inbox(self, server: Server, actor: Json) -> str:
        """The shared inbox, where there is one."""
        return str(actor.get("endpoints", {}).get("sharedInbox") or actor["inbox"])

    def place(self, number: int, post: Post) -> str:
        """`/post/1`, `/comment/2`"""
        return f"/comment/{number}" if post.parent else f"/post/{number}"

    def document(self, server: Server, post: Post) -> Json:
        """A Page, or a Note that answers."""
        if post.deleted:
            return {"id": post.uri, "type": "Tombstone"}
        private = server.actors.get(post.community, {}).get("manuallyApprovesFollowers")
        everybody = f"{post.community}/followers" if private else PUBLIC
        told = {
            "id": post.uri,
            "attributedTo": post.author,
            "content": post.text,
            "mediaType": "text/html",
            "source": {"content": post.text.removeprefix("<p>").removesuffix("</p>"), "mediaType": "text/markdown"},
            "published": post.published,
            "audience": post.community,
            "language": {"identifier": "en", "name": "English"},
        } | ({"updated": post.updated} if post.updated else {})
        if self.newer:
            told |= {"context": f"{post.uri.rpartition('/')[0]}/context", "tag": []}
        if post.parent:
            return told | {
                "type": "Note",
                "to": [everybody],
                "cc": [post.community],
                "inReplyTo": post.parent,
                "distinguished": False,
                "tag": [],
                "attachment": [],
            }
        return told | {
            "type": "Page",
            "to": [post.community, everybody],
            "cc": [],
            "name": post.title,
            "attachment": [],
            "sensitive": False,
            "commentsEnabled": not post.locked,
            "tag": [self._flair(post)] if self.newer else [],
        }

    def _flair(self, post: Post) -> Json:
        uri = f"{post.community}/tag/news"
        return {"type": "CommunityPostTag", "id": uri, "name": "News", "preferredUsername": "news"}

    async def unwrap(self, forum: Forum, announce: Json) -> list[Json]:
        """One activity, in the community that announces it, which somebody here follows."""
        inner = announce["object"]
        if isinstance(inner, str):
            inner = await forum.server.fetch(inner)
        known = (*CONTENT, "Flag", "Resolve") if self.newer else CONTENT
        if not isinstance(inner, dict) or inner.get("type") not in known:
            raise Dropped("data did not match any variant of untagged enum AnnouncableActivities")
        if not forum.joined.get(announce["actor"]):
            raise Dropped("CommunityHasNoFollowers")
        if "actor" not in inner or host_of(inner["id"]) != host_of(inner["actor"]):
            raise Dropped("UrlVerificationError: Domains do not match")
        reporting = inner["type"] in ("Flag", "Resolve")
        if (ids(inner["to"])[0] if reporting else await forum.community_of(inner)) != announce["actor"]:
            raise Dropped("UrlVerificationError: the activity is of another community")
        if "cc" not in announce or (inner["type"] in ("Create", "Update") and "cc" not in inner):
            raise Dropped("missing field `cc`")
        if (PUBLIC in [*ids(announce["to"]), *ids(announce["cc"])]) == self.is_private(forum, announce["actor"]):
            raise Dropped("ObjectIsNotPublic")
        if (await forum.actor(inner["actor"]))["type"] not in PEOPLE:
            raise Dropped(f"unknown variant, expected one of {PEOPLE}")
        if reporting:
            await self.hear(forum, inner)
        return [] if reporting else [inner]

    async def hear(self, forum: Forum, activity: Json) -> bool:
        """Reports of what is in one community and, in 1.0, that one was dealt with; in 0.19 messages of people."""
        kind, thing = activity["type"], activity.get("object")
        if kind == "Flag":
            about, by = await self._report(forum, activity)
            forum.reports[about, by] = activity.get("summary") or activity["content"]
        elif kind == "Resolve" and self.newer:
            assert isinstance(thing, dict)
            about, by = await self._report(forum, thing)
            (community,) = ids(activity["to"])
            if [community] != ids(thing["to"]):
                raise Dropped("UrlVerificationError: Urls do not match")
            if host_of(activity["actor"]) not in (host_of(community), host_of(thing["id"])):
                await forum._moderated(community, activity["actor"])
            if (about, by) not in forum.reports:
                raise Dropped("NotFound")
            forum.reports[about, by] = ""
        elif kind == "Create" and isinstance(thing, dict) and thing["type"] == "ChatMessage" and not self.newer:
            (_who,) = ids(activity["to"])
            if [thing["attributedTo"]] != [activity["actor"]] or ids(thing["to"]) != ids(activity["to"]):
                raise Dropped("the message is by somebody else")
            if host_of(thing["id"]) != host_of(activity["actor"]) or not thing["content"]:
                raise Dropped("UrlVerificationError: Domains do not match")
            await self._person(forum, activity["actor"])
            forum.messages.append(thing)
        elif await self._of_site(forum, thing if kind == "Undo" and isinstance(thing, dict) else activity):
            await self._site_ban(forum, activity)
        else:
            return False
        return True

    async def _of_site(self, forum: Forum, block: Json) -> bool:
        target = block.get("target") if block["type"] == "Block" else None
        return target is not None and (await forum.actor(ids(target)[0]))["type"] == "Application"

    async def _site_ban(self, forum: Forum, activity: Json) -> None:
        """By somebody of that site; in 0.19 of one of its people alone. The one who is banned must be known."""
        block = activity["object"] if activity["type"] == "Undo" else activity
        (site,), (who,) = ids(block["target"]), ids(block["object"])
        for each in (activity, block):
            if PUBLIC not in [*ids(each["to"]), *ids(each["cc"])]:
                raise Dropped("ObjectIsNotPublic")
            if host_of(each["actor"]) != host_of(site) or host_of(each["id"]) != host_of(site):
                raise Dropped("UrlVerificationError: Domains do not match")
        if not self.newer and host_of(who) != host_of(site):
            raise Dropped("UrlVerificationError: Domains do not match")
        await self._person(forum, block["actor"])
        if who not in forum.server.actors:
            raise Dropped("NotFound")
        if activity["type"] == "Undo":
            forum.banned.pop(who, None)
        else:
            forum.banned[who] = bool(block.get("removeData"))

    async def _report(self, forum: Forum, flag: Json) -> tuple[str, str]:
        """What is reported, and by whom."""
        (receiver,) = ids(flag["to"])
        if (await forum.actor(receiver))["type"] not in ("Group", *(["Application"] if self.newer else [])):
            raise Dropped("it is for no community")
        await self._person(forum, flag["actor"])
        if not (flag.get("summary") or flag.get("content")):
            raise Dropped("CouldntFindObject")
        return (await forum.post(ids(flag["object"])[0])).uri, flag["actor"]

    async def _person(self, forum: Forum, uri: str) -> None:
        if (kind := (await forum.actor(uri))["type"]) not in PEOPLE:
            raise Dropped(f"unknown variant {kind}, expected one of {PEOPLE}")

    async def also(self, forum: Forum, community: Community, activity: Json) -> None:
        """The bare post, for Mastodon."""
        thing = activity["object"]
        if activity["type"] in ("Create", "Update") and thing.get("type") == "Page":
            await forum.announce_to(community, forum.inboxes_of(community), thing["id"])
