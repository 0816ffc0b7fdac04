"""A feed and its items, before they are written in one form or another."""

import html

import msgspec

import storage.actors
import storage.attachments
import storage.polls
from fedcomm import sanitise
from fedcomm.app import App
from storage import syndication
from storage.actors import Actor
from storage.attachments import Attached
from storage.posts import Post
from web.pages import polls, shown

_PICTURE = "image/jpeg"  # where nobody says more of a picture than that it is one


class Enclosure(msgspec.Struct, frozen=True):
    """A picture or file of an item; `words` say what it shows."""

    url: str
    mime: str
    words: str
    size: int  # bytes; 0 where that is not known


class Item(msgspec.Struct, frozen=True):
    """One post; times in ms, `content` is clean HTML, `title` plain text."""

    id: str
    url: str
    title: str
    content: str
    language: str
    author: str
    author_url: str
    published: int
    updated: int
    tags: list[str]
    enclosures: list[Enclosure]


class Feed(msgspec.Struct, frozen=True):
    """One page of a feed, newest first; `url` is the feed's own address, `page` the page's, `next` '' on the last."""

    id: str
    title: str
    summary: str
    home: str  # where people read the same
    url: str
    page: str
    next: str
    updated: int  # ms
    items: list[Item]


async def of(app: App, posts: list[Post]) -> list[Item]:
    """The items of these posts, in the same order; a bounded number of questions, however many they are."""
    ids = [post.id for post in posts]
    authors = await storage.actors.by_ids(sorted({post.author_id for post in posts}))
    files = await storage.attachments.of([post.id for post in posts if post.attachments_count])
    tags = await syndication.tags(ids)
    asked = await polls.of(0, [post.id for post in posts if post.kind == "question"])
    return [
        _item(app, post, authors[post.author_id], tags.get(post.id, []), files.get(post.id, []), asked.get(post.id))
        for post in posts
        if post.author_id in authors
    ]


def _item(
    app: App, post: Post, author: Actor, tags: list[str], files: list[Attached], poll: polls.Asked | None
) -> Item:
    """What is folded on pages is not unfolded here: the warning, and a link to where it can be read."""
    url = f"{app.base_url}{shown.permalink(post, author)}"
    folded = shown.folded(post)
    title = shown.title(post) or shown.name(author)
    return Item(
        id=post.uri,
        url=url,
        title=title,
        content=_folded(post, url) if folded else _content(post, poll),
        language=post.language,
        author=shown.name(author),
        author_url=f"{app.base_url}{shown.profile(author)}",
        published=post.published,
        updated=max(post.published, post.edited_at or 0, post.author_updated or 0),
        tags=tags,
        enclosures=[] if folded else [each for file in files if (each := _enclosure(app, file, post)) is not None],
    )


def _content(post: Post, poll: polls.Asked | None) -> str:
    """The whole text, cleaned once more: it goes into programs that may do with it what they like."""
    choices = "".join(f"<li>{html.escape(option.title)}</li>" for option in poll.options) if poll else ""
    return sanitise.clean(post.content) + (f"<ul>{choices}</ul>" if choices else "")


def _folded(post: Post, url: str) -> str:
    warning = html.escape(shown.label(post.summary, 500)) if post.summary else ""
    return (f"<p>{warning}</p>" if warning else "") + f'<p><a href="{html.escape(url)}">{html.escape(url)}</a></p>'


def _enclosure(app: App, file: Attached, post: Post) -> Enclosure | None:
    """Pictures of other servers come from this one, so that these do not learn who reads (attack PRI-21)."""
    path = shown.whole(file, post)
    if not path:
        return None
    mime = file.mime or _PICTURE
    return Enclosure(f"{app.base_url}{path}", mime, shown.label(file.description, 1500), file.size)
