"""In which language a page is: the reader's own, else the first of those the browser asks for that there is."""

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from starlette.requests import Request

AVAILABLE = {"en": "English", "de": "Deutsch"}  # the texts in the source are English
FOLDER = Path(__file__).parent / "translations"
DOMAIN = "fedcomm"
NAMED = "fedcomm.lang"  # where the scope of a request has the language that its body names
_MOST_ASKED = 20  # languages of one header that are looked at


@cache
def words(tag: str) -> NullTranslations:
    """The translations into a language, each text as it is where there is none."""
    return translation(DOMAIN, FOLDER, [tag], fallback=True)


def later(text: str) -> str:
    """The text as it is, which is translated where it is shown: marks it for `make translations`."""
    return text


def told(translations: NullTranslations, sentence: str, values: Mapping[str, object]) -> str:
    """The sentence of an error in another language, with its values put in."""
    found = translations.gettext(sentence) if sentence else ""
    return found.format(**values) if values else found


def choose(request: Request, own: str = "") -> str:
    """The language of the page that answers this request; `own` is the one the reader has set, if any."""
    return own if own in AVAILABLE else wanted(request.headers.get("accept-language", ""))


def asked(request: Request) -> str:
    """The language of what a program is told: the one that it names as `lang`, as Mastodon's, or what it accepts."""
    named = request.scope.get(NAMED, "") or request.query_params.get("lang", "")
    tag = named.partition("-")[0].lower()
    return tag if tag in AVAILABLE else choose(request)


def wanted(header: str) -> str:
    """The best available language for an `Accept-Language` header (RFC 9110 §12.5.4)."""
    asked = [_weighed(part) for part in header.split(",")[:_MOST_ASKED]]
    for _weight, tag in sorted((pair for pair in asked if pair[0] > 0), key=lambda pair: -pair[0]):
        if tag in AVAILABLE:
            return tag
    return "en"


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameter = part.partition(";")
    value = parameter.strip().removeprefix("q=") or "1"
    weight = float(value) if len(value) <= 5 and value.replace(".", "", 1).isdigit() and value.isascii() else 0.0
    return weight, tag.strip().partition("-")[0].lower()
