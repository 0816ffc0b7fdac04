"""Poll (Mastodon API: "Poll")."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fedcomm import clock
from fedcomm.emojis import names_in
from storage.posts import Poll
from web.mastodon.entities.times import moment_or_none

_titles = msgspec.json.Decoder(list[str])
_counts = msgspec.json.Decoder(list[int])


def poll(found: Poll, own: list[int] | None, emojis: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """A poll; `own` are the choices of the viewer, None for somebody who is not signed in.

    Of the `emojis` of its post those that an answer names are its own.
    """
    titles, counts = _read(found)
    now = clock.now_ms()
    counted: list[int] | list[None] = [None] * len(counts) if found.hidden(now) else counts
    named = names_in("\n".join(titles)) if emojis else []
    entity: dict[str, Any] = {
        "id": str(found.post_id), "expires_at": moment_or_none(found.ends_at), "expired": found.over(now),
        "multiple": bool(found.multiple), "votes_count": sum(counts), "voters_count": max(0, found.voters_count),
        "options": [{"title": title, "votes_count": count} for title, count in zip(titles, counted, strict=False)],
        "emojis": [each for each in emojis if each["shortcode"] in named],
    }  # fmt: skip
    return entity if own is None else entity | {"voted": bool(own), "own_votes": own}


def _read(found: Poll) -> tuple[list[str], list[int]]:
    try:
        titles, counts = _titles.decode(found.options), _counts.decode(found.votes)
    except msgspec.MsgspecError:
        return [], []
    return titles, [max(0, count) for count in counts] + [0] * (len(titles) - len(counts))
