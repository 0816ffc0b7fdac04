"""Posts from elsewhere that wait before they are in a group of ours; and their authors, who say yes to its rules."""

import msgspec

from activitypub import documents
from activitypub.activities import Activity
from activitypub.audience import visibility
from activitypub.contexts import PUBLIC
from activitypub.objects import Note
from activitypub.origins import host_of
from fedcomm import admit, assent, clock, holding, measuring, rights, ways
from fedcomm.errors import NotAllowed
from fedcomm.inbox.hand import Hand, Ignored
from fedcomm.standing import Author, Standing, Wait, Written
from storage import held, posts
from storage.actors import Actor
from storage.groups import Group
from storage.held import Held
from storage.ids import next_id
from storage.posts import Post

MAX_BYTES = 65_536  # of what waits; a person writes less


def waits(hand: Hand, activity: Activity, written: Note, author: Actor, parent: Post | None, group: Group) -> bool:
    """Whether a post waits before it is in a group of ours. Then it is kept as it came, and is nowhere yet.

    Raises:
        Ignored: moderators have refused it, or it is too long to wait.
    """
    before = hand.facts.held(written.uri, group)
    if before == held.RELEASED:
        return False
    if before == held.REFUSED:
        raise Ignored("it was refused by the moderators of the group")
    why = _why(hand, written, author, parent, group)
    if why is None:
        if before:
            held.let_in(hand.writes, written.uri, group.id)
        return False
    if not keep(hand, activity, written, author, group, why):
        raise Ignored("it is too long to wait before it is in the group")
    return True


def cools(hand: Hand, activity: Activity, written: Note, author: Actor, parent: Post | None, group: Group) -> bool:
    """Whether an answer waits since moderators of its group have closed the thread for a while.

    Raises:
        Ignored: they have refused it, or it is too long to wait.
    """
    facts, before = hand.facts, hand.facts.held(written.uri, group)
    why = admit.cooling(facts.standing(group, author.uri), facts.root_of(parent)) if parent is not None else None
    if why is None or before == held.RELEASED:
        return False
    if before == held.REFUSED:
        raise Ignored("it was refused by the moderators of the group")
    if not keep(hand, activity, written, author, group, why):
        raise Ignored("it is too long to wait before it is in the group")
    return True


def opened(thread: Post) -> Post:
    """A thread as it is when the while is over for which it is closed: `cools` lets answers wait for that."""
    return thread if thread.locked_until is None else msgspec.structs.replace(thread, locked=0)


def keep(hand: Hand, activity: Activity, written: Note, author: Actor, group: Group, why: Wait) -> bool:
    """Let a post wait for a group as it came; False when it is too long for that."""
    body = documents.write(hand.raw_of(activity))
    if len(body) > MAX_BYTES:
        return False
    kept = Held(
        next_id(), group.id, author.id, author.host, written.uri, hand.signer, body, why.kind, held.WAITING,
        clock.now_ms(),
    )  # fmt: skip
    holding.keep(hand.app, hand.writes, kept, why, hand.facts.circumstances(group, author.id))
    return True


def edited_too_far(hand: Hand, written: Note, author: Actor, group: Group, before: str) -> bool:
    """Whether somebody changes a post that said `before` (HTML) into what they may not write yet."""
    facts = hand.facts
    known = facts.circumstances(group, author.id)
    if not (group.ladder or group.promotion):
        return False
    measured = _measure(hand, written, facts.posts.get(written.in_reply_to or ""), group)
    measured = measuring.since(measured, before, hand.app.host)
    return admit.changes(group, facts.standing(group, author.uri), known, measured, clock.now_ms()) is not None


def left_out(hand: Hand, group: Group | None, parent: Post | None, uri: str) -> tuple[int, ...]:
    """Whose answers came before the post `uri` and are not in a group of ours with it (attack GRP-01)."""
    if group is None or not group.local:
        return ()
    early = hand.facts.early(uri).items()
    return tuple(who for who, author in early if not _enters(hand, group, parent, who, author))


def belated(group: Group, standing: Standing) -> bool:
    """Whether somebody's answer that came before what it answers may be in a group of ours with it."""
    try:
        admit.belated(group, standing)
    except NotAllowed:
        return False
    return True


def _enters(hand: Hand, group: Group, parent: Post | None, author_id: int, author_uri: str) -> bool:
    """Whether somebody could answer in the group now what answers `parent`, by moderators where that is locked."""
    facts = hand.facts
    standing, known = facts.standing(group, author_uri), facts.circumstances(group, author_id)
    try:
        admit.belated(group, standing)
        if parent is not None:
            admit.answering(standing, opened(facts.root_of(parent)))
            ways.beneath(standing, locked=facts.closed(parent))
    except NotAllowed:
        return False
    who = Author(deaf=hand.app.peers.deaf(host_of(author_uri)))
    return admit.waits(group, standing, known, who, Written(starter=False), clock.now_ms()) is None


def too_open(hand: Hand, written: Note, author: Actor, group: Group | None) -> None:
    """What is for everybody enters no group that is for its members: who wrote it is told so, once."""
    if group is None or not group.local or group.visibility != "members" or not written.audience.public:
        return
    if author.bot or author.kind != "Person" or not standing_open(hand, group, author):
        return
    held.tell_once(hand.writes, held.Asked(group.id, author.id, "open"), next_id(), clock.now_ms())
    hand.app.jobs_added(hand.writes)


def agrees(hand: Hand, written: Note, author: Actor, answered: Post | None) -> bool:
    """Whether it is somebody's word to a group of ours, and to nobody else, that they say yes to its rules.

    It is a direct message, or answers that of a group: some clients answer to everybody who follows their user.
    """
    direct = visibility(written.audience, author.followers or None) == "direct"
    if not (direct or answered is not None) or not assent.says_yes(written.content):
        return False
    by = hand.facts.author_of(answered) if answered is not None else None
    named = {*written.audience.everyone, *(mention.href for mention in written.mentions), by.uri if by else ""}
    groups = [group for group in map(hand.facts.group_at, sorted(named)) if group is not None and group.local]
    if len(groups) != 1 or not standing_open(hand, groups[0], author):
        return False
    held.agree(hand.writes, groups[0].id, author.id, next_id(), clock.now_ms())
    hand.app.jobs_added(hand.writes)
    return True


def answers_a_group(hand: Hand, written: Note, author: Actor, parent: Post) -> bool:
    """Whether somebody answers a direct message of a group of ours, and names nobody but that."""
    by = hand.facts.author_of(parent) if parent.visibility == posts.DIRECT else None
    if by is None or not by.local or by.kind != "Group":
        return False
    named = {*written.audience.everyone, *(mention.href for mention in written.mentions)}
    return named <= {by.uri, PUBLIC, author.followers, author.uri}


def standing_open(hand: Hand, group: Group, author: Actor) -> bool:
    """Whether the word of that author counts for anything in the group."""
    return group.closed_at is None and not admit.banned(hand.facts.standing(group, author.uri).ban)


def _why(hand: Hand, written: Note, author: Actor, parent: Post | None, group: Group) -> Wait | None:
    facts = hand.facts
    standing, known = facts.standing(group, author.uri), facts.circumstances(group, author.id)
    measured = _measure(hand, written, parent, group) if group.asks else Written(starter=parent is None)
    who = Author(bot=bool(author.bot), deaf=hand.app.peers.deaf(author.host))
    why = admit.waits(group, standing, known, who, measured, clock.now_ms())
    if why is not None:
        return why
    words = measuring.words(written.content)
    if not standing.may(rights.HOLD) and not hand.app.post_limit.allows(group.id, author.uri, author.host, words):
        return Wait("flood")
    facts.wrote(group, author.id, measured)
    return None


def _measure(hand: Hand, written: Note, parent: Post | None, group: Group) -> Written:
    answered = hand.facts.author_of(parent) if parent is not None else None
    without = [hand.facts.face_of(group).uri, *([answered.uri] if answered is not None else [])]
    people = {uri: hand.facts.actors.get(uri) for uri in written.audience.everyone}
    addressed = [uri for uri, who in people.items() if who is not None and who.local and who.kind == "Person"]
    return measuring.arrived(written, own_host=hand.app.host, without=without, addressed=addressed)
