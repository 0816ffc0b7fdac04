"""What members here are told of later, or as those who run the server."""

from fedcomm import clock, staff_mail
from fedcomm.app import App
from storage import actors, audiences, follows, jobs, notifications, posts, registers, talks
from storage import telling as stored
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Poll, Post
from storage.reports import Report


def of_edit(app: App, writes: Writes, known: Post) -> None:
    """Whoever passed a post on is told soon that it says something else now."""
    if known.boosts_count > 0:
        jobs.add(writes, next_id(), "tell_edit", {"post": known.id}, clock.now_ms(), key=f"tell_edit:{known.id}")
        app.jobs_added(writes)


def of_post(app: App, writes: Writes, post: Post) -> None:
    """Whoever wants to be told of everything that somebody writes is told soon; answers to others are not."""
    wanted = follows.wanting_news(post.author_id)
    jobs.add_if(writes, next_id(), "tell_post", {"post": post.id}, clock.now_ms(), *wanted)
    app.jobs_added(writes)


def of_first_thread(app: App, writes: Writes, post: Post) -> None:
    """Who greets in a group of ours is told soon that a newcomer has begun their first thread in it."""
    jobs.add_if(writes, next_id(), "tell_greeters", {"thread": post.id}, clock.now_ms(), talks.FIRST, post.id)
    app.jobs_added(writes)


def of_end(writes: Writes, poll: Poll) -> None:
    """When a poll is over, whoever asked and whoever voted here is told."""
    if poll.ends_at is not None and poll.closed_at is None:
        key = f"tell_end:{poll.post_id}:{poll.ends_at}"
        jobs.add(writes, next_id(), "tell_end", {"post": poll.post_id}, poll.ends_at + 1, key=key)


async def admins(writes: Writes, kind: str, actor_id: int) -> None:
    """Those who look after this server are told of a sign-up; not of what they did themselves."""
    for admin in await notifications.looking_after():
        if admin != actor_id:
            stored.tell(writes, next_id(), admin, kind, actor_id, 0, clock.now_ms())


async def of_report(
    app: App, writes: Writes, made: Report, reporter: Actor, group: Group | None, face: Actor | None
) -> None:
    """Who looks after this server is told of a report, and who does after the group; nobody of one about themselves.

    The former hear who reported. The latter do not: to them it is the group that was told. Nor does somebody who alone
    runs this server, and hears what is said about them since nobody else could.
    """
    found, now = await notifications.looking_after(), clock.now_ms()
    telling_, alone = found if made.for_admins else [], found == [made.target_id]
    told = [owner for owner in telling_ if owner != reporter.id and (alone or owner != made.target_id)]
    for owner in told:
        by = made.target_id if alone else reporter.id
        stored.tell(writes, next_id(), owner, "admin.report", by, 0, now, made.id)
    await staff_mail.post(app, writes, staff_mail.REPORTS, told)
    if not made.for_group or group is None or face is None:
        return
    leading = await actors.by_uris([uri for uri, _role in (await registers.holders([group.id])).get(group.id, [])])
    others = [who for who in leading.values() if who.local and who.id not in (reporter.id, made.target_id)]
    for who in others:
        if who.id not in telling_:
            stored.tell(writes, next_id(), who.id, "admin.report", face.id, 0, now, made.id)
    await staff_mail.of_groups(app, writes, others)


async def tell_edit(app: App, post: int) -> None:
    """Tell members here who passed a post on that it says something else."""
    known = await posts.by_id(post)
    if known is None or known.deleted_at is not None:
        return
    writes = Writes()
    for owner in await audiences.boosters_here(known.id):
        if owner != known.author_id:
            stored.tell_anew(writes, next_id(), owner, "update", known.author_id, known.id, clock.now_ms())
    await apply(writes)


async def tell_post(app: App, post: int) -> None:
    """Tell members here who asked for that that somebody wrote; not those whom the post names, who know."""
    known = await posts.by_id(post)
    if known is None or known.deleted_at is not None:
        return
    writes = Writes()
    knowing = await notifications.mentioned(known.id)
    for owner in await follows.wanting_news_here(known.author_id):
        if owner in knowing:
            continue
        stored.tell(writes, next_id(), owner, "status", known.author_id, known.id, clock.now_ms())
    await apply(writes)


async def tell_end(app: App, post: int) -> None:
    """Tell members here who asked or voted in a poll that it is over; if it runs longer by now, later."""
    known, poll = await posts.by_id(post), await posts.poll_of(post)
    if known is None or known.deleted_at is not None or poll is None:
        return
    writes = Writes()
    if poll.closed_at is None and (poll.ends_at is None or poll.ends_at > clock.now_ms()):
        of_end(writes, poll)
    else:
        for owner in await audiences.voters_here(known.id, known.author_id):
            stored.tell(writes, next_id(), owner, "poll", known.author_id, known.id, clock.now_ms())
    await apply(writes)
