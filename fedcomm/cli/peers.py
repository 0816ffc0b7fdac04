"""`fedcomm peer`: the servers this one speaks with, and what they may do."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fedcomm.cli import saying
from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say
from fedcomm.errors import Invalid
from fedcomm.room import readable

_MOST_BYTES = 700_000  # of a list: what goes through the door of the server at once
_host = click.argument("host")
_reason = click.option("--reason", default="", help="Why; told to whoever may read what was decided.")
_note = click.option("--note", default="", help="Why, for admins of this server alone.")
_hidden = click.option("--hide-name", is_flag=True, help="Tell others only part of its name.")


@click.group()
def peer() -> None:
    """Look at other servers and decide what they may do."""


@peer.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Answer with an array.")
def list_(as_json: bool) -> None:
    """List the servers that are known, what they run and how deliveries to them go."""
    found = ask("peer.list")["peers"]
    say(json.dumps(found) if as_json else "\n".join(map(_line, found)) or "No other server is known yet.")


@peer.command()
@_host
@click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
def show(host: str, as_json: bool) -> None:
    """Show what is known of HOST, and what was decided about it."""
    found = ask("peer.show", host=host)
    say(json.dumps(found) if as_json else "\n".join(_lines(found)))


@peer.command()
@_host
@_reason
@_note
@_hidden
def suspend(host: str, reason: str, note: str, hide_name: bool) -> None:
    """Take nothing from HOST and its sub-domains and send nothing there."""
    _decide(host, policy="suspend", reason=reason, note=note, hide_name=hide_name)
    say(f"{host} is suspended: nothing is taken from it, nothing sent there.")


@peer.command()
@_host
@_reason
@_note
@_hidden
def limit(host: str, reason: str, note: str, hide_name: bool) -> None:
    """Show what comes from HOST and its sub-domains only to who follows it."""
    _decide(host, policy="limit", reason=reason, note=note, hide_name=hide_name)
    say(f"{host} is limited: what comes from there is shown only to who follows it.")


@peer.command()
@_host
@click.option("--media/--no-media", default=None, help="Copy and show no pictures of it, or do so again.")
@click.option("--reports/--no-reports", default=None, help="Take no reports from it, or do so again.")
def reject(host: str, media: bool | None, reports: bool | None) -> None:
    """Say what is not taken from HOST and its sub-domains, whatever else was decided about it."""
    if media is None and reports is None:
        raise click.UsageError("say what: --media or --reports, or with --no- that it is taken again")
    found = ask("peer.reject", host=host, media=media, reports=reports)
    rejected = [name for name in ("media", "reports") if found[f"reject_{name}"]]
    say(f"{host}: {' and '.join(rejected)} are not taken." if rejected else f"{host}: media and reports are taken.")


@peer.command()
@_host
def allow(host: str) -> None:
    """Let HOST and its sub-domains in, where only servers that were allowed by name are (allow_list_mode)."""
    _decide(host, policy="allow")
    say(f"{host} is allowed.")


@peer.command()
@_host
def clear(host: str) -> None:
    """Take back what was decided about HOST."""
    _decide(host)
    say(f"Nothing is decided about {host} any more.")


@peer.command()
@_host
def retry(host: str) -> None:
    """Try deliveries to HOST now, and not only when its pause is over."""
    ask("peer.retry", host=host)
    say(f"Deliveries to {host} are tried now.")


@peer.command()
@_host
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
@click.option("--yes", "sure", is_flag=True, help="Do not ask; needed where nobody can be asked.")
def purge(host: str, dry_run: bool, sure: bool) -> None:
    """Erase all that is known of HOST, which is suspended, and of its sub-domains: accounts, posts, pictures, follows.

    It cannot be undone. What was decided about it stays; when it is let in again its people are met anew.
    """
    there = ask("peer.purge", host=host, dry_run=True)
    much = (
        f"{there['actors']} accounts and groups, {there['posts']} posts, {there['copies']} copies of pictures"
        f" ({readable(there['bytes'])})"
    )
    if dry_run:
        return say(f"{host} has {much} here.")
    saying.sure(f"Erase {much} of {host}, for good?", sure, f"fedcomm peer purge {host} --yes")
    ask("peer.purge", host=host, dry_run=False)
    say(f"{host}: {much} are being erased, which goes on while the server runs.")


@peer.command()
@_host
@click.option("--no", "off", is_flag=True, help="Do not hold it any more.")
def hold(host: str, off: bool) -> None:
    """Hold what people of HOST whom nobody here knows write to people here, until somebody has looked at it."""
    ask("peer.hold", host=host, hold=not off)
    say(f"First words of people of {host} {'come through' if off else 'wait on the page Held back'}.")


@peer.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--apply", is_flag=True, help="Decide all of it at once.")
def import_(file: Path, apply: bool) -> None:
    """Read a list of servers to block from FILE and say what it would change; it only makes stricter.

    CSV of Mastodon or fediblockhole, JSON of /api/v1/instance/domain_blocks, or a name a line.
    """
    content = file.read_bytes()
    if len(content) > _MOST_BYTES:
        raise Invalid("A list may have {most} bytes here.", fix="bring it in on the page of admins", most=_MOST_BYTES)
    found = ask("peer.import", content=base64.b64encode(content).decode(), source=file.name, apply=apply)
    say("\n".join(_plan(found, apply)))


@peer.command()
@click.argument("number", type=int)
def apply(number: int) -> None:
    """Decide all that the list NUMBER says, which was brought in before."""
    ask("peer.apply", number=number)
    say(f"List {number} is being applied; `fedcomm peer undo {number}` has everything as it was.")


@peer.command()
@click.argument("number", type=int)
def undo(number: int) -> None:
    """Have everything again as it was before the list NUMBER was applied."""
    ask("peer.undo", number=number)
    say(f"List {number} is being undone.")


@peer.command()
@click.option("--form", type=click.Choice(["csv", "json", "txt"]), default="csv", help="In which form.")
def export(form: str) -> None:
    """Write what was decided to standard output, for others."""
    say(ask("peer.export", form=form)["text"].rstrip("\n"))


def _plan(found: dict[str, Any], applied: bool) -> Iterator[str]:
    yield (
        f"List {found['id']}: {found['added']} new, {found['raised']} stricter than before,"
        f" {found['present']} decided already, {found['left_out']} left out."
    )
    yield f"It cuts {found['cuts']} follows from or to members and groups here."
    yield from (f"  {each['host']}: {each['cuts']}" for each in found["cut"])
    if found["wide"]:
        yield f"Many servers have names that end so, and it holds for all of them: {', '.join(found['wide'])}"
    if found["unread"]:
        yield f"Not understood, or not named in full: {', '.join(found['unread'])}"
    if applied:
        yield f"It is being applied; `fedcomm peer undo {found['id']}` has everything as it was."
    else:
        yield f"Nothing is decided yet. `fedcomm peer apply {found['id']}` does it."


def _decide(host: str, policy: str = "", reason: str = "", note: str = "", hide_name: bool = False) -> None:
    ask("peer.policy", host=host, policy=policy, reason=reason, note=note, hide_name=hide_name)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield _line(found)
    if found["holds"] != found["policy"]:
        yield f"  decided about a domain above it: {found['holds']}"
    if found["obfuscate"]:
        yield "  others are told only part of its name"
    if found["public_comment"]:
        yield f"  reason: {found['public_comment']}"
    if found["private_comment"]:
        yield f"  note: {found['private_comment']}"


def _line(found: dict[str, Any]) -> str:
    software = " ".join(filter(None, (found["software"], found["software_version"]))) or "not known"
    failing = f", failed {found['failures']} times: {found['last_error']}" if found["failures"] else ""
    rejected = "".join(f", no {name}" for name in ("media", "reports") if found[f"reject_{name}"])
    held = ", first words held" if found["hold_contact"] else ""
    return f"{found['host']}: {found['policy'] or 'nothing decided'}{rejected}{held}, {software}{failing}"


commands = {"peer": peer}
