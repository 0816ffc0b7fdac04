"""One process of the server: web, worker or both. The rooms are put together here."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

import msgspec
import uvloop

import storage.connect
import web.app
import web.routes
from fedcomm import actors, clock, commands, control, greeting, invites, logs, metrics, output, sockets
from fedcomm.app import App
from fedcomm.config import Config, ConfigError, Problem
from fedcomm.jobs import worker
from fedcomm.listener import Listener
from fedcomm.opening import opened
from fedcomm.processes import SAME_SIGNAL_SECONDS, Parent
from fedcomm.protocol import Limits
from storage import migrate, slots
from storage.errors import Collision, IntegrityError, MigrationError, OperationalError, SlotLost
from web.guard import Guard
from web.health import Health
from web.metrics import Metrics

DRAIN_SECONDS = 20  # for requests that have begun
FINISH_SECONDS = 8.0  # then, for what the workers have in hand
_READY_SECONDS = 3.0  # for the database to answer a monitor
_GC_THRESHOLDS = (50_000, 25, 25)  # objects between two collections; start-up objects are never looked at again

_log = logging.getLogger(__name__)


class Plan(msgspec.Struct, frozen=True):
    """What a process is to do."""

    config: Config
    role: str  # all, web or worker
    bound: Sequence[socket.socket]
    connections: int  # that fit into the number of open files


def run(config: Config, role: str = "all", processes: int = 1) -> None:
    """Serve until SIGTERM or Ctrl-C; the caller holds the lock of the data directory, which is prepared.

    Raises:
        ConfigError: the database, or an address to listen on, cannot be used.
    """
    output.open_standard_files()
    logs.begin(config.log.format, config.log.level)
    output.log_in_background()
    clock.follow(config.test_clock)
    connections = sockets.make_files_plenty()
    plan = Plan(config, role, sockets.bind(config.listen) if role != "worker" else (), connections)
    if processes == 1:
        code = _in_loop(_live(plan, first=True))
    else:
        code = _in_loop(_begin(plan))
        gc.freeze()  # what is there now is shared with the children as long as nobody touches it
        code = Parent(processes, partial(_child, plan), partial(_close, plan.bound)).run()
    if code:
        raise SystemExit(code)


def routes() -> list[str]:
    """Every address the server answers at: its methods and its pattern."""
    found: dict[str, set[str]] = {path: {"GET"} for path in ("/livez", "/readyz", "/health", "/metrics")}
    for handler in web.routes.compiled().handlers:
        found.setdefault(handler.pattern, set()).add(handler.method)
    return [f"{','.join(sorted(methods)):16} {pattern}" for pattern, methods in sorted(found.items())]


def _child(plan: Plan, index: int, lifeline: int) -> int:
    return _in_loop(_live(plan, index=index, lifeline=lifeline))


def _in_loop(life: Coroutine[Any, Any, int]) -> int:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(life)
    except OperationalError as error:
        fix = "see that the disk has room and that the database runs, then start again"
        raise ConfigError(Problem(f"the database cannot be written: {error}", fix)) from error


async def _begin(plan: Plan) -> int:
    """What is done once before the processes of a server start."""
    async with _app(plan) as app:
        await _greet(plan, app)
    return 0


async def _live(plan: Plan, first: bool = False, index: int = 0, lifeline: int | None = None) -> int:
    """The life of one process; gives its exit code."""
    end = _End(lifeline)
    async with AsyncExitStack() as stack:  # what is entered last stops first
        app = await stack.enter_async_context(_app(plan, end))
        workers = None
        if plan.role != "web":
            workers = await stack.enter_async_context(_working(app))
        if index == 0:
            door = control.WORKER if plan.role == "worker" else control.NAME
            await stack.enter_async_context(control.serving(plan.config.data_dir, partial(commands.run, app), door))
        if plan.role != "worker":
            await stack.enter_async_context(_listening(plan, app, workers))
        else:
            _tidy()
        if first:
            await _greet(plan, app)
        _log.info("server started", extra={"role": plan.role, "pid": os.getpid()})
        code = await end.come()
    _log.info("server stopped", extra={"pid": os.getpid()})
    return code


def _tidy() -> None:
    """Have the collector never look again at what is there now. It takes 30 ms, so no request shall be there yet."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


async def _greet(plan: Plan, app: App) -> None:
    """Say that the server is up. A new link for the first admin ends the last one, so the web's is the only one."""
    link = await invites.first_admin_link(app) if plan.role != "worker" else None
    output.tell(greeting.text(plan.config, link))


class _End:
    """When a process is to stop: at a signal, when its parent is gone, or when it must not go on."""

    def __init__(self, lifeline: int | None) -> None:
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked = 0.0  # when the first signal came
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._signalled, number)
        if lifeline is not None:
            loop.add_reader(lifeline, self._orphaned, lifeline)

    async def come(self) -> int:
        """The exit code, once it is time."""
        return await self._code

    def demand(self, code: int) -> None:
        """It is time; the first to say so decides the code."""
        if not self._code.done():
            self._code.set_result(code)

    def _signalled(self, number: int) -> None:
        if not self._code.done():
            self._asked = monotonic()
            self.demand(0)
        elif monotonic() - self._asked > SAME_SIGNAL_SECONDS:
            os._exit(128 + number)  # asked twice: whoever asks does not want to wait

    def _orphaned(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self.demand(0)


@asynccontextmanager
async def _app(plan: Plan, end: _End | None = None) -> AsyncIterator[App]:
    """The app over the migrated database, in use, with ids that no other process makes."""
    app = await opened(plan.config)
    try:
        with storage.connect.use(app.db):
            slot = await slots.claim(f"{plan.role} {socket.gethostname()}:{os.getpid()}")
            keeping = asyncio.create_task(_keep(slot, end))
            try:
                await _service(app)
                yield app
            finally:
                keeping.cancel()
                with suppress(asyncio.CancelledError):
                    await keeping
                with suppress(OperationalError):
                    await slot.release()
    finally:
        await app.close()


async def _service(app: App) -> None:
    """Give the app the key of the instance actor; another process may be making that actor at the same moment."""
    try:
        await actors.service(app)
    except (IntegrityError, Collision):
        await actors.service(app)


async def _keep(slot: slots.Slot, end: _End | None) -> None:
    try:
        await slot.keep()
    except SlotLost as error:
        _log.error("process has to stop", extra={"reason": str(error)})
        if end is not None:
            end.demand(1)


@asynccontextmanager
async def _working(app: App) -> AsyncIterator[worker.Workers]:
    workers = worker.start(app)
    try:
        yield workers
    finally:
        await workers.stop(FINISH_SECONDS)


@asynccontextmanager
async def _listening(plan: Plan, app: App, workers: worker.Workers | None) -> AsyncIterator[None]:
    config = plan.config
    application = web.app.build(app)
    health = Health(application, partial(_wrong, app, workers))
    guard = Guard(health, config.base_url, config.trusted_proxies)
    limits = Limits(connections=min(plan.connections, Limits().connections))
    monitored = Metrics(guard, partial(_figures, app), metrics.TYPE)
    listener = Listener(monitored, plan.bound, limits, DRAIN_SECONDS)
    _tidy()
    await listener.start()
    try:
        yield
    finally:
        await application.close()
        await listener.stop()


async def _figures(app: App) -> str:
    with storage.connect.use(app.db):
        return await metrics.text(app)


async def _wrong(app: App, workers: worker.Workers | None) -> dict[str, str]:
    """What keeps this process from working, by name."""
    found = {}
    try:
        async with asyncio.timeout(_READY_SECONDS):
            if await migrate.pending(app.db):
                found["migrations"] = "the database is older than this version"
    except (TimeoutError, OperationalError, MigrationError):
        found["database"] = "it does not answer"
    if workers is not None and not workers.alive:
        found["workers"] = "they have stopped"
    return found


def _close(bound: Sequence[socket.socket]) -> None:
    for each in bound:
        each.close()
