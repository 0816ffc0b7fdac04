"""A server that behaves as Mobilizon 5 does: a group's people publish articles and events in its name.

What they publish, change and delete they say themselves; its author is the group. People are not followed, only groups;
who wants to be in one sends `Join`, and knows the answer by the id of that. Likes are not understood.
"""

from tests.peers.publisher import Publisher
from tests.peers.server import PUBLIC, Json


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
