"""Brings the catalogues of web/translations up to date with the texts in the source, and compiles them.

Texts are what templates and code give to gettext, and the sentences of errors, which stand where they are raised.
`make translations` keeps every translation there is; new and changed texts come in empty.
"""

import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "web" / "translations"
DOMAIN = "fedcomm"

# Where the sentence stands among the arguments of what is raised.
ERRORS = {
    "AppError": 0, "Invalid": 0, "Conflict": 0, "NotAllowed": 0, "NotFound": 0, "TooMany": 0,
    "Refusal": 1, "Refused": 1,
}  # fmt: skip
# These speak to other servers and programs, or to whoever runs this one, in English.
NOT_TO_PEOPLE = (
    "fedcomm/cli", "fedcomm/config", "fedcomm/inbox", "fedcomm/outbox", "fedcomm/jobs", "fedcomm/mapping",
    "fedcomm/commands.py", "fedcomm/control.py", "fedcomm/lock.py", "fedcomm/opening.py", "fedcomm/peers.py",
    "fedcomm/debug", "fedcomm/processes.py", "fedcomm/setup.py", "fedcomm/sockets.py", "fedcomm/fetching.py",
    "fedcomm/upkeep_commands.py",
    "web/federation", "web/guard.py", "web/refusals.py", "web/oauth/apps.py", "web/oauth/token.py",
)  # fmt: skip
_KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2), "later": None}
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # in place of the time at which a catalogue happened to be written
_HEADER = "# The texts of fedcomm in LANGUAGE. Edit the lines that begin with msgstr, then run `make translations`."

Text = tuple[str, tuple[str, ...]]  # where it stands, and the text: one form or two


def texts() -> Iterator[Text]:
    """Every text that is shown to people."""
    for path in sorted((ROOT / "web" / "templates").rglob("*.html")):
        with path.open("rb") as file:
            options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
            for _, function, found, _ in babel_extract(file, list(_KEYWORDS), (), options):
                if found:
                    yield _named(path), _forms(function, found)
    for path in sorted([*(ROOT / "fedcomm").rglob("*.py"), *(ROOT / "web").rglob("*.py")]):
        if _named(path).startswith(NOT_TO_PEOPLE):
            continue
        with path.open("rb") as file:
            for _, function, found, _ in extract_python(file, list(_KEYWORDS), (), {}):
                if found:
                    yield _named(path), _forms(function, found)
        for sentence in sentences(ast.parse(path.read_text())):
            yield _named(path), (sentence,)


def sentences(tree: ast.Module) -> Iterator[str]:
    """The sentences of the errors of a module, also those that it keeps in constants.

    Raises:
        ValueError: a sentence is put together where it is raised, so that nobody can translate it.
    """
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = ERRORS.get(name)
            if place is not None and len(node.args) > place:
                yield from _said(node.args[place], constants)


def source() -> Catalog:
    """All texts, without translations."""
    catalog = Catalog(domain=DOMAIN, project=DOMAIN, charset="utf-8", creation_date=_BEGINNING)
    for place, forms in texts():
        if not forms or not forms[0]:
            continue  # of a variable
        catalog.add(forms if len(forms) > 1 else forms[0], locations=[(place, 0)])
    return catalog


def catalogue(language: str) -> Catalog:
    """The translations into a language as they are kept, empty when there are none."""
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return Catalog(language, DOMAIN, project=DOMAIN, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def languages() -> list[str]:
    """The languages that there are translations for."""
    return sorted(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def write(language: str) -> Catalog:
    """Bring one catalogue up to date, and compile it."""
    catalog = catalogue(language)
    catalog.update(source(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = _HEADER.replace("LANGUAGE", catalog.locale.english_name if catalog.locale else language)
    catalog.creation_date = catalog.revision_date = _BEGINNING
    catalog.version = catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
    catalog.fuzzy = False
    folder = FOLDER / language / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalog, width=110, include_lineno=False, sort_output=True)
    (folder / f"{DOMAIN}.po").write_bytes(text.getvalue())
    with (folder / f"{DOMAIN}.mo").open("wb") as file:
        write_mo(file, catalog)
    return catalog


def translated(message: Message) -> bool:
    """Whether there is a translation in all forms, which nobody has to look at again."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(forms) and not message.fuzzy


def main(wanted: list[str]) -> int:
    """Write all catalogues, and those of new languages that are asked for; 1 while something is not translated."""
    open_ones = 0
    for language in sorted({*languages(), *wanted}):
        catalog = write(language)
        missing = [message for message in catalog if message.id and not translated(message)]
        open_ones += len(missing)
        print(f"{language}: {len(catalog)} texts, {len(missing)} to translate")
    return 1 if open_ones else 0


def _said(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text) if text:
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _said(one, constants)
            yield from _said(other, constants)
        case ast.Name(id=name) if name in constants:
            yield from _said(constants[name], constants)
        case ast.Dict(values=values):
            for value in values:
                yield from _said(value, constants)
        case ast.Call(func=ast.Attribute(value=value)) | ast.Subscript(value=value):  # _WORDS.get(state), _WORDS[state]
            yield from _said(value, constants)
        case ast.JoinedStr() | ast.BinOp():
            raise ValueError(f"line {node.lineno}: the values belong beside the sentence, not into it")


def _forms(function: str | None, found: object) -> tuple[str, ...]:
    if isinstance(found, str):
        return (found,)
    assert isinstance(found, tuple)
    return tuple(part for part in found if isinstance(part, str))[: 2 if function == "ngettext" else 1]


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
