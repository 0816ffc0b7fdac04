"""A feed as Atom (RFC 4287), its pages linked as RFC 5005 §3 has them."""

from web.syndication.items import Feed, Item
from web.syndication.markup import Element, element, legible, moment, written

MIME = "application/atom+xml"


def write(feed: Feed) -> bytes:
    """The document."""
    root = element(None, "feed", xmlns="http://www.w3.org/2005/Atom")
    element(root, "id", feed.id)
    element(root, "title", feed.title)
    if feed.summary:
        element(root, "subtitle", feed.summary)
    element(root, "updated", moment(feed.updated))
    element(root, "link", rel="self", type=MIME, href=feed.page)
    element(root, "link", rel="alternate", type="text/html", href=feed.home)
    element(root, "link", rel="first", type=MIME, href=feed.url)
    if feed.next:
        element(root, "link", rel="next", type=MIME, href=feed.next)
    for item in feed.items:
        _entry(root, item)
    return written(root)


def _entry(root: Element, item: Item) -> None:
    tongue = {"xml__lang": item.language} if item.language else {}
    entry = element(root, "entry", **tongue)
    element(entry, "id", item.id)
    element(entry, "title", item.title)
    element(entry, "published", moment(item.published))
    element(entry, "updated", moment(item.updated))
    element(entry, "link", rel="alternate", type="text/html", href=item.url)
    author = element(entry, "author")
    element(author, "name", item.author)
    element(author, "uri", item.author_url)
    for tag in item.tags:
        element(entry, "category", term=tag)
    for file in item.enclosures:
        link = element(entry, "link", rel="enclosure", type=file.mime, href=file.url)
        if file.words:
            link.set("title", legible(file.words))
        if file.size:
            link.set("length", str(file.size))
    element(entry, "content", item.content, type="html")
