"""Update: a post or a profile says something else now."""

from collections.abc import Awaitable

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.objects import Note
from fedcomm import admit, attesting, groups, recording
from fedcomm.desk.values import uri_of
from fedcomm.errors import NotAllowed
from fedcomm.inbox import contacts, create, desk, moderate, retitle, shared, waiting
from fedcomm.inbox.hand import Hand, Ignored, Wants
from storage import posts
from storage.groups import Group
from storage.posts import Post


def note(hand: Hand, activity: Activity) -> Awaitable[None] | None:
    """The author changed a post. Who wrote it, its group, thread and kind stay; fewer people may see it, never more.
    Or a moderator gave a thread of a group of ours another title.

    (attacks ORI-12, PRI-14)
    """
    written = activity.object
    assert isinstance(written, Note)
    known = hand.facts.posts.get(written.uri)
    if known is None or known.truth == attesting.TRUTH:
        create.note(hand, activity)  # the Create was lost or comes later (attack ORI-23)
        return None
    author = hand.actor(activity.actor)
    if known.author_id != author.id:
        return retitle.asked(hand, activity, known)
    if known.local:
        raise Forbidden("The post is by somebody else.")
    if known.visibility == posts.MEMBERS and written.audience.public:
        raise Ignored("it was for the members of a group, and stays so")  # attack GRP-20
    group = hand.facts.group_of(known)
    if group is not None and group.local and not _may_change(hand, group, author.uri, known):
        raise Ignored("the author may not write in the group any more")  # attacks GRP-01, GRP-17
    if group is not None and group.local and not hand.app.edit_limit.allows(known.id, author.host):
        raise Ignored("it is changed too often: the group would pass on each version")  # attack GRP-13
    if group is not None and group.local and waiting.edited_too_far(hand, written, author, group, known.content):
        raise Ignored("it is changed into what its author may not write yet")
    written = create.with_moderators(hand, author, written)
    if contacts.holds(hand, activity, written):
        return None
    if not recording.edit(hand.app, hand.writes, known, author, written, create.mentioned(hand, written)):
        raise Ignored("a later version is known")
    if group is not None and group.local and known.removed_at is None:  # attack GRP-21
        groups.pass_on(
            hand.app, hand.writes, group, hand.facts.face_of(group), hand.raw_of(activity), about=known,
            post_id=known.id,
        )  # fmt: skip
    shared.changed(hand, activity, known)
    return None


def _may_change(hand: Hand, group: Group, author: str, known: Post) -> bool:
    """Whether somebody may still change what they wrote in a group: not who is banned, or left where members write."""
    if shared.way(hand, group, author, hand.facts.root_of(known)) is not None:
        return not admit.banned(hand.facts.standing(group, author).ban)
    try:
        admit.belated(group, hand.facts.standing(group, author))
    except NotAllowed:
        return False
    return True


async def by_link(hand: Hand, activity: Activity) -> None:
    """Only the id of what was changed came: its origin says how it reads now. A group of ours is its moderators'."""
    uri = id_of(activity.object)
    if uri == activity.actor:
        return profile(hand, activity)
    group = hand.facts.group_at(uri or "")
    if group is not None:
        return await moderate.describe(hand, activity, group)
    meant = hand.facts.group_at(activity.target or "")
    if meant is not None and uri == uri_of(hand.facts.face_of(meant)):
        return await desk.changed(hand, activity, meant)
    known = hand.known_post(uri or "")
    editor, author = hand.actor(activity.actor), hand.facts.author_of(known)
    in_its_name = author is not None and create.speaks_for(author, editor.uri)
    if not (known.author_id == editor.id or in_its_name):
        return await retitle.asked(hand, activity, known)
    if known.local:
        raise Forbidden("The post is by somebody else.")
    if known.uri not in hand.refreshed:
        raise Wants(fresh_posts=(known.uri,))


def profile(hand: Hand, activity: Activity) -> None:
    """A profile changed: it is read anew at its home, whatever the activity says (attack ORI-13)."""
    if activity.actor not in hand.refreshed:
        raise Wants(fresh_actors=(activity.actor,))
