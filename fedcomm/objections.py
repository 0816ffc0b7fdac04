"""Who was warned, limited or suspended by this server says why that is wrong, by the link in the mail about it, once.

It comes to who looks after the server as a report of theirs about themselves, which nobody else can make. To deal with
that is the answer; it goes by mail, for who is suspended reads no messages. Who did it decides about it only where
nobody else may (`casework.py`).
"""

import msgspec

import storage.accounts
import storage.actors
from fedcomm import clock, telling, tokens
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import mail_links, reports, sanctions
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.ids import next_id
from storage.mail_links import MailLink
from storage.reports import Report
from storage.sanctions import Sanction

OPEN_FOR = 30 * 86_400_000  # ms; what is suspended for so long is deleted (`sanctions.KEPT`)
MAX_TEXT = 1_000  # characters


class Objection(msgspec.Struct, frozen=True):
    """Against what, and whose it is."""

    account: Account
    actor: Actor
    sanction: Sanction


def purpose(sanction_id: int) -> str:
    """What the link is for."""
    return f"objection:{sanction_id}"


async def called(given: str) -> Objection:
    """What a link is about; `given` is how it ends: the number of the sanction, a dot, and the secret.

    Raises:
        NotFound: it was used, is too old, or was sent to an address that is theirs no more.
    """
    number, secret = _parts(given)
    return await _of(await mail_links.find(tokens.hash_of(secret), purpose(number), clock.now_ms()), number)


async def ask(app: App, given: str, text: str) -> None:
    """Who has the link objects: who looks after the server is told.

    Raises:
        NotFound: as `called`.
        Invalid: nothing said, or too long; the link is still good.
    """
    if not 0 < len(text.strip()) <= MAX_TEXT:
        raise Invalid("Please say why, in at most {limit} characters.", field="text", limit=MAX_TEXT)
    number, secret = _parts(given)
    async with transaction():
        found = await _of(await mail_links.use(tokens.hash_of(secret), purpose(number), clock.now_ms()), number)
        await mail_links.drop(found.account.id, purpose(number))  # of a mail that was sent twice
        report_id = next_id()
        made = Report(
            id=report_id, uri=app.urls.activity(report_id), reporter_id=found.actor.id, target_id=found.actor.id,
            group_id=None, post_ids=[], comment=text.strip(), category="other", state=reports.OPEN,
            created_at=clock.now_ms(), closed_at=None, acted_by=await _who(found.sanction),
        )  # fmt: skip
        reports.insert(writes := Writes(), made)
        await telling.of_report(app, writes, made, found.actor, None, None)
        await write(writes)


async def _who(sanction: Sanction) -> str:
    """Who did it (an id), '' for whoever runs the server, who is nobody in particular."""
    account = await storage.accounts.by_name(sanction.made_by.removeprefix("@"))
    actor = await storage.actors.by_id(account.actor_id) if account is not None else None
    return actor.uri if actor is not None else ""


def _parts(given: str) -> tuple[int, str]:
    number, _, secret = given.partition(".")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0, secret[:100]


async def _of(link: MailLink | None, number: int) -> Objection:
    account = await storage.accounts.by_id(link.account_id) if link is not None else None
    actor = await storage.actors.by_id(account.actor_id) if account is not None else None
    sanction = (await sanctions.by_ids([number])).get(number)
    if link is None or account is None or actor is None or sanction is None or account.email_key != link.address:
        raise NotFound("This link does not work (any more). Whom you can ask stands on the page about this server.")
    return Objection(account, actor, sanction)
