"""What every test can ask for: the event loop, an own database in both dialects; counts what was skipped."""

from collections.abc import Iterator

import pytest

from tests import postgres

CORPUS_ABSENT = "../shared/corpus is not there"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """One PostgreSQL for the whole run, started when the first test asks for it."""
    with postgres.server() as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was not tested for want of the documents of other programs."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if CORPUS_ABSENT in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} corpus tests skipped: {CORPUS_ABSENT}")
