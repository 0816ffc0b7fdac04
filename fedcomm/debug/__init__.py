"""What an admin asks when something between servers does not work: fetched, verified, tried again, step by step."""

from collections.abc import Awaitable, Callable
from typing import Any

from fedcomm.debug import looking, replaying, vouching

COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "debug.fetch": looking.fetch,
    "debug.verify": vouching.verify_file,
    "debug.replay": replaying.replay,
}
