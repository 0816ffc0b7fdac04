"""The cases about forged activities against `fedcomm serve` itself, in a network namespace, without a switch for tests.

The same cases are played in one process by `tests/scenarios/test_forgery_vectors.py`, each of them; here names, TLS and
addresses are real as well. `make test` takes some of them, `make faults` all.
"""

import os
import sys
from xml.etree import ElementTree

import pytest

from tests.corpus import corpus
from tests.netns import internet
from tests.scenarios.test_forgery_vectors import CASES

ALL = "FEDCOMM_TEST_FORGERY_EVERY"
SECONDS = 400.0


@pytest.mark.attack("ORI-01", "ORI-11", "ORI-14", "ORI-16", "ORI-18", "ORI-29")
def test_forged_activities_have_no_effect_on_a_real_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    corpus(CASES)
    obstacle = internet.obstacle()
    if obstacle is not None:
        pytest.skip(f"no network namespace: {obstacle}")
    folder = tmp_path_factory.mktemp("forgeries")
    report = folder / "report.xml"
    os.environ.setdefault(ALL, "12")
    suite = "tests/netns/forgeries.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", suite]

    done = internet.run(command, folder, SECONDS)

    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    assert len(cases) > 5, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout[-10_000:]
