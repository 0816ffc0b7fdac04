"""What a server is told of a group of ours when the first of its people follows it: microblogs the newest threads, as
boosts.

Mastodon and its like ask a group for no outbox: on the profile of a group, and in the homes of who follows it, is what
it boosted since somebody there follows it. So they would find an empty room (acceptance C2, step 10). Who understands
groups reads the outbox. Threads of other groups, which this one shows, are not in it: fedcomm is told of the newest of
them, and which are locked here (docs/decisions/0046).
"""

from activitypub.contexts import PUBLIC
from activitypub.quirks import MICROBLOG
from fedcomm import clock, letters
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, boosts, collections, groups, jobs, members, posts, registers, shares
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

MOST = 10  # threads: each makes the other server ask for a post
JOB = "acquaint"


def ask(writes: Writes, group: Group, follower: Actor) -> None:
    """Somebody follows a group of ours: their server is told by a job."""
    if not follower.local and _tells(group):
        about: dict[str, object] = {"group": group.id, "actor": follower.id}
        jobs.add(writes, next_id(), JOB, about, clock.now_ms(), key=f"{JOB} {group.id} {follower.host}")


async def acquaint(app: App, group: int, actor: int) -> None:
    """Tell it, the oldest thread first; not where somebody else follows the group, or did so once.

    Raises:
        Unreachable: it is not known yet what their server runs.
    """
    stored_group, face = await groups.with_face(group)
    who = await actors.by_id(actor)
    if stored_group is None or face is None or face.gone or who is None or who.gone:
        return
    await letters.learn(app, who)
    known = await members.of(group, actor)
    if known is None or known.state != "joined" or not _tells(stored_group):
        return
    apart = app.peers.keeps_apart(who.host)
    if not (apart or app.peers.family(who.host) == MICROBLOG) or await members.others_at(group, actor, who.host):
        return
    audience = Audience(inboxes=(who.shared_inbox or who.inbox,))
    if apart:
        return await _beside(app, stored_group, face, audience, known.joined_at)
    threads = await collections.threads(group, 2**62, MOST)
    shown = await boosts.of_all(face.id, [post.id for post in threads])
    writes = Writes()
    for post in reversed(threads):
        boost = shown.get(post.id)
        if boost is not None and boost.published <= known.joined_at:  # what came since then it has from the log
            told = activities.announce(boost.uri, face.uri, face.followers, post.uri, boost.published)
            publish(app, writes, face, told, audience, form="plain", thread_id=post.thread_id, post_id=post.id)
    await apply(writes)


async def _beside(app: App, group: Group, face: Actor, audience: Audience, since: int) -> None:
    newest = sorted(await shares.of_group(group.id))[-MOST:]
    known, shown = await posts.by_ids(newest), await boosts.of_all(face.id, newest)
    writes = Writes()
    for post in (known[post_id] for post_id in newest if post_id in known):
        boost = shown.get(post.id)
        if boost is None or boost.published > since:
            continue
        told = activities.announce(boost.uri, face.uri, face.followers, post.uri, boost.published)
        publish(app, writes, face, told, audience, form="beside", thread_id=post.thread_id, post_id=post.id)
        act = await registers.winner(group.id, "locked", post.uri)
        if act is not None and await registers.get(group.id, "locked", post.uri) is not None:
            lock = activities.activity(
                "Lock", act.uri, act.actor_uri, post.uri, to=[PUBLIC], cc=[face.uri], audience=face.uri
            )
            passed_on = activities.announce(
                app.urls.activity(next_id()), face.uri, face.followers, lock, clock.now_ms()
            )
            publish(app, writes, face, passed_on, audience, form="aside", thread_id=post.thread_id)
    await apply(writes)


def _tells(group: Group) -> bool:
    return bool(group.local and group.visibility == "public")
