"""What somebody else has to look at: appeals in a group of ours, and what is proposed there, for those elsewhere.

They decide on their own server as those here do; who may decide is asked here once more, when they have.
"""

from fedcomm import appeals, proposals, sanitise
from fedcomm.app import App
from fedcomm.desk.values import MOST_HELD, MOST_PROPOSED, MOST_SHOWN, Appeal, Decision, Proposal
from storage import actors, docket, registers
from storage.actors import Actor
from storage.groups import Group
from storage.posts import Post

DECIDING = ("accept", "reject", "agree", "decline")  # acts of a `Decision`


async def of_appeals(app: App, group: Group, face: Actor, host: str) -> list[Appeal]:
    """The appeals about which somebody on the server `host` decides, the first first."""
    deciders = await appeals.deciders(face)
    waiting = [each for each in await appeals.asked(group, face, MOST_PROPOSED) if not each.author.gone]
    there = [(each, tuple(who.uri for who in deciders.of(each) if who.host == host)) for each in waiting]
    told = [(each, who) for each, who in there if who][:MOST_HELD]
    removers = await actors.by_uris(sorted({each.appeal.removed_by for each, _who in told}))
    return [
        Appeal(
            id=str(each.appeal.id), author=each.author.uri, handle=_called(app, each.author), shown=_shown(each.post),
            url=each.post.url or each.post.uri, text=each.appeal.text, why=each.reason,
            by_handle=_called(app, removers.get(each.appeal.removed_by)), at=each.appeal.asked_at or 0, deciders=who,
        )
        for each, who in told
    ]  # fmt: skip


async def of_proposals(app: App, group: Group) -> list[Proposal]:
    """What moderators would take out and somebody else has to look at, the first first."""
    found = await registers.all_proposed(group.id, MOST_PROPOSED)
    posts = await docket.posts_at([act.subject for act in found])
    people = await actors.by_uris(sorted({uri for act in found for uri in (act.subject, act.actor_uri)}))
    authors = await actors.by_ids(sorted({post.author_id for post in posts.values()}))

    def about(uri: str) -> tuple[Actor | None, Post | None]:
        post = posts.get(uri)
        return (authors.get(post.author_id), post) if post is not None else (people.get(uri), None)

    return [
        Proposal(
            id=str(act.id), author=who.uri, handle=_called(app, who), whole=post is None,
            shown=_shown(post), url=(post.url or post.uri) if post is not None else who.url, why=act.summary,
            by=act.actor_uri, by_handle=_called(app, people.get(act.actor_uri)), at=act.recorded_at,
        )
        for act in found
        for who, post in (about(act.subject),)
        if who is not None
    ]  # fmt: skip


async def decide(app: App, group: Group, by: Actor, decision: Decision, number: int) -> None:
    """A moderator elsewhere decides about the appeal, or what is proposed, under that number.

    Raises:
        NotAllowed: `by` does not decide about it.
        NotFound: there is no such thing in the group, or somebody else has decided.
        Invalid: no reason where one is needed, or one that is too long.
    """
    match decision.act:
        case "accept" | "reject":
            accepted = decision.act == "accept"
            await appeals.decide(app, number, by, accepted=accepted, reason=decision.reason, only=group.id)
        case "agree":
            await proposals.agree(app, group.id, await proposals.subject_of(group, number), by)
        case _:
            await proposals.decline(app, group.id, await proposals.subject_of(group, number), by)


def _shown(post: Post | None) -> str:
    if post is None:
        return ""
    return f"{post.title} {post.summary or sanitise.text_of(post.content)}".strip()[:MOST_SHOWN]


def _called(app: App, who: Actor | None) -> str:
    return app.urls.handle(who.username, who.host) if who is not None else ""
