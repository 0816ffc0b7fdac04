"""Whom or what somebody means who types a handle or a URL."""

from urllib.parse import urlsplit

from activitypub.errors import ProtocolError, Unreachable
from activitypub.origins import is_url
from fedcomm import fetching
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid, NotFound
from storage import actors, posts
from storage.actors import Actor

CHECK_HOST = "check the name of the server; if it is right, ask again later"  # what who runs the server can do
CHECK_NAME = "check the name: alice for somebody here, alice@server.example, or the address of a profile or group"


async def somebody(app: App, handle_or_url: str, *, fresh: bool = False) -> Actor:
    """The actor that is meant; with `fresh` as its home describes it at this moment.

    Raises:
        NotFound: there is nobody of that name.
        Invalid: its server does not answer.
    """
    who = handle_or_url.strip()
    try:
        if "://" in who:
            named = await at(app, who)
            found = await actors.by_id(named[1]) if named and named[0] == "actor" else None
        else:
            found = await fetching.handle(app, who)
        if found is not None and fresh:
            found = await fetching.actor(app, found.uri, fresh=True)
    except Unreachable as fault:
        raise Invalid("The server of {who} cannot be reached: {fault}", fix=CHECK_HOST, who=who, fault=fault) from fault
    except ProtocolError as fault:
        raise NotFound("{who} was not found: {fault}", fix=CHECK_NAME, who=who, fault=fault) from fault
    if found is None:
        raise NotFound("{who} was not found.", fix=CHECK_NAME, who=who)
    return found


async def resolve(app: App, text: str) -> tuple[str, int] | None:
    """What a handle or URL names: ('actor' or 'post', id); None when it names nothing, or its server is silent."""
    text = text.strip()
    try:
        if is_url(text):
            return await at(app, text)
        if "@" in text.lstrip("@!"):
            return "actor", (await fetching.handle(app, text)).id
    except (ProtocolError, Unreachable, AppError):
        return None
    return None


async def at(app: App, url: str) -> tuple[str, int] | None:
    """What stands at a URL, as `resolve` says it.

    Raises:
        ProtocolError, Unreachable: its server says no, or nothing.
    """
    if app.urls.own(url):
        post_id = app.urls.post_id(url)
        if post_id is not None and (ours := await posts.by_id(post_id)) is not None:
            return "post", ours.id
        name = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1].lstrip("@")
        someone = await actors.local(name)
        return ("actor", someone.id) if someone and not someone.gone else None
    if (known := await actors.by_uri(url)) is not None and not known.forgotten:
        return "actor", known.id
    if await posts.by_uri(url) is not None:
        return "post", (await fetching.post(app, url)).id
    return await fetching.kept(app, await app.client.get_document(url))
