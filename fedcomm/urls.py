"""Where everything of ours is found: the one place that writes our URLs, and reads them back."""

import re

_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_RETOLD = re.compile(r"/posts/[0-9]{1,18}/retold(-[0-9]{1,18})?")


class Urls:
    """Makes the ids and pages of one instance; `base` has no slash at its end. Ids are lower-case (PieFed 1.6.6)."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.shared_inbox = f"{base}/inbox"
        self.service = f"{base}/actor"

    def handle(self, username: str, host: str = "") -> str:
        """How somebody is called everywhere; host '' is ours."""
        return f"@{username}@{host or self.base.partition('://')[2]}"

    def own(self, uri: str) -> bool:
        """Whether this is an id of ours, so that it is looked up here and never fetched."""
        return uri == self.base or uri.startswith((f"{self.base}/", f"{self.base}#"))

    def person(self, username: str) -> str:
        """The id of a person."""
        return f"{self.base}/users/{username.lower()}"

    def group(self, name: str) -> str:
        """The id of a group: the URL of its face here."""
        return f"{self.base}/c/{name.lower()}"

    def rules(self, name: str) -> str:
        """The page with the rules of a group, where its members accept them."""
        return f"{self.base}/c/{name}/rules"

    def profile(self, username: str) -> str:
        """The page of a person."""
        return f"{self.base}/@{username}"

    def post(self, post_id: int) -> str:
        """The id of a post."""
        return f"{self.base}/posts/{post_id}"

    def post_page(self, username: str, post_id: int) -> str:
        """The page of a post; clients cut the id from its end (mastodon-api.md §1.2)."""
        return f"{self.base}/@{username}/{post_id}"

    def create(self, post_id: int) -> str:
        """The id of the activity that published a post; it resolves (snac 2.94 fetches it)."""
        return f"{self.base}/posts/{post_id}/create"

    def retold(self, post_id: int, again: int = 0) -> str:
        """The note by which a group tells a thread again for members on servers without groups (retelling.py).

        `again` is another number for each time that it does so after it took that back: a deleted id is dead for ever
        (Mastodon: Tombstone).
        """
        return f"{self.base}/posts/{post_id}/retold{f'-{again}' if again else ''}"

    def is_retold(self, uri: str) -> bool:
        """Whether a URI is of such a note of ours."""
        return self.own(uri) and _RETOLD.fullmatch(uri.removeprefix(self.base)) is not None

    def context(self, root_id: int) -> str:
        """The collection of all posts of a thread (FEP-7888 §Dereferencing and resolving)."""
        return f"{self.base}/posts/{root_id}/context"

    def replies(self, post_id: int) -> str:
        """The collection of direct answers to a post."""
        return f"{self.base}/posts/{post_id}/replies"

    def activity(self, activity_id: int | str) -> str:
        """The id of any other activity."""
        return f"{self.base}/activities/{activity_id}"

    def authorization(self, number: int) -> str:
        """The proof that somebody of ours lets somebody elsewhere do something with a post."""
        return f"{self.base}/authorizations/{number}"

    def tag(self, name: str) -> str:
        """The page of a tag."""
        return f"{self.base}/tags/{name}"

    def emoji(self, emoji_id: int) -> str:
        """The id of one of our custom emojis."""
        return f"{self.base}/emojis/{emoji_id}"

    def emoji_picture(self, emoji_id: int, ending: str) -> str:
        """The picture of one of our custom emojis."""
        return f"{self.base}/emojis/{emoji_id}.{ending}"

    def emoji_still(self, emoji_id: int) -> str:
        """As `emoji_picture`, of one that may move, without that."""
        return f"{self.base}/emojis/{emoji_id}/still"

    def file(self, key: str, mime: str) -> str:
        """A picture that is kept here; the ending is for people and programs that go by names."""
        return f"{self.base}/media/{key}{_ENDINGS.get(mime, '')}"

    def post_id(self, uri: str) -> int | None:
        """The number of the post that a URI of ours names: its id, or its page."""
        path = uri.removeprefix(self.base).partition("#")[0]
        path = path.rpartition("/")[0] if _RETOLD.fullmatch(path) else path.removesuffix("/create")
        tail = path.rsplit("/", 1)[-1]
        return int(tail) if tail.isdigit() and len(tail) < 19 and self.own(uri) else None
