"""The documentation is true of the code: settings, commands, make targets, citations, links."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from fedcomm import cli
from fedcomm.config import settings
from scripts.write_docs import pages
from tests.architecture.rooms import ROOT, house

DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CITED = re.compile(r"RFC \d+|FEP-[0-9a-f]{4}|draft-cavage|AS2(?= §)|AP(?= §)")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text() == pages()[path], "write it anew with `make docs`"


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "host" / "configuration.md").read_text()

    assert settings()
    for setting in settings():
        assert f"`{setting.key}`" in page and f"`{setting.variable}`" in page
        assert setting.about.text.endswith((".", ")")), setting.name


def test_every_command_is_documented_and_explained() -> None:
    page = (ROOT / "docs" / "host" / "commands.md").read_text()

    for name in cli.COMMANDS:
        assert f"\n## fedcomm {name}" in page
    for described in re.split(r"\n## ", page)[1:]:
        assert len(described.splitlines()) > 4 and described.splitlines()[4], described.splitlines()[0]


def test_every_make_target_is_there_and_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    explained = set(re.findall(r"@echo \"make ([a-z-]+)", makefile))

    assert targets - {"help"} == explained
    for path in DOCUMENTS:
        named = set(re.findall(r"(?:`|^    )make ([a-z][a-z-]*)", path.read_text(), re.MULTILINE))
        assert named <= targets, f"{path.name} names make {named - targets}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_every_command_the_readme_names_exists() -> None:
    for path in DOCUMENTS:
        for command in re.findall(r"(?:\.venv/bin/|`)fedcomm ([a-z]+)", path.read_text()):
            assert command in cli.COMMANDS, f"{path.name}: fedcomm {command}"


def test_every_standard_the_code_cites_is_listed() -> None:
    listed = tomllib.loads((ROOT / "docs" / "standards.toml").read_text())
    cited = {found for source in house() for found in CITED.findall(source.text)}

    assert cited and cited <= set(listed)
    for name, entry in listed.items():
        assert entry["title"] and entry["url"].startswith("https://"), name


def test_sections_that_are_cited_are_sections() -> None:
    """Of an RFC a number, of a FEP the words of a heading."""
    for source in house():
        for standard, section in re.findall(r"(RFC \d+|FEP-[0-9a-f]{4}) §([^\s.,;:)`\"'—]*)", source.text):
            number = re.fullmatch(r"[0-9A-Z]+(\.[0-9]+)*", section.rstrip("."))
            assert bool(number) or standard.startswith("FEP"), f"{source.module}: {standard} §{section}"


def test_public_functions_say_what_the_caller_gets() -> None:
    silent = []
    for source in house():
        for node in source.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith(
                "_"
            ):
                if not ast.get_docstring(node):
                    silent.append(f"{source.module}.{node.name}")
    assert not silent


def test_nothing_is_left_open_in_the_code() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

    assert [source.module for source in house() if words.search(source.text)] == []
