"""`fedcomm media` and `fedcomm disk`: what pictures take, and how to get room back."""

import hashlib
import json
from pathlib import Path
from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import amount, say
from fedcomm.room import readable

_KINDS = {
    "upload": "pictures in posts of members",
    "profile": "avatars and headers of people and groups here",
    "file": "copies: pictures in posts of other servers",
    "avatar": "copies: avatars",
    "header": "copies: headers",
    "emoji": "copies: emojis",
    "still": "copies: pictures without movement",
    "": "copies of which it was not noted",
}
_which = click.argument("which")
_json = click.option("--json", "as_json", is_flag=True, help="Answer with an object.")


@click.group()
def media() -> None:
    """See what pictures take, and get room back."""


@media.command()
@_json
def usage(as_json: bool) -> None:
    """Show what is kept, by kind, and the ten servers whose copies take most. Cards of links bring no pictures here."""
    found = ask("media.usage")
    say(json.dumps(found) if as_json else "\n".join(_lines(found)))


@media.command()
@click.option("--days", type=click.IntRange(0, 3650), default=14, show_default=True, help="Not looked at for so long.")
@click.option("--dry-run/--no-dry-run", default=True, show_default=True, help="Only say what would go.")
def prune(days: int, dry_run: bool) -> None:
    """Forget copies that nobody looked at; they are fetched again when somebody does."""
    gone = ask("media.prune", days=days, dry_run=dry_run)
    gone_by = "would go" if dry_run else "is gone" if gone["copies"] == 1 else "are gone"
    say(f"{amount(gone['copies'], 'copy', 'copies')} {gone_by}: {readable(gone['bytes'])}.")
    if dry_run:
        say(f"To forget them: fedcomm media prune --days {days} --no-dry-run")


@media.command()
@click.option("--dry-run/--no-dry-run", default=True, show_default=True, help="Only say what would go.")
def orphans(dry_run: bool) -> None:
    """Delete files that nothing has, and that are older than a day; each night does the same."""
    number = ask("media.orphans", dry_run=dry_run)["files"]
    say(f"{number} files that nothing has {'would go' if dry_run else 'are gone'}.")


@media.command()
@click.argument("host")
def refresh(host: str) -> None:
    """Forget all copies of pictures of HOST; they are fetched anew when somebody looks."""
    say(f"{ask('media.refresh', host=host)['copies']} copies of {host} are forgotten.")


@media.command()
@click.argument("address")
def lookup(address: str) -> None:
    """Say whose a picture is, and in which post, by its ADDRESS on this server."""
    found = ask("media.lookup", address=address)
    say(f"{found['owner']}\n{found['post']}".rstrip())


@media.command()
@click.argument("megabytes", type=int)
def cap(megabytes: int) -> None:
    """Let all copies together take MEGABYTES: never more, what was looked at longest ago goes first."""
    ask("media.cap", megabytes=megabytes)
    say(f"Copies of pictures of other servers take at most {megabytes} MB.")


@media.command()
@_which
@click.option("--reason", default="", help="Why; whose picture it was is told so.")
def block(which: str, reason: str) -> None:
    """Let a file be nowhere here: WHICH is the file or its SHA-256. What there is of it is erased."""
    digest = ask("media.block", digest=_digest(which), reason=reason)["digest"]
    say(f"{digest} is blocked: nobody is shown it from now on, and it is erased.")


@media.command()
@_which
def unblock(which: str) -> None:
    """Let a file be sent and copied again; what was erased stays so."""
    ask("media.unblock", digest=_digest(which))
    say("It is not blocked any more.")


@media.command()
def blocks() -> None:
    """List the files that are blocked, the latest 200."""
    lines = [f"{each['digest']}  {each['reason']}".rstrip() for each in ask("media.blocks")["blocked"]]
    say("\n".join(lines) or "No file is blocked.")


def _digest(which: str) -> str:
    """Of the file of that name, if there is one; else it is the digest itself."""
    path = Path(which)
    if not path.is_file():
        return which
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@click.command()
@_json
def disk(as_json: bool) -> None:
    """Show what the database and pictures take, what is free, and what to do when that is little."""
    found = ask("disk")
    if as_json:
        say(json.dumps(found))
        return
    say(f"database: {readable(found['database'])}")
    say(f"pictures of members: {readable(found['sent'])}")
    say(f"copies of pictures of other servers: {readable(found['copies'])} of {readable(found['most_copies'])} allowed")
    say(f"free: {readable(found['free'])} of {readable(found['whole'])} on the disk of {found['folder']}")
    if found["tight"]:
        say(
            "That is little, with the copies that are allowed. Let them take less with `fedcomm media cap`, forget some"
        )
        say("with `fedcomm media prune --no-dry-run`, or give the folder a larger disk.")


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [_line(_KINDS[each["name"]], each) for each in found["kinds"]]
    hosts = [_line(each["name"], each) for each in found["hosts"]]
    return lines + (["", "copies by server, most first:", *hosts] if hosts else [])


def _line(name: str, part: dict[str, Any]) -> str:
    return f"{name:48} {part['number']:>8} {readable(part['bytes']):>10}"


commands = {"media": media, "disk": disk}
