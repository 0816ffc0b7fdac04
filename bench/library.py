"""Fills a house with posts that somebody wrote over the years, without the years. `House.inside` runs it.

They go straight into the database, through the functions of `storage` that every new post goes through, with their
words. Which words is decided by the number of the post alone, so that it is known what a search must find:

- `bed` is in each; `potato` in one of 100, `frost` in one of 100, and together, in this order, in one of 1,000.
- 5,000 others as often as words are: the second half as often as the first, and so on.
"""

import asyncio
import random
import sys

import storage.actors
import storage.connect
from fedcomm import indexing
from fedcomm.app import App
from fedcomm.config import load
from fedcomm.opening import opened
from storage import posts
from storage.connect import Writes, apply, execute
from storage.ids import next_id
from storage.posts import PUBLIC, Post

AT_ONCE = 1_000  # posts in one transaction
LENGTH = 30  # words
_SYLLABLES = "ka be di lo mu ra se ti no pu ga fe hi jo vu za le ri so tu".split()
_VOCABULARY = [f"{a}{b}{c}" for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES][:5_000]
_WEIGHTS = [1 / place for place in range(1, len(_VOCABULARY) + 1)]


def text(number: int, chance: random.Random) -> str:
    """What the post with this number says."""
    words = chance.choices(_VOCABULARY, _WEIGHTS, k=LENGTH)
    found = ["bed", *words]
    if number % 1_000 == 0:
        found[10:10] = ["potato", "frost"]
    elif number % 100 == 0:
        found[10:10] = ["frost", "in", "potato"]
    return " ".join(found)


async def main(name: str, number: int) -> None:
    """So many posts of the member, who lets everybody find them."""
    app = await opened(load())
    try:
        with storage.connect.use(app.db):
            author = await storage.actors.by_handle(name, "")
            assert author
            await execute("UPDATE actor SET indexable = 1 WHERE id = ?", (author.id,))
            await _fill(app, author.id, number)
            await execute("ANALYZE")  # PostgreSQL does so by itself, a minute later
    finally:
        await app.close()


async def _fill(app: App, author_id: int, number: int) -> None:
    chance = random.Random(7)
    for first in range(1, number + 1, AT_ONCE):
        writes = Writes()
        for count in range(first, min(first + AT_ONCE, number + 1)):
            post = _post(app.base_url, author_id, text(count, chance))
            posts.insert(writes, post)
            indexing.index(writes, post.id, "", "", post.content, ())
        await apply(writes)


def _post(base: str, author_id: int, words: str) -> Post:
    post_id = next_id()
    now = post_id >> 16  # ms
    return Post(
        id=post_id, uri=f"{base}/posts/{post_id}", url="", kind="note", local=1, author_id=author_id, group_id=None,
        parent_id=None, parent_uri=None, thread_id=post_id, context="", title="", content=f"<p>{words}</p>",
        source=words, summary="", sensitive=0, language="en", visibility=PUBLIC, published=now, author_updated=None,
        edited_at=None, received_at=now, create_uri="", truth="home", entered_by="", app_id=None, removed_at=None,
        deleted_at=None, locked=0, attachments_count=0, replies_count=0, boosts_count=0, likes_count=0,
        dislikes_count=0, last_reply_at=None,
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
