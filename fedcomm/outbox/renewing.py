"""What stands in the log for a server that was away until addresses of pictures in it had ended: others for them.

Only of files that the entry's own post has, so that nothing written by others gets an address that opens something.
"""

from typing import Any

from activitypub import documents
from fedcomm import clock, elsewhere, passes, proving
from fedcomm.app import App
from storage import actors, media, posts
from storage.outbox import Entry
from storage.posts import Post

_PROOF = "proof"


async def body(app: App, entry: Entry) -> bytes:
    """The body of an entry with addresses that open the pictures of its post now; what our people had proven of it is
    proven anew. The very one in the log where none in it has ended."""
    young = entry.created_at > clock.now_ms() - passes.FAR
    post = None if young or entry.post_id is None or passes.SIGN not in entry.body else await posts.by_id(entry.post_id)
    if post is None or post.deleted_at is not None:
        return entry.body
    return documents.write(await _with(app, documents.read(entry.body), await _fresh(app, post)))


async def _fresh(app: App, post: Post) -> dict[str, str]:
    """Where its pictures are for other servers from now on, by the address of each without what ends: those that are
    kept here, and copies that a private group tells again (`retelling.py`)."""
    files, author = await media.of_post(post.id), await actors.by_id(post.author_id)
    plain = [app.urls.file(file.key, file.mime) for file in files if file.key]
    fresh = {address: passes.far(address, post.visibility) for address in plain}
    if author is not None and not author.local:
        told = [elsewhere.passed_on(app.base_url, file, author.host, post.visibility).remote_url for file in files]
        fresh |= {address.partition("?")[0]: address for address in told if address.startswith(f"{app.base_url}/")}
    return fresh


async def _with(app: App, said: dict[str, Any], fresh: dict[str, str]) -> dict[str, Any]:
    changed = dict(said)
    if isinstance(files := said.get("attachment"), list):
        changed["attachment"] = [_file(file, fresh) for file in files]
    if isinstance(inner := said.get("object"), dict):
        changed["object"] = await _with(app, inner, fresh)
    if changed == said or _PROOF not in said:
        return changed
    actor = await actors.by_uri(str(said.get("actor")))
    if actor is None or not actor.local:
        return said
    # As part of an announcement it has none of its own, but the proof says for which it was made.
    context = said.get("@context", changed.pop(_PROOF).get("@context"))
    proven = await proving.proven(app, actor, changed | {"@context": context})
    return proven if "@context" in said else {name: proven[name] for name in proven if name != "@context"}


def _file(file: Any, fresh: dict[str, str]) -> Any:
    url = file.get("url") if isinstance(file, dict) else None
    address = url.partition("?")[0] if isinstance(url, str) else ""
    return {**file, "url": fresh[address]} if address in fresh else file
