"""A server that behaves as the ActivityPub plugin of Discourse (2026-06) does with a category.

The category announces new topics and likes of its own people; their answers, edits and deletions go to its followers as
they are. Groups are followed by categories, not by people; a wrapped activity of somebody else than the announcer is
refused since the actor of whatever comes in has to be its signer. Nothing is voted down.
"""

from tests.peers.forum import Forum
from tests.peers.posts import Community, Post
from tests.peers.server import PUBLIC, Dropped, Json, Server, host_of, ids

ACTIVITIES = ("Accept", "Announce", "Create", "Delete", "Follow", "Like", "Reject", "Undo", "Update")


class Discourse:
    """What is the plugin's own."""

    software = ("discourse", "2026.6.0")
    hasty = False
    says_no = False
    back_to_origin = False
    tells_author = False
    reads = ("Note", "Article")
    places = ("/ap/actor/{}", "/ap/actor/{}")
    group_in = "audience"

    def spelled(self, uri: str) -> str:
        """As it is."""
        return uri

    def check_actor(self, document: Json) -> None:
        """What the plugin keeps of an actor."""
        for name in ("id", "type", "inbox", "outbox", "preferredUsername", "publicKey"):
            if not document.get(name):
                raise Dropped(f"the actor has no {name}")

    async def meet(self, server: Server, community: Json) -> None:
        """Nothing more."""

    async def inbox(self, server: Server, actor: Json) -> str:
        """The shared inbox where it is a property of the actor, as it writes it itself."""
        return str(actor.get("sharedInbox") or actor["inbox"])

    def described(self, actor: Json) -> Json:
        """People share an inbox; categories do not."""
        told = {name: value for name, value in actor.items() if name != "endpoints"}
        shared = {"sharedInbox": f"https://{host_of(actor['id'])}/ap/users/inbox"}
        return told | (shared if actor["type"] == "Person" else {})

    def place(self, number: int, post: Post) -> str:
        """`/ap/object/1`"""
        return f"/ap/object/{number}"

    def document(self, server: Server, post: Post) -> Json:
        """A Note; what begins a topic has a name, and the category as its audience."""
        if post.deleted:
            return {"id": post.uri, "type": "Tombstone"}
        told = {
            "id": post.uri, "type": "Note", "attributedTo": post.author, "content": post.text, "to": [PUBLIC],
            "cc": [f"{post.author}/followers"], "published": post.published, "url": f"{server.base}/t/{post.uri[-3:]}",
            "context": f"{server.base}/ap/collection/1",
        } | ({"updated": post.updated} if post.updated else {})  # fmt: skip
        more = {"inReplyTo": post.parent} if post.parent else {"name": post.title}
        return told | more | ({"audience": post.community} if host_of(post.community) == server.host else {})

    def spoken(self, activity: Json, post: Post) -> Json:
        """To everybody, without an audience."""
        said = {name: value for name, value in activity.items() if name != "audience"}
        return said | {"to": [PUBLIC], "cc": [f"{activity['actor']}/followers"]}

    async def unwrap(self, forum: Forum, announce: Json) -> list[Json]:
        """A post becomes a topic; an activity has to be the announcer's own."""
        inner = announce["object"]
        if not forum.joined.get(announce["actor"]):
            raise Dropped("only_followed_actors_create_new_topics")
        if isinstance(inner, dict):
            if inner["type"] in ACTIVITIES and inner["actor"] != announce["actor"]:
                raise Dropped("signed_actor_must_match_activity_actor")
            return [inner]
        found = await forum.server.fetch(inner)
        return [{"id": f"{inner}#create", "type": "Create", "actor": found["attributedTo"], "object": found}]

    async def tell(self, forum: Forum, community: Community, activity: Json) -> None:
        """New topics and likes are announced; the rest is said by who did it."""
        starts = activity["type"] == "Create" and not activity["object"].get("inReplyTo")
        if starts or activity["type"] in ("Like", "Undo"):
            return await forum.announce(community, activity)
        for inbox in forum.inboxes_of(community):
            await forum.server.deliver(activity["actor"], inbox, activity)

    async def pass_on(self, forum: Forum, community: Community, activity: Json) -> None:
        """What comes from elsewhere is announced when it is for everybody; votes of most programs are not."""
        if PUBLIC in [*ids(activity.get("to")), *ids(activity.get("cc"))]:
            await forum.announce(community, activity)

    async def send(self, forum: Forum, uri: str, activity: Json) -> None:
        """Who has written in the topic is told, each at their own inbox; the group is not."""
        people = {post.author for post in forum.posts.values() if post.community == uri}
        for who in sorted(person for person in people if host_of(person) != forum.server.host):
            await forum.send(who, activity)

    async def also(self, forum: Forum, community: Community, activity: Json) -> None:
        """Nothing else."""

    async def follow(self, forum: Forum, community: Community, handle: str) -> str:
        """Let a category follow a group elsewhere, whose topics it shows from then on; gives the group's id."""
        group = await forum.actor(await forum.server.finger(handle))
        forum.asked.add((community.uri, group["id"]))
        follow = {"id": forum.activity_id("follow"), "type": "Follow", "actor": community.uri, "object": group["id"]}
        await forum.server.deliver(community.uri, group["inbox"], follow)
        return str(group["id"])
