"""The log of what admins and moderators of this server do: written in the transaction of the act, never changed."""

import msgspec

import storage.accounts
import storage.audit
from fedcomm import clock
from storage.accounts import Account

OPERATOR = "(command line)"
SERVER = "(server)"


async def record(by: Account | None, act: str, subject: str, **detail: object) -> None:
    """Add to the log that `by` did something (None: whoever runs the server, on the command line)."""
    actor = f"@{await storage.accounts.name_of(by.id)}" if by else OPERATOR
    await note(actor, act, subject, **detail)


async def note(actor: str, act: str, subject: str, **detail: object) -> None:
    """Add to the log something done by one who is not an account (any more)."""
    await storage.audit.append(clock.now_ms(), actor, act, subject, msgspec.json.encode(detail).decode())
