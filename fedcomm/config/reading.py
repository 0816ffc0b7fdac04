"""Reads the settings from the environment and the config file, and says everything that is wrong with them at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from fedcomm.config.definitions import SECTIONS, Config, settings
from fedcomm.config.problems import ConfigError, Problem
from fedcomm.config.rules import complete
from fedcomm.config.values import Setting, read

_ELSEWHERE = frozenset({"FEDCOMM_CONFIG", "FEDCOMM_TEST_POSTGRES_URL"})  # read here, and by the test suite

# What is in the database, since it can be changed while the server runs (fedcomm/settings.py).
WHILE_RUNNING = (
    "name", "description", "rules", "registration", "members_invite", "contact_email", "contact_account", "about",
    "privacy_policy", "terms", "terms_from", "imprint", "blocks_shown", "hold_contact", "hold_young", "hold_mentions",
    "hold_links", "hold_same", "hold_within", "copies_most", "read_only", "read_only_reason",
)  # fmt: skip


class Given(msgspec.Struct, frozen=True):
    """A value as it was found; `source` is `config.toml:7` or the name of a variable."""

    value: Any
    source: str
    folder: Path  # from which relative paths start


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The settings from the environment, else the config file, else their defaults.

    Raises:
        ConfigError: with every problem found.
    """
    problems: list[Problem] = []
    given = _from_file(environ, problems) | _from_environment(environ, problems)
    values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for setting in settings():
        if setting.name in given:
            _take(setting, given[setting.name], values[setting.section], problems)
    if problems:
        raise ConfigError(*problems)
    sections: dict[str, Any] = {section: struct(**values[section]) for section, struct in SECTIONS.items() if section}
    sources = {name: found.source for name, found in given.items()}
    return complete(Config(**values[""], **sections, sources=sources))


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The file the settings are read from; it need not exist unless FEDCOMM_CONFIG names it."""
    named = environ.get("FEDCOMM_CONFIG")
    return Path(named or Path(environ.get("FEDCOMM_DATA_DIR") or "data") / "config.toml").expanduser().absolute()


def _from_file(environ: Mapping[str, str], problems: list[Problem]) -> dict[str, Given]:
    path = config_file(environ)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        tree = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        if environ.get("FEDCOMM_CONFIG"):
            problems.append(Problem(f"there is no file {path}", "create it, or unset FEDCOMM_CONFIG"))
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(Problem(f"{path} cannot be read: {error}", "compare it with `fedcomm config example`"))
        return {}
    given = dict(_flat(tree, path, text.splitlines()))
    if "data_dir" in given and not environ.get("FEDCOMM_CONFIG"):
        place = given["data_dir"].source
        problems.append(Problem(f"data_dir cannot stand in the file that lies in the data directory ({place})",
                                "remove the line and set FEDCOMM_DATA_DIR"))  # fmt: skip
    return _known(given, problems)


def _flat(tree: dict[str, Any], path: Path, lines: list[str]) -> Iterator[tuple[str, Given]]:
    for key, value in tree.items():
        if isinstance(value, dict) and key and key in SECTIONS:
            for inner, what in value.items():
                yield f"{key}.{inner}", Given(what, f"{path.name}:{_line(lines, key, inner)}", path.parent)
        else:
            yield key, Given(value, f"{path.name}:{_line(lines, '', key)}", path.parent)


def _line(lines: list[str], section: str, key: str) -> int:
    """Where a key stands: tomllib does not say."""
    here = ""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith("["):
            here = text.strip("[]").split("#")[0].strip(" []\"'")
            if not section and here.split(".")[0] == key:
                return number
        name = text.split("=")[0].strip().strip("\"'")
        if (here == section and name.split(".")[0] == key) or (not here and name == f"{section}.{key}"):
            return number
    return 1


def _known(given: dict[str, Given], problems: list[Problem]) -> dict[str, Given]:
    names = [setting.name for setting in settings()]
    for name in (name for name in given if name not in names):
        section = isinstance(given[name].value, dict)
        nearest = _close(name, [*filter(None, SECTIONS)]) if section else _nearest(name, names)
        hint = f', did you mean "{nearest}"?' if nearest else ""
        fix = "correct the name; `fedcomm config example` lists them all"
        if not nearest and _close(name, WHILE_RUNNING):
            fix = "remove it: an admin changes that in the browser, under Admin"
        problems.append(Problem(f'unknown key "{name}"{hint} ({given[name].source})', fix))
    return {name: found for name, found in given.items() if name in names}


def _nearest(name: str, names: list[str]) -> str:
    """The name that was probably meant, also when it stands in another section."""
    last = {known.rsplit(".", 1)[-1]: known for known in names}
    found = _close(name, names) or _close(name.rsplit(".", 1)[-1], list(last))
    return last.get(found, found)


def _close(name: str, names: Sequence[str]) -> str:
    return next(iter(get_close_matches(name, names, 1, 0.7)), "")


def _from_environment(environ: Mapping[str, str], problems: list[Problem]) -> dict[str, Given]:
    """Empty variables count as not set, so that a start script may pass all of them on."""
    by_variable = {setting.variable: setting for setting in settings()}
    files = {f"{setting.variable}_FILE": setting for setting in settings() if setting.about.secret}
    given: dict[str, Given] = {}
    for variable in sorted(name for name, value in environ.items() if name.startswith("FEDCOMM_") and value):
        if setting := by_variable.get(variable):
            given[setting.name] = Given(environ[variable], variable, Path.cwd())
        elif setting := files.get(variable):
            _secret(setting, variable, environ[variable], given, problems)
        elif variable not in _ELSEWHERE:
            close = _close(variable, [*by_variable, *files, *_ELSEWHERE])
            hint = f", did you mean {close}?" if close else ""
            problems.append(Problem(f"unknown variable {variable}{hint}", f"unset {variable}, or correct its name"))
    return given


def _secret(setting: Setting, variable: str, path: str, given: dict[str, Given], problems: list[Problem]) -> None:
    if setting.name in given:
        problems.append(Problem(f"{setting.variable} and {variable} are both set", "unset one of them"))
        return
    try:
        text = Path(path).expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(f"{variable} cannot be read: {error}", "name a file with the value in it"))
    else:
        given[setting.name] = Given(text, variable, Path.cwd())


def _take(setting: Setting, found: Given, values: dict[str, Any], problems: list[Problem]) -> None:
    try:
        values[setting.attribute] = read(setting, found.value, found.folder)
    except ValueError as error:
        example = setting.about.example
        plain = example.strip("[]{}").replace('"', "").replace(", ", ",").replace(" = ", "=")
        fix = f"{setting.variable}={plain}" if found.source.startswith("FEDCOMM_") else f"{setting.key} = {example}"
        problems.append(Problem(f"{setting.name}: {error} ({found.source})", f"for example {fix}"))
