"""Networks and e-mail addresses of those who come again and again: who may sign up, and who is let in at all.

What holds for a network stands in memory (`severity`), since it is asked at every request.
"""

import hashlib
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeVar
from weakref import WeakKeyDictionary

import msgspec

from fedcomm import audit, clock, emails, powers
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import address_blocks as stored
from storage import bus
from storage.accounts import Account
from storage.address_blocks import APPROVAL, NO_ACCESS, NO_SIGN_UP, AddressBlock, EmailBlock
from storage.connect import transaction
from storage.ids import next_id

_Block = TypeVar("_Block")

SEVERITIES = (NO_ACCESS, NO_SIGN_UP, APPROVAL)  # the strictest first
WIDEST = {4: 8, 6: 16}  # bits of the name of a network; a wider one would be half of the world
LONGEST = 1_000  # characters of a comment
_KEPT = 10_000  # addresses that are remembered
_Network = IPv4Network | IPv6Network


class Wanted(msgspec.Struct, frozen=True):
    """A network and what holds for it, for so many seconds or (0) for ever."""

    network: str
    severity: str
    comment: str = ""
    seconds: int = 0


class _Remembered:
    """The networks of one server, until somebody changes them."""

    def __init__(self) -> None:
        self.blocks: list[tuple[_Network, AddressBlock]] | None = None
        self.answers: dict[str, list[AddressBlock]] = {}
        self.generation = 0

    def forget(self) -> None:
        self.blocks, self.answers = None, {}
        self.generation += 1


_remembered: WeakKeyDictionary[App, _Remembered] = WeakKeyDictionary()


async def severity(app: App, address: str) -> str:
    """What holds for who comes from this address; '' is nothing."""
    remembered = _remembered.get(app) or _remember(app)
    if remembered.blocks is None:
        generation = remembered.generation
        found = [(ip_network(each.network), each) for each in await stored.everything()]
        if generation != remembered.generation:
            return _strictest(_matching(found, address))
        remembered.blocks = found
    if not remembered.blocks:
        return ""
    known = remembered.answers.get(address)
    if known is None:
        if len(remembered.answers) >= _KEPT:
            remembered.answers.clear()
        known = remembered.answers[address] = _matching(remembered.blocks, address)
    return _strictest(known) if known else ""


async def make(by: Account | None, wanted: Wanted, here: str = "") -> AddressBlock:
    """From now on this holds for a network; `here` is the address from which that is asked.

    Raises:
        NotAllowed: `by` may not.
        Invalid: no network, too wide a one, or no such severity; or whoever asks would be kept out themselves.
        Conflict: something holds for it already.
    """
    powers.require(by, powers.SERVER)
    return await _put(by, wanted, next_id(), clock.now_ms(), here)


async def change(by: Account | None, number: int, wanted: Wanted, here: str = "") -> AddressBlock:
    """Something else holds for a network.

    Raises:
        NotAllowed, Invalid, Conflict: as `make`.
        NotFound: there is none of that number.
    """
    powers.require(by, powers.SERVER)
    found = await stored.by_id(number)
    if found is None:
        raise NotFound("There is no such network among them.")
    return await _put(by, wanted, number, found.created_at, here)


async def end(by: Account | None, number: int) -> None:
    """Nothing holds for a network any more.

    Raises:
        NotAllowed: `by` may not.
        NotFound: there is none of that number.
    """
    powers.require(by, powers.SERVER)
    async with transaction():
        found = await stored.by_id(number)
        found = _ended(found, "There is no such network among them.", ended=await stored.delete(number))
        await bus.publish("addresses", "")
        await audit.record(by, "address.open", found.network)


def canonical(email: str) -> str:
    """The SHA-256 (hex) of the canonical form of an address: without dots and what follows a + in the name, as Mastodon
    makes it (`EmailHelper`), so that lists of both fit."""
    name, _, domain = email.strip().lower().partition("@")
    name = name.replace(".", "").partition("+")[0]
    return hashlib.sha256(f"{name}@{domain}".encode()).hexdigest()


async def close_email(by: Account | None, *, email: str = "", digest: str = "") -> EmailBlock:
    """Let nobody sign up with an address any more, of which only the hash may be known.

    Raises:
        NotAllowed: `by` may not.
        Invalid: neither.
        Conflict: it is so already.
    """
    powers.require(by, powers.SERVER)
    wanted = canonical(emails.check(email)) if email.strip() else digest.strip().lower()
    if len(wanted) != 64 or wanted.strip("0123456789abcdef"):
        raise Invalid("Give an e-mail address, or the SHA-256 of one.", field="email")
    made = EmailBlock(next_id(), wanted, clock.now_ms())
    async with transaction():
        if not await stored.put_email(made):
            raise Conflict("Nobody signs up with that address already.")
        await audit.record(by, "email.close", wanted)
    return made


async def open_email(by: Account | None, number: int) -> None:
    """Let people sign up with it again.

    Raises:
        NotAllowed: `by` may not.
        NotFound: there is none of that number.
    """
    powers.require(by, powers.SERVER)
    async with transaction():
        found = await stored.email_by_id(number)
        found = _ended(found, "There is no such address among them.", ended=await stored.delete_email(number))
        await audit.record(by, "email.open", found.digest)


def _ended(found: _Block | None, missing: str, *, ended: bool) -> _Block:
    """What was there and is no more; of two who end it at once one comes too late."""
    if found is None or not ended:
        raise NotFound(missing)
    return found


async def follow(account: Account, *, suspended: bool) -> None:
    """Close the address of who is suspended to who signs up, as on Mastodon, or open it again when they are let in.

    An address that nobody has confirmed may be somebody else's, and stays open; one that an admin closed stays closed.
    Belongs in a transaction.
    """
    if not suspended:
        await stored.delete_email_of(account.id)
    elif account.email_key:
        await stored.put_email_of(EmailBlock(next_id(), canonical(account.email_key), clock.now_ms()), account.id)


async def check_email(email: str) -> None:
    """Whether somebody may sign up with an address; '' is none.

    Raises:
        Invalid: they may not.
    """
    if "@" in email and await stored.email(canonical(email)):
        raise Invalid("Nobody signs up here with that address. Please give another one.", field="email")


async def _put(by: Account | None, wanted: Wanted, number: int, made_at: int, here: str) -> AddressBlock:
    if wanted.severity not in SEVERITIES:
        raise Invalid("A severity is one of {these}.", field="severity", these=", ".join(SEVERITIES))
    comment = " ".join(wanted.comment.split())[:LONGEST]
    ends = clock.now_ms() + wanted.seconds * 1_000 if wanted.seconds > 0 else None
    made = AddressBlock(number, _network(wanted.network), wanted.severity, comment, made_at, ends)
    if made.severity == NO_ACCESS and _matching([(ip_network(made.network), made)], here):
        raise Invalid(
            "You come from this network yourself ({address}), and could not come back to open it again.", field="ip",
            address=here, fix=f"close it on the machine of the server: fedcomm network block {made.network}",
        )  # fmt: skip
    async with transaction():
        if not await stored.put(made):
            raise Conflict("Something holds for this network already.", field="ip")
        await bus.publish("addresses", "")
        await audit.record(by, "address.close", made.network, severity=made.severity, comment=comment)
    return made


def _network(text: str) -> str:
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError:
        raise Invalid("This is no address and no network.", field="ip") from None
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped:
        raise Invalid("Please write it as an IPv4 network.", field="ip")
    if found.prefixlen < WIDEST[found.version]:
        raise Invalid(
            "This network is too wide: name /{bits} or narrower ones.", field="ip", bits=WIDEST[found.version]
        )
    return str(found)


def _matching(blocks: list[tuple[_Network, AddressBlock]], address: str) -> list[AddressBlock]:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return []
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return [block for network, block in blocks if found in network]


def _strictest(blocks: list[AddressBlock]) -> str:
    now = clock.now_ms()
    held = {each.severity for each in blocks if each.expires_at is None or each.expires_at > now}
    return next((each for each in SEVERITIES if each in held), "")


def _remember(app: App) -> _Remembered:
    remembered = _remembered[app] = _Remembered()
    bus.subscribe("addresses", lambda _payload: remembered.forget())
    bus.after_gap(remembered.forget)
    return remembered
