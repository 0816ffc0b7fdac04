"""`fedcomm post`, `actor`, `settings` and `mail-domain`: single posts and actors, and who may sign up."""

import json
from datetime import UTC, datetime
from typing import Any

import click

from fedcomm.cli import saying
from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say

_address = click.argument("address")
_json = click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
_whom = click.argument("whom", metavar="HANDLE|URL")


@click.group()
def post() -> None:
    """Look after single posts; ADDRESS is the id of one, its page here, or its number."""


@post.command()
@_address
@_json
def receipt(address: str, as_json: bool) -> None:
    """Say which servers have got a post of this server, which are tried again and when, and which said no and how."""
    found = ask("post.receipt", address=address)
    say(json.dumps(found) if as_json else "\n".join(_receipt(found)) or "It was sent to no other server.")


@post.command()
@_address
@click.option("--yes", "sure", is_flag=True, help="Do not ask.")
def purge(address: str, sure: bool) -> None:
    """Delete a post for good: of this server everywhere, of another one what is kept of it here."""
    saying.sure(f"Delete {address}, for good?", sure, f"fedcomm post purge {address} --yes")
    found = ask("post.purge", address=address)
    say(f"The post of {found['author']} is deleted" + (", here and elsewhere." if found["local"] else " here."))


@post.command()
@_address
@click.argument("group")
@click.option("--reason", default="", help="Why; told to whoever may read it.")
def move(address: str, group: str, reason: str) -> None:
    """Move a thread of a group of this server, with its answers, into GROUP."""
    ask("post.move", address=address, group=group, reason=reason)
    say(f"It is in {group} from now on.")


@click.group()
def actor() -> None:
    """Look at people and groups of other servers."""


@actor.command()
@_whom
@_json
def fetch(whom: str, as_json: bool) -> None:
    """Get to know somebody, or a group; who is known already is not asked for again."""
    _say(ask("actor.fetch", whom=whom, fresh=False), as_json)


@actor.command()
@_whom
@_json
def refresh(whom: str, as_json: bool) -> None:
    """Ask for a profile and its keys anew, as they are at home now."""
    _say(ask("actor.fetch", whom=whom, fresh=True), as_json)


@click.group()
def settings() -> None:
    """Change what admins decide on the page Settings of the server."""


@settings.command()
@click.argument("mode", type=click.Choice(["open", "approval", "invite", "closed"]))
def registrations(mode: str) -> None:
    """Say who may sign up: everybody, with a yes, with a link of a member, or (closed) with a link of an admin only."""
    ask("settings.registrations", mode=mode)
    say(f"Who may sign up from now on: {mode}.")


@click.group(name="mail-domain")
def mail_domain() -> None:
    """Close domains of e-mail addresses to who signs up, and open them again."""


@mail_domain.command(name="list")
def list_() -> None:
    """List the domains with which nobody signs up, the latest first."""
    say("\n".join(ask("mail_domain.list")["domains"]) or "No domain is closed.")


@mail_domain.command()
@click.argument("domain")
def close(domain: str) -> None:
    """Let nobody sign up with an address in DOMAIN, or below it; who has an account keeps it."""
    say(f"{ask('mail_domain.close', domain=domain)['domain']} is closed.")


@mail_domain.command(name="open")
@click.argument("domain")
def open_(domain: str) -> None:
    """Let people sign up with an address in DOMAIN again."""
    ask("mail_domain.open", domain=domain)
    say(f"{domain} is open again.")


def _say(found: dict[str, Any], as_json: bool) -> None:
    at = f", as of {_time(found['fetched_at'])}" if found["fetched_at"] else ""
    say(json.dumps(found) if as_json else f"{found['handle']}: {found['kind']} {found['name']}{at}\n{found['uri']}")


def _receipt(found: dict[str, Any]) -> list[str]:
    counts = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in found["counts"].items())
    return [counts, *map(_server, found["servers"])] if found["servers"] else []


def _server(each: dict[str, Any]) -> str:
    again = f", next try {_time(each['next_try'])}" if each["next_try"] else ""
    said = f": {each['status'] or ''} {each['answer']}".rstrip(": ") if each["answer"] or each["status"] else ""
    return f"  {each['host']}: {each['state'].replace('_', ' ')}{again}{said}"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


commands = {"post": post, "actor": actor, "settings": settings, "mail-domain": mail_domain}
