"""What is shipped: a wheel with exactly the four packages and their data, and locks that name no place."""

import email
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from tests.architecture.rooms import ROOMS, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")
REPAIRED = {
    "starlette": "1.0.1",  # CVE-2024-47874, CVE-2025-54121, CVE-2025-62727, CVE-2026-48710
    "python-multipart": "0.0.18",  # CVE-2024-53981
    "h11": "0.16.0",  # CVE-2025-43859
    "jinja2": "3.1.6",  # CVE-2025-27516
    "cryptography": "44.0.1",  # CVE-2024-12797
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The wheel as it lies in an environment, without the source tree."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    return tmp_path / "site"


def run(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """The installed command."""
    command = [
        sys.executable,
        "-S",
        "-c",
        "from fedcomm.cli import main; main()",
        *args,
    ]  # -S: no editable install
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), sysconfig.get_path("purelib")])}
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True)


def test_the_wheel_holds_exactly_the_four_packages_and_all_of_their_data(wheel: Path) -> None:
    ours = {str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()}
    ours = {path for path in ours if "__pycache__" not in path and not path.endswith(".pyc")}

    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert shipped == ours


@pytest.mark.parametrize(
    ("folder", "end"),
    [("storage/migrations/sqlite", ".sql"), ("storage/migrations/postgres", ".sql"), ("web/templates", ".html"),
     ("web/static", ".css"), ("activitypub", "py.typed"), ("", ".mo")],
)  # fmt: skip
def test_what_the_code_reads_besides_code_is_in_the_wheel(wheel: Path, folder: str, end: str) -> None:
    assert [name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(folder) and name.endswith(end)]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (path,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(opened.read(path))
        commands = opened.read(path.replace("METADATA", "entry_points.txt")).decode()
        licence = opened.read(path.replace("METADATA", "licenses/LICENSE"))

    assert (told["Name"], told["License-Expression"], told["Requires-Python"]) == (
        "fedcomm",
        "AGPL-3.0-or-later",
        ">=3.11",
    )
    assert "fedcomm = fedcomm.cli:main" in commands
    assert licence == (ROOT / "LICENSE").read_bytes()
    assert b"GNU AFFERO GENERAL PUBLIC LICENSE" in licence


def test_the_installed_command_works_without_the_source_tree(installed: Path) -> None:
    done = run(installed, "version")

    assert (done.returncode, done.stderr) == (0, "")
    assert run(installed, "config", "example").returncode == 0


@pytest.mark.parametrize("room", ["web", "storage", "activitypub"])
def test_it_refuses_to_start_when_another_distribution_has_overwritten_a_package(installed: Path, room: str) -> None:
    (installed / room / "__init__.py").write_text('"""Another web framework."""\nprint("foreign code runs")\n')

    done = run(installed, "version")

    assert done.returncode == 2
    assert f"the package '{room}' here is not ours" in done.stderr
    assert "fix: install fedcomm in an environment of its own" in done.stderr
    assert "foreign code runs" not in done.stdout


def test_it_refuses_to_start_when_a_package_was_taken_away_with_another_distribution(installed: Path) -> None:
    (installed / "web" / "__init__.py").unlink()

    done = run(installed, "version")

    assert done.returncode == 2
    assert "the package 'web' of fedcomm is missing" in done.stderr


@pytest.mark.attack("ADM-20")
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+", text, re.MULTILINE)

    assert len(entries) > 20
    assert not re.search(r"https?:|file:|git\+|--index|--extra-index|--find-links|(^|\s)/\w", text)
    for entry in text.split("\n")[2:]:
        assert re.match(r"[a-z0-9].*==|    --hash=sha256:[0-9a-f]{64}|    #|$", entry)
    assert len(re.findall(r"^[a-z0-9].* \\$", text, re.MULTILINE)) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))


def test_the_locks_hold_every_dependency_and_agree() -> None:
    versions = [dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS]
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    wanted = project["dependencies"] + project["optional-dependencies"]["postgres"] + groups["build"]
    developing = [entry for entry in groups["dev"] if isinstance(entry, str)]

    assert {re.split("[>=<]", entry)[0] for entry in wanted} <= versions[0].keys()
    assert {re.split(r"[\[>=<]", entry)[0] for entry in developing} <= versions[1].keys()
    assert {name: versions[1].get(name) for name in versions[0]} == versions[0]


@pytest.mark.attack("ADM-20")
@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize(("package", "repaired"), REPAIRED.items())
def test_no_lock_holds_a_version_with_a_known_hole(lock: str, package: str, repaired: str) -> None:
    found = re.search(rf"^{package}==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)

    assert found is None or Version(found[1]) >= Version(repaired)
    assert found or package not in {re.split("[>=<]", entry)[0] for entry in PROJECT["project"]["dependencies"]}


def test_every_dependency_is_used() -> None:
    imported = {
        "argon2-cffi": "argon2",
        "markdown-it-py": "markdown_it",
        "tortoise-orm": "tortoise",
        "http-sf": "http_sf",
        "pillow": "PIL",
    }
    brought_in = {"python-multipart", "aiosqlite", "websockets"}  # imported by starlette, tortoise and uvicorn
    code = "\n".join(path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    project = PROJECT["project"]

    for entry in project["dependencies"] + project["optional-dependencies"]["postgres"]:
        name = re.split("[>=<]", entry)[0]
        assert name in brought_in or re.search(rf"(import|from) {imported.get(name, name)}\b", code), (
            f"{name} is not used"
        )
