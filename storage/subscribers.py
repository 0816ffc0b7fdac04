"""Who in this process wants to know what is told on which channel, here or in another process."""

import logging
import secrets
from collections.abc import Callable

import msgspec

Callback = Callable[[str], None]

MAX_BYTES = 7900  # of channel and payload as sent to other processes; PostgreSQL carries less than 8000

_log = logging.getLogger(__name__)


class _Told(msgspec.Struct, array_like=True):
    by: str
    channel: str
    payload: str


_decode = msgspec.json.Decoder(_Told).decode


class Subscribers:
    """Callbacks by channel; each is called in the event loop and does not wait for anything."""

    def __init__(self) -> None:
        self._us = secrets.token_hex(4)
        self._callbacks: dict[str, list[Callback]] = {}
        self._after_gaps: list[Callable[[], None]] = []

    def add(self, channel: str, callback: Callback) -> Callable[[], None]:
        """`callback(payload)` from now on; gives what ends that."""
        self._callbacks.setdefault(channel, []).append(callback)
        return lambda: self._callbacks[channel].remove(callback)

    def add_after_gap(self, callback: Callable[[], None]) -> Callable[[], None]:
        """`callback()` whenever something may have been missed; gives what ends that."""
        self._after_gaps.append(callback)
        return lambda: self._after_gaps.remove(callback)

    def tell(self, channel: str, payload: str) -> None:
        """Call those of the channel."""
        for callback in tuple(self._callbacks.get(channel, ())):
            try:
                callback(payload)
            except Exception:  # one subscriber's fault is not the teller's, nor the others'
                _log.exception("a subscriber failed channel=%s", channel)

    def gap(self) -> None:
        """Call those who want to know that something may have been missed."""
        for callback in tuple(self._after_gaps):
            callback()

    def message(self, channel: str, payload: str) -> str:
        """What is sent to other processes.

        Raises:
            ValueError: longer than `MAX_BYTES`.
        """
        message = msgspec.json.encode(_Told(self._us, channel, payload))
        if len(message) > MAX_BYTES:
            raise ValueError(f"told on {channel}: longer than {MAX_BYTES} bytes")
        return message.decode()

    def received(self, message: str) -> None:
        """Call those of the channel of a message, unless it is our own: they have been called."""
        told = _decode(message)
        if told.by != self._us:
            self.tell(told.channel, told.payload)
