"""Posts that wait only because their authors were new in a group: once they are not, each is taken up by itself.

Who neither belongs to the group nor has a post in it has no first day that could end: theirs wait for a moderator, so
that it is not enough to wait (docs/decisions/0025-holding.md).
"""

from fedcomm import acts, admit, clock, holding, members
from fedcomm.admit import Standing
from fedcomm.app import App
from storage import actors, circumstances, held
from storage import groups as stored
from storage.actors import Actor
from storage.circumstances import Circumstances
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id


async def end(app: App) -> None:
    """Take up what waits of those who are no newcomers any more, in order, to be judged anew; once is enough.

    What a moderator decided stays decided. The log of the group says so of each.
    """
    for group_id, authors in (await held.newcomers()).items():
        group, face = await stored.with_face(group_id)
        if group is None or face is None or face.gone or group.closed_at is not None:
            continue
        ends = await of(group, list((await actors.by_ids(authors)).values()))
        for author_id in [each for each in authors if ends.get(each) == 0]:
            await _take_up(app, group, face, author_id)


async def of(group: Group, authors: list[Actor]) -> dict[int, int]:
    """When each of them is no newcomer any more (ms since 1970): 0 when they are none, -1 when it has not begun."""
    now, roles = clock.now_ms(), await members.roles(group)
    known = await circumstances.of([group.id], [], [who.id for who in authors], lambda _html: frozenset(), now)
    found: dict[int, int] = {}
    for who in authors:
        about = known.get((group.id, who.id), Circumstances())
        until = admit.newcomer_until(group, Standing(role=roles.get(who.uri, "")), about, now)
        found[who.id] = until if about.since is not None or not until else -1
    return found


async def _take_up(app: App, group: Group, face: Actor, author_id: int) -> None:
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        writes = Writes()
        for kept in await held.of_author(group.id, author_id, held.NEWCOMER):
            holding.once_more(app, writes, kept)
            held.drop(writes, kept.id)
            uri = app.urls.activity(next_id())
            acts.record(app, writes, group, face, "held", kept.post_uri, {"state": "over"}, by=face.uri, uri=uri)
        if writes:
            await write(writes)
    app.intake.more()
