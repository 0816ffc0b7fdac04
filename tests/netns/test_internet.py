"""The guard against a fake Internet in a network namespace, without a switch that allows private addresses."""

import ast
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.netns import internet

SUITE = Path(__file__).with_name("inside.py")
NAMES = [
    node.name
    for node in ast.parse(SUITE.read_text()).body
    if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
]
Outcomes = dict[str, list[str]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What came of each test of the suite, one entry for each of its cases; empty when it passed."""
    obstacle = internet.obstacle()
    if obstacle is not None:
        pytest.skip(f"no network namespace: {obstacle}")
    folder = tmp_path_factory.mktemp("internet")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", str(SUITE)]
    done = internet.run(command, folder)
    if not report.exists():
        pytest.fail(done.stdout + done.stderr)
    found: Outcomes = defaultdict(list)
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("name", "")
        said = "".join(each.get("message", "") for each in case if each.tag in ("failure", "error", "skipped"))
        found[name.partition("[")[0]].append(said and f"{name}: {said}")
    return found


@pytest.mark.attack("NET-01", "NET-02", "NET-03", "NET-04", "NET-05", "NET-06", "NET-07", "NET-08", "NET-12")
@pytest.mark.parametrize("name", NAMES)
def test_on_the_fake_internet(name: str, outcomes: Outcomes) -> None:
    assert outcomes[name], "it did not run"
    assert not any(outcomes[name]), "\n".join(outcomes[name])


def test_a_machine_without_namespaces_is_known_by_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("unshare", "ip", "mount", "bash"):  # a machine may lack the real ones
        (tmp_path / tool).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setattr(internet, "_PATH", str(tmp_path))
    monkeypatch.setattr(internet, "_ENV", {"PATH": str(tmp_path)})
    internet._flags.cache_clear()
    refused = internet.obstacle()
    internet._flags.cache_clear()
    monkeypatch.setattr(internet, "_PATH", "/nowhere")

    assert refused == "unshare is not permitted"
    assert internet.obstacle() == "the command unshare is not there"
