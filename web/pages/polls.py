"""Polls as pages show them: what was asked, and how many chose what."""

from collections.abc import Sequence

import msgspec

from fedcomm import clock
from storage import shown
from storage.posts import Poll

_titles = msgspec.json.Decoder(list[str])
_counts = msgspec.json.Decoder(list[int])


class Option(msgspec.Struct, frozen=True):
    """One answer; `chosen` says that the viewer chose it."""

    title: str
    votes: int
    share: int  # percent
    chosen: bool


class Asked(msgspec.Struct, frozen=True):
    """A poll; `ends_at` in ms, None when it is open until further notice."""

    options: list[Option]
    voters: int
    multiple: bool
    over: bool
    ends_at: int | None
    hidden: bool  # how many chose what shows when it is over

    @property
    def voted(self) -> bool:
        """Whether the viewer has chosen."""
        return any(option.chosen for option in self.options)


async def of(viewer: int, post_ids: Sequence[int]) -> dict[int, Asked]:
    """The polls of posts, which the viewer may see, by post."""
    if not post_ids:
        return {}
    found, chosen = await shown.polls(post_ids, viewer)
    return {post_id: _asked(poll, chosen.get(post_id, [])) for post_id, poll in found.items()}


def _asked(poll: Poll, own: list[int]) -> Asked:
    titles, counts = _read(poll)
    voters = max(poll.voters_count, 0) or sum(counts)
    options = [
        Option(title, count, round(100 * count / voters) if voters else 0, place in own)
        for place, (title, count) in enumerate(zip(titles, counts, strict=True))
    ]
    now = clock.now_ms()
    return Asked(options, voters, bool(poll.multiple), poll.over(now), poll.ends_at, poll.hidden(now))


def _read(poll: Poll) -> tuple[list[str], list[int]]:
    """What other servers say is shown as far as it makes sense."""
    try:
        titles, counts = _titles.decode(poll.options), _counts.decode(poll.votes)
    except msgspec.MsgspecError:
        return [], []
    counts = [max(0, count) for count in counts[: len(titles)]]
    return titles, counts + [0] * (len(titles) - len(counts))
