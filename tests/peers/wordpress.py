"""A server that behaves as WordPress with the ActivityPub plugin (3 to 7) does: the blog is a group, ids are queries.

The blog announces what its authors do with articles. It reads comments and likes; an answer to a comment goes to who
wrote that, and to nobody else.
"""

from tests.peers.publisher import Publisher
from tests.peers.server import PUBLIC, Json

_API = "/wp-json/activitypub/1.0"


class WordPress:
    """What is WordPress's own."""

    software = ("wordpress", "6.8")
    group = "/?author=0"
    person = "/?author=1"
    username = "wordpress.test"  # of a blog, its host
    place = "/?p={}"
    likes = True

    def described(self, actor: Json) -> Json:
        """Everything but the id is below the API; the blog has moderators."""
        base, _, number = actor["id"].partition("/?author=")
        if not number:
            return actor
        own = f"{base}{_API}/actors/{number}"
        told = actor | {name: f"{own}/{name}" for name in ("inbox", "outbox", "followers", "following")}
        told |= {"endpoints": {"sharedInbox": f"{base}{_API}/inbox"}, "url": base, "discoverable": True}
        moderators = f"{base}{_API}/collections/moderators"
        more = {"attributedTo": moderators, "moderators": moderators, "postingRestrictedToMods": True}
        return told | (more if actor["type"] == "Group" else {})

    def thing(self, publisher: Publisher, uri: str, title: str, text: str) -> Json:
        """An article with a preview, for which the blog is the audience."""
        return {
            "id": uri, "type": "Article", "name": title, "nameMap": {"en": title}, "content": f"<p>{text}</p>",
            "summary": f"{text[:40]}…", "preview": {"type": "Note", "content": text[:40]}, "mediaType": "text/html",
            "attributedTo": publisher.person, "audience": publisher.group, "to": [PUBLIC],
            "cc": [f"{publisher.person}/followers"], "published": "2026-11-21T15:53:45Z", "tag": [], "attachment": [],
            "url": f"{publisher.server.base}/blog/rye/",
        }  # fmt: skip

    def told(self, publisher: Publisher, activity: Json) -> Json:
        """Whatever an author does is announced by the blog, as an activity."""
        return {
            "id": f"{activity['id']}#announce", "type": "Announce", "actor": publisher.group, "object": activity,
            "to": [PUBLIC], "cc": [f"{publisher.group}/followers"],
        }  # fmt: skip
