"""How commands reach the instance: through the running server's door, else by opening it themselves."""

import asyncio
import contextlib
import importlib
import time
from typing import Any

from fedcomm import control, lock, setup
from fedcomm.cli.saying import note
from fedcomm.config import Config, ConfigError, Problem, load
from fedcomm.errors import Conflict

STARTING_SECONDS = 10.0  # a server that has the directory's lock may take this long to open its door


def ask(command: str, **args: Any) -> dict[str, Any]:
    """What came of a command, carried out by the server if one runs, else here.

    Raises:
        ConfigError: the settings cannot be used, or there is no instance yet.
        AppError: what it is refused with.
    """
    config = load()
    setup.check(config)
    if not setup.base_url(config.data_dir) and "data_dir" not in config.sources:
        fix = "start one with `fedcomm serve`, or name its folder in FEDCOMM_DATA_DIR"
        raise ConfigError(Problem(f"there is no instance in {config.data_dir}", fix))
    if setup.prepare(config):
        note(f"a new instance begins in {config.data_dir}: {config.base_url}")
    return asyncio.run(_ask(config, command, args))


async def _ask(config: Config, command: str, args: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + STARTING_SECONDS
    while True:
        with contextlib.suppress(control.NoServer):
            return await control.ask(config.data_dir, command, args)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(lock.held(config.data_dir))
            except Conflict:
                if time.monotonic() > deadline:
                    raise
            else:
                answer: dict[str, Any] = await importlib.import_module("fedcomm.commands").alone(config, command, args)
                return answer
        await asyncio.sleep(0.2)
