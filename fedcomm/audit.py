"""The log of what admins and moderators of this server do: written in the transaction of the act, never changed."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

import storage.accounts
import storage.audit
from fedcomm import clock
from storage import chained
from storage.accounts import Account
from storage.audit import Entry, Told

OPERATOR = "(command line)"
SERVER = "(server)"
RECENT = 1_000  # entries that a page looks at each time; the night and `fedcomm audit verify` look at all

_log = logging.getLogger(__name__)


class State(msgspec.Struct, frozen=True):
    """How many entries the log has, the first that is not as it was written (0: none), the hash of the last in hex."""

    entries: int
    broken: int
    head: str
    changed: int = 0  # the first entry that tells of an act for a group which is not as it was
    unchained: int = 0  # acts for groups that were put in where nobody was to see it

    @property
    def well(self) -> bool:
        """Whether nothing was changed."""
        return not (self.broken or self.changed or self.unchained)


async def record(by: Account | None, act: str, subject: str, **detail: object) -> None:
    """Add to the log that `by` did something (None: whoever runs the server, on the command line)."""
    actor = f"@{await storage.accounts.name_of(by.id)}" if by else OPERATOR
    await note(actor, act, subject, **detail)


async def record_each(by: Account | None, act: str, told: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """As `record`, of each of several subjects, with what is said of it."""
    actor, now = f"@{await storage.accounts.name_of(by.id)}" if by else OPERATOR, clock.now_ms()
    lines = [Told(now, actor, act, subject, msgspec.json.encode(detail).decode()) for subject, detail in told]
    await storage.audit.append_all(lines)


async def note(actor: str, act: str, subject: str, **detail: object) -> None:
    """Add to the log something done by one who is not an account (any more)."""
    await storage.audit.append(clock.now_ms(), actor, act, subject, msgspec.json.encode(detail).decode())


async def check() -> State:
    """Look at every entry of the log."""
    broken, last = await storage.audit.first_broken(), await storage.audit.head()
    changed, unchained = await chained.first_changed(), await chained.count_unchained()
    return State(last.id if last else 0, broken or 0, last.hash.hex() if last else "", changed or 0, unchained)


async def watch() -> int:
    """As `check`, into the server's own log: an end of this one that was cut off shows against what stands there."""
    state = await check()
    if not state.well:
        _log.error(
            "the log of admins was changed outside of fedcomm",
            extra={"entry": state.broken or state.changed, "acts_put_in": state.unchained},
        )
    else:
        _log.info("the log of admins is whole", extra={"entries": state.entries, "head": state.head})
    return state.entries


def line(entry: Entry) -> str:
    """An entry as a line of a file: JSON with every field that its hash is of, so that others can check it."""
    return msgspec.json.encode(entry).decode()
