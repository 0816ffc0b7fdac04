"""What members here asked of authors elsewhere who decide who may answer, like or boost their posts; and what others
asked of ours."""

import msgspec

from storage import conversations, posts
from storage.connect import Writes, row, rows
from storage.posts import Post

WAITING, GRANTED, REFUSED = "waiting", "granted", "refused"
GIVEN = ("ReplyAuthorization", "LikeAuthorization", "AnnounceAuthorization")


class Plea(msgspec.Struct, frozen=True):
    """One row of `plea`: `uri` is that of the reply, like or boost that is asked for, `subject_id` its number (of a
    like that of the post), `visibility` for whom it is to be, `stamp` the id of the authorization once it is granted.

    Of the kinds GIVEN is what somebody elsewhere asked of one of ours, who grant it all: `subject_id` is the number of
    the authorization.
    """

    uri: str
    kind: str
    actor_id: int
    post_id: int
    subject_id: int
    visibility: int
    state: str
    stamp: str
    asked_at: int


COLUMNS = ", ".join(Plea.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM plea "


async def by_uri(uri: str) -> Plea | None:
    """What was asked for under this id."""
    found = await row(_SELECT + "WHERE uri = ?", (uri,))
    return Plea(*found) if found else None


async def of_replies(post_ids: list[int]) -> dict[int, Plea]:
    """What was asked for these posts of ours, by post."""
    if not post_ids:
        return {}
    found = await rows(_SELECT + "WHERE kind = 'reply' AND subject_id IN (?ints)", (post_ids,))
    return {each[4]: Plea(*each) for each in found}


async def waiting(kind: str, actor_id: int, post_id: int) -> bool:
    """Whether somebody waits for an answer about a post."""
    sql = "SELECT 1 FROM plea WHERE kind = ? AND actor_id = ? AND post_id = ? AND state = 'waiting'"
    return await row(sql, (kind, actor_id, post_id)) is not None


async def given(number: int) -> Plea | None:
    """What somebody elsewhere asked of one of ours, and was granted under this number."""
    found = await row(_SELECT + "WHERE subject_id = ? AND kind IN (?texts)", (number, list(GIVEN)))
    return Plea(*found) if found else None


def put(writes: Writes, plea: Plea) -> None:
    """Somebody asks; what they asked for of that kind about the post before counts no more, but for replies."""
    if plea.kind in ("like", "boost"):
        drop(writes, plea.kind, plea.actor_id, plea.post_id)
    writes.add(f"INSERT INTO plea ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(plea))


def grant(writes: Writes, uri: str, stamp: str) -> None:
    """The author agrees."""
    writes.add("UPDATE plea SET state = 'granted', stamp = ? WHERE uri = ? AND state = 'waiting'", (stamp, uri))


def refuse(writes: Writes, uri: str) -> None:
    """The author does not, or no more."""
    writes.add("UPDATE plea SET state = 'refused' WHERE uri = ?", (uri,))


def drop(writes: Writes, kind: str, actor_id: int, post_id: int) -> None:
    """They ask for it no more."""
    writes.add("DELETE FROM plea WHERE kind = ? AND actor_id = ? AND post_id = ?", (kind, actor_id, post_id))


def open_up(writes: Writes, post: Post) -> None:
    """A reply that was between two people is for whom its row says now, those included whom it names."""
    posts.change(writes, post.id, visibility=post.visibility, group_id=post.group_id)
    writes.add("UPDATE mention SET addressed = 1 WHERE post_id = ?", (post.id,))
    conversations.without(writes, post.id)
