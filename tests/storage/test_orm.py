"""Models work on the database in use, on both databases in one process, and cost nothing where there are none."""

import asyncio
import subprocess
import sys

import pytest

from tests.databases import Databases
from tests.storage.processes import ROOT, started

pytestmark = pytest.mark.anyio


async def test_models_work_on_the_database_in_use_and_are_what_its_schema_is(databases: Databases) -> None:
    urls = [await databases.new("sqlite"), await databases.new("postgres"), await databases.new("sqlite")]

    command = [sys.executable, "-m", "tests.storage.with_models", *urls]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True)

    assert done.stdout == "good\n", done.stderr
    for url in urls:
        databases.drop(url)


def test_without_models_the_orm_is_not_loaded() -> None:
    process = started(
        "import sys, storage.connect, storage.bus, storage.batch, storage.migrate; print('tortoise' in sys.modules)"
    )

    assert process.communicate()[0] == "False\n"
