"""Opens an instance: its database, brought to the schema of this version, and the app over it."""

import logging

from fedcomm import clock
from fedcomm.app import App
from fedcomm.config import Config, ConfigError, Problem
from storage import migrate
from storage.connect import Database
from storage.errors import MigrationError, OperationalError

_IN_A_FILE = (
    "see that its folder is there, is this user's and has room; a broken file is replaced by a copy from backups/"
)
_ON_A_SERVER = "see that PostgreSQL runs and lets this user in; its address is FEDCOMM_DATABASE_URL"

_log = logging.getLogger(__name__)


async def opened(config: Config) -> App:
    """The app over the migrated database; whoever asks closes it. A copy is in backups/ before anything is migrated.

    Raises:
        ConfigError: the database cannot be used.
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
    finally:
        await database.close()
