"""What moderators did for groups here goes into the chain of the audit log: shortly after, and not with the act.

Acts for groups are many at once and come from other servers too; they must not wait for each other. Until then they are
in a list of their own, which the database itself writes with each act.
"""

import msgspec

import storage.actors
from fedcomm.app import App
from storage import chained
from storage.audit import Told
from storage.registers import Act

_AT_ONCE = 200


async def catch_up(_app: App | None = None) -> None:
    """Add what waits."""
    while acts := await chained.waiting(_AT_ONCE):
        await chained.chain([act.id for act in acts], await _told(acts))


async def _told(acts: list[Act]) -> list[Told]:
    people = await storage.actors.by_uris(sorted({act.actor_uri for act in acts} | {act.face for act in acts}))
    return [
        Told(
            act.recorded_at,
            f"@{people[act.actor_uri].acct}" if act.actor_uri in people else act.actor_uri,
            f"{chained.PREFIX}{act.property}" + (".ended" if act.value is None else ""),
            act.subject or act.face,
            msgspec.json.encode(_detail(act, people[act.face].acct if act.face in people else act.face)).decode(),
        )
        for act in acts
    ]


def _detail(act: Act, group: str) -> dict[str, str]:
    told = {"group": f"!{group}", "reason": act.summary, "id": str(act.id), "digest": chained.digest(act)}
    return {name: text for name, text in told.items() if text}
