"""A feed as JSON Feed 1.1."""

from typing import Any

import msgspec

from web.syndication.items import Feed, Item
from web.syndication.markup import moment

MIME = "application/feed+json"


def write(feed: Feed) -> bytes:
    """The document."""
    told: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.url,
    }
    if feed.summary:
        told["description"] = feed.summary
    if feed.next:
        told["next_url"] = feed.next
    return msgspec.json.encode(told | {"items": [_item(item) for item in feed.items]})


def _item(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_html": item.content,
        "date_published": moment(item.published),
        "date_modified": moment(item.updated),
        "authors": [{"name": item.author, "url": item.author_url}],
    }
    if item.language:
        told["language"] = item.language
    if item.tags:
        told["tags"] = item.tags
    if item.enclosures:
        told["attachments"] = [
            {"url": file.url, "mime_type": file.mime}
            | ({"title": file.words} if file.words else {})
            | ({"size_in_bytes": file.size} if file.size else {})
            for file in item.enclosures
        ]
    return told
