"""What a microblog is told of a group of ours when the first of its people follows it: the newest threads, as boosts.

Mastodon and its like ask a group for no outbox: on the profile of a group, and in the homes of who follows it, is what
it boosted since somebody there follows it. So they would find an empty room (acceptance C2, step 10). Who understands
groups reads the outbox.
"""

from activitypub.quirks import MICROBLOG
from fedcomm import clock, letters
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, boosts, collections, groups, jobs, members
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

MOST = 10  # threads: each makes the other server ask for a post
JOB = "acquaint"


def ask(writes: Writes, group: Group, follower: Actor) -> None:
    """Somebody follows a group of ours: their server is told by a job, where there is anything to tell."""
    if not follower.local and _has_any(group):
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
    if known is None or known.state != "joined" or not _has_any(stored_group):
        return
    if app.peers.family(who.host) != MICROBLOG or await members.others_at(group, actor, who.host):
        return
    threads = await collections.threads(group, 2**62, MOST)
    shown = await boosts.of_all(face.id, [post.id for post in threads])
    writes = Writes()
    audience = Audience(inboxes=(who.shared_inbox or who.inbox,))
    for post in reversed(threads):
        boost = shown.get(post.id)
        if boost is not None and boost.published <= known.joined_at:  # what came since then it has from the log
            told = activities.announce(boost.uri, face.uri, face.followers, post.uri, boost.published)
            publish(app, writes, face, told, audience, form="plain", thread_id=post.thread_id, post_id=post.id)
    await apply(writes)


def _has_any(group: Group) -> bool:
    return bool(group.local and group.threads_count and group.visibility == "public")
