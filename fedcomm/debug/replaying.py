"""`fedcomm debug replay`: what an activity does when it comes once more; tried and taken back, or really done."""

import asyncio
import base64
import inspect
from typing import Any

from activitypub import authenticity, dispatch, documents, parse
from activitypub.activities import Activity
from activitypub.errors import ProtocolError
from fedcomm import errors
from fedcomm.app import App
from fedcomm.debug import recorded, vouching
from fedcomm.debug.steps import Steps
from fedcomm.inbox import facts, proofs, spoken
from fedcomm.inbox.hand import Hand, Ignored, Wants
from fedcomm.inbox.rules import BY_SHAPE
from fedcomm.intake import mark
from storage import bus, inbox
from storage.connect import Writes, apply, write
from storage.ids import next_id
from storage.rehearsal import rehearsal

_ENDS = {inbox.DONE: "it has had its effect", inbox.REFUSED: "refused", inbox.PARKED: "set aside after a fault of ours"}
_ASK = "`fedcomm debug fetch` says whether that can be had; with --really it is asked for"
_LOOKS, _PAUSE = 50, 0.1  # how often it is looked at what came of an item, and seconds between


async def replay(app: App, content: str = "", item: int = 0, host: str = "", really: bool = False) -> dict[str, Any]:
    """What comes of it; `content` is a file in base64, `item` the number of one that came in and is still kept.

    Raises:
        Invalid: it cannot be read, or is no activity.
        NotFound: there is no such item.
    """
    steps = Steps()
    signer, body = await _kept(item) if item else await _sent(app, steps, content, host)
    if not body:
        return steps.answer()
    try:
        said = parse.activity(documents.read(body))
    except ProtocolError as fault:
        raise errors.Invalid("This is no activity: {fault}", fault=fault, fix=recorded.FORMS) from fault
    if really:
        await _do(app, steps, said, signer or said.actor, body)
    else:
        await _try(app, steps, said, signer or said.actor)
    return steps.answer()


async def _kept(item: int) -> tuple[str, bytes]:
    found = await inbox.by_id(item)
    if found is None or found.body is None:
        raise errors.NotFound(
            "There is no item {item}, or what it said is not kept any more.",
            item=item,
            fix="what was done or refused is not kept: give the activity in a file",
        )
    return found.signer, found.body


async def _sent(app: App, steps: Steps, content: str, host: str) -> tuple[str, bytes]:
    """Who signed what the file holds; nothing when it is a request that does not hold, which would not be taken."""
    found = recorded.read(base64.b64decode(content))
    if found.request is None:
        return "", found.body
    signer = await vouching.examine(app, steps, found, host)
    return (signer, found.body) if signer and steps.answer()["holds"] else ("", b"")


async def _do(app: App, steps: Steps, said: Activity, signer: str, body: bytes) -> None:
    """Put it into the line of what comes in, and say what came of it if that is soon."""
    writes = Writes()
    inbox.again(writes, next_id(), mark(signer, said.uri or ""), signer, body)
    if not app.intake.alone:
        bus.add(writes, "inbox", "")
    number = (await apply(writes))[0][0][0]
    app.intake.more()
    for _look in range(_LOOKS if app.sender is not None or not app.intake.alone else 1):
        found = await inbox.by_id(number)
        if found is not None and found.state in _ENDS:
            why = f": {found.error}" if found.error else ""
            if found.state == inbox.DONE:
                steps.yes(f"item {number}", _ENDS[found.state])
            else:
                steps.no(f"item {number}", f"{_ENDS[found.state]}{why}", "see what the same says without --really")
            return
        await asyncio.sleep(_PAUSE)
    steps.note(f"item {number}", "it waits for its turn, or for a peer: `fedcomm queue` says what waits")


async def _try(app: App, steps: Steps, said: Activity, signer: str) -> None:
    try:
        found = await proofs.proven(app, said, frozenset())
    except Wants as wants:
        steps.note("proofs", f"not looked at: the key {wants.keys[0]} would be asked for first")
        found = ()
    try:
        activity = authenticity.reduce(said, signer, {each.uri for each in found})
    except ProtocolError as fault:
        steps.fault("sender", fault)
        return
    proven = frozenset(each.uri for each in found)
    for part in dispatch.each(activity):
        await _part(app, steps, part, signer, proven)


async def _part(app: App, steps: Steps, part: Activity, signer: str, proven: frozenset[str]) -> None:
    """What one activity would do."""
    shape = " ".join(dispatch.shape_of(part))
    rule = dispatch.find(BY_SHAPE, part)
    if rule is None:
        steps.no(shape, "nothing is done about it", "FEDERATION.md lists what is understood")
        return
    try:
        async with rehearsal() as changes:
            known = await facts.gather([part], [spoken.names(part)], app.host)
            hand = Hand(app=app, facts=known, writes=Writes(), signer=signer, document=part.raw, proven=proven)
            rule.authority(hand, part)
            waiting = rule.handler(hand, part)
            if inspect.isawaitable(waiting):
                await waiting
            await write(hand.writes)
    except Wants as wants:
        steps.no(shape, f"first these would be asked for: {', '.join(_wanted(wants))}", _ASK)
    except Ignored as why:
        steps.no(shape, f"no effect: {why}", "nothing has to be done, if this is right")
    except (ProtocolError, errors.AppError) as fault:
        steps.fault(shape, fault)
    else:
        done = [f"{number} {where} {table}" for (where, table), number in sorted(changes.items())]
        steps.yes(shape, f"would be done: {', '.join(done)}" if done else "would change nothing that is not so already")


def _wanted(wants: Wants) -> list[str]:
    return [uri for name in ("posts", "actors", "fresh_posts", "fresh_actors", "keys", "moderators", "revived_posts",
                             "parents") for uri in getattr(wants, name)]  # fmt: skip
