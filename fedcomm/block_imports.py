"""Lists of servers to block are brought in: first what that would change, then, when an admin says so, all of it.

A list only makes stricter: what was decided here before stays at least as strict, and who is allowed by name stays so.
"""

from collections.abc import Mapping

import msgspec

import storage.peers
from fedcomm import audit, block_lists, clock, peers, severing
from fedcomm.app import App
from fedcomm.block_lists import Entry
from fedcomm.errors import AppError, Conflict, Invalid, NotFound
from fedcomm.peerbook import ALLOW, SUSPEND
from storage import block_lists as stored
from storage import bus, jobs, servers
from storage.block_lists import BlockList, Change
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id
from storage.peers import Decision

AT_ONCE = 100  # servers in one transaction
_FORWARD, _BACK = ("applying", "applied"), ("undoing", "undone")


async def draft(app: App, content: bytes, source: str, by: str) -> BlockList:
    """Read a list in and find out what it would change. Nothing is decided by that.

    Raises:
        Invalid: no list, or it changes nothing.
    """
    listed = block_lists.read(content)
    known = {found.host: found.decision for found in await storage.peers.decided()}
    ties = await servers.all_ties()
    counts = {"added": 0, "raised": 0, "present": 0, "left_out": 0}
    changes = []
    for entry in listed.entries:
        kind, change = compared(app, entry, known, ties)
        counts[kind] += 1
        changes += [change] if change else []
    if not changes:
        raise Invalid("All that this list says is decided here already.", field="file")
    now = clock.now_ms()
    made = BlockList(
        next_id(), source[:200], by, "draft", counts["added"], counts["raised"], counts["present"], counts["left_out"],
        "\n".join(listed.unread), now,
    )  # fmt: skip
    stored.insert(writes := Writes(), made, changes)
    await apply(writes)
    return made


async def begin(app: App, list_id: int, by: str) -> None:
    """Decide all that the list says, soon.

    Raises:
        NotFound: there is no such list.
        Conflict: it has been applied, or is being worked on.
    """
    await _order(app, list_id, ("draft", "undone", "dropped"), "applying", "blocklist.apply", by)


async def undo(app: App, list_id: int, by: str) -> None:
    """Have everything again as it was before the list; what was decided anew since stays.

    Raises:
        NotFound: there is no such list.
        Conflict: it has not been applied.
    """
    await _order(app, list_id, ("applied",), "undoing", "blocklist.undo", by)


async def drop(list_id: int) -> None:
    """Forget a list that is only a draft, or was undone; of one of the subscriptions is kept what it said, so that it
    is not said again tomorrow.

    Raises:
        NotFound: there is no such list.
        Conflict: it is in force.
    """
    found = await _found(list_id)
    if found.state not in ("draft", "undone"):
        raise Conflict("This list is in force.", fix="undo it first")
    writes = Writes()
    if found.subscribed:
        stored.set_state(writes, list_id, "dropped", clock.now_ms())
    else:
        stored.remove(writes, list_id)
    await apply(writes)


async def work(app: App, blocks: int) -> None:
    """The job: some servers at a time, each once, also when this ends in the middle."""
    found = await stored.by_id(blocks)
    if found is None or found.state not in ("applying", "undoing"):
        return
    forward = found.state == "applying"
    ties = await servers.all_ties() if forward else {}  # as they are now: a draft may be weeks old
    while some := await stored.left(blocks, AT_ONCE, applied=not forward):
        async with transaction():
            for change in some:
                if forward:
                    await _put(app, found, change, cuts=bool(ties.get(change.host)))
                else:
                    await _take_back(found, change)
            await bus.publish("peers", "")
    stored.set_state(writes := Writes(), blocks, (_FORWARD if forward else _BACK)[1], clock.now_ms())
    await apply(writes)
    await app.look_at_peers()


async def _put(app: App, found: BlockList, change: Change, *, cuts: bool) -> None:
    before = await _decided(change.host)
    wanted = block_lists.stricter(before, change.wanted)
    stored.set_before(writes := Writes(), found.id, change.host, before)
    if wanted.policy == SUSPEND != before.policy and cuts:
        severing.begin(app, writes, change.host)
    await write(writes)
    await peers.put(change.host, wanted)


async def _take_back(found: BlockList, change: Change) -> None:
    await taken_back(change)
    stored.set_before(writes := Writes(), found.id, change.host, None)
    await write(writes)


async def taken_back(change: Change) -> bool:
    """Have a server as it was before a change, and say so; False when somebody has decided anew since."""
    assert change.before is not None
    if await _decided(change.host) != block_lists.stricter(change.before, change.wanted):
        return False
    await peers.put(change.host, change.before)
    return True


async def _order(app: App, list_id: int, states: tuple[str, ...], state: str, act: str, by: str) -> None:
    async with transaction():
        found = await _found(list_id)
        if found.state not in states:
            raise Conflict("This list is in another state by now.", fix="load the page again")
        now, writes = clock.now_ms(), Writes()
        stored.set_state(writes, list_id, state, now)
        jobs.add(writes, next_id(), "apply_blocks", {"blocks": list_id}, now)
        app.jobs_added(writes)
        await write(writes)
        await audit.note(by, act, found.source, servers=found.total, **await stored.policies(list_id))


async def _found(list_id: int) -> BlockList:
    found = await stored.by_id(list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found


async def _decided(host: str) -> Decision:
    found = await storage.peers.decision(host)
    return found.decision if found else Decision()


def compared(
    app: App, entry: Entry, known: Mapping[str, Decision], ties: Mapping[str, int]
) -> tuple[str, Change | None]:
    """Under which of the counts a server falls, and what changes for it."""
    before = known.get(entry.host, Decision())
    try:
        peers.named(app, entry.host)
    except AppError:
        return "left_out", None
    if before.policy == ALLOW:
        return "left_out", None
    wanted = block_lists.stricter(before, entry.decision)
    same = msgspec.structs.replace(
        wanted, public_comment=before.public_comment, private_comment=before.private_comment, obfuscate=before.obfuscate
    )
    if same == before:
        return "present", None
    cut = ties.get(entry.host, 0) if wanted.policy == SUSPEND != before.policy else 0
    return "raised" if before.anything else "added", Change(entry.host, entry.decision, cut, None)
