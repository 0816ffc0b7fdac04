"""Writes the generated pages of the documentation: they follow from definitions in the code, and a test compares."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from fedcomm.cli import COMMANDS
from fedcomm.config import texts

HOST = Path(__file__).resolve().parent.parent / "docs" / "host"


def pages() -> dict[Path, str]:
    """Every generated page, by where it stands."""
    return {HOST / "configuration.md": texts.page(), HOST / "commands.md": "".join(_commands())}


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
        print(path.relative_to(HOST.parent.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
