"""`fedcomm serve` and `fedcomm version`."""

import importlib

import click

import fedcomm
from fedcomm import lock, setup
from fedcomm.cli.saying import say
from fedcomm.config import ConfigError, Problem, load


@click.command()
def version() -> None:
    """Say which version this is."""
    say(fedcomm.__version__)


@click.command()
@click.option("--role", type=click.Choice(["all", "web", "worker"]), default="all", help="What this process does.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, help="How many web processes (PostgreSQL only).")
def serve(role: str, processes: int) -> None:
    """Start the server; it runs until SIGTERM or Ctrl-C, then finishes what it has begun."""
    config = load()
    if config.database_url.startswith("sqlite:") and (role != "all" or processes > 1):
        fix = "leave --role and --processes out, or keep the data in PostgreSQL (FEDCOMM_DATABASE_URL)"
        raise ConfigError(Problem("with SQLite one process does everything", fix))
    setup.prepare(config)
    with lock.held(config.data_dir, role):
        importlib.import_module("fedcomm.server").run(config, role=role, processes=processes)


commands = {"serve": serve, "version": version}
