"""Fills a thread with answers that people wrote over a long evening, without the evening. `House.inside` runs it.

They go straight into the database, through the functions of `storage` that every answer goes through. Each second one
answers what began the thread, the others an answer before them, so that the tree is wide and somewhat deep.
"""

import asyncio
import random
import sys

import msgspec

import storage.actors
import storage.connect
import storage.posts
from fedcomm.app import App
from fedcomm.config import load
from fedcomm.opening import opened
from storage.connect import Writes, apply, execute
from storage.ids import next_id
from storage.posts import Post

AT_ONCE = 1_000  # answers in one transaction


async def main(began: int, number: int, names: list[str]) -> None:
    """So many answers, by these members in turn."""
    app = await opened(load())
    try:
        with storage.connect.use(app.db):
            start = await storage.posts.by_id(began)
            people = [await storage.actors.by_handle(name, "") for name in names]
            assert start
            await _fill(app, start, [person.id for person in people if person], number)
            await execute("ANALYZE")
    finally:
        await app.close()


async def _fill(app: App, start: Post, authors: list[int], number: int) -> None:
    chance = random.Random(7)
    said = [start]
    for first in range(0, number, AT_ONCE):
        writes = Writes()
        for count in range(first, min(first + AT_ONCE, number)):
            parent = start if count % 2 else chance.choice(said)
            answer = _answer(app.base_url, start, parent, authors[count % len(authors)], count)
            storage.posts.insert(writes, answer)
            storage.posts.count_reply(writes, answer)
            said.append(answer)
        await apply(writes)


def _answer(base: str, start: Post, parent: Post, author_id: int, count: int) -> Post:
    post_id = next_id()
    now = post_id >> 16  # ms
    words = f"As deep as answer {count} says, and not a hand deeper; with #rye it is another matter."
    return msgspec.structs.replace(
        start, id=post_id, uri=f"{base}/posts/{post_id}", url="", author_id=author_id, parent_id=parent.id,
        parent_uri=parent.uri, title="", content=f"<p>{words}</p>", source=words, published=now, received_at=now,
        replies_count=0, last_reply_at=None,
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
