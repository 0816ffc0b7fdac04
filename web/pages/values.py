"""What every template can use besides what its page gives it: the site, the reader, their language and clock."""

from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from fedcomm import SOURCE, __version__, settings
from storage.waiting import Waiting
from web import languages, state
from web.pages import assets, deeds, pictured, shown, words

READER = "fedcomm.reader"
WAITING = "fedcomm.waiting"
_NOTHING = Waiting()


def common(request: Request) -> dict[str, Any]:
    """The values for one page; who reads it is known where the page has asked (`readers.reader_of`)."""
    app = state.app_of(request)
    reader = request.scope.get(READER)
    language = languages.choose(request, reader.account.language if reader else "")
    translations = languages.words(language)
    zone = shown.zone(reader.account.time_zone if reader else "")
    return {
        "request": request,
        "config": app.config,
        "site": settings.known(app),
        "reader": reader,
        "unread": request.scope.get(WAITING, _NOTHING),
        "csrf": reader.session.csrf if reader else "",
        "language": language,
        "gettext": translations.gettext,
        "_": translations.gettext,
        "ngettext": translations.ngettext,
        "told": partial(languages.told, translations),
        "shown": shown,
        "pictured": pictured.PLAIN,
        "words": words,
        "group_act": deeds.group_act,
        "asset": assets.address,
        "moment": partial(shown.moment, zone=zone, words=translations),
        "day": partial(shown.day, words=translations),
        "version": __version__,
        "source": SOURCE,
        "path": request.scope["path"],
        "here": quote(request.scope["path"], safe="/@:~"),  # as it stands in a link
        "first": "max_id" not in request.query_params,  # whether a list begins with its newest
    }
