"""`fedcomm peer subscribe` and its like: lists of servers to block that others keep."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.peers import peer
from fedcomm.cli.saying import amount, say

_which = click.argument("which", metavar="NUMBER|URL")


@peer.command()
@click.argument("url")
@click.option("--priority", type=click.IntRange(0, 255), default=0, help="Where lists differ the highest counts.")
@click.option("--most", type=click.Choice(["suspend", "limit"]), default="suspend", help="The strictest taken from it.")
@click.option("--automatic", is_flag=True, help="Decide what it says at once, without a draft.")
@click.option("--adopt", is_flag=True, help="Take what was decided here in the same way for its own.")
def subscribe(url: str, priority: int, most: str, automatic: bool, adopt: bool) -> None:
    """Read the list at URL now and each day; what it says is drafted, or decided at once where it may.

    CSV of Mastodon or fediblockhole, JSON of /api/v1/instance/domain_blocks, a data set of FIRES, or a name a line. Of
    a list that is subscribed already it changes how it is taken.
    """
    made = ask("peer.subscribe", url=url, priority=priority, most=most, automatic=automatic, adopt=adopt)
    say(f"{made['url']} is subscribed, as number {made['id']}. It is read in a moment.")


@peer.command()
@_which
@click.option("--take-back", is_flag=True, help="Take back what was decided for it and no other list says.")
def unsubscribe(which: str, take_back: bool) -> None:
    """Read a list no more; what was decided for it stays, as if decided by hand."""
    found = ask("peer.unsubscribe", which=which, take_back=take_back)
    say(f"{found['url']} is read no more. What was decided {'is taken back' if take_back else 'stays'}.")


@peer.command()
@click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
@click.option("--at-least", type=click.IntRange(1, 20), help="Change how many lists have to name a server.")
@click.option("--most-cuts", type=click.IntRange(0), help="Change how many follows may be cut without a draft.")
def subscriptions(as_json: bool, at_least: int | None, most_cuts: int | None) -> None:
    """List what is subscribed and how it is taken, or change that."""
    if at_least is not None or most_cuts is not None:
        ask("peer.take", at_least=at_least, most_cuts=most_cuts)
    found = ask("peer.subscriptions")
    say(json.dumps(found) if as_json else "\n".join(_lines(found)))


@peer.command(name="fetch")
@_which
def fetch_(which: str) -> None:
    """Read a subscribed list now, and not only when it is due."""
    say(f"{ask('peer.fetch', which=which)['url']} is read in a moment.")


@peer.command()
@_which
def accept(which: str) -> None:
    """Take a list as it is, though it names less than half of the servers that it did."""
    found = ask("peer.accept", which=which)
    say(f"{found['url']} is taken as it is: it names {amount(found['shrunk'], 'server')}.")


@peer.command(name="never-block")
@click.argument("hosts", nargs=-1, metavar="[HOST]…")
@click.option("--remove", is_flag=True, help="Let lists block them again.")
def never_block(hosts: tuple[str, ...], remove: bool) -> None:
    """Let no list block HOST, its sub-domains or what it belongs to; without HOST, list which are left alone."""
    never = ask("peer.spare", hosts=list(hosts), no_more=remove)["never"]
    say("\n".join(never) or "Lists may block every server that is not allowed by name.")


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"A server counts when {found['at_least']} of them name it."
    yield f"At most {found['most_cuts']} follows are cut without a draft."
    for each in found["lists"]:
        how = "decides" if each["automatic"] else "drafts"
        yield f"{each['id']} {each['url']}: priority {each['priority']}, {how}, {amount(each['entries'], 'server')}"
        yield f"  read next: {_day(each)}"
        if each["failures"]:
            yield f"  could not be read {each['failures']} times: {each['error']}"
        if each["shrunk"] is not None:
            much = amount(each["shrunk"], "server")
            yield f"  names only {much} now; if that is right: fedcomm peer accept {each['id']}"


def _day(each: dict[str, Any]) -> str:
    return datetime.fromtimestamp(each["next_at"] / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


commands = {"peer": peer}
