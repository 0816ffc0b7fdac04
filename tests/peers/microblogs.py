"""Programs that behave as Mastodon does but for some habits: GoToSocial and Misskey."""

from tests.peers.mastodon import Habits, Person
from tests.peers.server import PUBLIC, Json


def _with_policy(note: Json) -> Json:
    """Who may like, answer and boost a post is said in it; whoever may is let in without a word."""
    rule = {"automaticApproval": [PUBLIC], "manualApproval": []}
    return note | {"interactionPolicy": {"canLike": rule, "canReply": rule, "canAnnounce": rule}}


def _with_source(note: Json) -> Json:
    """Misskey tells the text in its own markup, too."""
    text = note["content"].replace("<p>", "").replace("</p>", "")
    return note | {"_misskey_content": text, "source": {"content": text, "mediaType": "text/x.misskeymarkdown"}}


def _as_reaction(like: Json) -> Json:
    """Every like is a reaction with an emoji."""
    return like | {"_misskey_reaction": "\N{BREAD}", "content": "\N{BREAD}", "tag": []}


# 0.20: every request for a document has to be signed, keys are apart from actors, and nobody shares an inbox.
GOTOSOCIAL = Habits(
    software=("gotosocial", "0.20.3"), key="{}/main-key", shared=False, note=_with_policy, beside=False
)  # fmt: skip

# 2025: posts are never edited; edits of others are passed over.
MISSKEY = Habits(
    software=("misskey", "2025.10.0"), statuses="/notes/{number}", edits=False, note=_with_source, like=_as_reaction
)  # fmt: skip


async def move(person: Person, other: Person) -> None:
    """Somebody becomes somebody else there, who says so too; followers elsewhere are told."""
    server = person.mastodon.server
    mine, new = (server.documents[who.uri.removeprefix(server.base)] for who in (person, other))
    assert isinstance(mine, dict) and isinstance(new, dict)
    mine["movedTo"], new["alsoKnownAs"] = other.uri, [person.uri]
    told = {"id": f"{person.uri}#moves/{server.number()}", "type": "Move", "actor": person.uri, "object": person.uri}
    for who, whom in sorted(person.mastodon.following):
        if whom == person.uri:
            await server.deliver(person.uri, (await server.actor(who))["inbox"], told | {"target": other.uri})
