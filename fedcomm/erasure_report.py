"""What was erased of an account, and which servers were told with which answer: as a file for an authority.

Made anew whenever it is asked for, as long as it is remembered how deliveries ended (`jobs/nightly.py`). It names posts
and files, and says nothing of what was in them.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec

import fedcomm
from fedcomm import audit, clock, erasing, powers, receipts
from fedcomm.app import App
from fedcomm.erasing import Progress
from fedcomm.errors import NotFound
from fedcomm.receipts import DELIVERED, NOT_SENT, REFUSED, RETRYING, WAITING, Server
from storage import actors, erasures, outbox
from storage.accounts import Account
from storage.connect import transaction

FORMS = ("json", "txt")
_AT_ONCE = 1_000
_STATES = {
    DELIVERED: "took it",
    RETRYING: "does not answer and is asked again",
    WAITING: "not asked yet",
    REFUSED: "did not take it",
    NOT_SENT: "was not told: this server sends nothing there",
}


class Sum(msgspec.Struct, frozen=True):
    """How much it is, and how many servers are told, have answered, and have taken it."""

    posts: int
    files: int
    servers: int
    answered: int
    taken: int


async def ordered(by: Account | None, name: str) -> Progress:
    """The erasure of which somebody may have a report; that they asked is in the log.

    Raises:
        NotAllowed: `by` is no admin.
        NotFound: nobody of that name was deleted lately.
    """
    powers.require(by, powers.DELETE)
    actor = await actors.local(name.strip().removeprefix("@"))
    found = await erasing.progress(actor.id) if actor is not None else None
    if found is None:
        raise NotFound("No account called {name} was deleted here lately.", fix="check the name", name=name)
    async with transaction():
        await audit.record(by, "account.report", f"@{found.actor.username}")
    return found


async def summed(app: App, found: Progress) -> Sum:
    """How far the telling is; `posts` and `files` are those that were there."""
    servers = await _servers(app, found)
    answered = [each for each in servers if each.state in (DELIVERED, REFUSED, NOT_SENT)]
    taken = sum(each.state == DELIVERED for each in servers)
    return Sum(found.erasure.posts, found.erasure.files, len(servers), len(answered), taken)


async def pieces(app: App, found: Progress, form: str) -> AsyncIterator[str]:
    """The report as it is now, piece by piece: `json`, or `txt` for people."""
    parts = {"posts": _posts(found), "files": _files(found), "servers": _told(await _servers(app, found))}
    head = _head(app, found)
    if form == "json":
        yield msgspec.json.format(msgspec.json.encode(head)).decode().removesuffix("\n}")
        for name, each in parts.items():
            yield f',\n  "{name}": ['
            before = "\n    "
            async for line in each:
                yield before + msgspec.json.encode(line).decode()
                before = ",\n    "
            yield "\n  ]"
        yield "\n}\n"
        return
    yield f"Report on the erasure of the account {head['account']['id']}\n\n"
    for title, value in {**head, **head["account"]}.items():
        yield f"{title.replace('_', ' ')}: {value}\n" if title != "account" else ""
    for name, each in parts.items():
        yield f"\n{name.capitalize()}\n"
        async for line in each:
            yield "  " + "  ".join(f"{value}" for value in line.values() if value not in ("", None)) + "\n"


def _head(app: App, found: Progress) -> dict[str, Any]:
    work = found.erasure
    return {
        "server": app.host, "software": f"fedcomm {fedcomm.__version__}", "made_at": _time(clock.now_ms()),
        "account": {
            "name": f"@{found.actor.username}@{app.host}", "id": found.actor.uri, "closed_at": _time(work.begun_at),
            "closed_by": work.made_by, "erased_at": _time(work.done_at),
            "report_kept_until": _time(work.done_at + erasing.KEPT) if work.done_at is not None else None,
            "posts_erased": work.posts - found.posts,
            "posts_left": found.posts, "files_erased": work.files - found.files, "files_left": found.files,
            "files_noted": bool(work.noted),
        },
    }  # fmt: skip


async def _posts(found: Progress) -> AsyncIterator[dict[str, Any]]:
    after = 0
    while some := await erasures.posts(found.actor.id, found.erasure.begun_at, after, _AT_ONCE):
        after = some[-1][0]
        for _id, uri, published, deleted in some:
            yield {"id": uri, "published": _time(published), "erased_at": _time(deleted)}


async def _files(found: Progress) -> AsyncIterator[dict[str, Any]]:
    after = 0
    while some := await erasures.erased(found.actor.id, after, _AT_ONCE):
        after = some[-1].media_id
        for each in some:
            yield {
                "sha256": each.digest, "preview_sha256": each.preview_digest, "type": each.mime, "bytes": each.size,
                "post": each.post_uri, "erased_at": _time(each.erased_at),
            }  # fmt: skip


async def _told(servers: list[Server]) -> AsyncIterator[dict[str, Any]]:
    for each in servers:
        yield {
            "server": each.host, "state": each.state, "meaning": _STATES[each.state], "at": _time(each.at),
            "status": each.status or None, "answer": each.answer, "next_try": _time(each.next_try),
        }  # fmt: skip


async def _servers(app: App, found: Progress) -> list[Server]:
    entry = await outbox.by_uri(found.erasure.delete_uri)
    return await receipts.of_entry(app, entry) if entry is not None else []


def _time(ms: int | None) -> str | None:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds") if ms is not None else None
