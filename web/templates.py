"""The templates of the pages: escaped by default, every text through gettext."""

from collections.abc import Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from web import state

_untranslated = NullTranslations()
_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)


def render(request: Request, name: str, context: Mapping[str, Any]) -> str:
    """The page; what every template can use besides: `config`, `request`, `language` and the gettext functions.

    `request.state.translate` is a `gettext.NullTranslations` or one of its kind, `request.state.language` its tag.
    """
    found = request.scope.setdefault("state", {})
    words = found.get("translate") or _untranslated
    common = {
        "request": request,
        "config": state.app_of(request).config,
        "language": found.get("language", "en"),
        "gettext": words.gettext,
        "_": words.gettext,
        "ngettext": words.ngettext,
    }
    return _environment.get_template(name).render(common | dict(context))
