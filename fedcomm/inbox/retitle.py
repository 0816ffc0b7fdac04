"""Update of a thread by who looks after its group: it is called otherwise from now on, and nothing else of it changes.

As Lock and Pin it is sent to the group, and announced by it (`moderate.py`).
"""

from collections.abc import Awaitable

from activitypub import parse
from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden, ProtocolError
from activitypub.objects import Note
from fedcomm import mapping, retitling, rights
from fedcomm.inbox import announce, moderate
from fedcomm.inbox.hand import Hand, Ignored
from fedcomm.retitling import Retitling
from storage.posts import Post


async def asked(hand: Hand, activity: Activity, post: Post) -> None:
    """A moderator elsewhere gives a thread of a group of ours another title: nobody else changes what others wrote.

    Nothing else of the post is theirs to say: with another text in it all of it is refused.
    """
    await _retitle(hand, moderate.ours(hand, activity, post.group_id, rights.TITLE), post)


def edited(hand: Hand, activity: Activity) -> Awaitable[None] | None:
    """A group elsewhere passes on that a post of it was edited: its author's proof or its origin says how it reads
    now. Or that a moderator of it gave a thread another title."""
    inner = activity.object
    known = hand.facts.posts.get(id_of(inner.object) or "") if isinstance(inner, Activity) else None
    author = hand.facts.author_of(known) if known is not None else None
    if isinstance(inner, Activity) and known is not None and author is not None and inner.actor != author.uri:
        if (said := _reads(hand, inner)) is not None and mapping.posts.title(said) not in ("", known.title):
            return _retitled(hand, activity, known)
    announce.updated(hand, activity)
    return None


async def _retitled(hand: Hand, activity: Activity, post: Post) -> None:
    await _retitle(hand, moderate.theirs(hand, activity, unfollowed=announce.from_here(hand, post)), post)


async def _retitle(hand: Hand, case: moderate.Case, known: Post) -> None:
    said, post = _reads(hand, case.act), await retitling.held(known.id)
    if (
        said is None
        or post is None
        or post.group_id != case.group.id
        or not post.starter
        or post.deleted_at is not None
    ):
        raise Forbidden("The post is by somebody else.")
    if said.content and mapping.posts.shown(said) != post.content:
        raise Forbidden("A moderator changes the title of a thread, and not what others wrote.")
    title = mapping.posts.title(said)
    if title in ("", post.title):
        raise Ignored("it is called so already")
    reason = case.act.summary[: retitling.MAX_REASON]
    await retitling.take_in(
        hand.app, Retitling(post, case.group, case.face, title, case.moderator.uri, case.uri, reason)
    )


def _reads(hand: Hand, act: Activity) -> Note | None:
    """The post as an act shows it, which nobody vouches for but who does it."""
    raw = hand.raw_of(act).get("object")
    try:
        said = parse.object(raw) if isinstance(raw, dict) else None
    except ProtocolError:
        return None
    return said if isinstance(said, Note) else None
