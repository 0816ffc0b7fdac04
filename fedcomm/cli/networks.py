"""`fedcomm network`: from where people sign up with a yes only, or not, or are not answered at all."""

from datetime import UTC, datetime

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say

_SEVERITIES = click.Choice(["no_access", "sign_up_block", "sign_up_requires_approval"])


@click.group()
def network() -> None:
    """Close networks to who signs up from there, or altogether, and open them again."""


@network.command()
@click.argument("network")
@click.option("--severity", type=_SEVERITIES, default="no_access", show_default=True, help="What holds for it.")
@click.option("--reason", default="", help="Why; for admins.")
@click.option("--days", type=click.IntRange(0, 3650), default=0, help="For how long; 0 is for ever.")
def block(network: str, severity: str, reason: str, days: int) -> None:
    """Let what was decided hold for NETWORK, an address or a range like 192.0.2.0/24."""
    found = ask("network.block", network=network, severity=severity, reason=reason, days=days)
    say(f"{found['network']} is closed: {severity}.")


@network.command()
@click.argument("network")
def unblock(network: str) -> None:
    """Let nothing hold for NETWORK any more, as `fedcomm network list` writes it."""
    ask("network.unblock", network=network)
    say(f"{network} is open again.")


@network.command(name="list")
def list_() -> None:
    """List the networks about which something was decided."""
    lines = [
        f"{each['network']}: {each['severity']}, {_until(each['expires_at'])}. {each['comment']}".rstrip()
        for each in ask("network.list")["networks"]
    ]
    say("\n".join(lines) or "Nothing is decided about any network.")


def _until(at_ms: int | None) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("until %Y-%m-%d %H:%M UTC") if at_ms else "for ever"


commands = {"network": network}
