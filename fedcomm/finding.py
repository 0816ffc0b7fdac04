"""Whom somebody means who types a handle or a URL."""

from activitypub.errors import ProtocolError, Unreachable
from fedcomm import fetching
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import actors
from storage.actors import Actor


async def somebody(app: App, handle_or_url: str, *, fresh: bool = False) -> Actor:
    """The actor that is meant; with `fresh` as its home describes it at this moment.

    Raises:
        NotFound: there is nobody of that name.
        Invalid: its server does not answer.
    """
    who = handle_or_url.strip()
    try:
        if "://" in who:
            at = await fetching.at(app, who)
            found = await actors.by_id(at[1]) if at and at[0] == "actor" else None
        else:
            found = await fetching.handle(app, who)
        if found is not None and fresh:
            found = await fetching.actor(app, found.uri, fresh=True)
    except Unreachable as fault:
        raise Invalid(
            "The server of {who} cannot be reached: {fault}", fix=fetching.CHECK_HOST, who=who, fault=fault
        ) from fault
    except ProtocolError as fault:
        raise NotFound("{who} was not found: {fault}", fix=fetching.CHECK_NAME, who=who, fault=fault) from fault
    if found is None:
        raise NotFound("{who} was not found.", fix=fetching.CHECK_NAME, who=who)
    return found
