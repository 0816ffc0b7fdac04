"""RSA keys for tests, as good as new: real ones of the usual size, put together from few primes.

To make a key takes 30 to 50 ms of the processor, nearly all of it the search for its two primes; with these there are
already, 0.2 ms. Nobody outside of a test may do that: who has two keys with a prime in common can find both.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import count, cycle
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from activitypub import keys
from activitypub.keys import PrivateKey

POOL = 32  # keys that are really made, at most
_BEGIN = os.getpid() % POOL  # so that processes that begin at once make different ones
_made: dict[int, PrivateKey] = {}
_folders: list[Path] = []


def keep_in(folder: Path) -> None:
    """What is made from now on is kept there, for whoever keeps theirs in the same place."""
    _folders[:] = [folder]


def in_turn() -> Iterator[PrivateKey]:
    """The keys that are really made, again and again. There are far more than a test has actors of ours."""
    return (_really_made(number) for number in cycle(range(POOL)))


def another() -> PrivateKey:
    """One that is none of the above, and that nobody in this process had before."""
    return next(_others)


@cache
def called(name: str) -> PrivateKey:
    """One of these, the same for this name in the whole run."""
    return another()


def _mixed() -> Iterator[PrivateKey]:
    """A prime of each key with one of each key before it: so few have to be made."""
    for later in count(1):
        if later == POOL:
            raise RuntimeError(f"no test run needs more than {2 * POOL * (POOL - 1)} keys")
        for earlier in range(later):
            for side in range(4):
                yield _of(_primes(earlier)[side % 2], _primes(later)[side // 2])


_others = _mixed()


def _primes(number: int) -> tuple[int, int]:
    private = _really_made(number).raw.private_numbers()  # type: ignore[union-attr]
    return private.p, private.q


def _of(p: int, q: int) -> PrivateKey:
    public = rsa.RSAPublicNumbers(65537, p * q)
    d = pow(public.e, -1, (p - 1) * (q - 1))
    parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    whole = rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key(unsafe_skip_rsa_key_validation=True)
    return PrivateKey("rsa", whole)


def _really_made(number: int) -> PrivateKey:
    number = (_BEGIN + number) % POOL
    if number not in _made:
        _made[number] = _kept(_folders[0] / f"{number}.der") if _folders else keys.make_rsa()
    return _made[number]


def _kept(file: Path) -> PrivateKey:
    with suppress(FileNotFoundError):
        return keys.load_private(file.read_bytes())
    key = keys.make_rsa()
    mine = file.with_suffix(f".{os.getpid()}")
    mine.write_bytes(keys.private_der(key))
    mine.rename(file)
    return key
