"""Which servers hear of what one of ours did in a group of ours from whom, so that none of them hears it twice."""

from typing import Any, TypedDict

import msgspec

from activitypub.quirks import GROUPS, THREADS
from fedcomm import groups
from fedcomm.app import App
from fedcomm.outbox import publish
from storage import outbox
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.outbox import Audience
from storage.posts import DIRECT, FOLLOWERS, LOCAL, MEMBERS, Post


async def apart(app: App, group: Group | None, face: Actor | None, post: Post, told: Audience) -> Audience:
    """The audience of what one of ours said, without servers to which the group of ours announces it whole.

    What Lemmy, PieFed, Mbin, NodeBB and Friendica do with an announced post is what they do with one that its author
    sends, messages to who is named in it or answered included. Where nobody has learned yet what runs (`both`), that is
    decided once it is known; what stays unknown hears it from its author. That goes for what is for the members of the
    group too: nobody else is told of it, whomever it names (`posts.audience_of`).
    """
    if group is None or not group.local or face is None or post.visibility in (FOLLOWERS, DIRECT):
        return told
    if groups.reach(group, post) == LOCAL:
        return told
    followers = await app.reach.places(Audience(followers=(face.id,)))
    announced = followers.keys() & app.peers.of_family(GROUPS)
    unknown = {host for host in followers if not app.peers.family(host)}
    if not announced and not unknown:
        return told
    without, both = list[str](), list[str]()
    for host, inboxes in (await app.reach.places(told)).items():
        if host in announced:
            without.append(host)
        elif host in unknown:  # perhaps without an inbox for all, so that each of its inboxes is for some
            both += [inbox for inbox in inboxes if inbox in followers[host]]
    return msgspec.structs.replace(told, without=(*told.without, *without), both=tuple(both))


class Once(TypedDict):
    """How a group passes on what one of ours tells as well (`groups.pass_on`)."""

    both: tuple[str, ...]
    twin: bool


def once(post: Post, told: Audience) -> Once:
    """What the group needs to know, so that no server hears what one of ours did to a post twice."""
    return Once(both=told.both, twin=bool(post.starter))


async def of_edit(
    app: App, face: Actor | None, post: Post, author: Actor, before: Audience, now: Audience
) -> tuple[Audience, Audience]:
    """Who has to get a post itself, since an edit names them first, and who how it reads now: `now`, and who had it.

    An Update of what a server does not know has no effect on most (Mastodon: none when it is older than a day). Who is
    named no more keeps what they can read anyway, and so it is not left as it was (Mastodon: such a mention becomes a
    silent one); of what is for followers or those it names they are told no more.
    """
    had = tuple(sorted({*before.inboxes, *(await outbox.inboxes_told(author.id, post.id))}))
    known_at = await app.reach.places(msgspec.structs.replace(before, inboxes=had))
    named = await app.reach.places(Audience(inboxes=now.inboxes, without=now.without))
    new = tuple(inbox for host, inboxes in named.items() if host not in known_at for inbox in inboxes)
    left = await app.reach.places(Audience(inboxes=had)) if post.visibility not in (FOLLOWERS, DIRECT) else {}
    if post.visibility == MEMBERS and left:
        within = await app.reach.places(Audience(followers=(face.id,))) if face is not None and face.local else {}
        left = {host: inboxes for host, inboxes in left.items() if host in within}
    more = tuple(inbox for inboxes in left.values() for inbox in inboxes if inbox not in now.inboxes)
    return Audience(inboxes=new, both=now.both), msgspec.structs.replace(now, inboxes=(*now.inboxes, *more))


async def tell_boosted(
    app: App, writes: Writes, group: Group, face: Actor, author: Actor, activity: dict[str, Any], post: Post,
    told: Audience,
) -> None:  # fmt: skip
    """What one of ours did to a thread that the group boosted: microblogs hear it from its author or not at all.

    So does who shows all that a group boosts, also what is said in threads. No server hears it twice: those of the
    audience `told` have it already.
    """
    if groups.reach(group, post) >= MEMBERS:  # it tells them anew itself (retelling.py)
        return
    form = "plain" if post.starter else "answer"
    if form == "answer" and not app.peers.of_family(THREADS):
        return
    audience = Audience(followers=(face.id,), without=tuple(await app.reach.places(told)), since=told.since)
    publish(app, writes, author, activity, audience, form=form, thread_id=post.thread_id, post_id=post.id)
