"""How log lines look: one line an event, `key=value` or JSON, with the id of the request or item being worked on.

Write `logging.getLogger(__name__).info("peer held", extra={"host": host, "hours": 2})`.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

item: ContextVar[str] = ContextVar("item", default="")  # the request or queue item of this task

SECRET = frozenset({"authorization", "body", "code", "cookie", "password", "private_key", "secret", "token"})
MAX_VALUE = 2_000  # characters of one value; a stranger chooses how long a URL is
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def begin(format: str, level: str) -> None:
    """From now on everything logged at `level` or above goes to stderr, `plain` or as `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if format == "json" else Plain())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


@contextlib.contextmanager
def about(what: str) -> Iterator[None]:
    """Lines written inside carry `item=what`, in whatever task started inside as well."""
    token = item.set(what)
    try:
        yield
    finally:
        item.reset(token)


class Plain(logging.Formatter):
    """`2026-11-21T22:09:00.123Z info fedcomm.inbox "activity refused" item=… key=value`"""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; values with spaces or control characters are quoted, so no value can forge a line."""
        parts = [_moment(record), record.levelname.lower(), record.name, _plain(record.getMessage())]
        parts += [f"{key}={_plain(value)}" for key, value in _fields(record)]
        if record.exc_info:
            parts.append("\n" + self.formatException(record.exc_info))
        return " ".join(parts)


class Json(logging.Formatter):
    """The same as an object of one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {"time": _moment(record), "level": record.levelname.lower(), "logger": record.name}
        line |= {"event": record.getMessage(), **dict(_fields(record))}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(record.msecs):03}Z"


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    if what := item.get():
        yield "item", what
    for key, value in vars(record).items():
        if key not in _ORDINARY:
            yield key, "…" if key.lower() in SECRET else value


def _plain(value: Any) -> str:
    text = str(value)
    text = text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "…"
    simple = text and text.isprintable() and not set(text) & set(' "=\\')
    return text if simple else json.dumps(text, ensure_ascii=True)
