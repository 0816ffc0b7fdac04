"""The sockets a server listens on, and how many connections it can hold."""

import errno
import resource
import socket
from collections.abc import Sequence
from contextlib import suppress

from fedcomm.config import ConfigError, Problem
from fedcomm.config.values import Address, show_address

_FILES_WANTED = 16_384
_FILES_KEPT = 512  # for the database, peers and logs
_UNUSABLE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def bind(addresses: Sequence[Address]) -> list[socket.socket]:
    """A bound socket for each address (for a name, each of its addresses); nobody is let in before somebody listens.

    Raises:
        ConfigError: an address is taken, is not of this machine, or may not be used.
    """
    bound: list[socket.socket] = []
    try:
        for address in addresses:
            bound += _bind(address)
    except OSError as error:
        for each in bound:
            each.close()
        raise ConfigError(_problem(address, error)) from None
    return bound


def make_files_plenty() -> int:
    """Raise the number of files this process may open as far as it is allowed; gives how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(64, (_FILES_WANTED if soft == resource.RLIM_INFINITY else soft) - _FILES_KEPT)


def _bind(address: Address) -> list[socket.socket]:
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    missing: OSError | None = None
    for family, kind, protocol, _, place in dict.fromkeys(found):
        try:
            bound.append(_bound(family, kind, protocol, place))
        except OSError as error:
            if error.errno not in _UNUSABLE:
                raise
            missing = error  # `localhost` has an IPv6 address on machines without IPv6
    if missing is not None and not bound:
        raise missing
    return bound


def _bound(family: int, kind: int, protocol: int, place: tuple[object, ...]) -> socket.socket:
    new = socket.socket(family, kind, protocol)
    try:
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        new.bind(place)
    except OSError:
        new.close()
        raise
    new.setblocking(False)
    return new


def _problem(address: Address, error: OSError) -> Problem:
    shown = show_address(address)
    if error.errno == errno.EADDRINUSE:
        return Problem(
            f"another program listens on {shown} already",
            "stop it, or choose another address, for example FEDCOMM_LISTEN=127.0.0.1:8421",
        )
    if error.errno == errno.EACCES:
        return Problem(
            f"this user may not listen on {shown}",
            "choose a port above 1023, with a proxy in front, for example FEDCOMM_LISTEN=127.0.0.1:8420",
        )
    return Problem(
        f"{shown} cannot be listened on: {error.strerror or error}",
        "name an address of this machine in FEDCOMM_LISTEN, for example 127.0.0.1:8420",
    )
