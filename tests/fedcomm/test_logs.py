"""Log lines: one an event, which no value can break, and without secrets."""

import json
import logging
import sys
from typing import Any

from fedcomm import logs


def line(formatter: logging.Formatter, message: str, *args: object, **extra: Any) -> str:
    """The line for an event."""
    record = logging.getLogger("fedcomm.test").makeRecord(
        "fedcomm.test", logging.INFO, "file", 1, message, args, None, extra=extra
    )
    return formatter.format(record)


def test_an_event_is_one_line_of_pairs() -> None:
    said = line(logs.Plain(), "peer held", host="b.test", hours=2, why="it answered 503")

    assert said.endswith('Z info fedcomm.test "peer held" host=b.test hours=2 why="it answered 503"')


def test_no_value_can_forge_a_line_or_a_field() -> None:
    for hostile in ("a\n2026-01-01T00:00:00.000Z error x y", "\x1b[31mred", 'a" level=error b="', "a b=c", "\u2028"):
        said = line(logs.Plain(), "got it", uri=hostile)
        assert "\n" not in said and "\x1b" not in said and "\u2028" not in said
        assert json.loads(said.split(" uri=")[1]) == hostile
        assert json.loads(line(logs.Json(), "got it", uri=hostile))["uri"] == hostile
        assert "\n" not in line(logs.Json(), "got it", uri=hostile)


def test_secrets_are_not_written() -> None:
    for formatter in (logs.Plain(), logs.Json()):
        assert "hush" not in line(formatter, "signed in", password="hush", Token="hush", authorization="hush")


def test_a_value_of_any_length_is_cut() -> None:
    assert len(line(logs.Plain(), "got it", uri="x" * 1_000_000)) < logs.MAX_VALUE + 200


def test_lines_carry_the_item_being_worked_on() -> None:
    with logs.about("inbox:17"):
        assert " item=inbox:17" in line(logs.Plain(), "refused")
        assert json.loads(line(logs.Json(), "refused"))["item"] == "inbox:17"
    assert "item=" not in line(logs.Plain(), "refused")


def test_a_fault_keeps_its_trace() -> None:
    try:
        raise KeyError("gone")
    except KeyError:
        record = logging.LogRecord("fedcomm", logging.ERROR, "file", 1, "broken", (), sys.exc_info())

    assert "KeyError: 'gone'" in logs.Plain().format(record)
    assert "KeyError" in json.loads(logs.Json().format(record))["trace"]
