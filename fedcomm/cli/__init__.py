"""The command `fedcomm`: the table of its commands, and how it says what went wrong."""

import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import click

from fedcomm.cli.installation import check_installation
from fedcomm.cli.saying import USAGE, complain
from fedcomm.config import ConfigError
from fedcomm.errors import AppError

# Loaded when asked for: a server takes half a second to import, and `fedcomm account` mostly only asks one that runs.
COMMANDS = {
    "serve": "fedcomm.cli.run",
    "version": "fedcomm.cli.run",
    "routes": "fedcomm.cli.tables",
    "rules": "fedcomm.cli.tables",
    "config": "fedcomm.cli.settings",
    "account": "fedcomm.cli.maintenance",
    "invite": "fedcomm.cli.people",
    "follow": "fedcomm.cli.people",
    "group": "fedcomm.cli.groups",
    "emoji": "fedcomm.cli.instance",
    "announce": "fedcomm.cli.instance",
    "peer": "fedcomm.cli.subscriptions",
    "neighbours": "fedcomm.cli.neighbours",
    "audit": "fedcomm.cli.audit",
    "network": "fedcomm.cli.networks",
    "queue": "fedcomm.cli.queue",
    "maintenance": "fedcomm.cli.maintenance",
    "mail": "fedcomm.cli.mail",
    "media": "fedcomm.cli.media",
    "disk": "fedcomm.cli.media",
    "post": "fedcomm.cli.upkeep",
    "actor": "fedcomm.cli.upkeep",
    "settings": "fedcomm.cli.upkeep",
    "mail-domain": "fedcomm.cli.upkeep",
    "doctor": "fedcomm.cli.doctor",
    "debug": "fedcomm.cli.debug",
}


class Table(click.Group):
    """A group whose commands are the functions of that name in the modules of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or an error that names the nearest."""
        if cmd_name not in COMMANDS:
            nearest = get_close_matches(cmd_name, COMMANDS, 1)
            hint = f', did you mean "{nearest[0]}"?' if nearest else ""
            raise click.UsageError(f'there is no command "{cmd_name}"{hint}', ctx)
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).commands[cmd_name]
        return command


@click.command(cls=Table, name="fedcomm", no_args_is_help=False)
def root() -> None:
    """A server for federated groups. What it needs to know is in `fedcomm config example`."""


def main(args: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 done, 1 not (yet) so, 2 wrongly asked, with a line `fix:`."""
    os.umask(0o077)  # whatever a command or the server writes is for its user alone
    sys.exit(exit_code(args))


def exit_code(args: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    try:
        check_installation()
        code = root.main(args, prog_name="fedcomm", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except ConfigError as error:
        for problem in error.problems:
            complain(problem.text, problem.fix)
    except AppError as error:
        complain(str(error), error.fix or f"see `{_asked(sys.argv[1:] if args is None else args)} --help`")
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "fedcomm"
        complain(error.format_message(), f"see `{path} --help`")
    except click.Abort:
        complain("nothing was done", "answer the question, or give what is asked for as an option")
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; Python would complain once more at its exit
    return USAGE


def _asked(args: Sequence[str]) -> str:
    """The command that was typed, without its arguments."""
    command: click.Command = root
    path = ["fedcomm"]
    for word in args:
        inner = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if inner is None:
            break
        command = inner
        path.append(word)
    return " ".join(path)
