"""A feed as RSS 2.0, with what Atom and Media RSS say better in their words."""

from email.utils import formatdate

from web.syndication.items import Feed, Item
from web.syndication.markup import Element, element, written

MIME = "application/rss+xml"


def write(feed: Feed) -> bytes:
    """The document."""
    root = element(
        None, "rss", version="2.0", xmlns__atom="http://www.w3.org/2005/Atom",
        xmlns__dc="http://purl.org/dc/elements/1.1/", xmlns__media="http://search.yahoo.com/mrss/",
    )  # fmt: skip
    channel = element(root, "channel")
    element(channel, "title", feed.title)
    element(channel, "link", feed.home)
    element(channel, "description", feed.summary or feed.title)
    element(channel, "lastBuildDate", _moment(feed.updated))
    element(channel, "atom:link", rel="self", type=MIME, href=feed.page)
    if feed.next:
        element(channel, "atom:link", rel="next", type=MIME, href=feed.next)
    for item in feed.items:
        _item(channel, item)
    return written(root)


def _item(channel: Element, item: Item) -> None:
    entry = element(channel, "item")
    element(entry, "title", item.title)
    element(entry, "link", item.url)
    element(entry, "guid", item.id, isPermaLink="false")
    element(entry, "pubDate", _moment(item.published))
    element(entry, "dc:creator", item.author)
    element(entry, "description", item.content)
    if item.language:
        element(entry, "dc:language", item.language)
    for tag in item.tags:
        element(entry, "category", tag)
    if item.enclosures:  # RSS has one an item, and must say how long it is
        first = item.enclosures[0]
        element(entry, "enclosure", url=first.url, type=first.mime, length=str(first.size))
    for file in item.enclosures:
        media = element(entry, "media:content", url=file.url, type=file.mime)
        if file.words:
            element(media, "media:description", file.words, type="plain")


def _moment(ms: int) -> str:
    """A time as RSS has it, which is that of mail."""
    return formatdate(ms // 1000, usegmt=True)
