"""The documentation is true of the code: settings, commands, make targets, citations, links."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from activitypub import attached, client, documents
from activitypub.signatures import claim
from fedcomm import cli
from fedcomm.config import settings
from fedcomm.inbox.rules import RULES
from fedcomm.mapping import posts as mapping
from fedcomm.outbox import lanes
from scripts.write_docs import FEDERATION, pages, shape
from tests.architecture.rooms import ROOT, house

DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CITED = re.compile(r"RFC \d+|FEP-[0-9a-f]{4}|draft-cavage|AS2(?= §)|AP(?= §)")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text() == pages()[path], "write it anew with `make docs`"


def test_the_table_of_activities_lists_every_rule_once() -> None:
    listed = re.findall(r"`([A-Z][A-Za-z]+\([^`]*\))`", FEDERATION.read_text())

    assert sorted(listed) == sorted(shape(rule) for rule in RULES)


def test_a_page_without_a_place_for_its_table_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "FEDERATION.md").write_text(FEDERATION.read_text().replace("<!-- end of activities -->", ""))
    monkeypatch.setattr("scripts.write_docs.FEDERATION", tmp_path / "FEDERATION.md")

    with pytest.raises(ValueError, match="no place for the table"):
        pages()


def test_every_fep_that_federation_names_is_listed_and_every_one_the_code_follows_is_named() -> None:
    listed = tomllib.loads((ROOT / "docs" / "standards.toml").read_text())
    named = set(re.findall(r"FEP-[0-9a-f]{4}", FEDERATION.read_text()))
    followed = {found for source in house() if source.room != "activitypub" for found in CITED.findall(source.text)}

    assert named <= set(listed)
    assert {name for name in followed if name.startswith("FEP")} <= named
    for name in named:
        assert f"({listed[name]['url']})" in FEDERATION.read_text()


def test_the_numbers_that_others_rely_on_are_the_ones_in_the_code() -> None:
    page = " ".join(FEDERATION.read_text().split())

    assert (documents.MAX_BYTES, documents.MAX_DEPTH, documents.MAX_MEMBERS) == (1 << 20, 64, 50_000)
    assert "at most 1 MiB, 64 levels and 50,000 keys" in page
    assert (attached.MAX_TAGS, mapping.MAX_TAGS, mapping.MAX_ATTACHMENTS, mapping.MAX_OPTIONS) == (50, 50, 16, 20)
    assert "50 mentions, 50 tags, 16 files, 20 answers of a poll" in page
    assert (claim.MAX_AGE, claim.MAX_SKEW) == (3600, 3600)
    assert "a time within an hour of ours" in page
    assert client.MAX_REDIRECTS == 3 and client.Allowance().left == 20
    assert "at most 3 redirects and 20 requests for one activity" in page
    minutes, hours = [s // lanes.MINUTE for s in lanes.SCHEDULE[:3]], [s // lanes.HOUR for s in lanes.SCHEDULE[3:]]
    assert (minutes, hours, lanes.REST, lanes.GIVE_UP) == ([1, 5, 15], [1, 3, 6], 12 * lanes.HOUR, 7 * lanes.DAY)
    assert "after 1, 5 and 15 minutes, 1, 3 and 6 hours, then every 12 hours for a week" in page
    assert lanes.MAX_RETRY_AFTER == 6 * lanes.HOUR and "obeyed up to 6 hours" in page


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
    named = {path: re.findall(r"(?:\.venv/bin/|`)fedcomm ([a-z]+)", path.read_text()) for path in DOCUMENTS}

    assert named[ROOT / "README.md"]
    for path, commands in named.items():
        assert set(commands) <= set(cli.COMMANDS), path.name


def test_every_standard_the_code_cites_is_listed() -> None:
    listed = tomllib.loads((ROOT / "docs" / "standards.toml").read_text())
    cited = {found for source in house() for found in CITED.findall(source.text)}

    assert cited and cited <= set(listed)
    for name, entry in listed.items():
        assert entry["title"] and entry["url"].startswith("https://"), name


def test_sections_that_are_cited_are_sections() -> None:
    listed = tomllib.loads((ROOT / "docs" / "standards.toml").read_text())
    cited: set[tuple[str, str]] = set()

    for source in house():
        text = re.sub(r"\n\s*(# )?", " ", source.text)
        for standard, after in re.findall(r"(RFC \d+|FEP-[0-9a-f]{4}|draft-cavage|AS2|AP) §(?=(.{1,60}))", text):
            sections = listed[standard].get("sections", [])
            found = [each for each in sections if re.match(rf"{re.escape(each)}(?![\w.]*\w)", after)]
            assert found, f"{source.module}: {standard} §{after}"
            cited.add((standard, max(found, key=len)))

    unused = {(name, section) for name, entry in listed.items() for section in entry.get("sections", [])} - cited
    assert unused == set()


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


def test_decisions_are_numbered_one_after_the_other() -> None:
    found = sorted((ROOT / "docs" / "decisions").glob("0*.md"))

    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1))
    for path in found:
        assert path.read_text().startswith(f"# {int(path.name[:4])}. "), path.name
