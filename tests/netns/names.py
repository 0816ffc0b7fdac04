"""A name server that says what a test tells it, from one lookup to the next."""

import asyncio
import struct
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address

A, CNAME, AAAA = 1, 5, 28
_IN = 1
_ANSWER, _NO_SUCH_NAME = 0x8180, 0x8183  # flags: a response, recursion done


class NameServer(asyncio.DatagramProtocol):
    """Answers over UDP; `zone` maps a name to the answers of consecutive lookups, of which the last one stays.

    An answer is a list of addresses; one that is no address is the name that an alias leads to. `delay` is in seconds,
    None for silence.
    """

    def __init__(self) -> None:
        self.zone: dict[str, Sequence[Sequence[str]]] = {}
        self.delay: float | None = 0.0
        self.lookups: Counter[tuple[str, int]] = Counter()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self.delay is not None:
            asyncio.get_running_loop().call_later(self.delay, self._answer, data, addr)

    def _answer(self, data: bytes, addr: object) -> None:
        name, end = _name(data, 12)
        (kind,) = struct.unpack_from("!H", data, end)
        self.lookups[name, kind] += 1
        records = self._records(name, kind, self.lookups[name, kind] - 1)
        flags = _ANSWER if name in self.zone else _NO_SUCH_NAME
        head = data[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0)
        assert self._transport is not None
        self._transport.sendto(head + data[12 : end + 4] + b"".join(records), addr)

    def _records(self, name: str, kind: int, lookup: int) -> list[bytes]:
        answers = self.zone.get(name, [[]])
        records = []
        for value in answers[min(lookup, len(answers) - 1)]:
            try:
                address = ip_address(value)
            except ValueError:
                records += [_record(name, CNAME, _wire(value)), *self._records(value, kind, lookup)]
                continue
            if kind == (A if address.version == 4 else AAAA):
                records.append(_record(name, kind, address.packed))
        return records


def _record(name: str, kind: int, value: bytes) -> bytes:
    return _wire(name) + struct.pack("!2HIH", kind, _IN, 0, len(value)) + value


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _name(data: bytes, start: int) -> tuple[str, int]:
    labels = []
    while data[start]:
        labels.append(data[start + 1 : start + 1 + data[start]].decode())
        start += 1 + data[start]
    return ".".join(labels).lower(), start + 1
