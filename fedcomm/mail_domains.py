"""E-mail addresses with which nobody signs up, by their domain: of those who give out addresses for minutes.

Who has an account already keeps it, and whom an admin makes one may have any address.
"""

import hashlib
from collections.abc import Sequence

from activitypub.errors import ProtocolError
from activitypub.origins import host_named
from fedcomm import audit, clock, powers
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import mail_domains, peers
from storage.accounts import Account
from storage.connect import transaction
from storage.ids import next_id
from storage.mail_domains import MailDomain, Tries

DAYS, DAY = 7, 86_400_000  # that are told, as on Mastodon (`Trends::History`), and ms of one


async def close(by: Account | None, domain: str) -> MailDomain:
    """Let nobody sign up any more with an address in a domain, or below it.

    Raises:
        NotAllowed: `by` may not.
        Invalid: no name of a domain.
        Conflict: it is so already.
    """
    powers.require(by, powers.SERVER)
    name = named(domain)
    made = MailDomain(next_id(), name, clock.now_ms())
    async with transaction():
        if not await mail_domains.insert(made):
            raise Conflict("Nobody signs up with that domain already.")
        await audit.record(by, "mail_domain.close", name)
    return made


def named(domain: str) -> str:
    """A domain as it is kept, in ASCII; of an address the domain.

    Raises:
        Invalid: no name of a domain.
    """
    try:
        name = host_named(domain.strip().lower().rpartition("@")[2])
    except ProtocolError:
        raise Invalid("This is no domain.", field="domain") from None
    if "." not in name or ":" in name:
        raise Invalid("This is no domain.", field="domain")
    return name


async def open_(by: Account | None, domain_id: int) -> None:
    """Let people sign up with it again.

    Raises:
        NotAllowed: `by` may not.
        NotFound: there is no such domain among them.
    """
    powers.require(by, powers.SERVER)
    async with transaction():
        found = await mail_domains.by_id(domain_id)
        if found is None or not await mail_domains.delete(domain_id):
            raise NotFound("There is no such domain any more.")
        await audit.record(by, "mail_domain.open", found.domain)


async def check(email: str, place: str = "") -> None:
    """Whether somebody may sign up with an address; '' is none. Who tries in vain from a network address is counted.

    Raises:
        Invalid: its domain is closed.
    """
    domain = email.strip().lower().rpartition("@")[2]
    if "@" in email and (closed := await mail_domains.among(peers.domains(domain.rstrip(".")))):
        day = clock.now_ms() // DAY
        for each in closed if place else ():
            who = hashlib.sha256(f"{each.id} {day} {place}".encode()).hexdigest()[:16]
            await mail_domains.tried(each.id, day, who)
        raise Invalid("Nobody signs up here with an address of that domain. Please give another one.", field="email")


async def history(domains: Sequence[MailDomain]) -> dict[int, list[tuple[int, Tries]]]:
    """How often people tried to sign up with them in the last `DAYS` days, by the numbers of the domains.

    Each day has its beginning (ms since 1970); today comes first.
    """
    today = clock.now_ms() // DAY
    found = await mail_domains.history([each.id for each in domains], today - DAYS + 1)
    days = range(today, today - DAYS, -1)
    return {each.id: [(day * DAY, found.get(each.id, {}).get(day, Tries())) for day in days] for each in domains}


async def forget() -> int:
    """Forget what is told no more; gives how many rows went."""
    return await mail_domains.forget_tries(clock.now_ms() // DAY - DAYS)
