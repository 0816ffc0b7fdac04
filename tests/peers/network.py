"""The way from a scripted server to others: where hosts are found in a test, and whose certificates are believed."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

SECONDS = 10.0


class Network:
    """Sends requests. `places` says at which address and port a host is to be found, where the DNS does not know it."""

    def __init__(self, places: Mapping[str, tuple[str, int]] | None = None, authority: Path | None = None) -> None:
        self.places = dict(places or {})
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=authority) if authority else True
        self._client = httpx.AsyncClient(verify=verify, timeout=SECONDS, trust_env=False, follow_redirects=False)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> httpx.Response:
        """The answer, whatever it is.

        Raises:
            httpx.HTTPError: there is none.
        """
        asked = httpx.URL(url)
        authority = asked.netloc.decode()
        extensions = {}
        if authority in self.places:
            address, port = self.places[authority]
            extensions["sni_hostname"] = asked.host
            asked = asked.copy_with(host=address, port=port)
        request = self._client.build_request(
            method, asked, headers={**headers, "host": authority}, content=body, extensions=extensions
        )
        return await self._client.send(request)

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()
