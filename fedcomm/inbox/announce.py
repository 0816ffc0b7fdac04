"""Announce: a person boosts a post, or a group passes on what was done in it (FEP-1b12 §The Announce activity).

What stands inside counts as far as somebody vouches for it: posts are asked for at their origin, votes and deletions
are at most what the group says of them, and change nothing outside it.
"""

from functools import partial
from typing import Any

import msgspec

from activitypub import parse
from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden, ProtocolError
from activitypub.objects import Note
from activitypub.origins import same_origin
from fedcomm import attesting, clock, mapping, moderation, peers, recording, rights
from fedcomm.inbox import create, react, shared
from fedcomm.inbox import undo as taking_back
from fedcomm.inbox.hand import Hand, Ignored, Wants
from storage import boosts, posts, reactions, shares, telling
from storage.actors import Actor
from storage.boosts import Boost
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post


def post(hand: Hand, activity: Activity) -> None:
    """A boost. That of a group puts the post into the group, when it names the group or answers in it."""
    booster = hand.actor(activity.actor)
    if activity.uri is None or hand.undone(activity):
        raise Ignored("it was undone before")
    group = hand.facts.group_at(booster.uri)
    if group is None and not hand.facts.followed(booster.uri) and not _ours(hand, activity):
        raise Ignored("nobody here follows who announces")
    known = hand.facts.posts.get(id_of(activity.object) or "")
    if group is not None and not hand.facts.followed(booster.uri) and not from_here(hand, known):
        raise Ignored("nobody here follows the group")
    boosted = hand.post(id_of(activity.object) or "")
    if group is not None:
        return _enter(hand, group, booster, boosted, activity)
    if boosted.visibility > posts.UNLISTED:
        raise Ignored("the post is not for everybody")  # attack ORI-19: nobody widens what others wrote
    _boost(hand, booster, boosted, activity)


def created(hand: Hand, activity: Activity) -> None:
    """A group passes on a post: it comes from its origin, or with its author's proof; it must name the group or answer
    in it."""
    group, face = announcer(hand, activity)
    inner = activity.object
    assert isinstance(inner, Activity)
    uri = id_of(inner.object)
    if uri is None:
        raise Ignored("it names no post")
    if uri in hand.attested and uri not in hand.fetched | hand.facts.posts.keys():
        raise Wants(posts=(uri,))  # its origin is asked first
    if isinstance(inner.object, Note) and uri not in hand.facts.posts and not hand.app.urls.own(uri):
        new = create.passed_on(hand, inner, group, face)
        shared.relayed(hand, activity, new, inner.actor, new=True)
        return _show(hand, group, face, new, activity)
    entered = hand.post(uri)
    if uri in hand.attested and entered.visibility != posts.MEMBERS:
        raise Ignored("its author says otherwise for whom it is")
    if uri in hand.fetched and not entered.starter:
        shared.relayed(hand, activity, entered, inner.actor, new=True)
    _enter(hand, group, face, entered, activity)


def voted(hand: Hand, activity: Activity) -> None:
    """A group passes on a vote in it; it counts as the group's word (`attested`)."""
    group, _face = announcer(hand, activity)
    inner = activity.object
    assert isinstance(inner, Activity)
    known = hand.known_post(id_of(inner.object) or "")
    if known.group_id != group.id:
        raise Forbidden("The post is not in this group.")
    if hand.undone(inner):
        raise Ignored("it was undone before")
    if hand.app.urls.own(inner.actor):
        raise Ignored("it is one of ours")
    voter = hand.actor(inner.actor)
    react.record(hand, known, voter, react.KINDS[inner.type], inner, truth=_truth(hand, inner, activity))


def unvoted(hand: Hand, activity: Activity) -> None:
    """A group passes on that somebody took a vote back."""
    group, _face = announcer(hand, activity)
    undo = activity.object
    inner = undo.object if isinstance(undo, Activity) else None
    if not isinstance(undo, Activity) or not isinstance(inner, Activity) or inner.actor != undo.actor:
        raise Forbidden("A vote is taken back by who cast it.")
    if hand.app.urls.own(inner.actor):
        raise Ignored("it is one of ours")
    hand.take_back(inner.uri)
    known = hand.facts.posts.get(id_of(inner.object) or "")
    voter = hand.facts.actors.get(inner.actor)
    if known is None or voter is None or known.deleted_at is not None:
        return  # that the vote was taken back is remembered, whenever it and its post come
    if known.group_id != group.id:
        raise Forbidden("The post is not in this group.")
    reactions.remove(hand.writes, known.id, voter.id, react.KINDS[inner.type])
    hand.writes.after(partial(hand.app.forget_post, known.id))


def deleted(hand: Hand, activity: Activity) -> None:
    """A group passes on that a post of it is gone: erased by its author, or taken out by a moderator.

    It counts also when nobody here follows the group any more: what came while somebody did is still here.
    """
    group, face = announcer(hand, activity, late=True)
    inner = activity.object
    assert isinstance(inner, Activity)
    asked = hand.facts.posts.get(id_of(inner.object) or "")
    if asked is not None and asked.deleted_at is not None and asked.uri in hand.refreshed:
        return shared.relayed(hand, activity, asked, inner.actor, gone=True)  # its origin was asked, and says so too
    known = hand.known_post(id_of(inner.object) or "")
    if known.group_id != group.id:
        raise Forbidden("The post is not in this group.")
    author = hand.facts.author_of(known)
    if known.local and author is not None and author.uri == inner.actor:
        raise Ignored("what ours delete they delete here")  # attack ORI-14: nobody else says so of them
    vouched = same_origin(inner.actor, activity.actor) or inner.uri in hand.proven
    if author is not None and author.uri == inner.actor and (vouched or known.visibility == posts.MEMBERS):
        # Of what is for its members a group may say so: its origin answers few, and the group could take it out anyway.
        shared.relayed(hand, activity, known, inner.actor, gone=True)
        if known.truth == attesting.TRUTH:  # its id is not the group's to bury
            return attesting.displace(hand.app, hand.writes, known)
        return recording.erase(hand.app, hand.writes, known)
    if author is not None and author.uri == inner.actor:
        return _ask_origin(hand, known)
    if not moderates(hand, group, face, inner.actor):
        raise Forbidden("Only moderators take posts out of a group.")
    moderator = hand.actor(inner.actor)
    moderation.record_removal(hand.app, hand.writes, group, face, known, moderator, inner.uri or "", inner.summary)


def updated(hand: Hand, activity: Activity) -> None:
    """A group passes on that a post of it was edited: its author's proof or its origin says how it reads now."""
    group, face = announcer(hand, activity)
    inner = activity.object
    assert isinstance(inner, Activity)
    uri = id_of(inner.object) or ""
    if uri == face.uri:
        return described(hand, activity)
    known = hand.post(uri)
    if known.group_id != group.id or known.local:
        raise Ignored("the post is not in this group")
    author = hand.facts.author_of(known)
    written = inner.object
    proven = inner.uri in hand.proven and author is not None and author.uri == inner.actor
    # Without a time it may be an earlier version, which a group can pass on again whenever it likes.
    if proven and author is not None and isinstance(written, Note) and written.updated is not None:
        if recording.edit(hand.app, hand.writes, known, author, written, create.mentioned(hand, written)):
            shared.relayed(hand, activity, known, inner.actor)
        return
    if known.truth == attesting.TRUTH and uri in hand.attested and isinstance(written, Note) and author is not None:
        parent = hand.facts.posts.get(written.in_reply_to or "")
        if author.uri == inner.actor and attesting.inside(written, author, group, face, parent):
            recording.edit(hand.app, hand.writes, known, author, written, create.mentioned(hand, written))
        return
    _ask_origin(hand, known)
    if author is not None and author.uri == inner.actor and _reads_so(hand, activity, known):
        shared.relayed(hand, activity, known, inner.actor)


def described(hand: Hand, activity: Activity) -> None:
    """A group passes on that it has changed itself: it is read anew at its home."""
    _group, face = announcer(hand, activity)
    inner = activity.object
    assert isinstance(inner, Activity)
    if id_of(inner.object) != face.uri:
        raise Forbidden("A group passes on what became of itself only.")
    if face.uri not in hand.refreshed:
        raise Wants(fresh_actors=(face.uri,))


def restored(hand: Hand, activity: Activity) -> None:
    """A group passes on that a moderator put a post back, or that its author took a deletion back."""
    group, face = announcer(hand, activity)
    undo = activity.object
    inner = undo.object if isinstance(undo, Activity) else None
    if not isinstance(undo, Activity) or not isinstance(inner, Activity):
        raise Ignored("it names nothing that is known here")
    gone = hand.facts.posts.get(id_of(inner.object) or "")
    if gone is not None and gone.group_id == group.id and taking_back.revived(hand, gone, undo.actor):
        return
    known = hand.known_post(id_of(inner.object) or "")
    if known.group_id != group.id or not moderates(hand, group, face, undo.actor):
        raise Forbidden("Only moderators put posts back into a group.")
    moderator = hand.actor(undo.actor)
    moderation.record_restoration(
        hand.app, hand.writes, group, face, known, moderator, undo.uri or activity.uri or "", inner.uri or ""
    )


def at_home(hand: Hand, activity: Activity, group: Group) -> Activity:
    """What somebody of a group's own server does there, as if the group had passed it on: it decides who may.

    Mbin 1.10.1 tells followers of a magazine so what its moderators do.

    Raises:
        Forbidden: it is of another server.
    """
    face = hand.facts.face_of(group)
    if group.local or not same_origin(activity.actor, face.uri):
        raise Forbidden("What is done in a group elsewhere comes from that group.")
    hand.facts.actors.setdefault(face.uri, face)
    return msgspec.structs.replace(activity, type="Announce", actor=face.uri, object=activity, objects=(activity,))


def moderates(hand: Hand, group: Group, face: Actor, uri: str) -> bool:
    """Whether an actor may act for a group elsewhere: itself, one that it lists, or an admin of its server.

    A group without a list speaks for all of its own server (attack GRP-06).

    Raises:
        Wants: the list was not read lately.
    """
    if uri == face.uri:
        return True
    if not face.moderators:
        return same_origin(uri, face.uri)
    if face.uri not in hand.refreshed and hand.app.moderators_read.due(face.uri):
        raise Wants(moderators=(face.uri,))
    return hand.facts.standing(group, uri).may(rights.OVERSEE) or uri in hand.app.peers.admins.get(face.host, ())


def announcer(hand: Hand, activity: Activity, *, late: bool = False) -> tuple[Group, Actor]:
    """The group elsewhere that announces, and its face; `late`: also when nobody here follows it (any more).

    Raises:
        Forbidden: it is no group.
        Ignored: nobody here follows it.
    """
    face = hand.actor(activity.actor)
    group = hand.facts.group_at(face.uri)
    if group is None:
        raise Forbidden("Only groups pass on what others did.")
    if group.local or not (late or hand.facts.followed(face.uri)):
        raise Ignored("nobody here follows the group")
    if activity.actor == hand.signer:
        peers.passes_on(hand.app, hand.writes, face.host)
    return group, face


def _ask_origin(hand: Hand, known: Post) -> None:
    """What a group says that an author did elsewhere, that author's server is asked about, once."""
    if known.uri not in hand.refreshed:
        raise Wants(fresh_posts=(known.uri,))


def _reads_so(hand: Hand, activity: Activity, known: Post) -> bool:
    """Whether the origin of a post, asked just now, says what the group says, and that was news here."""
    inner: Any = hand.raw_of(activity).get("object")
    said = inner.get("object") if isinstance(inner, dict) else None
    if (known.edited_at or 0) < hand.asked_at or not isinstance(said, dict):
        return False
    try:
        written = parse.object(said)
    except ProtocolError:
        return False
    if not isinstance(written, Note) or written.uri != known.uri:
        return False
    reads = mapping.posts.title(written), mapping.posts.shown(written), mapping.posts.summary(written)
    return reads == (known.title, known.content, known.summary)


def _enter(hand: Hand, group: Group, face: Actor, entered: Post, activity: Activity) -> None:
    """The post is in the group, when it was written for it: answers in its thread, what began one as its boost."""
    if entered.visibility not in (posts.PUBLIC, posts.UNLISTED, posts.MEMBERS):
        raise Ignored("the post is not for everybody")  # attack ORI-19, as above
    if create.may_enter(hand, group, entered) and _for_group(hand, group, face, entered):
        create.enter(hand, group, entered)
        entered = msgspec.structs.replace(entered, group_id=group.id)
    elif entered.group_id != group.id and not entered.starter:
        raise Ignored("the thread is not in this group")
    _show(hand, group, face, entered, activity)


def _for_group(hand: Hand, group: Group, face: Actor, entered: Post) -> bool:
    """Whether a post names the group or answers in a thread of it.

    A group may boost anything; but it does not get a say over what somebody wrote elsewhere (attack GRP-03).

    Raises:
        Wants: the post may have come before the group was known: whom it names is asked again.
    """
    if entered.author_id == face.id or hand.facts.names(entered.id, face.id):
        return True
    if not entered.starter and hand.facts.root_of(entered).group_id == group.id:
        return True
    if not entered.local and hand.facts.boost_of(face.id, entered.id) is None:
        if not {entered.uri} & (hand.fetched | hand.refreshed):
            raise Wants(fresh_posts=(entered.uri,))
    return False


def _show(hand: Hand, group: Group, face: Actor, entered: Post, activity: Activity) -> None:
    if entered.removed_at is not None:
        raise Ignored("it was taken out of the group")
    beside = entered.starter and entered.group_id != group.id
    if (
        beside and group.visibility != "public"
    ):  # what it shows is its members' affair, and a boost is seen by everybody
        raise Ignored("the group is not for everybody")
    if beside and entered.local and hand.facts.boost_of(face.id, entered.id) is None:
        _tell_author(hand, face, entered)
    create.show(hand, face, entered, activity)
    if beside:
        shares.put(hand.writes, group.id, entered.id, face.id, clock.now_ms())


def _tell_author(hand: Hand, booster: Actor, post: Post) -> None:
    """Somebody passes on what one of ours wrote, who learns of it unless they brought it to that group themselves."""
    if post.author_id not in hand.facts.blockers(booster.uri) and not hand.facts.names(post.id, booster.id):
        telling.tell(hand.writes, next_id(), post.author_id, "reblog", booster.id, post.id, clock.now_ms())


def _boost(hand: Hand, booster: Actor, boosted: Post, activity: Activity) -> None:
    now = clock.now_ms()
    at = min(activity.published or now, now)
    boost_id = next_id(at, coarse=activity.coarse)
    boosts.insert(hand.writes, Boost(boost_id, activity.uri or "", booster.id, boosted.id, posts.PUBLIC, at))
    posts.home_for_followers(hand.writes, boost_id, boosted.id, booster.id, booster.id)
    if boosted.local:
        _tell_author(hand, booster, boosted)
    hand.writes.after(partial(hand.app.forget_post, boosted.id))


def _ours(hand: Hand, activity: Activity) -> bool:
    return hand.app.urls.own(id_of(activity.object) or "")


def from_here(hand: Hand, known: Post | None) -> bool:
    """Whether a thread is by one of ours or in a group of ours: what others do with it is told us then."""
    home = hand.facts.group_of(known) if known is not None else None
    return known is not None and known.starter and bool(known.local or (home is not None and home.local))


def _truth(hand: Hand, inner: Activity, outer: Activity) -> str:
    if inner.uri in hand.proven:
        return "proof"
    return "signed" if same_origin(inner.actor, outer.actor) else "attested"
