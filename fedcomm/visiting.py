"""Sending visitors to their own server, where they can follow, like or answer what they have found here."""

from activitypub import webfinger
from activitypub.errors import ProtocolError, Unreachable
from fedcomm.app import App
from fedcomm.errors import Invalid

NO_ADDRESS = "This is no address of an account; it looks like @name@server.example."
SILENT = "{host} does not answer, or knows nobody of this name."
NO_WAY = "{host} does not say where one can do this. Search there for the address instead."


async def way(app: App, address: str, act: str, uri: str) -> str:
    """Where somebody with this address can do `act` (Follow, Object) to `uri` on their own server.

    Raises:
        Invalid: no such address, or their server knows no such place.
    """
    try:
        handle = webfinger.read_handle(address.strip())
    except ProtocolError:
        raise Invalid(NO_ADDRESS, field="address") from None
    scheme = app.base_url.partition("://")[0]
    try:
        found = await webfinger.place(app.client, handle, act, uri, scheme=scheme)
    except (ProtocolError, Unreachable):
        raise Invalid(SILENT, field="address", host=handle.host) from None
    if not found:
        raise Invalid(NO_WAY, field="address", host=handle.host)
    return found
