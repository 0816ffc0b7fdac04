"""Which of the two signatures a server took when it was asked for documents; it is asked with that one first."""

from collections import OrderedDict

from activitypub.origins import host_of
from activitypub.signatures import Scheme

REMEMBERED = 10_000  # servers
_FIRST: tuple[Scheme, ...] = ("cavage", "rfc9421")  # what nearly everybody understands comes first
_TURNED = _FIRST[::-1]


class Schemes:
    """Remembers the servers that took the second signature after they had refused the first."""

    def __init__(self) -> None:
        self._turned: OrderedDict[str, None] = OrderedDict()

    def of(self, url: str, attempt: int) -> Scheme | None:
        """The scheme for the first attempt (0) at a URL, for the next when that was refused; None: there is no more.

        Raises:
            Malformed: no such URL.
        """
        order = _TURNED if host_of(url) in self._turned else _FIRST
        return order[attempt] if attempt < len(order) else None

    def took(self, url: str, attempt: int) -> None:
        """The server answered at this attempt, having refused those before."""
        if attempt == 0:
            return
        host = host_of(url)
        if host in self._turned:
            del self._turned[host]
            return
        self._turned[host] = None
        if len(self._turned) > REMEMBERED:
            self._turned.popitem(last=False)
