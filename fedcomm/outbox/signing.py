"""Signs deliveries: many at a time on threads, since a signature costs more than all the rest of a delivery."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from activitypub import signatures
from activitypub.keys import PrivateKey
from activitypub.signatures import Scheme

_AT_ONCE = 25  # requests a thread signs for one hop; a hop costs 15 µs, a signature 250


class SigningRequest:
    """One request to sign, and the future of its headers."""

    __slots__ = ("body", "digest", "done", "key", "key_id", "now", "scheme", "url")

    def __init__(
        self, scheme: Scheme, key: PrivateKey, key_id: str, url: str, body: bytes, digest: str, now: float
    ) -> None:
        self.scheme: Scheme = scheme
        self.key = key
        self.key_id = key_id
        self.url = url
        self.body = body
        self.digest = digest
        self.now = now
        self.done: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()


class Signer:
    """Collects what wants a signature in one turn of the loop and signs it on a few threads."""

    def __init__(self, threads: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="sign")
        self._waiting: list[SigningRequest] = []

    async def sign(self, request: SigningRequest) -> dict[str, str]:
        """The headers that make the request ours.

        Raises:
            Malformed: the URL is none that a request could be made to.
        """
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._start)
        self._waiting.append(request)
        return await request.done

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        waiting, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        for start in range(0, len(waiting), _AT_ONCE):
            chunk = waiting[start : start + _AT_ONCE]
            loop.run_in_executor(self._pool, _sign_all, chunk).add_done_callback(
                lambda signed, chunk=chunk: _deliver(signed, chunk)  # type: ignore[misc]
            )


def _sign_all(requests: list[SigningRequest]) -> list[dict[str, str] | Exception]:
    signed: list[dict[str, str] | Exception] = []
    for r in requests:
        try:
            signed.append(signatures.sign(r.scheme, r.key, r.key_id, "POST", r.url, {}, r.body, r.now, r.digest))
        except Exception as fault:  # told to whoever waits for this one; the others of the chunk are signed
            signed.append(fault)
    return signed


def _deliver(signed: "asyncio.Future[list[dict[str, str] | Exception]]", chunk: list[SigningRequest]) -> None:
    if signed.cancelled():
        return
    for request, result in zip(chunk, signed.result(), strict=True):
        if request.done.cancelled():
            continue
        if isinstance(result, Exception):
            request.done.set_exception(result)
        else:
            request.done.set_result(result)
