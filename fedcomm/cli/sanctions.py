"""`fedcomm account list`, `show`, `limit`, `suspend` and their like: what is done about people, here and elsewhere."""

from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.people import account
from fedcomm.cli.saying import amount, say

_TOLD = "Why; a member is told, and it stays in the history."
_KEPT = "What it says; it stays in the history, and is told to nobody else."
# Each verb with what it does, what it says then, and what where it is so already.
_VERBS = {
    "warn": ("Warn a member: they read the reason in their notifications.", "is warned", ""),
    "note": ("Keep a note about somebody for who looks after the server.", "has a note", ""),
    "freeze": ("Close signing in for a member; what they wrote stays.", "cannot sign in", "could not sign in before"),
    "unfreeze": ("Open signing in again.", "can sign in", "could sign in before"),
    "sensitive": ("Put all pictures of somebody behind a warning.", "has a warning before pictures", "had one before"),
    "unsensitive": ("Show somebody's pictures as before.", "has no warning before pictures", "had none before"),
    "limit": ("Show somebody only to who follows them.", "is limited", "was limited before"),
    "unlimit": ("Show somebody to everybody again.", "is not limited any more", "was not limited"),
    "suspend": ("Show and take nothing of somebody any more.", "is suspended", "was suspended before"),
    "unsuspend": ("Take a suspension back, as if it had not been.", "is suspended no more", "was not suspended"),
}


def _add(verb: str, about: str, done: str, already: str) -> None:
    @account.command(name=verb, help=about)
    @click.argument("who", metavar="NAME|HANDLE")
    @click.option("--reason", default="", help=_KEPT if verb == "note" else _TOLD)
    def act(who: str, reason: str) -> None:
        answer = ask("account.act", who=who, act="restore" if verb == "unsuspend" else verb, reason=reason)
        say(f"{answer['handle']} {done if answer['changed'] else already}.")


for _verb, (_about, _done, _already) in _VERBS.items():
    _add(_verb, _about, _done, _already)


@account.command()
@click.argument("name")
@click.option("--reason", default="", help="Why, for the log alone.")
def reject(name: str, reason: str) -> None:
    """Turn a sign-up away; nothing of it is kept, and the name is free."""
    ask("account.reject", name=name, reason=reason)
    say(f"{name} is turned away.")


@account.command()
@click.argument("name")
def demote(name: str) -> None:
    """Take somebody's role for the server away; it counts from their next request on."""
    ask("account.promote", name=name, role="member")
    say(f"{name} is member.")


@account.command(name="list")
@click.argument("text", default="")
@click.option("--from", "origin", type=click.Choice(["local", "remote"]), default="local", show_default=True)
@click.option("--state", default="", type=click.Choice(["", "active", "pending", "unconfirmed", "frozen", "sensitive",
                                                         "limited", "suspended"]))  # fmt: skip
@click.option("--host", default="", help="Of this server alone.")
def list_(text: str, origin: str, state: str, host: str) -> None:
    """Print who is known, who came last first; TEXT is in the name or begins it."""
    found = ask("account.list", text=text, origin=origin, state=state, host=host)
    for each in found["people"]:
        say(" ".join((each["handle"], each["role"], *each["states"])).replace("  ", " "))
    if found["more"]:
        say("… and more: choose by TEXT, --state or --host.")


@account.command()
@click.argument("who", metavar="NAME|HANDLE")
def show(who: str) -> None:
    """Print what is known of somebody, and what was done about them; of who was deleted how far that is."""
    found = ask("account.show", who=who)
    if "erasure" in found:
        return say(_erasure(found))
    say(" ".join((found["handle"], found["role"], *found["states"], found["uri"])).replace("  ", " "))
    for each in found["history"]:
        say(f"{each['act']} by {each['by']}: {each['text']}".rstrip(": "))
    return None


def _erasure(found: dict[str, Any]) -> str:
    at = found["erasure"]
    posts, pictures = at["posts"], at["files"]
    if at["done_at"] is not None:
        state = f"all of it is erased: {amount(posts['all'], 'post')}, {amount(pictures['all'], 'picture')}"
    else:
        some = f"{posts['left']} of {amount(posts['all'], 'post')}"
        state = f"still to be erased: {some}, {pictures['left']} of {amount(pictures['all'], 'picture')}"
    return f"{found['handle']} was deleted by {at['by']}; {state}."
