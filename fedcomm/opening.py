"""Opens an instance: its database, brought to the schema of this version, and the app over it."""

import logging

from activitypub.origins import origin
from fedcomm import clock
from fedcomm.app import App
from fedcomm.config import Config, ConfigError, Problem
from fedcomm.urls import Urls
from storage import belonging, migrate
from storage.connect import Database, use
from storage.errors import MigrationError, OperationalError

_IN_A_FILE = (
    "see that its folder is there, is this user's and has room; a broken file is replaced by a copy from backups/"
)
_ON_A_SERVER = "see that PostgreSQL runs and lets this user in; its address is FEDCOMM_DATABASE_URL"

_log = logging.getLogger(__name__)


async def opened(config: Config) -> App:
    """The app over the migrated database; whoever asks closes it. A copy is in backups/ before anything is migrated.

    Raises:
        ConfigError: the database cannot be used, or is that of an instance with another base URL.
    """
    try:
        await _migrated(config)
        return await App.open(config)
    except MigrationError as error:
        fix = "start the version of fedcomm that made it, or put back a copy from backups/ in the data directory"
        raise ConfigError(Problem(f"the database cannot be used: {error}", fix)) from None
    except OperationalError as error:
        fix = _IN_A_FILE if config.database_url.startswith("sqlite:") else _ON_A_SERVER
        raise ConfigError(Problem(f"the database cannot be opened: {error}", fix)) from None


async def _migrated(config: Config) -> None:
    database = await Database.open(config.database_url, now=clock.now_ms)
    try:
        for name in await migrate.run(database, backups=config.data_dir / "backups"):
            _log.info("database migrated", extra={"migration": name})
        with use(database):
            _check(config, await belonging.anybody_here())
    finally:
        await database.close()


def _check(config: Config, somebody: str) -> None:
    """A database goes with the addresses of who lives in it: under others, no other server would know them."""
    if somebody and not Urls(config.base_url).own(somebody):
        theirs = origin(somebody)
        text = f"the database belongs to {theirs}; it cannot be used as that of {config.base_url}"
        fix = f"name another database, or give this one a data directory with FEDCOMM_BASE_URL={theirs}"
        raise ConfigError(Problem(text, fix))
