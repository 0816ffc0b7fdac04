"""Times that a member writes down, and that stand in a form: by the clock of their own zone."""

from datetime import UTC, date, datetime

from fedcomm.errors import Invalid
from web.pages import shown
from web.pages.readers import Reader


def time_of(reader: Reader, text: str) -> int:
    """The time in ms that the reader means (HTML: "Local dates and times"; with a blank as well).

    Of an hour that a clock shows twice the first is meant.

    Raises:
        Invalid: it is no time.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        found = found if found.tzinfo else found.replace(tzinfo=shown.zone(reader.account.time_zone))
        return int(found.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid("This is no time like 2027-01-31 10:00.", field="scheduled_at") from None


def day_of(reader: Reader, text: str, field: str) -> tuple[int, int]:
    """The first and the last ms of the day that the reader means.

    Raises:
        Invalid: it is no day.
    """
    try:
        day = date.fromisoformat(text.strip()).isoformat()
        return time_of(reader, day), time_of(reader, f"{day} 23:59:59.999")
    except ValueError:
        raise Invalid("This is no day like 2027-01-31.", field=field) from None


def in_field(reader: Reader, at_ms: int) -> str:
    """The same for the value of a field."""
    return datetime.fromtimestamp(at_ms / 1000, shown.zone(reader.account.time_zone)).strftime("%Y-%m-%dT%H:%M")


def name_of(reader: Reader) -> str:
    """What the zone of the reader is called."""
    return reader.account.time_zone or "UTC"
