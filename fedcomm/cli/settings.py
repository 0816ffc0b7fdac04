"""`fedcomm config`: try the settings, see which are in force, print a sample file."""

import click

from fedcomm import setup
from fedcomm.cli.saying import say
from fedcomm.config import load
from fedcomm.config.texts import effective, sample


@click.group()
def config() -> None:
    """Try, show and explain the settings."""


@config.command()
def check() -> None:
    """Say everything that is wrong with the settings, or that nothing is."""
    loaded = load()
    setup.check(loaded)
    kind = "a try-out on this machine" if loaded.try_out else "a test" if loaded.test_mode else "a real instance"
    say(f"The settings are in order: {kind}, {loaded.base_url}, data in {loaded.data_dir}.")


@config.command()
@click.option("--effective", "_", is_flag=True, default=True, help="With the defaults (always so).")
def show(_: bool) -> None:
    """List every setting in force and where it comes from."""
    say(effective(load()).rstrip())


@config.command()
def example() -> None:
    """Print a config file with every setting, each explained and commented out."""
    say(sample().rstrip())


commands = {"config": config}
