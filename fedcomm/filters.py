"""Filters: words and posts that a member does not want to meet, or only behind a warning (Mastodon API: "Filters")."""

from collections.abc import Sequence

import msgspec

import storage.filters as rows
from fedcomm import clock
from fedcomm.errors import Invalid, NotFound
from storage import visible
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.filters import Filter, Filtered, Keyword
from storage.ids import next_id

CONTEXTS = ("home", "notifications", "public", "thread", "account")
ACTIONS = ("warn", "hide", "blur")
MOST_FILTERS, MOST_KEYWORDS, MOST_POSTS = 100, 500, 500  # of one member; each page they read is held against them all
LONGEST_TITLE, LONGEST_KEYWORD = 256, 512  # characters (Mastodon: custom_filter.rb, custom_filter_keyword.rb)
LONGEST_TIME = 100 * 366 * 86_400  # seconds

MISSING = "There is no such filter."


class Wish(msgspec.Struct, frozen=True):
    """How a filter shall be; None leaves it as it is. `expires_in` in seconds; 0 is never."""

    title: str | None = None
    contexts: Sequence[str] | None = None
    action: str | None = None
    expires_in: int | None = None


class KeywordWish(msgspec.Struct, frozen=True):
    """A word that a filter shall have, have otherwise (`id`), or lose (`drop`)."""

    id: int = 0
    keyword: str | None = None
    whole_word: bool | None = None
    drop: bool = False


async def create(actor: Actor, wish: Wish, words: Sequence[KeywordWish] = ()) -> Filter:
    """A new filter.

    Raises:
        Invalid: a part of it cannot be so, or there are too many.
    """
    async with transaction():
        present = await rows.of(actor.id)
        if len(present) >= MOST_FILTERS:
            raise Invalid("There can be at most {most} filters.", most=MOST_FILTERS)
        blank = Filter(next_id(), "", (), "warn", None)
        return await _kept(actor, _as_wished(blank, wish), words, present)


async def change(actor: Actor, filter_id: int, wish: Wish, words: Sequence[KeywordWish] = ()) -> Filter:
    """The filter as it is after a change, of which all is done or nothing.

    Raises:
        NotFound: there is none of theirs.
        Invalid: as `create`.
    """
    async with transaction():
        present = await rows.of(actor.id)
        return await _kept(actor, _as_wished(_named(present, filter_id), wish), words, present)


async def delete(actor: Actor, filter_id: int) -> None:
    """Delete a filter.

    Raises:
        NotFound: there is none of theirs.
    """
    async with transaction():
        known = _named(await rows.of(actor.id), filter_id)
        writes = Writes()
        rows.drop(writes, known.id)
        rows.tell(writes, actor.id)
        await write(writes)


async def add_post(actor: Actor, filter_id: int, post_id: int) -> Filtered:
    """Have a filter name a post; once is enough.

    Raises:
        NotFound: there is no such filter of theirs, or no such post for them.
        Invalid: there are too many.
    """
    async with transaction():
        present = await rows.of(actor.id)
        known = _named(present, filter_id)
        if not await visible.sees(actor.id, post_id):
            raise NotFound("There is no such post.")
        for named in known.posts:
            if named.post_id == post_id:
                return named
        if sum(len(each.posts) for each in present) >= MOST_POSTS:
            raise Invalid("Filters can name at most {most} posts.", most=MOST_POSTS)
        added, writes = Filtered(next_id(), post_id), Writes()
        rows.put_post(writes, known.id, added)
        rows.tell(writes, actor.id)
        await write(writes)
        return added


async def drop_post(actor: Actor, filtered_id: int) -> None:
    """Take a post out of the filter that names it.

    Raises:
        NotFound: no filter of theirs has this part.
    """
    async with transaction():
        filter_id = await rows.holder(rows.BY_POST, actor.id, filtered_id)
        if filter_id is None:
            raise NotFound(MISSING)
        writes = Writes()
        rows.drop_posts(writes, filter_id, [filtered_id])
        rows.tell(writes, actor.id)
        await write(writes)


def _named(present: Sequence[Filter], filter_id: int) -> Filter:
    for known in present:
        if known.id == filter_id:
            return known
    raise NotFound(MISSING)


def _as_wished(known: Filter, wish: Wish) -> Filter:
    title = known.title if wish.title is None else wish.title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid("A filter needs a title of at most {most} characters.", field="title", most=LONGEST_TITLE)
    contexts = known.contexts if wish.contexts is None else tuple(dict.fromkeys(wish.contexts))
    if not contexts or any(each not in CONTEXTS for each in contexts):
        raise Invalid("A filter needs contexts: home, notifications, public, thread or account.", field="context")
    action = known.action if wish.action is None else wish.action
    if action not in ACTIONS:
        raise Invalid("A filter warns, hides or blurs.", field="filter_action")
    expires_at = known.expires_at
    if wish.expires_in is not None:
        if not 0 <= wish.expires_in <= LONGEST_TIME:
            raise Invalid("This is no time for which a filter can hold.", field="expires_in")
        expires_at = clock.now_ms() + wish.expires_in * 1000 if wish.expires_in else None
    return msgspec.structs.replace(known, title=title, contexts=contexts, action=action, expires_at=expires_at)


async def _kept(actor: Actor, known: Filter, words: Sequence[KeywordWish], present: Sequence[Filter]) -> Filter:
    """The filter with its words as wished, written."""
    kept, dropped = _words(known, words)
    others = sum(len(each.keywords) for each in present if each.id != known.id)
    if others + len(kept) > MOST_KEYWORDS:
        raise Invalid("Filters can have at most {most} words.", most=MOST_KEYWORDS)
    writes = Writes()
    rows.put(writes, actor.id, known, clock.now_ms())
    before = {word.id: word for word in known.keywords}
    for word in kept.values():
        if before.get(word.id) != word:
            rows.put_keyword(writes, known.id, word)
    if dropped:
        rows.drop_keywords(writes, known.id, dropped)
    rows.tell(writes, actor.id)
    await write(writes)
    return msgspec.structs.replace(known, keywords=tuple(kept.values()))


def _words(known: Filter, words: Sequence[KeywordWish]) -> tuple[dict[int, Keyword], list[int]]:
    """(the words that the filter has then, ids of those it loses)."""
    kept, dropped = {word.id: word for word in known.keywords}, []
    for wish in words:
        if wish.id and wish.id not in kept:
            raise NotFound(MISSING)
        if wish.drop:
            if wish.id:
                del kept[wish.id]
                dropped.append(wish.id)
            continue
        before = kept.get(wish.id) or Keyword(next_id(), "", 1)
        text = before.keyword if wish.keyword is None else wish.keyword.strip()
        if not text or len(text) > LONGEST_KEYWORD:
            raise Invalid("A word has from 1 to {most} characters.", field="keyword", most=LONGEST_KEYWORD)
        whole = before.whole_word if wish.whole_word is None else int(wish.whole_word)
        kept[before.id] = Keyword(before.id, text, whole)
    return kept, dropped
