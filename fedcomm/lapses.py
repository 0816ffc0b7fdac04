"""Posts that wait for a limit that passes: the first day of a newcomer, a flood, a debt of answers, a pause; then each
is taken up by itself.

Who neither belongs to the group nor has a post in it has no first day that could end, and no flood that is over: theirs
wait for a moderator, so that it is not enough to wait (docs/decisions/0025-holding.md).
"""

from collections import Counter
from functools import partial

from fedcomm import acts, admit, clock, holding, limits, measuring, members, rights
from fedcomm.app import App
from fedcomm.standing import Author, Standing
from storage import actors, circumstances, held
from storage import groups as stored
from storage.actors import Actor
from storage.circumstances import Circumstances
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.held import FLOOD, NEWCOMER, PASSING, PROMOTION, SLOW, Held
from storage.ids import next_id

NEVER = -1


async def end(app: App) -> None:
    """Take up what waits for no limit any more, in order, to be judged anew; once is enough.

    What a moderator decided stays decided. The log of the group says so of each.
    """
    for group_id, authors in (await held.limited()).items():
        group, face = await stored.with_face(group_id)
        if group is None or face is None or face.gone or group.closed_at is not None:
            continue
        for author_id, who in (await actors.by_ids(authors)).items():
            waiting = await held.of_author(group.id, author_id, PASSING)
            ends = await of(app, group, waiting, [who])
            if over := {each.id for each in waiting if ends.get(each.id) == 0}:
                await _take_up(app, group, face, author_id, over)


async def of(app: App, group: Group, waiting: list[Held], authors: list[Actor]) -> dict[int, int]:
    """When each of what waits comes in by itself (ms since 1970): 0 for now, NEVER when it does not; by its number.

    What waits for answers that its author owes comes at no time that is known, and is left out until they are given.
    """
    now, roles = clock.now_ms(), await members.roles(group)
    domains, ids = partial(measuring.domains, own_host=app.host), [who.id for who in authors]
    known = await circumstances.of([group.id], [group.id] if group.promotion else [], ids, domains, now)
    people = {who.id: who for who in authors}
    found: dict[int, int] = {}
    turns: Counter[int] = Counter()  # of who wrote more than once, one is in the group after each pause
    for each in waiting:
        if (who := people.get(each.actor_id)) is None:
            continue
        about = known.get((group.id, who.id), Circumstances())
        when = _when(group, Standing(role=roles.get(who.uri, "")), about, bot=bool(who.bot), kept=each)
        if when is not None and each.kind == SLOW and group.slow:
            when = max(when, now if turns[who.id] else 0) + turns[who.id] * group.slow * 1000
            turns[who.id] += 1
        if when is not None:
            found[each.id] = when if when > now else min(when, 0)
    return found


def _when(group: Group, standing: Standing, about: Circumstances, *, bot: bool, kept: Held) -> int | None:
    if kept.kind == PROMOTION:
        last = admit.announced(about, Author(bot=bot))
        free = not group.promotion or about.trusted or not last or not admit.owed(group, about, last)
        return 0 if free else None
    if kept.kind == FLOOD:
        return kept.held_at + int(limits.WINDOW * 1000) if about.since is not None else NEVER
    if kept.kind == SLOW:
        return 0 if about.trusted or standing.may(rights.HOLD) else about.last + group.slow * 1000
    if kept.kind in NEWCOMER:
        until = admit.newcomer_until(group, standing, about, clock.now_ms())
        return until if about.since is not None or not until else NEVER
    return None


async def _take_up(app: App, group: Group, face: Actor, author_id: int, over: set[int]) -> None:
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        writes = Writes()
        for kept in await held.of_author(group.id, author_id, PASSING):
            if kept.id not in over:
                continue
            holding.once_more(app, writes, kept)
            held.drop(writes, kept.id)
            uri = app.urls.activity(next_id())
            acts.record(app, writes, group, face, "held", kept.post_uri, {"state": "over"}, by=face.uri, uri=uri)
        if writes:
            await write(writes)
    app.intake.more()
