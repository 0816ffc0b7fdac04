"""The templates of the pages: escaped by default, every text through gettext."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from web.pages import values

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    auto_reload=False,  # the files do not change while the server runs
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)


def render(request: Request, name: str, context: Mapping[str, Any]) -> str:
    """The page; what every template can use besides `context` is in `web.pages.values`."""
    return _environment.get_template(name).render(values.common(request) | dict(context))
