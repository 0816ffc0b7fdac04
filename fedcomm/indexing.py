"""By which words posts are found: kept in the transaction that writes the post."""

from collections.abc import Iterable

import msgspec

from activitypub.objects import Note
from fedcomm import mapping, sanitise, search_words
from fedcomm.app import App
from storage import post_text, shown
from storage.connect import Writes, transaction, write
from storage.posts import Post
from storage.shown import Bundle

_AT_ONCE = 200  # posts of an older version in one transaction

_options = msgspec.json.Decoder(list[str])


def index(writes: Writes, post_id: int, title: str, summary: str, content: str, more: Iterable[str]) -> None:
    """Keep the words of a post; `more` are answers of its poll and descriptions of its files."""
    texts = (title, summary, sanitise.text_of(content), *more)
    post_text.put(writes, post_id, search_words.words(text for text in texts if text))


def more_of(note: Note, post_id: int) -> list[str]:
    """What a note says besides its text."""
    poll = mapping.posts.poll(post_id, note, 0)
    options = _options.decode(poll.options) if poll else []
    return [*options, *(file.description for file in mapping.posts.attachments(note))]


async def renew(post_id: int) -> None:
    """Keep the words of a post as it reads now; part of a transaction."""
    bundle, writes = await shown.bundle([post_id]), Writes()
    if (post := bundle.posts.get(post_id)) is not None:
        _index_row(writes, post, bundle)
        await write(writes)


async def catch_up(app: App, before: int) -> None:
    """Job: keep the words of posts that were written before there was a place for them."""
    while ids := await post_text.missing(before, _AT_ONCE):
        async with transaction():
            bundle = await shown.bundle(ids)
            writes = Writes()
            for post_id in ids:
                post = bundle.posts.get(post_id)
                if post is not None:
                    _index_row(writes, post, bundle)
            await write(writes)
        before = ids[-1]


def _index_row(writes: Writes, post: Post, bundle: Bundle) -> None:
    poll = bundle.polls.get(post.id)
    more = [*(_options.decode(poll.options) if poll else []), *(f.description for f in bundle.media.get(post.id, ()))]
    index(writes, post.id, post.title, post.summary, post.content, more)
