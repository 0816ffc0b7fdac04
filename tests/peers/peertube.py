"""A server that behaves as PeerTube 7 does: a channel is a group that announces films by their ids.

A film has two authors, the person and the channel, and its text in Markdown. Edits, comments and likes of its people go
to the channel's followers as they are. Nobody there follows groups elsewhere.
"""

from tests.peers.publisher import Publisher
from tests.peers.server import PUBLIC, Json


class PeerTube:
    """What is PeerTube's own."""

    software = ("peertube", "7.3.0")
    group = "/video-channels/baking"
    person = "/accounts/nina"
    username = "baking"
    place = "/videos/watch/{}"
    likes = True

    def described(self, actor: Json) -> Json:
        """A channel says whose it is where others name a list of moderators."""
        if actor["type"] != "Group":
            return actor
        owner = {"type": "Person", "id": actor["id"].removesuffix(self.group) + self.person}
        return actor | {"attributedTo": [owner], "postingRestrictedToMods": True, "support": None}

    def thing(self, publisher: Publisher, uri: str, title: str, text: str) -> Json:
        """A film: where it is to be seen stands among the files that it consists of."""
        authors = [{"type": "Person", "id": publisher.person}, {"type": "Group", "id": publisher.group}]
        page = {"type": "Link", "mediaType": "text/html", "href": uri}
        file = {"type": "Link", "mediaType": "video/mp4", "href": f"{uri}.mp4", "height": 720, "size": 9}
        return {
            "id": uri, "type": "Video", "name": title, "mediaType": "text/markdown", "content": text,
            "attributedTo": authors, "url": [file, page], "duration": "PT62S", "sensitive": False, "state": 1,
            "commentsEnabled": True, "language": {"identifier": "en", "name": "English"}, "tag": [],
            "to": [PUBLIC], "cc": [f"{publisher.person}/followers"], "published": "2026-11-21T11:59:45.094Z",
            "icon": [{"type": "Image", "mediaType": "image/jpeg", "url": f"{uri}.jpg", "width": 280, "height": 157}],
        }  # fmt: skip

    def told(self, publisher: Publisher, activity: Json) -> Json:
        """New films are announced by the channel."""
        if activity["type"] != "Create":
            return activity
        uri = activity["object"]["id"]
        return {
            "id": f"{uri}/announces/1", "type": "Announce", "actor": publisher.group, "object": uri, "to": [PUBLIC],
            "cc": [f"{publisher.group}/followers"],
        }  # fmt: skip
