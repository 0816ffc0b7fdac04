"""`fedcomm peer`: the servers this one speaks with, and what they may do."""

import json
from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say

_host = click.argument("host")
_reason = click.option("--reason", default="", help="Why; admins of this server can read it.")


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
@_reason
def suspend(host: str, reason: str) -> None:
    """Take nothing from HOST and its sub-domains and send nothing there."""
    _decide(host, "suspend", reason)
    say(f"{host} is suspended: nothing is taken from it, nothing sent there.")


@peer.command()
@_host
@_reason
def limit(host: str, reason: str) -> None:
    """Show what comes from HOST and its sub-domains only to who follows it."""
    _decide(host, "limit", reason)
    say(f"{host} is limited: what comes from there is shown only to who follows it.")


@peer.command()
@_host
def allow(host: str) -> None:
    """Let HOST and its sub-domains in, where only servers that were allowed by name are (allow_list_mode)."""
    _decide(host, "allow", "")
    say(f"{host} is allowed.")


@peer.command()
@_host
def clear(host: str) -> None:
    """Take back what was decided about HOST."""
    _decide(host, "", "")
    say(f"Nothing is decided about {host} any more.")


def _decide(host: str, policy: str, reason: str) -> None:
    ask("peer.policy", host=host, policy=policy, reason=reason)


def _line(found: dict[str, Any]) -> str:
    software = " ".join(filter(None, (found["software"], found["software_version"]))) or "not known"
    failing = f", failed {found['failures']} times: {found['last_error']}" if found["failures"] else ""
    return f"{found['host']}: {found['policy'] or 'nothing decided'}, {software}{failing}"


commands = {"peer": peer}
