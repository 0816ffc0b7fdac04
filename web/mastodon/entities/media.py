"""MediaAttachment (Mastodon API: "MediaAttachment")."""

from typing import Any

import msgspec

from fedcomm import elsewhere, passes
from fedcomm.urls import Urls
from storage.media import Media
from storage.posts import PUBLIC

_KINDS = frozenset({"image", "gifv", "video", "audio"})


def attachment(base: str, file: Media, host: str = "", visibility: int = PUBLIC) -> dict[str, Any]:
    """A picture or file of a post, or one that is to be in a post; without an address while it is worked on.

    Its address ends when the post has a `visibility` for fewer than everybody. `host` is where its owner lives, '' for
    here. Of a server whose files are not shown it is of an unknown kind, as on Mastodon: programs show where it is
    instead of it. Else an address of theirs that ends, which lasts for weeks, is for this server alone.
    """
    urls = Urls(base)
    kind = file.kind if file.kind in _KINDS else file.mime.partition("/")[0]
    if not elsewhere.shows(host):
        kind = ""
    there = file.remote_url
    if kind in ("image", ""):
        there = elsewhere.address(base, "m", file.id, there, host, visibility)
    url = passes.near(urls.file(file.key, file.mime), visibility) if file.key else there or None
    preview = url
    if file.preview_key:
        preview = passes.near(urls.file(file.preview_key, file.preview_mime), visibility)
    theirs = "" if url != file.remote_url and there and passes.ends(file.remote_url) else file.remote_url
    return {
        "id": str(file.id), "type": kind if kind in _KINDS else "unknown", "url": url, "preview_url": preview,
        "remote_url": theirs or None, "preview_remote_url": None, "text_url": None, "meta": _meta(file),
        "description": file.description or None, "blurhash": file.blurhash or None,
    }  # fmt: skip


def _meta(file: Media) -> dict[str, Any]:
    """Sizes in pixels, and what is most important in it."""
    found: dict[str, Any] = msgspec.json.decode(file.meta)
    meta: dict[str, Any] = {}
    if point := found.get("focus"):
        meta["focus"] = {"x": point["x"], "y": point["y"]}
    if file.width and file.height:
        meta["original"] = _size(file.width, file.height)
    if small := found.get("small"):
        meta["small"] = _size(small["width"], small["height"])
    return meta


def _size(width: int, height: int) -> dict[str, Any]:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
