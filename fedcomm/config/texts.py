"""The settings in words: the sample file, the first file of an instance, what is in force, the page of the docs."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from fedcomm.config.definitions import SECTIONS, Config, settings
from fedcomm.config.values import Setting, show

_OF_A_TRY_OUT = ("base_url", "test_mode", "allowed_private_networks")
_HIDDEN = '"…"  (secret)'
_UNITS: dict[Any, str] = {bool: "true or false", int: "number", str: "text"}


def sample() -> str:
    """An annotated config file with every setting in it, each commented out."""
    lines = ["# The settings of fedcomm. Every key can be left out; what is commented out is an example.", ""]
    for section in SECTIONS:
        if section:
            lines += [f"[{section}]"]
        for setting in settings():
            if setting.section == section:
                lines += [f"# {line}" for line in _about(setting)] + [f"# {setting.key} = {setting.about.example}", ""]
    return "\n".join(lines)


def first(config: Config) -> str:
    """The first config file of an instance: what its first start was given, so that the next needs no environment."""
    lines = [
        "# What this instance needs to start. `fedcomm config example` shows every setting with its meaning.",
        "# Each can be overridden by a variable, for example FEDCOMM_LISTEN.",
    ]
    given = [(setting, value) for setting, value in values(config) if _kept(setting, config)]
    lines += [f"{setting.key} = {show(value)}" for setting, value in given if not setting.section]
    for section in SECTIONS:
        inner = [f"{setting.key} = {show(value)}" for setting, value in given if section and setting.section == section]
        lines += ["", f"[{section}]", *inner] if inner else []
    return "\n".join(lines) + "\n"


def effective(config: Config) -> str:
    """Every setting in force and where it comes from; secrets are not shown."""
    rows = []
    for setting, value in values(config):
        given = config.sources.get(setting.name)
        source = given or ("try-out" if config.try_out and setting.name in _OF_A_TRY_OUT else "default")
        shown = _HIDDEN if setting.about.secret and given else show(value)
        rows.append((setting.name, shown, source))
    width = max(len(name) for name, _, _ in rows)
    return "".join(f"{name:{width}} = {shown}  # {source}\n" for name, shown, source in rows)


def page() -> str:
    """The page of the documentation about the settings."""
    return "".join(_page())


def values(config: Config) -> Iterator[tuple[Setting, Any]]:
    """Every setting with its value in force."""
    for setting in settings():
        holder = getattr(config, setting.section) if setting.section else config
        yield setting, getattr(holder, setting.attribute)


def _kept(setting: Setting, config: Config) -> bool:
    given = config.sources.get(setting.name) == setting.variable  # not from …_FILE: a secret stays where it is
    return given and setting.attribute != "data_dir"


def _about(setting: Setting) -> list[str]:
    about = setting.about
    only = ["Only in test mode."] if about.test_only else []
    file = [f"Secret; {setting.variable}_FILE may name a file that holds it."] if about.secret else []
    return [about.text, *only, *file, f"{_unit(setting)}; default: {_default(setting)}; {setting.variable}"]


def _unit(setting: Setting) -> str:
    if get_origin(setting.kind) is Literal:
        return " or ".join(f'"{word}"' for word in get_args(setting.kind))
    unit = setting.about.unit or _UNITS.get(setting.kind, "text")
    bounded = setting.kind is int
    return f"{unit}, {setting.about.least:g} to {setting.about.most:g}" if bounded else unit


def _default(setting: Setting) -> str:
    return "none" if setting.default in ("", None, (), {}) else show(setting.default)


def _page() -> Iterator[str]:
    yield (
        "# Settings\n\n"
        "Written by `make docs` from the definitions in `fedcomm/config/definitions.py`.\n\n"
        "What the process needs to start is in one file, `config.toml` in the data directory or the file that\n"
        "`FEDCOMM_CONFIG` names. Each key can be overridden by the variable beside it. A key or a `FEDCOMM_` variable\n"
        "that does not exist is refused. `fedcomm config check` tries the settings, `fedcomm config show --effective`\n"
        "says which are in force and where each comes from, `fedcomm config example` prints an annotated file.\n"
        "Paths in the file start from its folder, paths in variables from the current one; lists in variables are\n"
        "separated by commas. What the first start finds in the environment is written to the new `config.toml`.\n"
    )
    for section, struct in SECTIONS.items():
        yield f"\n## {'Needed to start' if not section else f'[{section}]'}\n\n"
        yield f"{struct.__doc__ if section else 'These keys stand at the top of the file.'}\n\n"
        yield "| key | variable | meaning | unit | default |\n|---|---|---|---|---|\n"
        for setting in settings():
            if setting.section == section:
                yield _row(setting)


def _row(setting: Setting) -> str:
    about = setting.about
    notes = " Only in test mode." if about.test_only else ""
    notes += f" `{setting.variable}_FILE` may name a file that holds it." if about.secret else ""
    cells = (f"`{setting.key}`", f"`{setting.variable}`", about.text + notes, _unit(setting), f"`{_default(setting)}`")
    return "| " + " | ".join(cells) + " |\n"
