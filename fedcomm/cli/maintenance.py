"""`fedcomm maintenance`, `fedcomm account rotate` and `revoke`: for emergencies, and while the server is worked on."""

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import amount, say
from fedcomm.cli.taking import account


@account.command()
@click.argument("name")
def rotate(name: str) -> None:
    """Give NAME, a member or group of this server, new keys, and tell every other server."""
    say(f"{ask('account.rotate', name=name)['handle']} has new keys; other servers are being told.")


@account.command()
@click.argument("name", default="")
@click.option("--all", "everybody", is_flag=True, help="Everybody who has an account here.")
def revoke(name: str, everybody: bool) -> None:
    """Sign NAME out of everything: browsers, programs, and links for a new password."""
    if bool(name) == everybody:
        raise click.UsageError("say whom: NAME, or --all for everybody")
    ended = ask("account.revoke", name=name)
    if everybody:
        return say(f"{amount(ended['tokens'], 'token')} and {amount(ended['sessions'], 'session')} ended.")
    say(f"{name} is signed out.")


@click.group()
def maintenance() -> None:
    """Take nothing new from people and other servers for a while; everything can be read."""


@maintenance.command()
@click.option("--reason", default="", help="What those read who want to write something.")
def on(reason: str) -> None:
    """Take nothing new: pages, programs and other servers are asked to come again later."""
    ask("maintenance", on=True, reason=reason)
    say("Nothing new is taken in. What was taken before is carried out: fedcomm queue --wait 60")
    say("As before: fedcomm maintenance off")


@maintenance.command()
def off() -> None:
    """Take in everything again."""
    ask("maintenance", on=False, reason="")
    say("Everything is taken in again.")


commands = {"account": account, "maintenance": maintenance}
