"""Writes the generated pages of the documentation: they follow from definitions in the code, and a test compares."""

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from activitypub.dispatch import Rule
from fedcomm.cli import COMMANDS
from fedcomm.config import texts
from fedcomm.inbox.rules import RULES

ROOT = Path(__file__).resolve().parent.parent
HOST = ROOT / "docs" / "host"
FEDERATION = ROOT / "FEDERATION.md"
BEGIN = "<!-- activities: written by `make docs` from fedcomm/inbox/rules.py -->\n"
END = "<!-- end of activities -->\n"


def pages() -> dict[Path, str]:
    """Every generated page, by where it stands; of FEDERATION.md the table is generated."""
    return {
        HOST / "configuration.md": texts.page(),
        HOST / "commands.md": "".join(_commands()),
        FEDERATION: _federation(FEDERATION.read_text()),
    }


def _federation(page: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{FEDERATION.name} has no place for the table of activities: {BEGIN.strip()} … {END.strip()}")
    return before + begin + "".join(_activities()) + end + after


def _activities() -> Iterator[str]:
    yield "\n| activity | who may send it | what it does |\n|---|---|---|\n"
    for (handler, authority), rules in groupby(RULES, lambda rule: (rule.handler, rule.authority)):
        shapes = ", ".join(f"`{shape(rule)}`" for rule in rules)
        yield f"| {shapes} | {_sentence(authority)} | {_sentence(handler)} |\n"
    yield "\n"


def shape(rule: Rule) -> str:
    """How the page writes what a rule is about: `Announce(Create(<post>))`."""
    return "(".join(rule.shape) + ")" * (len(rule.shape) - 1)


def _sentence(function: object) -> str:
    """The first sentences of what a function says of itself, without the notes for developers in brackets."""
    said = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
    return re.sub(r" \((attack|FEP|AP|AS2|RFC)[^)]*\)", "", said).replace("|", "\\|")


def _commands() -> Iterator[str]:
    yield (
        "# Commands\n\n"
        "Written by `make docs` from the commands themselves. In a clone the command is `.venv/bin/fedcomm`.\n\n"
        "Commands work while the server runs, through `admin.sock` in the data directory, and when it does not.\n"
        "The exit code is 0 when it is done, 1 when it is not so (yet), 2 when it was asked wrongly: then the last\n"
        "line begins with `fix:`.\n"
    )
    for name, module in COMMANDS.items():
        yield from _command(f"fedcomm {name}", importlib.import_module(module).commands[name])


def _command(path: str, command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from _command(f"{path} {name}", inner)
        return
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"\n## {path}\n\n    {path} {usage}\n\n{(command.help or '').strip()}\n"
    options = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
    told = [(option, said) for option, said in options if said and "--help" not in option]
    if told:
        yield "\n" + "".join(f"- `{option}`: {said}\n" for option, said in told)


def main() -> int:
    """Write them all."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
