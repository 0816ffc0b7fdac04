"""What a data directory must hold before a server starts in it; made where it is missing, never changed after."""

import contextlib
import json
import os
import shlex
from pathlib import Path

from fedcomm.config import Config, ConfigError, Problem, config_file
from fedcomm.config.texts import first
from fedcomm.config.values import show_address

INSTANCE = "instance.json"  # what the instance is, and stays
_OTHERS_WRITE = 0o002


def prepare(config: Config) -> bool:
    """The data directory exists and is this instance's; True when it was made now. Only its owner can read it.

    Raises:
        ConfigError: it cannot be made, it belongs to an instance with another base URL, or it is open to everybody.
    """
    check(config)
    new = not (config.data_dir / INSTANCE).exists()
    try:
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new:
            _write_once(config_file(), first(config))
            _write_once(config.data_dir / INSTANCE, json.dumps(_remembered(config)) + "\n")
    except OSError as error:
        raise ConfigError(_unusable(config, error)) from None
    return new


def check(config: Config) -> None:
    """Nothing happens when the data directory is this instance's, or nobody's yet.

    Raises:
        ConfigError: it is of another base URL or kind of database, or everybody can write into it.
    """
    if not config.test_mode:
        _check_mode(config.data_dir)
    remembered = base_url(config.data_dir)
    if remembered and remembered != config.base_url:
        text = f"{config.data_dir} belongs to {remembered}; an instance cannot change its base URL to {config.base_url}"
        raise ConfigError(Problem(text, f"start a fresh one with: {_fresh(config)}"))
    began = _read(config.data_dir).get("database", _kind(config))
    if began != _kind(config):
        text = f"{config.data_dir} keeps its data in {began}, and FEDCOMM_DATABASE_URL now says {_kind(config)}"
        fix = "name the database it began with; another one would be another instance, which nobody elsewhere knows"
        raise ConfigError(Problem(text, fix))


def base_url(data_dir: Path) -> str:
    """The base URL a data directory remembers; empty when it is nobody's yet.

    Raises:
        ConfigError: what it remembers cannot be read.
    """
    return _read(data_dir)["base_url"]


def _remembered(config: Config) -> dict[str, str]:
    return {"base_url": config.base_url, "database": _kind(config)}


def _kind(config: Config) -> str:
    return "SQLite" if config.database_url.startswith("sqlite:") else "PostgreSQL"


def _read(data_dir: Path) -> dict[str, str]:
    try:
        found = json.loads((data_dir / INSTANCE).read_text())
        return {"base_url": found["base_url"], **found}
    except (FileNotFoundError, NotADirectoryError):
        return {"base_url": ""}
    except (OSError, ValueError, KeyError, TypeError) as error:
        text = f"{data_dir / INSTANCE} cannot be read: {error}"
        raise ConfigError(Problem(text, 'put it back from a backup; it holds {"base_url": "https://…"}')) from None


def _check_mode(folder: Path) -> None:
    """Who can write into the folder can put another database in the place of this one (attack ADM-19)."""
    if folder.is_dir() and folder.stat().st_mode & _OTHERS_WRITE:
        text = f"every user of this machine can write into the data directory {folder}"
        raise ConfigError(Problem(text, f"chmod 700 {shlex.quote(str(folder))}"))


def _fresh(config: Config) -> str:
    folder = config.data_dir.with_name(f"{config.data_dir.name}-{config.host.replace(':', '-')}")
    told = (
        f"FEDCOMM_LISTEN={show_address(config.listen[0])}" if config.try_out else f"FEDCOMM_BASE_URL={config.base_url}"
    )
    return f"FEDCOMM_DATA_DIR={shlex.quote(str(folder))} {told} make run  (or: fedcomm serve)"


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and never over what is there: a start that was cut short is taken up again."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):  # another start was quicker, and what it wrote counts
            os.link(draft, path)
    finally:
        draft.unlink()


def _unusable(config: Config, error: OSError) -> Problem:
    fix = "give it to the user that runs fedcomm, or name another folder in FEDCOMM_DATA_DIR"
    return Problem(f"the data directory {config.data_dir} cannot be used: {error.strerror or error}", fix)
