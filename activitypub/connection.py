"""Opens connections: resolves a name once, looks at every address, connects to exactly those it looked at."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from itertools import zip_longest

from activitypub.errors import Unreachable
from activitypub.exchange import Connection
from activitypub.networks import Address, literal
from activitypub.origins import Origin
from activitypub.policy import Policy, Refused, check_addresses

Resolver = Callable[[str], Awaitable[Sequence[str]]]  # host name → all its addresses, an empty list when it has none

MAX_LOOKUPS = 128  # at once
PER_FAMILY = 2  # addresses tried, of IPv4 and of IPv6
HEAD_START = 0.25  # seconds that an address has before the next is tried beside it (RFC 8305 §5)
_GOODBYE_SECONDS = 1.0  # for a peer to answer the end of a TLS connection


class SystemResolver:
    """Asks the system for all addresses of a name; at most `MAX_LOOKUPS` at once.

    Every lookup has a thread of its own that nobody has to wait for. A name whose server keeps silent holds it for up
    to 20 s: the loop's executor (six threads on two cores, libuv's four) would be full of six such names.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MAX_LOOKUPS)

    async def __call__(self, host: str) -> Sequence[str]:
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def settle(found: list[str]) -> None:
            self._free.release()
            if not answer.done():
                answer.set_result(found)

        def ask() -> None:
            found = _lookup(host)
            with suppress(RuntimeError):  # the loop has gone meanwhile
                loop.call_soon_threadsafe(settle, found)

        threading.Thread(target=ask, name="name-lookup", daemon=True).start()
        return await answer


@cache
def tls_context(extra_ca_file: str | None) -> ssl.SSLContext:
    """The one context of all connections, made once (18 ms): the system's authorities and those of the file.

    Raises:
        OSError: the file cannot be read or holds no certificate.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    return context


def only_here(resolve: Resolver) -> Resolver:
    """A resolver for a try-out: it asks about names of this machine and of tests, and about others not even the DNS."""

    async def ask(host: str) -> Sequence[str]:
        if host == "localhost" or host.endswith((".localhost", ".test")):
            return await resolve(host)
        raise Refused(f"A try-out speaks to this machine only, not to {host}.")

    return ask


async def targets(origin: Origin, policy: Policy, resolve: Resolver) -> list[tuple[Address, int]]:
    """The addresses and ports to try for an origin, the best first. All that the name leads to were looked at.

    Raises:
        Refused: one of them is not spoken to.
        Unreachable: there is none, or it was not found in time.
    """
    mapped = policy.test_hosts.get(origin.authority)
    if mapped is not None:
        return [(ip_address(mapped[0]), mapped[1])]
    address = literal(origin.host)
    found = [address] if address is not None else await _addresses(origin.host, policy, resolve)
    check_addresses(origin, found, policy)
    return [(address, origin.port) for address in _alternating(found)]


async def connect(
    origin: Origin, policy: Policy, resolve: Resolver, tls: ssl.SSLContext, on_end: Callable[[Connection], None]
) -> Connection:
    """A fresh connection to an origin.

    Raises:
        Refused: the name leads to an address that is not spoken to.
        Unreachable: no address, no connection, no valid certificate, or not in time.
    """
    try:
        sock = await _connect_first(await targets(origin, policy, resolve), policy.connect_seconds)
        return await _start(origin, policy, sock, tls, on_end)
    except TimeoutError:
        raise Unreachable(f"{origin.authority} took too long to connect.") from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{origin.authority} has no valid certificate: {error.verify_message}.") from error
    except (OSError, ssl.SSLError) as error:
        raise Unreachable(f"{origin.authority} cannot be connected to.") from error


async def _addresses(host: str, policy: Policy, resolve: Resolver) -> list[Address]:
    try:
        async with asyncio.timeout(policy.dns_seconds):
            answers = await resolve(host)
    except TimeoutError:
        raise Unreachable(f"The address of {host} could not be found in time.") from None
    if not answers:
        raise Unreachable(f"{host} has no address.")
    return [ip_address(answer) for answer in answers]


def _alternating(addresses: Sequence[Address]) -> list[Address]:
    # The resolver's order within a family; families take turns, so that a broken one costs one head start.
    first = addresses[0].version
    preferred = [address for address in addresses if address.version == first][:PER_FAMILY]
    others = [address for address in addresses if address.version != first][:PER_FAMILY]
    return [address for pair in zip_longest(preferred, others) for address in pair if address is not None]


def _lookup(host: str) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(sockaddr[0]) for *_, sockaddr in answers]


async def _connect_first(targets: list[tuple[Address, int]], seconds: float) -> socket.socket:
    waiting = list(targets)
    attempts: set[asyncio.Task[socket.socket]] = set()
    error: BaseException | None = None
    try:
        async with asyncio.timeout(seconds):
            while waiting or attempts:
                if waiting:
                    attempts.add(asyncio.create_task(_dial(*waiting.pop(0))))
                patience = HEAD_START if waiting else None
                done, attempts = await asyncio.wait(attempts, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for attempt in done:
                    error = attempt.exception()
                    if error is None:
                        attempts |= done - {attempt}
                        return attempt.result()
    finally:
        for attempt in attempts:
            attempt.add_done_callback(_hang_up)
            attempt.cancel()
    raise error or OSError("nothing to connect to")


async def _dial(address: Address, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


def _hang_up(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


async def _start(
    origin: Origin, policy: Policy, sock: socket.socket, tls: ssl.SSLContext, on_end: Callable[[Connection], None]
) -> Connection:
    loop = asyncio.get_running_loop()

    def protocol() -> Connection:
        return Connection(loop, origin.authority, on_end)

    try:
        if origin.scheme == "http":
            return (await loop.create_connection(protocol, sock=sock))[1]
        async with asyncio.timeout(policy.tls_seconds):
            started = await loop.create_connection(
                protocol,
                sock=sock,
                ssl=tls,
                server_hostname=origin.host,
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
            return started[1]
    except BaseException:
        sock.close()
        raise
