"""Working on reports: who takes one, what they tell each other, how it ends, and that it is open again.

Who looks after this server works on what those were told who do; who looks after a group on what they were told about
it. Nobody works on, or reads, what is said about themselves. Who objects to what was done about their account is
answered by somebody else than who did that, as far as there is anybody; else it stands in the log that there was not.
"""

import re

import msgspec

import storage.actors
import storage.groups
import storage.posts
from activitypub.origins import same_origin
from fedcomm import admit, audit, clock, flags, members, outcomes, powers, rights
from fedcomm import reports as service
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.flags import Case
from storage import reports
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.reports import Note, Report, Wanted

OUTCOMES = ("acted", "none", "passed")  # something was done, nothing had to be, others are asked
MAX_NOTE, MAX_ANSWER = 2_000, 500  # characters
MOST_NOTES = 200  # of one report


class Worker(msgspec.Struct, frozen=True):
    """Who works on reports: who looks after this server, or after a `group`."""

    actor: Actor
    group: Group | None = None

    def wanted(self, **more: object) -> Wanted:
        """The reports that they may see, of these those with `more`."""
        named = {"reader": self.actor.id, "group": self.group.id if self.group is not None else 0} | more
        return msgspec.convert(named, Wanted)


async def of_server(account: Account) -> Worker:
    """Somebody who looks after this server, as such.

    Raises:
        NotAllowed: they do not.
    """
    powers.require(account, powers.REPORTS)
    actor = await storage.actors.by_id(account.actor_id)
    if actor is None or actor.gone:
        raise NotAllowed("This account does not exist any more.")
    return Worker(actor)


async def of_group(actor: Actor, group: Group) -> Worker:
    """Somebody who looks after a group, as such.

    Raises:
        NotAllowed: they do not.
    """
    admit.actor(actor)
    admit.right(await members.standing(group, actor), rights.OVERSEE)
    return Worker(actor, group)


async def find(worker: Worker, report_id: int) -> Report:
    """The report.

    Raises:
        NotFound: there is none that they may see.
    """
    found = await reports.one(report_id, worker.wanted())
    if found is None:
        raise NotFound("There is no such report.")
    return found


async def assign(worker: Worker, report_id: int, *, taken: bool) -> None:
    """They take a report, so that no two work on it, or leave it to others.

    Raises:
        NotFound: there is none that they may see.
        NotAllowed: somebody else decides (`apart`).
    """
    found = await find(worker, report_id)
    if taken:
        await _own(worker, found)
    reports.change(writes := Writes(), found.id, assigned=worker.actor.uri if taken else "")
    await _written(writes)


async def note(worker: Worker, report_id: int, text: str) -> None:
    """Tell something to the others who work on a report, and to nobody else.

    Raises:
        NotFound: there is none that they may see.
        Invalid: nothing, too long, or too much already.
    """
    found = await find(worker, report_id)
    if not 0 < len(text.strip()) <= MAX_NOTE:
        raise Invalid("A note has 1 to {limit} characters.", field="note", limit=MAX_NOTE)
    if len(await reports.notes([found.id])) >= MOST_NOTES:
        raise Invalid("There are too many notes on this report.", field="note")
    reports.note(writes := Writes(), Note(next_id(), found.id, worker.actor.uri, text.strip()))
    await _written(writes)


async def close(app: App, worker: Worker, report_id: int, outcome: str, answer: str = "") -> None:
    """A report was dealt with; who reported is told how, and what else they should know (`answer`). Once is enough.

    Raises:
        NotFound: there is none that they may see.
        NotAllowed: somebody else decides (`apart`).
        Invalid: there is no such outcome, or the answer is too long.
    """
    if outcome not in OUTCOMES:
        raise Invalid("A report ends with something done, with nothing to do, or with others.", field="outcome")
    if len(answer.strip()) > MAX_ANSWER:
        raise Invalid("An answer may have {limit} characters.", field="answer", limit=MAX_ANSWER)
    await end(app, worker, report_id, outcome, answer)


async def end(app: App, worker: Worker, report_id: int, outcome: str, answer: str) -> None:
    """As `close`, also by one whose server does not say how it ended: '' then.

    Raises:
        NotFound: there is none that they may see.
        NotAllowed: somebody else decides (`apart`).
    """
    async with transaction():
        found = await _held(worker, report_id)
        if found.state == reports.CLOSED:
            return
        own = await _own(worker, found)
        ended = msgspec.structs.replace(
            found, state=reports.CLOSED, closed_at=clock.now_ms(), closed_by=worker.actor.uri, outcome=outcome,
            answer=answer.strip(),
        )  # fmt: skip
        writes = Writes()
        names = ("state", "closed_at", "closed_by", "outcome", "answer")
        reports.change(writes, found.id, **{name: getattr(ended, name) for name in names})
        case = await of(ended)
        await outcomes.tell(app, writes, case, worker.actor)
        await flags.resolved(app, writes, case, worker.actor)
        await write(writes)
        await audit.note(
            _called(worker), "report.close", f"@{case.target.acct}", report=str(found.id), outcome=outcome, **own
        )


async def reopen(worker: Worker, report_id: int) -> None:
    """A report is not dealt with yet, after all.

    Raises:
        NotFound: there is none that they may see.
        NotAllowed: somebody else decides (`apart`).
    """
    async with transaction():
        found = await _held(worker, report_id)
        if found.state == reports.OPEN and not found.closed_by:  # which others may have dealt with elsewhere
            return
        own = await _own(worker, found)
        reports.change(
            writes := Writes(), found.id, state=reports.OPEN, closed_at=None, closed_by="", outcome="", answer=""
        )
        await write(writes)
        target = await storage.actors.by_id(found.target_id)
        whom = f"@{target.acct}" if target else ""
        await audit.note(_called(worker), "report.reopen", whom, report=str(found.id), **own)


async def apart(worker: Worker, report: Report) -> bool:
    """Whether they keep out of it: somebody objects to what they did, and somebody else may decide about that."""
    return report.acted_by == worker.actor.uri and await reports.another(report.id)


async def change(
    app: App, worker: Worker, report_id: int, category: str | None, rules: list[int] | None
) -> None:  # fmt: skip
    """A report is about something else than who reported has said; the rules are those of the server, by number.

    Raises:
        NotFound: there is none that they may see.
        Invalid: there is no such rule.
    """
    found = await find(worker, report_id)
    columns: dict[str, str] = {} if category is None else {"category": category}
    if rules is not None:
        of_group = [each for each in found.rules if each.group]
        columns["rules"] = reports.written([*of_group, *await service.broken(app, None, None, (), tuple(rules))])
    if columns:
        reports.change(writes := Writes(), found.id, **columns)
        await _written(writes)


def number_at_home(report: Report, face: Actor) -> int:
    """The number of a report that the group with this face has passed on, on the server of the group; 0 where it is not
    known: what other programs tell is worked on here alone."""
    found = re.fullmatch(r"(https?://[^/]+)/activities/(\d{1,18})#moderators-\d+", report.uri)
    return int(found[2]) if found is not None and same_origin(found[1], face.uri) else 0


async def of(report: Report) -> Case:
    """A report with whom and what it is about, as far as that is there still.

    Raises:
        NotFound: the account is gone for good.
    """
    target = await storage.actors.by_id(report.target_id)
    if target is None:
        raise NotFound("There is no such account.")
    group, face = await storage.groups.with_face(report.group_id)
    found = await storage.posts.by_ids(report.post_ids)
    return Case(report, target, [found[number] for number in report.post_ids if number in found], group, face)


async def _written(writes: Writes) -> None:
    async with transaction():  # which may be that of an act that came in
        await write(writes)


async def _own(worker: Worker, found: Report) -> dict[str, bool]:
    """What the log tells where they decide about what they did themselves, since nobody else may.

    Raises:
        NotAllowed: somebody else may.
    """
    if await apart(worker, found):
        raise NotAllowed(
            "You did yourself what this appeal is against. Somebody else who looks after the server decides."
        )
    return {"own_act": True} if found.acted_by == worker.actor.uri else {}


async def _held(worker: Worker, report_id: int) -> Report:
    """As `find`; nobody else changes it before the transaction ends."""
    hold(writes := Writes(), "report", report_id)
    await write(writes)
    return await find(worker, report_id)


def _called(worker: Worker) -> str:
    return f"@{worker.actor.acct}"
