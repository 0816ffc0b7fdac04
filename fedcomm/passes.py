"""Addresses of pictures that are not for everybody: they are signed, and they end (docs/decisions/0041).

Programs load pictures in nobody's name. So whoever is shown a post gets such an address with it, and whoever finds it
later, in a history or a copied page, has nothing. It is the same one for hours, so that what was loaded is not loaded
again.
"""

import hashlib
import hmac
import re
from weakref import WeakKeyDictionary

from activitypub.keys import PrivateKey, private_der
from fedcomm import clock
from storage import connect
from storage.connect import Database
from storage.posts import MEMBERS, UNLISTED

DAY = 86_400_000  # ms
NEAR = DAY  # what pages and programs are given lasts so long, and at most twice as long
FAR = 7 * DAY  # the same for other servers, which have what is delivered within a week; Mastodon copies it then
FAR_FOLLOWERS = 365 * DAY  # of posts for followers or a few: other programs show pictures from where they are
SIGN = b"&by="  # is in every such address
_FOLDER = "/media/"
_NUMBER = re.compile(r"[0-9]{1,12}")
_ENDS = re.compile(r"\?until=[0-9]{1,12}&by=[0-9a-f]{32}")

_secrets: WeakKeyDictionary[Database, bytes] = WeakKeyDictionary()


def begin(key: PrivateKey) -> None:
    """Addresses are signed from now on, with what only this server knows."""
    _secrets[connect.current()] = hashlib.sha256(b"pictures that are not for everybody" + private_der(key)).digest()


def near(address: str, visibility: int) -> str:
    """The address of a picture of ours as it is told to people here who may see its post: it ends in one to two days.

    Of a post for everybody it is that address itself.
    """
    return address if visibility <= UNLISTED else _signed(address, NEAR)


def far(address: str, visibility: int) -> str:
    """As `near`, for other servers."""
    if visibility <= UNLISTED:
        return address
    return _signed(address, FAR if visibility >= MEMBERS else FAR_FOLLOWERS)


def opens(name: str, until: str, by: str) -> bool:
    """Whether an address that says so is one that was given out and has not ended; `name` is what is behind `/media/`,
    without an ending (attack PRI-15)."""
    secret = _secrets.get(connect.current())
    if secret is None or _NUMBER.fullmatch(until) is None or int(until) * 1000 <= clock.now_ms():
        return False
    return hmac.compare_digest(_sign(secret, name, until).encode(), by.encode())


def ends(address: str) -> bool:
    """Whether an address, also of another server of fedcomm, says that it will end."""
    return _ENDS.search(address) is not None


def _signed(address: str, lasting: int) -> str:
    secret = _secrets.get(connect.current())
    if secret is None:  # nothing can be opened with it
        return address
    until = str((clock.now_ms() // lasting + 2) * lasting // 1000)
    name = address.partition(_FOLDER)[2].partition(".")[0]
    return f"{address}?until={until}&by={_sign(secret, name, until)}"


def _sign(secret: bytes, name: str, until: str) -> str:
    return hmac.digest(secret, f"{name} {until}".encode(), "sha256").hex()[:32]
