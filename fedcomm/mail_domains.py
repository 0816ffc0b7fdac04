"""E-mail addresses with which nobody signs up, by their domain: of those who give out addresses for minutes.

Who has an account already keeps it, and whom an admin makes one may have any address.
"""

from activitypub.errors import ProtocolError
from activitypub.origins import host_named
from fedcomm import audit, clock, powers
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import mail_domains, peers
from storage.accounts import Account
from storage.connect import transaction
from storage.ids import next_id
from storage.mail_domains import MailDomain


async def close(by: Account | None, domain: str) -> MailDomain:
    """Let nobody sign up any more with an address in a domain, or below it.

    Raises:
        NotAllowed: `by` may not.
        Invalid: no name of a domain.
        Conflict: it is so already.
    """
    powers.require(by, powers.SERVER)
    try:
        name = host_named(domain.strip().lower().rpartition("@")[2])
    except ProtocolError:
        raise Invalid("This is no domain.", field="domain") from None
    if "." not in name or ":" in name:
        raise Invalid("This is no domain.", field="domain")
    made = MailDomain(next_id(), name, clock.now_ms())
    async with transaction():
        if not await mail_domains.insert(made):
            raise Conflict("Nobody signs up with that domain already.")
        await audit.record(by, "mail_domain.close", name)
    return made


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


async def check(email: str) -> None:
    """Whether somebody may sign up with an address; '' is none.

    Raises:
        Invalid: its domain is closed.
    """
    domain = email.strip().lower().rpartition("@")[2]
    if "@" in email and await mail_domains.among(peers.domains(domain.rstrip("."))):
        raise Invalid("Nobody signs up here with an address of that domain. Please give another one.", field="email")
