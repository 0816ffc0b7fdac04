"""How far work on a report is: as this server has it, or that of the group on which it is worked on by all together."""

import msgspec

import storage.actors
from fedcomm import casework
from fedcomm.app import App
from fedcomm.casework import Worker
from fedcomm.desk import afar, reading
from fedcomm.desk.values import Work
from fedcomm.errors import AppError, Conflict, NotAllowed
from storage import groups, reports
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.ids import ms_of
from storage.reports import Report


class Said(msgspec.Struct, frozen=True):
    """What somebody who works on a report tells the others; `who` where they are known here, else `handle`."""

    who: Actor | None
    handle: str
    text: str
    at: int


class Stand(msgspec.Struct, frozen=True):
    """How far it is: `mine` says that the reader works on it, `by` who does; `closed_by` who has ended it."""

    state: str
    outcome: str
    by: str
    mine: bool
    closed_by: str
    notes: list[Said]
    refused: AppError | None = None


async def stand(app: App, worker: Worker, face: Actor | None, report: Report) -> Stand:
    """Asked for at the server of the group where that is a fedcomm; `refused` when it does not say."""
    number = await _elsewhere(worker, face, report)
    if number and worker.group is not None and face is not None:
        try:
            return await _afar(app, worker, face, report, number)
        except (Conflict, NotAllowed) as why:
            return msgspec.structs.replace(await _here(app, worker, report), refused=why)
    return await _here(app, worker, report)


async def elsewhere(app: App, worker: Worker, face: Actor | None, report: Report, work: Work) -> bool:
    """Do it at the server of the group, if that is where it is worked on; here it is open or not at once."""
    number = await _elsewhere(worker, face, report)
    if not number or worker.group is None or face is None:
        return False
    async with transaction():
        await afar.work(app, worker.group, face, worker.actor, msgspec.structs.replace(work, id=str(number)))
        if work.act in ("close", "reopen"):
            state = reports.CLOSED if work.act == "close" else reports.OPEN
            reports.change(writes := Writes(), report.id, state=state, outcome=work.outcome, closed_by="")
            await write(writes)
    return True


async def _elsewhere(worker: Worker, face: Actor | None, report: Report) -> int:
    if worker.group is None or worker.group.local or face is None:
        return 0
    return casework.number_at_home(report, face) if await groups.program(worker.group.id) == "fedcomm" else 0


async def _here(app: App, worker: Worker, report: Report) -> Stand:
    notes = await reports.notes([report.id])
    people = await storage.actors.by_uris(sorted({report.assigned, report.closed_by, *(each.author for each in notes)}))

    def called(uri: str) -> str:
        return app.urls.handle(people[uri].username, people[uri].host) if uri in people else uri

    return Stand(
        report.state, report.outcome, called(report.assigned), report.assigned == worker.actor.uri,
        called(report.closed_by),
        [Said(people.get(each.author), each.author, each.text, ms_of(each.id)) for each in notes],
    )  # fmt: skip


async def _afar(app: App, worker: Worker, face: Actor, report: Report, number: int) -> Stand:
    assert worker.group is not None
    found = await reading.report_of(app, worker.group, face, worker.actor, number)
    people = await storage.actors.by_uris(sorted({each.by for each in found.notes}))
    return Stand(
        found.state, found.outcome, found.assigned_handle, found.assigned == worker.actor.uri, found.closed_by_handle,
        [Said(people.get(each.by), each.by_handle, each.text, each.at) for each in found.notes],
    )  # fmt: skip
