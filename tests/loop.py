"""One event loop for all tests of a process: what belongs to a loop, such as a connection, can outlive a test."""

import asyncio
from collections.abc import Callable, Set


class LastingLoop(asyncio.SelectorEventLoop):
    """Each test leaves it as if it had been its own: nothing that the test began goes on in the next.

    Whoever runs a test closes its loop at the end, after cancelling all tasks that were left. Timers, open files and
    signal handlers are dropped then as well, as with a loop that is really closed; `finish` does that.
    """

    spared: Callable[[], Set[int]] = frozenset  # open files that stay

    def close(self) -> None:
        """The test is over."""
        if self.is_closed():
            return
        for timer in list(self._scheduled):  # type: ignore[attr-defined]
            timer.cancel()
        own = {self._ssock.fileno(), *self.spared()}  # type: ignore[attr-defined]
        for file in {*self._selector.get_map()} - own:  # type: ignore[attr-defined]
            self._remove_reader(file)  # type: ignore[attr-defined]
            self._remove_writer(file)  # type: ignore[attr-defined]
        for number in list(self._signal_handlers):  # type: ignore[attr-defined]
            self.remove_signal_handler(number)

    def finish(self) -> None:
        """All tests are over."""
        super().close()

    async def shutdown_asyncgens(self) -> None:
        """Those of this test; the next may have others."""
        await super().shutdown_asyncgens()
        self._asyncgens_shutdown_called = False

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads of this test; the next has its own."""
        await super().shutdown_default_executor()
        self._executor_shutdown_called, self._default_executor = False, None
