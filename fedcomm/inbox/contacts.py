"""Who turns to people here without anybody here knowing them (`strangers.py`): what of it waits.

Nothing of it is dropped: it stands on a page of who looks after the server, from which it is let in (`catching.py`).
"""

from collections.abc import Sequence

from activitypub import documents
from activitypub.activities import Activity
from activitypub.objects import Note
from fedcomm import clock, strangers
from fedcomm.app import App
from fedcomm.inbox import waiting
from fedcomm.inbox.facts import Facts
from fedcomm.inbox.hand import Hand, Ignored
from fedcomm.strangers import First
from storage import caught
from storage.caught import Caught
from storage.ids import next_id

EXCERPT = 500  # characters


async def look(app: App, facts: Facts, activities: Sequence[Activity]) -> None:
    """Find the first contacts in a batch, and what becomes of each."""
    firsts = [first for each in activities if (first := _first(app, facts, each)) is not None]
    if firsts:
        facts.contacts = await strangers.judge(app, firsts)


def holds(hand: Hand, activity: Activity, written: Note) -> bool:
    """Whether a post waits for who looks after this server. Then it is kept as it came, and nobody is told of it.

    Raises:
        Ignored: it was refused, or is too long to wait.
    """
    verdict = hand.facts.contacts.get(written.uri)
    if verdict is None:
        return False
    if verdict.state == caught.REFUSED:
        raise Ignored("it was refused by who looks after this server")
    body = documents.write(hand.raw_of(activity)) if verdict.held else None
    if body is not None and len(body) > waiting.MAX_BYTES:
        raise Ignored("it is too long to wait")
    first = verdict.first
    caught.put(hand.writes, Caught(
        next_id(), first.uri, first.author.id, first.author.host, hand.signer, body, verdict.kind or "contact",
        caught.WAITING if verdict.held else caught.PASSED, first.key, first.text[:EXCERPT], clock.now_ms(),
    ))  # fmt: skip
    return verdict.held


def _first(app: App, facts: Facts, activity: Activity) -> First | None:
    """What somebody elsewhere writes that names people here; not what a group passes on."""
    written = activity.object
    if activity.type not in ("Create", "Update") or not isinstance(written, Note):
        return None
    author = facts.actors.get(activity.actor)
    if author is None or facts.followed(author.uri):
        return None
    parent = facts.posts.get(written.in_reply_to or "")
    uris = {mention.href for mention in written.mentions} | set(written.audience.everyone)
    people = [facts.actors[uri] for uri in uris if uri in facts.actors]
    return strangers.first(app, author, written, people, parent.author_id if parent is not None else 0)
