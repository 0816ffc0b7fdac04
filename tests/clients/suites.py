"""The suites of client programs, run against a server of ours: `make clients`.

They come from the package index as their authors published them, into `.clients/`; nothing of them is kept here.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.clients.seed import CLIENT, CLIENT_SECRET, TOKEN
from tests.server.running import ROOT, Instance

HERE = Path(__file__).parent
FOLDER = ROOT / ".clients"
PORT = 3000  # Mastodon.py's tests ask nobody else
BASE_URL = f"http://localhost:{PORT}"
SECONDS_OF_ONE = 50
SETTINGS = {
    "BASE_URL": BASE_URL, "LISTEN": f"127.0.0.1:{PORT}", "TEST_MODE": "1", "TEST_CONFIRM_SIGNUPS": "1",
    "RATE_LIMITS": "off",
}  # fmt: skip


class Suite(msgspec.Struct, frozen=True):
    """The tests of one program. `archive` is what its source distribution is called, without the version."""

    name: str
    archive: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = {}
    seeding: tuple[str, ...] = ()


SUITES = (
    Suite("toot", "toot", ("tests/integration", "-p", "no:recording"), {"TOOT_TEST_BASE_URL": BASE_URL}),
    Suite(
        "Mastodon.py", "mastodon_py", ("tests", "-m", "vcr", "--disable-recording", "--ignore=tests/test_entities.py")
    ),
    # These read what one entity after another is. By themselves they ask servers of other people, but whoever has a
    # file with a token has them ask another: here what they ask for is on ours, with the ids that they name.
    Suite(
        "Mastodon.py entities",
        "mastodon_py",
        ("tests/test_entities.py", "-m", "vcr", "--disable-recording"),
        seeding=("entities",),
    ),
)


class Outcome(msgspec.Struct, frozen=True):
    """What came of a suite: names of tests, with the reasons of those that failed."""

    passed: frozenset[str]
    failed: Mapping[str, str]
    skipped: frozenset[str]


class Verdict(msgspec.Struct, frozen=True):
    """How an outcome compares with what is known: what fails without a reason, passes with one, or is not there."""

    unexpected: Mapping[str, str]
    needless: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether nothing has to be done."""
        return not (self.unexpected or self.needless or self.unknown)


def main(wanted: list[str]) -> int:
    """Run the suites with these names, or all; the exit code."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            print(f"port {PORT} of this machine is in use, and the suites can ask no other", file=sys.stderr)
            return 2
    _set_up()
    fine = True
    for suite in SUITES:
        if not wanted or suite.name in wanted:
            fine &= _told(suite, run(suite))
    return 0 if fine else 1


def run(suite: Suite) -> Outcome:
    """What comes of a suite on a new server of its own."""
    source = next(FOLDER.glob(f"sources/{suite.archive}-*/"))
    for recording in (*source.rglob("cassettes/*.ws.yaml"), *source.rglob("cassettes/*.pkl")):
        recording.unlink()  # else what was said to another server, and when, stands for what is said now
    report = FOLDER / f"{suite.name}.xml"
    report.unlink(missing_ok=True)
    _hand_over(source)
    with _server(suite):
        command = [
            str(FOLDER / "env" / "bin" / "python"), "-m", "pytest", *suite.arguments, "-q", "--no-header", "--tb=short",
            "-p", "no:cacheprovider", f"--timeout={SECONDS_OF_ONE}", f"--junit-xml={report}",
        ]  # fmt: skip
        own = {name: text for name, text in os.environ.items() if not name.startswith(("FEDCOMM_", "PYTEST_"))}
        with open(FOLDER / f"{suite.name}.log", "wb") as log:
            subprocess.run(command, cwd=source, env=own | suite.environment, stdout=log, stderr=log, check=False)
    return read(ElementTree.parse(report).getroot())


def _hand_over(source: Path) -> None:
    """The tokens with which Mastodon.py's tests of entities act for somebody, where they look for them."""
    for name, token in (("base", f"{TOKEN}_3"), ("admin", f"{TOKEN}_2")):
        file = source / "srcgen" / f"{name}_credentials.secret"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join((token, BASE_URL, CLIENT, CLIENT_SECRET, "")))


def read(report: ElementTree.Element) -> Outcome:
    """What a report in JUnit's form says."""
    passed, failed, skipped = set(), {}, set()
    for case in report.iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}.py::{case.get('name')}"
        fault = case.find("failure") if case.find("failure") is not None else case.find("error")
        if fault is not None:
            failed[name] = (fault.get("message") or fault.text or "").replace("\n", " ")[:300]
        elif case.find("skipped") is not None:
            skipped.add(name)
        else:
            passed.add(name)
    return Outcome(frozenset(passed - set(failed)), failed, frozenset(skipped))


def known(suite: str) -> Mapping[str, str]:
    """The tests of a suite that cannot pass, each with its reason."""
    found: dict[str, str] = tomllib.loads((HERE / "skipped.toml").read_text()).get(suite, {})
    return found


def judge(outcome: Outcome, reasons: Mapping[str, str]) -> Verdict:
    """Compare an outcome with the tests that cannot pass."""
    there = outcome.passed | outcome.skipped | set(outcome.failed)
    return Verdict(
        {name: why for name, why in outcome.failed.items() if name not in reasons},
        tuple(sorted(name for name in reasons if name in outcome.passed)),
        tuple(sorted(name for name in reasons if name not in there)),
    )


def _told(suite: Suite, outcome: Outcome) -> bool:
    verdict = judge(outcome, known(suite.name))
    for name, why in verdict.unexpected.items():
        print(f"{suite.name} fails: {name}: {why}")
    for name in verdict.needless:
        print(f"{suite.name} passes, though skipped.toml says that it cannot: {name}")
    for name in verdict.unknown:
        print(f"{suite.name} has no such test: {name}")
    count = len(outcome.passed) + len(outcome.failed)
    rest = len(outcome.failed) - len(verdict.unexpected)
    print(f"{suite.name}: {len(outcome.passed)} of {count} pass, {rest} cannot, {len(outcome.skipped)} skip themselves")
    return verdict.fine


@contextmanager
def _server(suite: Suite) -> Iterator[Instance]:
    """A new server with what the suites expect in it."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Instance(Path(folder), **SETTINGS)
        instance.port = PORT
        seeding = [sys.executable, "-m", "tests.clients.seed", *suite.seeding]
        subprocess.run(seeding, cwd=ROOT, env=instance.environment(), check=True)
        instance.start()
        try:
            yield instance
        finally:
            instance.stop()
            shutil.copy(instance.log, FOLDER / f"{suite.name}.server.log")


def _set_up() -> None:
    """The environment and the sources, made anew when what they are made from has changed."""
    locks = [HERE / "requirements.lock", HERE / "sources.lock"]
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    stamp = FOLDER / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Setting up .clients …")
    shutil.rmtree(FOLDER, ignore_errors=True)
    venv.create(FOLDER / "env", with_pip=True)
    pip = [str(FOLDER / "env" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "install", "--only-binary", ":all:", "--require-hashes", "-r", locks[0]], check=True)
    there = FOLDER / "archives"
    subprocess.run(
        [*pip, "download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes",
         "-d", there, "-r", locks[1]], check=True,
    )  # fmt: skip
    for archive in there.iterdir():
        with tarfile.open(archive) as opened:
            opened.extractall(FOLDER / "sources", filter="data")
    stamp.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
