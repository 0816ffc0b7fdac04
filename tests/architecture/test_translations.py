"""Every text is in the catalogues, every translation is complete and fits, and what is compiled is what was written."""

import ast
import gettext
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from scripts import translations
from tests.architecture.rooms import ROOT
from web import languages

LANGUAGES = translations.languages()
MAKE = "run `make translations`, and translate what it says is missing"


@pytest.fixture(scope="module")
def texts() -> Catalog:
    """Every text in the source."""
    return translations.source()


def ids(catalog: Catalog) -> set[str | tuple[str, ...]]:
    """Its texts, of those with two forms both."""
    return {_id(message) for message in catalog if message.id}


def pairs(catalog: Catalog) -> dict[str | tuple[str, ...], tuple[str, ...]]:
    """Its texts with their translations."""
    return {_id(message): _forms(message.string) for message in catalog if message.id}


def named(text: str) -> set[str]:
    """The names of the values that are put into a text."""
    return set(re.findall(r"%\((\w+)\)s", text)) | {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_languages_that_are_offered_are_those_there_are() -> None:
    assert sorted({*LANGUAGES, "en"}) == sorted(languages.AVAILABLE)
    assert "de" in LANGUAGES


def test_texts_are_found_wherever_they_stand(texts: Catalog) -> None:
    found = ids(texts)

    assert "Skip to the content" in found  # a template
    assert ("%(count)s member", "%(count)s members") in found
    assert "January" in found  # code
    assert "This name is taken. Please choose another one." in found  # an error
    assert "This form is too old, or it did not come from here. Please open the page again." in found  # in a constant
    assert "A post may have {limit} characters." in found
    assert len(found) > 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_every_catalogue_and_nothing_else(texts: Catalog, language: str) -> None:
    assert ids(translations.catalogue(language)) == ids(texts), MAKE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    catalog = translations.catalogue(language)

    assert [message.id for message in catalog if message.id and not translations.translated(message)] == [], MAKE


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_values_that_are_put_in(language: str) -> None:
    for message in translations.catalogue(language):
        originals, forms = _forms(message.id), _forms(message.string)
        for form in forms if message.id else ():
            assert named(form) == named(originals[-1]), message.id
        assert not message.id or not list(message.check()), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_was_written(language: str) -> None:
    written = translations.catalogue(language)
    with (translations.FOLDER / language / "LC_MESSAGES" / "fedcomm.mo").open("rb") as file:
        compiled = read_mo(file)

    assert pairs(compiled) == pairs(written), MAKE


def test_pages_speak_german_to_who_wants_it() -> None:
    german = languages.words("de")

    assert isinstance(german, gettext.GNUTranslations)
    assert german.gettext("Sign in") == "Anmelden"
    assert german.ngettext("%(count)s answer", "%(count)s answers", 2) == "%(count)s Antworten"
    assert (
        languages.told(german, "A post may have {limit} characters.", {"limit": 7})
        == "Ein Beitrag darf 7 Zeichen haben."
    )


@pytest.mark.parametrize(
    "code",
    ['raise Invalid(f"{name} is taken.")', 'raise NotFound("No " + name)', 'Refusal(404, "No %s" % name)',
     'raise errors.Conflict("No " if name else f"{name}")'],
)  # fmt: skip
def test_a_sentence_that_is_put_together_is_found_out(code: str) -> None:
    with pytest.raises(ValueError, match="beside the sentence"):
        list(translations.sentences(ast.parse(code)))


def test_templates_hold_no_text_that_is_not_translated() -> None:
    """What is left of a template without its tags, and the texts given to gettext, are no words."""
    loose = {}
    for path in sorted((ROOT / "web" / "templates").rglob("*.html")):
        words = re.findall(r"[^\W\d_]{3,}", _without_tags(path))
        if set(words) - {"UTC", "fedcomm"}:
            loose[path.name] = words

    assert loose == {}


def test_attributes_that_are_read_out_are_translated() -> None:
    read_out = [
        (path.name, value)
        for path in (ROOT / "web" / "templates").rglob("*.html")
        for value in re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', path.read_text())
        if value  # an empty one says that there is nothing to read out
    ]

    assert len(read_out) > 10
    for name, value in read_out:
        assert value.startswith(("{%", "{{")) or value == "@name@server.example", f"{name}: {value}"


def _without_tags(path: Path) -> str:
    text = re.sub(r"\{% trans.*?%\}.*?\{% endtrans %\}", " ", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    return re.sub(r"<[^<>]*>|[\w-]+=\"[^\"]*\"", " ", text)


def _id(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def _forms(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
