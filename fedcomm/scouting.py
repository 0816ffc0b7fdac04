"""Looking for groups of other servers about some topics, following them for everybody here, and stopping that."""

from collections.abc import Sequence
from itertools import zip_longest

import msgspec

from activitypub.client import Allowance
from activitypub.errors import ProtocolError, Unreachable
from activitypub.origins import host_named
from fedcomm import audit, clock, errors, fetching, follows, prospects, scout, topics
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.prospects import Prospect
from fedcomm.scout import MOST, MOST_BUDGET, Wish
from storage import backfills, jobs
from storage.accounts import Account
from storage.actors import Actor
from storage.backfills import Followed
from storage.connect import Writes, apply
from storage.ids import next_id

SERVERS = 20  # that are asked
TRIES = 3 * MOST  # groups that are asked whether they can be followed
_JOB = "seek_groups"


async def begin(app: App, servers: Sequence[str], about: str, budget: int, by: Account | None) -> None:
    """Look for groups about these topics on these servers soon; at most ten are followed in all.

    Raises:
        Invalid: no server, one that cannot be one, what are no topics, or no budget.
    """
    hosts = tuple(dict.fromkeys(host for line in servers if (host := _host(line))))
    if not 0 < len(hosts) <= SERVERS:
        raise Invalid("Name at least one server and at most {most}.", field="servers", most=SERVERS)
    if not 0 < budget <= MOST_BUDGET:
        raise Invalid("Say how many MB the groups may bring, from 1 to {most}.", field="budget", most=MOST_BUDGET)
    wanted = topics.named(about)
    await scout.make(app)
    now = clock.now_ms()
    await scout.keep(Wish(hosts, wanted, budget, (), asked=True, begun=now, disk=await backfills.disk()), now)
    writes = Writes()
    jobs.add(writes, next_id(), _JOB, {}, clock.now_ms(), key=_JOB)
    app.jobs_added(writes)
    await apply(writes)
    await audit.record(by, "neighbours.seek", ", ".join(hosts), topics=" ".join(wanted), budget=budget)


async def seek(app: App) -> None:
    """The job: ask the servers which groups they have, and follow those that fit until there are ten."""
    wish, who = await scout.wish(), await scout.known()
    if who is None or not wish.asked:
        return
    found: list[list[Prospect]] = []
    told: list[tuple[str, str]] = []
    allowance = Allowance(6 * SERVERS + 3 * TRIES, 6 * SERVERS + 3 * TRIES)
    for host in wish.servers:
        try:
            listed = await prospects.of_server(app, host, allowance)
        except (Unreachable, ProtocolError):
            told.append((host, "silent"))
            continue
        fitting = _fitting(listed, wish.topics)
        told.append((host, str(len(fitting)) if listed else "unlisted"))
        found.append(fitting)
    await _follow(app, who, found, allowance)
    if (await scout.wish()).asked:  # else it was stopped meanwhile
        await scout.keep(msgspec.structs.replace(wish, told=tuple(told), asked=False), clock.now_ms())


async def stop(app: App, by: Account | None, face: int = 0) -> int:
    """Follow none of them for everybody any more, or not the one with this face; gives how many were.

    What has come of them stays, and so do they for members who have joined them.
    """
    who = await scout.known()
    if not face:
        writes = Writes()
        jobs.drop(writes, _JOB)
        await apply(writes)
        await scout.keep(msgspec.structs.replace(await scout.wish(), asked=False), clock.now_ms())
    left = [each for each in await state() if face in (0, each.face_id)] if who is not None else []
    for each in left:
        await follows.unfollow(app, who, each.face_id) if who is not None else None
    await audit.record(by, "neighbours.stop", ", ".join(each.uri for each in left))
    return len(left)


async def state() -> list[Followed]:
    """The groups that are followed for everybody, and how far each has come."""
    who = await scout.known()
    return await backfills.followed(who.id) if who is not None else []


def _host(line: str) -> str:
    """The host in a line, '' when that is empty.

    Raises:
        Invalid: there is none.
    """
    try:
        return host_named(line) if line.strip() else ""
    except ProtocolError:
        raise Invalid("“{name}” is no name of a server.", field="servers", name=line.strip()[:100]) from None


def _fitting(listed: Sequence[Prospect], wanted: Sequence[str]) -> list[Prospect]:
    """Those that speak of one of the topics, first those that speak of most of them; without topics all."""
    scored = [(sum(topic in each.words for topic in wanted), each) for each in listed]
    fitting = [(score, each) for score, each in scored if score or not wanted]
    return [each for _score, each in sorted(fitting, key=lambda pair: -pair[0])]


async def _follow(app: App, who: Actor, found: Sequence[Sequence[Prospect]], allowance: Allowance) -> None:
    """Of each server in turn, until there are enough."""
    followed = {each.uri for each in await backfills.followed(who.id)}
    turns = [each for row in zip_longest(*found) for each in row if each is not None and each.uri not in followed]
    for each in turns[:TRIES]:
        if len(followed) >= MOST or not (await scout.wish()).asked:
            return
        try:
            face = await fetching.actor(app, each.uri, allowance=allowance)
            if face.kind == "Group" and not face.locked and not face.gone:
                await follows.follow(app, who, face.id)
                followed.add(each.uri)
        except (Unreachable, ProtocolError, errors.AppError):
            continue
