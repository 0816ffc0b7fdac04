"""`fedcomm account export`, `purge` and `report`: what an account takes along, and a report of one that is erased."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.sanctions import account
from fedcomm.cli.saying import DONE, NOT_SO, amount, note, say
from fedcomm.config import load
from fedcomm.errors import Conflict
from fedcomm.room import readable

POLL_SECONDS = 0.2
_CHUNK = 1_048_576  # bytes copied at once


@account.command()
@click.argument("name")
@click.option("--media", is_flag=True, help="Name each picture with its SHA-256 in the report.")
@click.option("--notify-peers", is_flag=True, help="Wait until the other servers have answered, for the report.")
@click.option("--report", "file", type=click.Path(path_type=Path), help="Where it goes; NAME-erased.json if not said.")
@click.option("--wait", default=60.0, show_default=True, metavar="SECONDS", help="For all of that, at most.")
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
def purge(name: str, media: bool, notify_peers: bool, file: Path | None, wait: float, dry_run: bool) -> None:
    """Delete an account with all its posts and pictures, and write a report for an authority. It cannot be undone.

    The report is two files, for programs (JSON) and for people (text), that only the user of the server can read: what
    was erased, and which servers were told, when, and with which answer. The exit code is 1 when that is not all yet.
    """
    paths = _forms(file or Path(f"{name.removeprefix('@')}-erased.json"))
    for each in paths.values():
        _free(each)
    if not dry_run and sys.stdin.isatty():
        click.confirm(f"Delete {name} and everything {name} wrote, for good?", abort=True)
    there = ask("account.purge", name=name, media=media, dry_run=dry_run)
    much = f"{amount(there['posts'], 'post')} and {amount(there['files'], 'picture')} ({readable(there['bytes'])})"
    if dry_run:
        return say(f"{name} has {much}; {amount(there['servers'], 'server')} would be told.")
    say(f"{name} is deleted. It had {much}.")
    state = _wait(name, wait, answers=notify_peers)
    say(f"Of {amount(state['servers'], 'server')}, {state['answered']} answered and {state['taken']} took it.")
    _report(name, paths)
    if state["left"]:
        note(f"Posts and pictures left: {state['left']}. Erasing them goes on while the server runs.")
    if unfinished := state["left"] or (notify_peers and state["answered"] < state["servers"]):
        note(f"The report does not tell all yet. Have it again later: fedcomm account report {name} FILE")
    sys.exit(NOT_SO if unfinished else DONE)


@account.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
def report(name: str, file: Path) -> None:
    """Write the report on a deleted account to FILE, a .json, and as text beside it, as everything is now."""
    paths = _forms(file)
    for each in paths.values():
        _free(each)
    _report(name, paths)


@account.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
def export(name: str, file: Path) -> None:
    """Write all that is somebody's to FILE, a .zip that only the user of the server can read.

    It has what they wrote, boosted, liked and bookmarked, their pictures, and as CSV whom they follow, block and mute,
    their lists and groups. Of what others wrote there are addresses only.
    """
    _free(file)
    take(ask("account.export", name=name)["key"], file)
    say(f"{file}")


def _wait(name: str, seconds: float, *, answers: bool) -> dict[str, Any]:
    """Until nothing is left to be erased, and with `answers` until every server has answered."""
    deadline = time.monotonic() + seconds
    while True:
        state = ask("account.erased", name=name)
        if not state["left"] and not (answers and state["answered"] < state["servers"]):
            return state
        if time.monotonic() > deadline:
            return state
        time.sleep(POLL_SECONDS)


def _forms(path: Path) -> dict[str, Path]:
    """Where each form of a report goes; the two are never one file, whichever of them was named."""
    return {"json": path.with_suffix(".json") if path.suffix == ".txt" else path, "txt": path.with_suffix(".txt")}


def _report(name: str, paths: dict[str, Path]) -> None:
    made = ask("account.report", name=name)
    for form, each in paths.items():
        take(made[form], each)
        say(f"{each}")


def take(key: str, path: Path) -> None:
    """Take a file that the server has made to where it is wanted; it is left nowhere else."""
    try:
        with (load().data_dir / "media" / key).open("rb") as source, _begin(path) as target:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
    finally:
        ask("file.drop", key=key)


def _begin(path: Path) -> Any:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as fault:
        raise _refused(path, fault) from fault


def _free(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise Conflict("{path} is there already.", fix="name another file, or move that one away", path=path)
    if not path.absolute().parent.is_dir():
        raise Conflict("There is no folder {path}.", fix="make it, or name another one", path=path.absolute().parent)


def _refused(path: Path, fault: OSError) -> Conflict:
    why = fault.strerror or str(fault)
    return Conflict("{path} cannot be written: {why}.", fix="name another file", path=path, why=why)


commands = {"account": account}
