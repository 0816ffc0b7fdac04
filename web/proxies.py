"""Whose request this is when proxies stand in between: the one place that reads `X-Forwarded-For`."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Headers = Sequence[tuple[bytes, bytes]]
Network = IPv4Network | IPv6Network

# Fields with which proxies speak about a request; no part of the application may see them.
FORWARDED = frozenset(
    b"forwarded x-forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-prefix"
    b" x-forwarded-scheme x-forwarded-server x-forwarded-ssl x-forwarded-uri x-host x-original-host x-original-url"
    b" x-rewrite-url x-url-scheme x-real-ip x-client-ip x-cluster-client-ip true-client-ip cf-connecting-ip"
    b" front-end-https".split()
)
_HOPS = 16  # proxies of our own, at most


class Proxies:
    """The proxies in front of the server, by network."""

    def __init__(self, trusted: Collection[Network]) -> None:
        networks = tuple(trusted)

        @lru_cache(maxsize=4096)
        def is_trusted(address: str) -> bool:
            found = ip_address(address)
            return any(found.version == network.version and found in network for network in networks)

        @lru_cache(maxsize=4096)
        def find(peer: str, forwarded: tuple[bytes, ...]) -> str:
            return _client(peer, forwarded, is_trusted)

        self._find = find

    def client(self, peer: str, headers: Headers) -> str:
        """The address of who asked: the last one that our own proxies did not add themselves.

        `peer` is the other end of the connection. What an untrusted client writes into the field is never believed.
        """
        return self._find(peer, tuple([value for name, value in headers if name == b"x-forwarded-for"]))


def plain(text: str) -> str | None:
    """The one spelling of an address, without a port and without the IPv6 form of IPv4; None when it is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].split("]")[0]
    elif text.count(":") == 1:
        text = text.split(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address)) if address.scope_id else address
        return str(address.ipv4_mapped or address)
    return str(address)


def without_forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The fields of the request itself."""
    return [field for field in headers if field[0] not in FORWARDED]


def _client(peer: str, forwarded: tuple[bytes, ...], is_trusted: Callable[[str], bool]) -> str:
    address = plain(peer) or peer
    for text in reversed(b",".join(forwarded).decode("latin-1").split(",")[-_HOPS:]):
        if plain(address) is None or not is_trusted(address):
            break
        hop = plain(text)
        if hop is None:
            break  # a proxy that adds no address: it answers for what comes through it
        address = hop
    return address
