"""What members take along, as the CSV files that Mastodon writes and reads (its `app/models/export.rb`)."""

import csv
import io
from collections.abc import Iterable

from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import exports
from storage.actors import Actor
from storage.connect import Row

# By the name of the file; those without a heading have none in Mastodon either.
HEADINGS: dict[str, tuple[str, ...]] = {
    "following_accounts": ("Account address", "Show boosts", "Notify on new posts", "Languages"),
    "blocked_accounts": (),
    "muted_accounts": ("Account address", "Hide notifications"),
    "blocked_domains": (),
    "lists": (),
    "bookmarks": (),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate


async def file(app: App, actor: Actor, name: str) -> str:
    """One file of a member's own.

    Raises:
        NotFound: there is no file of this name.
    """
    if name not in HEADINGS:
        raise NotFound("There is no such file.")
    return written(await _rows(app, actor.id, name), HEADINGS[name])


def following(app: App, found: Iterable[Row]) -> str:
    """Some follows, as `storage.exports.following` gives them, in the form of that file."""
    return written(_followed(app, found), HEADINGS["following_accounts"])


def written(found: Iterable[tuple[str, ...]], heading: tuple[str, ...]) -> str:
    """A file with these lines."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in (heading, *found):
        if row:
            writer.writerow(map(harmless, row))
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (attack ADM-24)."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


async def _rows(app: App, actor_id: int, name: str) -> Iterable[tuple[str, ...]]:
    match name:
        case "following_accounts":
            return _followed(app, await exports.following(actor_id))
        case "blocked_accounts":
            return [(_address(app, user, host),) for user, host in await exports.blocked(actor_id)]
        case "muted_accounts":
            found = await exports.muted(actor_id, clock.now_ms())
            return [(_address(app, user, host), _yes(hidden)) for user, host, hidden in found]
        case "blocked_domains":
            return [(host,) for (host,) in await exports.hosts(actor_id)]
        case "lists":
            return [(title, _address(app, user, host)) for title, user, host in await exports.lists(actor_id)]
    return [(uri,) for (uri,) in await exports.bookmarks(actor_id)]


def _followed(app: App, found: Iterable[Row]) -> list[tuple[str, ...]]:
    return [
        (_address(app, user, host), _yes(boosts), _yes(told), ", ".join(languages.split()))
        for user, host, boosts, told, languages in found
    ]


def _address(app: App, username: str, host: str) -> str:
    return f"{username}@{host or app.host}"


def _yes(flag: int) -> str:
    return "true" if flag else "false"
