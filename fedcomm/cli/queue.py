"""`fedcomm queue`: what waits to be taken in, sent and done; what was given up, to be tried again or dropped."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import DONE, NOT_SO, amount, say

POLL_SECONDS = 0.2
_refs = click.argument("refs", nargs=-1, metavar="[REF]…")
_json = click.option("--json", "as_json", is_flag=True, help="Answer with an object.")


@click.group(invoke_without_command=True)
@_json
@click.option("--wait", type=click.FloatRange(0, 86_400), default=0.0, metavar="SECONDS", help="Until nothing waits.")
@click.pass_context
def queue(context: click.Context, as_json: bool, wait: float) -> None:
    """Say what waits; the exit code is 0 when nothing does, else 1."""
    if context.invoked_subcommand is not None:
        return
    deadline = time.monotonic() + wait
    state = ask("queue")
    while not state["idle"] and time.monotonic() < deadline:
        time.sleep(min(POLL_SECONDS, wait))
        state = ask("queue")
    say(json.dumps(state) if as_json else "\n".join(_lines(state)))
    sys.exit(DONE if state["idle"] else NOT_SO)


@queue.command(name="list")
@click.option("--kind", default="", help="Only this kind: the name of a job, or inbox.")
@_json
def list_(kind: str, as_json: bool) -> None:
    """List what was given up here, what other servers refused, and servers that are set aside. Each has a REF."""
    found = ask("queue.list", kind=kind)
    say(json.dumps(found) if as_json else "\n".join(_given_up(found)) or "Nothing was given up.")


@queue.command()
@_json
def stats(as_json: bool) -> None:
    """Say how much waits of each kind and for each server, and since when."""
    found = ask("queue.stats")
    say(json.dumps(found) if as_json else "\n".join(_stats(found)))


@queue.command()
@_refs
@click.option("--peer", default="", metavar="HOST", help="Try what waits for this server.")
def retry(refs: tuple[str, ...], peer: str) -> None:
    """Do what REF names anew (`fedcomm queue list`), or deliver to a server now."""
    _named(refs, peer)
    ask("queue.retry", refs=list(refs), host=peer)
    say("It is being tried again.")


@queue.command()
@click.argument("host")
@click.option("--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="For how long.")
def hold(host: str, hours: int) -> None:
    """Send nothing to HOST for a while; what is for it waits."""
    ask("queue.hold", host=host, hours=hours)
    say(f"Nothing is sent to {host} for {hours} hours. Sooner: fedcomm queue release {host}")


@queue.command()
@click.argument("host")
def release(host: str) -> None:
    """Send to HOST again what was held."""
    ask("queue.retry", refs=[], host=host)
    say(f"What waits for {host} is sent now.")


@queue.command()
@_refs
@click.option("--peer", default="", metavar="HOST", help="Drop what waits for this server.")
def drop(refs: tuple[str, ...], peer: str) -> None:
    """Give up for good what REF names, or what waits for a server. The log of admins keeps what it was."""
    _named(refs, peer)
    say(f"Dropped: {ask('queue.drop', refs=list(refs), host=peer)['number']}. The log says what it was.")


def _named(refs: tuple[str, ...], peer: str) -> None:
    if not refs and not peer:
        raise click.UsageError("say what: a REF of `fedcomm queue list`, or --peer HOST")


def _lines(state: dict[str, Any]) -> Iterator[str]:
    yield "Nothing waits." if state["idle"] else "Something waits."
    yield from (f"{name.replace('_', ' ')}: {value}" for name, value in state.items() if type(value) is int)
    for peer in state.get("peers", []):
        again = peer["next_attempt_at"]
        when = _time(again) if again else "now"
        why = f", failed {peer['failures']} times: {peer['error']}" if peer["failures"] else ""
        yield f"{peer['host']}: next attempt {when}{why}"


def _given_up(found: dict[str, Any]) -> Iterator[str]:
    for each in (*found["given_up"], *found["refused"]):
        yield f"{each['ref']}  {each['kind']}  {_time(each['at'])}  {each['error']}".rstrip()
        if each["about"]:
            yield f"  {each['about']}"
    for each in found["set_aside"]:
        yield f"{each['host']}: set aside, it has not answered since {_time(each['since'])}: {each['error']}"
        yield "  what waited was dropped, as the log of admins says; new deliveries go there once it is heard from,"
        yield f"  or after: fedcomm queue retry --peer {each['host']}"


def _stats(found: dict[str, Any]) -> Iterator[str]:
    since = f", the first since {_time(found['inbox_since'])}" if found["inbox_since"] else ""
    yield f"came in and not looked at yet: {found['inbox']}{since}"
    for each in found["kinds"]:
        since = f" since {_time(each['since'])}" if each["since"] else ""
        yield f"job {each['name']}: {each['due']} due{since}, {each['planned']} planned"
    for each in found["lags"]:
        failed = f", failed {each['failures']} times: {each['last_error']}" if each["failures"] else ""
        much = amount(each["entries"], "delivery waits", "deliveries wait")
        yield f"{each['host']}: at most {much}, since {_time(each['since'])}{failed}"
    yield f"given up: {found['given_up']}"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


commands = {"queue": queue}
