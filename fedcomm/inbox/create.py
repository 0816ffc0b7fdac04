"""Create: somebody wrote something. Also what a group announces of it, and what was fetched for it."""

from typing import Any

import msgspec

import storage.groups
from activitypub.activities import Activity, id_of
from activitypub.audience import group_of, visibility
from activitypub.errors import Forbidden
from activitypub.objects import Note
from activitypub.origins import same_origin
from fedcomm import admit, assent, attesting, clock, groups, mapping, sanitise, ways
from fedcomm.errors import NotAllowed
from fedcomm.inbox import ballots, contacts, shared, waiting
from fedcomm.inbox.hand import Hand, Ignored, Wants
from fedcomm.recording import MAX_TOLD, Arrival, label, record
from storage import boosts, posts, talks, welcomes
from storage.actors import Actor
from storage.boosts import Boost
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post


def note(hand: Hand, activity: Activity) -> None:
    """A post by the one who signed: stored when it concerns somebody or some group here, else passed over."""
    written = activity.object
    assert isinstance(written, Note)
    written = _among_members(hand, activity, written)
    author = hand.actor(activity.actor)
    if hand.app.urls.own(written.uri):
        raise Forbidden("Nobody else writes under our ids.")
    if hand.facts.erased(written.uri, author.uri):
        raise Ignored("it was deleted before")
    known = hand.facts.posts.get(written.uri)
    if known is not None and known.truth == attesting.TRUTH:
        if _confirmed(hand, activity, written, known, author):
            return
        known = None
    if known is not None:
        return _again(hand, activity, written, known, author)
    if written.vote and written.in_reply_to in hand.facts.posts:
        return ballots.vote(hand, activity, written, author)
    written = with_moderators(hand, author, written)
    parent = _parent(hand, written)
    answers = parent is not None and waiting.answers_a_group(hand, written, author, parent)
    yes = answers and assent.says_yes(written.content)  # which is in no group and introduces nobody, however addressed
    group = None if yes else group_for(hand, written, author, parent)
    if group is not None and parent is None:
        _look_for_parent(hand, written)
    if group is not None and group.local and _waits_for(hand, activity, written, author, parent, group):
        return
    if group is None:
        waiting.too_open(hand, written, author, hand.facts.group_of(parent) if parent else _named(hand, written))
    named = mentioned(hand, written)
    if not _concerns(hand, author, parent, group, named, written):
        raise Ignored("it concerns nobody here")
    if contacts.holds(hand, activity, written):
        return
    arrival = _arrival(hand, activity, written, author, parent, group, named)
    if _is_confined(hand, written, author, parent):
        arrival = msgspec.structs.replace(arrival, visibility=posts.MEMBERS)
    post = record(hand.app, hand.writes, arrival)
    if group is not None and group.local:
        limited = written.controls.boost is not None
        face = hand.facts.face_of(group)
        groups.accept_post(hand.app, hand.writes, group, face, post, _told(hand, activity, written), limited=limited)
    elif group is not None:
        show(hand, hand.facts.face_of(group), post, activity)
    shared.said(hand, activity, written, author, post, hand.facts.root_of(parent) if parent is not None else post)
    if waiting.agrees(hand, written, author, parent if yes else None) or yes:
        return
    if parent is not None and answers and sanitise.text_of(post.content):
        welcomes.answer_elsewhere(hand.writes, parent.id, author.id, post.id, next_id(), clock.now_ms())
        hand.app.jobs_added(hand.writes)
    hand.early = group is None and post.visibility <= posts.UNLISTED and _waits(hand, post, parent)


def _among_members(hand: Hand, activity: Activity, written: Note) -> Note:
    """An answer among the members of a group of Mobilizon 5 says itself that it is for everybody, and is sent to those
    alone (Converter.Comment and Audience): for whom it was sent counts."""
    parent = _parent(hand, written)
    group = hand.facts.group_of(parent) if parent is not None and parent.visibility == posts.MEMBERS else None
    if group is None or group.local or activity.audience.public:
        return written
    inside = mapping.posts.members_of(hand.facts.face_of(group)) in activity.audience.everyone
    return msgspec.structs.replace(written, audience=activity.audience) if inside else written


def _confirmed(hand: Hand, activity: Activity, written: Note, known: Post, author: Actor) -> bool:
    """Whether an author says what a group told of them; else that goes, and what they say comes in its place."""
    group = hand.facts.group_of(known)
    parent = hand.facts.posts.get(written.in_reply_to or "")
    face = hand.facts.face_of(group) if group is not None else None
    if group is not None and face is not None and attesting.fits(written, known, author, group, face, parent):
        by = "proof" if activity.uri in hand.proven else "signed"
        attesting.confirm(hand.app, hand.writes, known, author, written, mentioned(hand, written), by)
        return True
    attesting.displace(hand.app, hand.writes, known)
    del hand.facts.posts[known.uri]
    return False


def with_moderators(hand: Hand, author: Actor, written: Note) -> Note:
    """A direct message to a group of ours is one to its moderators here, unless it answers what the group said."""
    if visibility(written.audience, author.followers or None) != "direct":
        return written
    if _is_confined(hand, written, author, None):
        return written
    answered = hand.facts.posts.get(written.in_reply_to or "")
    by = hand.facts.author_of(answered) if answered is not None else None
    if by is not None and by.kind == "Group":
        return written
    more = [uri for address in written.audience.everyone for uri in hand.facts.leaders(address) if uri != author.uri]
    audience = msgspec.structs.replace(written.audience, to=tuple(dict.fromkeys((*written.audience.to, *more))))
    return msgspec.structs.replace(written, audience=audience)


def by_link(hand: Hand, activity: Activity) -> None:
    """A post of which only the id came, or for which the signer cannot vouch: what its origin serves counts."""
    uri = id_of(activity.object)
    if uri is None:
        raise Ignored("it names no post")
    hand.actor(activity.actor)
    post = hand.post(uri)
    author = hand.facts.author_of(post)
    if author is None or not (author.uri == activity.actor or speaks_for(author, activity.actor)):
        raise Forbidden("The post is by somebody else.")
    group = hand.facts.group_at(author.uri)
    if group is not None and _at_home(hand, group, author) and may_enter(hand, group, post):
        enter(hand, group, post)
        show(hand, author, post, activity)


def speaks_for(group: Actor, uri: str) -> bool:
    """Whether an actor may publish in the name of a group: one of its own server may (Mobilizon 5)."""
    return group.kind == "Group" and same_origin(group.uri, uri)


def passed_on(hand: Hand, activity: Activity, group: Group, face: Actor) -> Post:
    """A post that a group elsewhere passes on with its author's proof, or for which it vouches itself (`attesting.py`).

    It is in the group when it names that or answers in it (attack GRP-03).

    Raises:
        Wants: its author or what it answers is not known yet.
        Ignored: it was deleted, is not for everybody, or is in a thread of another group.
    """
    written = activity.object
    assert isinstance(written, Note)
    author = hand.actor(activity.actor)
    if hand.facts.erased(written.uri, author.uri):
        raise Ignored("it is not to be shown")
    parent = hand.parent(written.in_reply_to)
    confined = attesting.inside(written, author, group, face, parent)
    if not (written.audience.public or confined):
        raise Ignored("it is not to be shown")
    own = parent is None or parent.group_id == group.id
    if parent is not None and not own and not _shown_beside(hand, face, parent):
        raise Ignored("the thread is in another group")
    named = mentioned(hand, written)
    inside = (own and parent is not None) or author.id == face.id or face in named
    entered = group if own and (inside or confined) else None
    arrival = _arrival(hand, activity, written, author, parent, entered, named)
    if confined:
        arrival = msgspec.structs.replace(arrival, visibility=posts.MEMBERS)
    if written.uri in hand.attested:
        arrival = msgspec.structs.replace(arrival, truth=attesting.TRUTH, awaited=False)
    return record(hand.app, hand.writes, arrival)


def _shown_beside(hand: Hand, face: Actor, parent: Post) -> bool:
    """Whether the group shows the thread of a post beside its own; whether an answer is in a group of ours is not its
    to say, nor who answers in a locked thread."""
    home = hand.facts.group_of(parent)
    return shared.shows(hand, face, hand.facts.root_of(parent)) and (home is None or not home.local)


def _again(hand: Hand, activity: Activity, written: Note, known: Post, author: Actor) -> None:
    """A post that is known already: its first content stays (attack ORI-20), but a group may learn of it only now."""
    if known.author_id != author.id or known.deleted_at is not None:
        raise Ignored("it is known already")
    if known.visibility > posts.UNLISTED:  # what was for a few enters no group
        raise Ignored("it is known already")
    if known.group_id is not None:  # it may have waited for another group of ours that it names
        shared.named(hand, activity, written, author, hand.facts.root_of(known))
        return
    group = group_for(hand, written, author, hand.facts.posts.get(written.in_reply_to or ""))
    if group is None or not group.local:
        raise Ignored("it is known already")
    if _waits_for(hand, activity, written, author, hand.facts.posts.get(written.in_reply_to or ""), group):
        return
    enter(hand, group, known)
    if known.starter:
        label(hand.writes, known.id, group, written)
    limited, face = written.controls.boost is not None, hand.facts.face_of(group)
    groups.accept_post(hand.app, hand.writes, group, face, known, _told(hand, activity, written), limited=limited)


def _told(hand: Hand, activity: Activity, written: Note) -> dict[str, Any] | str:
    """What a group of ours announces: the activity as it came, or the post, where that came without one that has an id.

    Nobody makes up an id on somebody else's server.
    """
    return hand.raw_of(activity) if activity.uri else written.uri


def may_enter(hand: Hand, group: Group, post: Post) -> bool:
    """Whether a group may have a post that is known here: it is in none, and answers in no thread of another one.

    What is said in a thread of a group that group lets in, and nobody else (attack GRP-15).
    """
    return post.group_id is None and (post.starter or hand.facts.root_of(post).group_id in (None, group.id))


def enter(hand: Hand, group: Group, post: Post) -> None:
    """A post that was known before is in the group from now on."""
    posts.change(hand.writes, post.id, group_id=group.id)
    author = hand.facts.author_of(post)
    talks.again(hand.writes, post, news=author is not None and author.kind == "Person" and not author.bot)
    storage.groups.count_post(hand.writes, group.id, post.published, starter=post.starter)


def show(hand: Hand, face: Actor, post: Post, activity: Activity) -> None:
    """What begins a thread of a group elsewhere stands in its members' homes, as a boost of the group."""
    if post.starter and hand.facts.boost_of(face.id, post.id) is None:
        now = clock.now_ms()
        at = min(activity.published or now, now)
        boost_id = next_id(at, coarse=activity.coarse)
        boosts.insert(hand.writes, Boost(boost_id, activity.uri or "", face.id, post.id, posts.PUBLIC, at))


def _waits(hand: Hand, post: Post, parent: Post | None) -> bool:
    """Whether what began the thread of a post is not here: when it comes, a group of ours may take in both."""
    begun = hand.facts.root_of(parent) if parent is not None else post
    return begun.parent_id is None and begun.parent_uri is not None


def _parent(hand: Hand, written: Note) -> Post | None:
    parent = hand.facts.posts.get(written.in_reply_to or "")
    return parent if parent is not None and parent.deleted_at is None else None


def _look_for_parent(hand: Hand, written: Note) -> None:
    """Whether an answer that names a group of ours is in it, what it answers decides: that is asked for once.

    Raises:
        Wants: it is not known yet.
    """
    uri = written.in_reply_to
    if uri and not hand.app.urls.own(uri) and uri not in (hand.fetched | hand.facts.dead | hand.facts.posts.keys()):
        raise Wants(parents=(uri,))


def group_for(hand: Hand, written: Note, author: Actor, parent: Post | None) -> Group | None:
    """The group the post is in: that of its thread, or the first that it is addressed to and that lets it in."""
    facts = hand.facts
    group = facts.group_of(parent) if parent is not None else _named(hand, written)
    if group is not None and group.local and groups.reach(group, parent) >= posts.MEMBERS:
        # What is for everybody does not enter it: who wrote it did not know for whom they write (attack GRP-20).
        confined = groups.reach(group, parent) == posts.MEMBERS and _is_confined(hand, written, author, parent)
        return group if confined and _let_in(hand, group, author, parent) else None
    if not written.audience.public:
        inside = group is not None and not group.local and parent is not None and parent.visibility == posts.MEMBERS
        among = inside and group is not None and _at_home(hand, group, author)
        return group if among and _is_confined(hand, written, author, parent) else None
    group = group or (facts.group_at(author.uri) if parent is None else None)
    if group is None and parent is not None and parent.truth == "fetched" and parent.visibility <= posts.UNLISTED:
        # Whoever wrote what was fetched did not bring it to the group; this answer in the thread may come all the same.
        # Below what somebody said who is not let in, nobody is (attack GRP-01).
        group, before = _named(hand, written), facts.author_of(parent)
        inside = group is not None and facts.root_of(parent).group_id == group.id
        if (
            group is None
            or before is None
            or not inside
            or not waiting.belated(group, facts.standing(group, before.uri))
        ):
            return None
    if group is None:
        return None
    if not group.local:  # what is in a group elsewhere, that group says (announce.py), or its server
        return group if _at_home(hand, group, author) else None
    return group if _let_in(hand, group, author, parent) else None


def _let_in(hand: Hand, group: Group, author: Actor, parent: Post | None) -> bool:
    """Whether a group of ours takes in what somebody writes, in answer to that post or as a new thread."""
    facts = hand.facts
    if parent is not None and parent.removed_at is not None:
        return False
    standing, root = facts.standing(group, author.uri), waiting.opened(facts.root_of(parent)) if parent else None
    way = shared.way(hand, group, author.uri, root) if root is not None else None
    try:
        ways.beneath(standing, locked=parent is not None and facts.closed(parent))
        if way is not None and root is not None:
            ways.through(group, standing, way, root)
        else:
            admit.posting(group, standing, root)
    except NotAllowed:
        return False
    return True


def _waits_for(hand: Hand, activity: Activity, written: Note, author: Actor, parent: Post | None, group: Group) -> bool:
    """Whether a post waits: for the group that it is for, or for that through which its author is in the thread."""
    way = shared.way(hand, group, author.uri, hand.facts.root_of(parent)) if parent is not None else None
    asking = way.group if way is not None else group
    cools = waiting.cools(hand, activity, written, author, parent, group)
    return cools or waiting.waits(hand, activity, written, author, parent, asking)


def _is_confined(hand: Hand, written: Note, author: Actor, parent: Post | None) -> bool:
    """Whether a post is for the members of its group alone, here or elsewhere; it opens to nobody else."""
    facts = hand.facts
    group = facts.group_of(parent) if parent is not None else _named(hand, written)
    if group is None or (group.visibility == "public" and (parent is None or parent.visibility != posts.MEMBERS)):
        return False
    return mapping.posts.confined(written, author, facts.face_of(group)) or (
        # An answer of somebody who was answered by name, with no word of the group.
        parent is not None and not written.audience.public and bool(author.followers)
        and author.followers in written.audience.everyone
    )  # fmt: skip


def _at_home(hand: Hand, group: Group, author: Actor) -> bool:
    """Whether the server of a group that is followed here says something in it itself.

    It decides who may (FEP-fe34 §Origin), and many do not announce their own people: Mbin 1.10.1, Discourse (answers),
    Friendica, PeerTube and WordPress (comments).
    """
    face = hand.facts.face_of(group)
    return not group.local and hand.facts.followed(face.uri) and same_origin(author.uri, face.uri)


def _named(hand: Hand, written: Note) -> Group | None:
    """The first group that a post is addressed to, or else mentions."""
    facts = hand.facts
    uri = group_of(written.audience, lambda uri: facts.group_at(uri) is not None) or next(
        (m.href for m in written.mentions if facts.group_at(m.href) is not None), None
    )
    return facts.group_at(uri) if uri else None


def mentioned(hand: Hand, written: Note) -> tuple[Actor, ...]:
    """Those a post names or is addressed to, as far as they are known."""
    named = dict.fromkeys((*(m.href for m in written.mentions), *written.audience.everyone))
    known = [hand.facts.actors[uri] for uri in named if uri in hand.facts.actors]
    return tuple(known[:MAX_TOLD])


def _concerns(
    hand: Hand, author: Actor, parent: Post | None, group: Group | None, named: tuple[Actor, ...], written: Note
) -> bool:
    if group is not None:
        return True
    if any(actor.local for actor in named) or hand.facts.followed(author.uri):
        return True
    return (parent is not None and bool(parent.local)) or bool(hand.facts.early(written.uri))


def _arrival(
    hand: Hand,
    activity: Activity,
    written: Note,
    author: Actor,
    parent: Post | None,
    group: Group | None,
    named: tuple[Actor, ...],
) -> Arrival:
    return Arrival(
        note=written,
        author=author,
        truth="proof" if activity.uri in hand.proven else "fetched" if written.uri in hand.fetched else "signed",
        entered_by=hand.entered_by,
        create_uri=activity.uri or "",
        parent=parent,
        group=group,
        mentioned=named,
        blockers=hand.facts.blockers(author.uri),
        awaited=bool(hand.facts.early(written.uri)),
        left_out=waiting.left_out(hand, group, parent, written.uri),
    )
