"""`fedcomm debug`: why something between servers does not work, step by step."""

import base64
import json
import sys
from typing import IO, Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import DONE, NOT_SO, note, say

MOST_BYTES = 700_000  # of a file: what goes through the server's door is a megabyte

_json = click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
_host = click.option("--host", default="", help="The server that a recorded request was sent to, if not this one.")


@click.group()
def debug() -> None:
    """Look at what other servers serve and send, and at what is made of it here."""


@debug.command()
@click.argument("what", metavar="URL|HANDLE")
@_json
def fetch(what: str, as_json: bool) -> None:
    """Ask for what stands at an address or has a handle (name@host), as this server does, and keep nothing of it."""
    answer = ask("debug.fetch", what=what)
    if not as_json and answer["document"] is not None:
        say(json.dumps(answer["document"], indent=2, ensure_ascii=False))
    _tell(answer, as_json, note)


@debug.command()
@click.argument("file", type=click.File("rb"))
@_host
@_json
def verify(file: IO[bytes], host: str, as_json: bool) -> None:
    """Say who vouches for what is in FILE (- is stdin), rule by rule: a recorded request, or the JSON of a document.

    A request is looked at as at the time that it was signed. Nothing is kept.
    """
    _tell(ask("debug.verify", content=_content(file), host=host), as_json, say)


@debug.command()
@click.argument("what", metavar="FILE|ID")
@click.option("--really", is_flag=True, help="Do it, not only say what would be done.")
@_host
@_json
def replay(what: str, really: bool, host: str, as_json: bool) -> None:
    """Take an activity in once more, as if it had just come, and say what that does.

    FILE holds a recorded request or an activity, ID is the number of an item as the log names it. Without --really all
    is taken back, and nobody is asked for anything but keys.
    """
    item = int(what) if what.isascii() and what.isdigit() and len(what) < 19 else 0
    content = ""
    if not item:
        try:
            with click.open_file(what, "rb") as file:
                content = _content(file)
        except OSError as fault:
            raise click.UsageError(f"{what} cannot be read: {fault.strerror}") from fault
    answer = ask("debug.replay", content=content, item=item, host=host, really=really)
    _tell(answer, as_json, say)


def _content(file: IO[bytes]) -> str:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise click.UsageError(f"the file is larger than {MOST_BYTES} bytes")
    return base64.b64encode(content).decode()


def _tell(answer: dict[str, Any], as_json: bool, line: Any) -> None:
    """The steps, and what to do about the first that does not hold; ends the command."""
    if as_json:
        say(json.dumps(answer, ensure_ascii=False))
    else:
        for step in answer["steps"]:
            line(f"{_MARKS[step['holds']]} {step['what']}: {step['said']}")
        if answer["fix"]:
            note(f"fix: {answer['fix']}")
    sys.exit(DONE if answer["holds"] else NOT_SO)


_MARKS = {True: "ok ", False: "NO ", None: "-  "}

commands = {"debug": debug}
