"""`fedcomm account`, `fedcomm invite` and `fedcomm follow`: the people of this instance."""

import sys

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import password, say

_ROLES = click.Choice(["admin", "moderator", "member"])
_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")


@click.group()
def account() -> None:
    """Create, approve, change and delete accounts."""


@account.command()
@click.argument("name")
@_from_stdin
@click.option("--email", default="", help="An address, if the person wants to give one.")
@click.option("--role", type=_ROLES, default="member", show_default=True)
def create(name: str, password_stdin: bool, email: str, role: str) -> None:
    """Make an account that can be used at once."""
    made = ask("account.create", name=name, password=password(password_stdin), email=email, role=role)
    say(f"{made['handle']} can sign in ({role}).")


@account.command()
@click.argument("name")
def approve(name: str) -> None:
    """Let somebody in who has asked."""
    ask("account.approve", name=name)
    say(f"{name} can sign in.")


@account.command(name="password")
@click.argument("name")
@_from_stdin
def change_password(name: str, password_stdin: bool) -> None:
    """Give an account another password and sign it out everywhere."""
    ask("account.password", name=name, password=password(password_stdin))
    say(f"{name} has a new password and is signed out everywhere.")


@account.command()
@click.argument("name")
@click.argument("address", default="")
def email(name: str, address: str) -> None:
    """Give an account another e-mail ADDRESS, unconfirmed; without one it has none any more."""
    done = ask("account.email", name=name, address=address)
    say(f"{name} signs in with {address}." if done["signs_in"] else f"{name} signs in with the name alone.")


@account.command()
@click.argument("name")
@click.argument("role", type=_ROLES, default="admin")
def promote(name: str, role: str) -> None:
    """Make somebody admin (or the ROLE given); it counts from their next request on."""
    ask("account.promote", name=name, role=role)
    say(f"{name} is {role}.")


@account.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete an account and all it wrote, here and at the servers that have copies. It cannot be undone."""
    if sys.stdin.isatty():
        click.confirm(f"Delete {name} and everything {name} wrote, for good?", abort=True)
    ask("account.delete", name=name)
    say(f"{name} is deleted; the other servers are being told.")


@account.command()
@click.argument("name")
@click.option(
    "--scopes", default="read", show_default=True, help='What it allows, for example "read write follow push".'
)
def token(name: str, scopes: str) -> None:
    """Print an access token for programs, and nothing else."""
    say(ask("account.token", name=name, scopes=scopes)["token"])


@account.command()
@click.argument("name")
@click.argument("other", metavar="HANDLE|URL")
@click.option("--remove", is_flag=True, help="It is theirs no more.")
def alias(name: str, other: str, remove: bool) -> None:
    """Say that another account is of the same person, so that it can move to NAME."""
    done = ask("account.alias", name=name, other=other, remove=remove)
    say(f"{done['other']} {'is no other account' if remove else 'is another account'} of {name}.")


@account.command()
@click.argument("name")
@click.argument("where", metavar="HANDLE|URL")
def move(name: str, where: str) -> None:
    """Move NAME to another account, which must name this one as its own; the followers go along."""
    moved = ask("account.move", name=name, where=where)
    say(f"{name} has moved to {moved['handle']}; the followers' servers are being told.")


@account.command(name="move-back")
@click.argument("name")
def move_back(name: str) -> None:
    """Let NAME be used again after it has moved; followers who went along stay with the other account."""
    ask("account.move-back", name=name)
    say(f"{name} can be used again.")


@click.command()
@click.option("--role", type=_ROLES, default="member", show_default=True)
@click.option("--group", default="", metavar="NAME", help="A group that who comes in has joined.")
@click.option("--uses", default=1, show_default=True, help="How many can come in with it.")
@click.option("--days", default=7, show_default=True, help="How long it works.")
def invite(role: str, group: str, uses: int, days: int) -> None:
    """Print a link with which somebody can sign up, and nothing else."""
    say(ask("invite", role=role, group=group, uses=uses, days=days)["url"])


@click.command()
@click.argument("account")
@click.argument("whom", metavar="HANDLE|URL")
def follow(account: str, whom: str) -> None:
    """Let ACCOUNT follow somebody, or join a group, here or elsewhere."""
    followed = ask("follow", account=account, whom=whom)
    say(f"{account} {'follows' if followed['accepted'] else 'has asked to follow'} {followed['handle']}.")


commands = {"invite": invite, "follow": follow}
