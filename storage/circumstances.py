"""What is known of those who write into groups of ours beyond their standing: agreed, new, busy, talking to others.

Asked for many at once, and only of groups that have rules, a ladder, a limit for promotion or a pause between posts.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from storage.connect import read_many

DAY = 86_400_000  # ms
LATELY = 90 * DAY  # in which threads and answers count for promotion
THREADS = 9  # the last ones of an author that are looked at


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """Of one author in one group; times in ms since 1970.

    `rules` is the version of the group's rules, '' when it has none; `since` when they were first there, None: never.
    `promotional` says that moderators take each thread of theirs for an announcement. `threads`, `replies` and
    `answered` (replies that somebody else answered) are those of the last day. `begun` are the times of their last
    threads and the domains these link to, newest first; `spoken` is when they last answered each of those they did.
    `last` is when a post of theirs last came where there is a pause between posts, else 0.
    """

    rules: str = ""
    agreed: bool = False
    trusted: bool = False
    promotional: bool = False
    since: int | None = None
    threads: int = 0
    replies: int = 0
    answered: int = 0
    begun: tuple[tuple[int, frozenset[str]], ...] = ()
    spoken: tuple[int, ...] = ()
    last: int = 0


_RULES = "SELECT group_id, value FROM register WHERE group_id IN (?ints) AND property = 'rules' AND value IS NOT NULL"
_CONSENTS = "SELECT group_id, actor_id, version FROM consent WHERE group_id IN (?ints) AND actor_id IN (?ints)"
_OF_BOTH = "FROM post p WHERE p.group_id = place.group_id AND p.author_id = place.actor_id"
_MARKED = "FROM register r WHERE r.group_id = place.group_id AND r.subject = place.uri AND r.value IS NOT NULL"
_TODAY = f"{_OF_BOTH} AND p.received_at >= ?"
# Who has been there for longer is not counted. That the first post is looked for by its id is to nobody's advantage:
# whoever writes with an old date only seems to have come later.
_NEW = "(place.first IS NULL OR place.first > ?) AND (place.joined IS NULL OR place.joined > ?)"
_PLACES = f"""
SELECT place.group_id, place.actor_id,
 EXISTS (SELECT 1 {_MARKED} AND r.property = 'trusted'), EXISTS (SELECT 1 {_MARKED} AND r.property = 'promotional'),
 place.first, place.joined,
 CASE WHEN {_NEW} THEN (SELECT COUNT(*) {_TODAY} AND p.parent_uri IS NULL) ELSE 0 END,
 CASE WHEN {_NEW} THEN (SELECT COUNT(*) {_TODAY} AND p.parent_uri IS NOT NULL) ELSE 0 END,
 CASE WHEN {_NEW} THEN (SELECT COUNT(*) {_TODAY} AND p.parent_uri IS NOT NULL AND EXISTS
  (SELECT 1 FROM post c WHERE c.parent_id = p.id AND c.author_id <> p.author_id AND c.deleted_at IS NULL)) ELSE 0 END,
 CASE WHEN place.slow > 0 THEN (SELECT MAX(p.received_at) {_OF_BOTH}) END
FROM (SELECT g.id AS group_id, a.id AS actor_id, a.uri AS uri, g.slow AS slow,
 (SELECT p.received_at FROM post p WHERE p.group_id = g.id AND p.author_id = a.id ORDER BY p.id LIMIT 1) AS first,
 (SELECT m.joined_at FROM member m WHERE m.group_id = g.id AND m.actor_id = a.id AND m.state = 'joined') AS joined
 FROM groups g CROSS JOIN actor a WHERE g.id IN (?ints) AND a.id IN (?ints)) place"""
_BEGUN = """
SELECT group_id, author_id, received_at, content FROM (
 SELECT p.group_id, p.author_id, p.received_at, p.content,
  ROW_NUMBER() OVER (PARTITION BY p.group_id, p.author_id ORDER BY p.received_at DESC, p.id DESC) AS turn
 FROM post p WHERE p.group_id IN (?ints) AND p.author_id IN (?ints) AND p.id >= ? AND p.parent_uri IS NULL
) lately WHERE turn <= ? ORDER BY received_at DESC"""
_SPOKEN = """
SELECT r.group_id, r.author_id, MAX(r.received_at) FROM post r JOIN post p ON p.id = r.parent_id
WHERE r.group_id IN (?ints) AND r.author_id IN (?ints) AND r.id >= ? AND p.author_id <> r.author_id
 AND r.deleted_at IS NULL GROUP BY r.group_id, r.author_id, p.author_id"""

Place = tuple[int, int]  # the ids of a group and of an actor


async def of(
    groups: Sequence[int],
    promoting: Sequence[int],
    actors: Sequence[int],
    domains: Callable[[str], frozenset[str]],
    now: int,
) -> dict[Place, Circumstances]:
    """The circumstances of these actors in each of these groups; one hop, whatever their number.

    `promoting` are those of the groups that limit promotion; `domains` finds where the text of a post links to.
    """
    if not groups or not actors:
        return {}
    day, about, lately = now - DAY, (list(groups), list(actors)), (list(promoting), list(actors), (now - LATELY) << 16)
    reads: list[tuple[str, Sequence[Any]]] = [
        (_RULES, (list(groups),)), (_CONSENTS, about), (_PLACES, (*(day,) * 9, *about)),
    ]  # fmt: skip
    if promoting:
        reads += [(_BEGUN, (*lately, THREADS)), (_SPOKEN, lately)]
    answers = await read_many(reads)
    rules = {group: version(value) for group, value in answers[0]}
    agreed = {(group, actor, text) for group, actor, text in answers[1]}
    begun, spoken = _by_place(answers[3]) if promoting else {}, _by_place(answers[4]) if promoting else {}
    found: dict[Place, Circumstances] = {}
    for group, actor, trusted, promotional, first, joined, threads, replies, answered, last in answers[2]:
        text = rules.get(group, "")
        found[group, actor] = Circumstances(
            rules=text, agreed=(group, actor, text) in agreed, trusted=bool(trusted),
            promotional=bool(promotional),
            since=min((at for at in (first, joined) if at is not None), default=None),
            threads=threads, replies=replies, answered=answered,
            begun=tuple((at, domains(content)) for at, content in begun.get((group, actor), ())),
            spoken=tuple(at for (at,) in spoken.get((group, actor), ())), last=last or 0,
        )  # fmt: skip
    return found


def version(rules: str) -> str:
    """What tells rules from every other version of them, as consents keep it; of a register, as it is written."""
    return hashlib.sha256(rules.encode()).hexdigest()


def _by_place(found: Sequence[Sequence[Any]]) -> dict[Place, list[Sequence[Any]]]:
    places: dict[Place, list[Sequence[Any]]] = {}
    for group, actor, *rest in found:
        places.setdefault((group, actor), []).append(rest)
    return places
