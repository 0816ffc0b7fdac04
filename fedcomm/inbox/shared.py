"""What comes from elsewhere into threads that several groups show (`sharing.py`)."""

from collections.abc import Sequence
from typing import Any

from activitypub.activities import Activity
from activitypub.objects import Note
from activitypub.origins import host_of, is_url
from fedcomm import acts, admit, clock, groups, measuring, sharing, showing, ways
from fedcomm.errors import NotAllowed
from fedcomm.inbox import waiting
from fedcomm.inbox.hand import Hand
from fedcomm.standing import Author, Standing, Wait
from fedcomm.ways import Way
from storage import held, posts, shares, talks
from storage.actors import Actor
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post


def said(hand: Hand, activity: Activity, written: Note, author: Actor, post: Post, root: Post) -> None:
    """Somebody said something new: groups of ours that show the thread pass it on, others whom it names may show it."""
    if post.visibility > posts.UNLISTED:
        return
    others = hand.facts.shown_in(root.id) if root.id != post.id else ()
    home = hand.facts.group_of(root)
    if others and root.group_id is None:  # else whoever takes it into the group counts it
        talks.again(hand.writes, post, news=author.kind == "Person" and not author.bot)
    joining = named(hand, activity, written, author, root)
    if root.id != post.id and (home is None or not home.local or post.group_id == home.id):  # else it is nowhere
        _pass_on(hand, hand.raw_of(activity), post, author.uri, new=True, joining=joining)


def named(hand: Hand, activity: Activity, written: Note, author: Actor, root: Post) -> list[Group]:
    """Groups of ours that a post names show its thread from now on, if its author may do that; it may wait for them.

    Gives those that do.
    """
    joining: list[Group] = []
    there = {root.group_id, *(each.group.id for each in hand.facts.shown_in(root.id))}
    home = hand.facts.group_of(root)
    at_home = hand.facts.standing(home, author.uri) if home is not None else None
    for uri in dict.fromkeys((*written.audience.everyone, *(mention.href for mention in written.mentions))):
        group = hand.facts.group_at(uri)
        if group is None or not group.local or group.id in there:
            continue
        there.add(group.id)
        standing = hand.facts.standing(group, author.uri)
        asked = len(there) <= sharing.MOST + 1 and sharing.asked(group, standing, root, author.id, at_home)
        if asked and _welcome(hand, group, standing, author, root):
            why = _why(hand, written, group, standing, author, root)
            if why is None:
                _take_in(hand, group, author, root)
                joining.append(group)
            elif hand.facts.held(written.uri, group) != held.REFUSED:
                waiting.keep(hand, activity, written, author, group, why)
    return joining


def _take_in(hand: Hand, group: Group, author: Actor, root: Post) -> None:
    face = hand.facts.face_of(group)
    if hand.facts.ended(group, root) is not None:
        uri = hand.app.urls.activity(next_id())
        acts.record(hand.app, hand.writes, group, face, "share", root.uri, None, by=author.uri, uri=uri)
    showing.record(hand.app, hand.writes, group, face, root, author.id, concerned(hand, root))


def concerned(hand: Hand, root: Post) -> list[Actor]:
    """Whose servers are told what becomes of a thread besides those who follow its groups."""
    home, author = hand.facts.group_of(root), hand.facts.author_of(root)
    return [actor for actor in (author, hand.facts.face_of(home) if home is not None else None) if actor is not None]


def _welcome(hand: Hand, group: Group, standing: Standing, author: Actor, root: Post) -> bool:
    """Whether a group may show a thread at all: not that of somebody it has banned, or what it has shown and ended."""
    begun = hand.facts.author_of(root)
    if begun is None or admit.banned(hand.facts.standing(group, begun.uri).ban):
        return False
    try:
        ways.sharing_again(standing, hand.facts.ended(group, root), author.uri, clock.now_ms())
    except NotAllowed:
        return False
    return True


def _why(hand: Hand, written: Note, group: Group, standing: Standing, author: Actor, root: Post) -> Wait | None:
    """Why what somebody shows in a group waits first, as if they had begun it there (attack GRP-13)."""
    if hand.facts.held(written.uri, group) == held.RELEASED:
        return None
    known, measured = hand.facts.circumstances(group, author.id), measuring.shared(root, hand.app.host)
    who = Author(bot=bool(author.bot), deaf=hand.app.peers.deaf(author.host))
    why = admit.waits(group, standing, known, who, measured, clock.now_ms())
    if why is None and not hand.app.post_limit.allows(group.id, author.uri, author.host, measuring.words(root.content)):
        return Wait("flood")
    return why


def relayed(hand: Hand, announced: Activity, post: Post, by: str, *, new: bool = False, gone: bool = False) -> None:
    """What a group elsewhere passes on in a thread of its own, groups of ours that show the thread pass on as well.

    What is said anew (`new`) they do not, where they have locked it.
    """
    raw = hand.raw_of(announced)
    inner: Any = raw.get("object")
    if isinstance(inner, dict) and "@context" not in inner:  # as it stands by itself, with its author's proof
        inner = {"@context": raw["@context"], **inner}
    if isinstance(inner, dict | str):
        _pass_on(hand, inner, post, by, new=new, gone=gone)


def changed(hand: Hand, activity: Activity, post: Post, *, gone: bool = False) -> None:
    """Somebody changed or deleted a post: groups of ours that show its thread pass that on."""
    _pass_on(hand, hand.raw_of(activity), post, activity.actor, anybody=gone, gone=gone)
    for group in [each.group for each in hand.facts.shown_in(post.thread_id)] if gone and post.starter else ():
        if group.local:
            face = hand.facts.face_of(group)
            shares.drop(hand.writes, group.id, post.id)
            if (boost := hand.facts.boost_of(face.id, post.id)) is not None:
                showing.take_back(hand.app, hand.writes, face, post, boost.uri, boost.published, concerned(hand, post))


def way(hand: Hand, home: Group, uri: str, root: Post) -> Way | None:
    """The group of ours through which somebody is in a thread; None for the one in which it began (`ways.py`)."""
    if ways.at_home(hand.facts.standing(home, uri)):
        return None
    others = [each for each in hand.facts.shown_in(root.id) if each.group.local]
    standing = hand.facts.standing
    return ways.choose(
        [Way(each.group, hand.facts.face_of(each.group), standing(each.group, uri), each.locked) for each in others]
    )


def _pass_on(
    hand: Hand, inner: dict[str, Any] | str, post: Post, by: str,
    *, new: bool = False, gone: bool = False, anybody: bool = False, joining: Sequence[Group] = (),
) -> None:  # fmt: skip
    """Groups of ours that show the thread of a post, also those `joining` now, pass on what somebody did: each server
    hears it from one group."""
    home = hand.facts.group_of(post)
    known_to = (home.actor_id,) if home is not None and home.local else ()
    without = _heard(hand, home, {} if gone or isinstance(inner, str) else inner)
    places = [(each.group, each.locked) for each in hand.facts.shown_in(post.thread_id)]
    places += [(group, False) for group in joining]
    for group, locked in places if post.visibility <= posts.UNLISTED else ():
        standing = hand.facts.standing(group, by)
        if group.local and (anybody or sharing.may_relay(group, standing, locked=new and locked)):
            face, about = hand.facts.face_of(group), None if gone else post.id
            groups.pass_on(
                hand.app, hand.writes, group, face, inner, about=post, post_id=about, form="relay",
                known_to=known_to, without=without,
            )  # fmt: skip
            known_to = (*known_to, face.id)


def _heard(hand: Hand, home: Group | None, inner: dict[str, Any]) -> tuple[str, ...]:
    """The servers that hear it otherwise: that of the group in which the thread began, and those of people whom it
    names, to which its author sends it, as all programs do; that it is gone not all of them say."""
    hosts = {hand.facts.face_of(home).host} if home is not None and not home.local else set()
    written = inner.get("object")
    tags = written.get("tag") if isinstance(written, dict) else None
    for tag in tags if isinstance(tags, list) else [tags]:
        named = tag.get("href") if isinstance(tag, dict) and tag.get("type") == "Mention" else None
        if isinstance(named, str) and is_url(named):
            hosts.add(host_of(named))
    return tuple(sorted(hosts))


def shows(hand: Hand, face: Actor, root: Post) -> bool:
    """Whether a group, here or elsewhere, shows a thread beside its own."""
    return any(each.group.actor_id == face.id for each in hand.facts.shown_in(root.id))
