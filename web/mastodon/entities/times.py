"""Moments and ids as clients read them (Mastodon API: "Dates")."""

from datetime import UTC, datetime


def moment(ms: int) -> str:
    """`2026-11-21T10:00:00.000Z`"""
    return f"{datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]}.{ms % 1000:03d}Z"


def moment_or_none(ms: int | None) -> str | None:
    """As `moment`, where there may be none."""
    return None if ms is None else moment(ms)


def day(ms: int | None) -> str | None:
    """`2026-11-21`, where there may be none."""
    return None if ms is None else datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:10]
