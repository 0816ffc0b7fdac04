"""What an author of another server lets somebody here do with a post: at once, when asked, or not at all.

GoToSocial says it with each post ("Interaction Controls"), and drops without a word what it did not allow.
"""

from collections.abc import Iterable

import msgspec

from activitypub.contexts import PUBLIC
from activitypub.objects import Controls, Permission
from fedcomm import admit
from storage import controls
from storage.actors import Actor
from storage.controls import Known
from storage.posts import Post

FREE, ASK, NEVER = range(3)


class Allowed(msgspec.Struct, frozen=True):
    """FREE, ASK or NEVER for each of what one can do with a post. `polite` kinds are asked for by a request of their
    own (GoToSocial 0.20); else by sending the author the thing itself.
    """

    like: int = FREE
    reply: int = FREE
    boost: int = FREE
    polite: frozenset[str] = frozenset()

    def never(self, kind: str) -> bool:
        """Whether they cannot do it, however they ask."""
        return bool(getattr(self, kind) == NEVER)


OPEN = Allowed()
_CONTROLS = msgspec.json.Decoder(Controls)


async def of_posts(viewer: int, posts: Iterable[Post]) -> dict[int, Allowed]:
    """What somebody here may do with those of these posts that limit it, by post."""
    foreign = [post.id for post in posts if not post.local and post.author_id != viewer]
    found = await controls.known(viewer, foreign) if foreign else {}
    return {post_id: _allowed(known) for post_id, known in found.items()}


async def check(who: Actor, post: Post, kind: str) -> Allowed:
    """What somebody here may do with a post, of which they want to do one: like, reply or boost.

    Raises:
        NotAllowed: the author lets them not do it, however they ask.
    """
    allowed = (await of_posts(who.id, [post])).get(post.id, OPEN)
    admit.interacting(kind, never=allowed.never(kind))
    return allowed


def pleads(allowed: Allowed, kind: str) -> bool:
    """Whether the author is asked for it, and nobody else is told of it before they agree."""
    return bool(getattr(allowed, kind) == ASK)


def stored(said: Controls) -> str:
    """As it is kept with a post; '' when everybody may do everything."""
    return "" if said == Controls() else msgspec.json.encode(said).decode()


def _allowed(known: Known) -> Allowed:
    said = _CONTROLS.decode(known.body)
    kinds = {"like": said.like, "reply": said.reply, "boost": said.boost}
    found = {kind: _level(rule, known) for kind, rule in kinds.items()}
    if known.spoken_to:  # who is spoken to can always answer (GoToSocial: "Implicit Assumptions")
        found["reply"] = FREE
    polite = frozenset(kind for kind, rule in kinds.items() if rule is not None and rule.asked)
    return Allowed(**found, polite=polite)


def _level(rule: Permission | None, known: Known) -> int:
    """The more particular name counts, and of two alike the one that allows more ("Conflicting / Duplicate Values").

    Who is let in as a follower needs no answer first: their server finds that out by itself, and says so to others.
    """
    if rule is None or known.who == known.author:
        return FREE
    theirs = {known.followers} if known.follows else set()
    theirs |= {known.following} if known.followed else set()
    for named in ({known.who}, theirs - {""}, {PUBLIC}):
        if not named.isdisjoint(rule.automatic):
            return FREE
        if not named.isdisjoint(rule.manual):
            return ASK
    return NEVER
