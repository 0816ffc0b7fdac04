"""Mail to who looks after this server: of reports, of sign-ups that wait, and that the server has closed itself.

Each of them says for which of these they want none. Of the first two at most one mail goes to each in five minutes,
however much comes, and none if it is dealt with by then.
"""

from collections.abc import Collection

import storage.accounts
from fedcomm import mails, preferences
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.accounts import Account
from storage.connect import Writes

REPORTS, SIGN_UPS, CLOSED = KINDS = ("reports", "sign_ups", "closed")
WAIT = 5 * 60_000  # ms


async def post(app: App, writes: Writes, kind: str, actors: Collection[int] | None = None) -> None:
    """Tell each who looks after the server and wants to hear of it, of these `actors` where they are given."""
    if not mails.on(app):
        return
    for account in await storage.accounts.staff_with_address():
        if (actors is None or account.actor_id in actors) and wants(account, kind):
            wait = 0 if kind == CLOSED else WAIT
            mails.post(app, writes, kind, account=account.id, key=str(account.id), wait=wait)


def wants(account: Account, kind: str) -> bool:
    """Whether somebody wants mail of this kind: unless they have said that they do not."""
    return kind not in preferences.without_mail(account)


async def choose(app: App, account: Account, kinds: Collection[str]) -> None:
    """Somebody wants mail of these kinds, and of no others.

    Raises:
        Invalid: there is no such kind.
    """
    if not set(kinds) <= set(KINDS):
        raise Invalid("There is no such kind of mail.", field="kinds")
    await preferences.set_without_mail(account, [kind for kind in KINDS if kind not in kinds])
