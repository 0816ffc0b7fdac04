"""Mail to who looks after this server: of reports, of sign-ups that wait, and that the server has closed itself; and to
who looks after groups: that something waits in them.

Each of them says for which of these they want none; of groups only who has asked for it hears. At most one mail of a
kind goes to each in five minutes, however much comes, and none if it is dealt with by then.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable

import storage.accounts
import storage.actors
from activitypub.keys import private_der
from fedcomm import mails, preferences
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import registers
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes

REPORTS, SIGN_UPS, CLOSED = OF_STAFF = ("reports", "sign_ups", "closed")
GROUPS = "groups"  # what waits in the groups that one looks after
KINDS = (*OF_STAFF, GROUPS)
WAIT = 5 * 60_000  # ms


async def post(app: App, writes: Writes, kind: str, actors: Collection[int] | None = None) -> None:
    """Tell each who looks after the server and wants to hear of it, of these `actors` where they are given."""
    if not mails.on(app):
        return
    for account in await storage.accounts.staff_with_address():
        if (actors is None or account.actor_id in actors) and wants(account, kind):
            wait = 0 if kind == CLOSED else WAIT
            mails.post(app, writes, kind, account=account.id, key=str(account.id), wait=wait)


async def of_groups(app: App, writes: Writes, leading: Iterable[Actor]) -> None:
    """Tell those of these actors, who look after a group in which something waits now, who have asked for that."""
    here = [who.id for who in leading if who.local] if mails.on(app) else []
    for account in (await storage.accounts.of_actors(here)).values() if here else ():
        if wants(account, GROUPS):
            mails.post(app, writes, GROUPS, account=account.id, key=str(account.id), wait=WAIT)


async def offered(account: Account) -> tuple[str, ...]:
    """The kinds of mail that somebody can choose from, as far as they look after the server or groups."""
    name = await storage.actors.by_id(account.actor_id)
    leads = name is not None and bool(await registers.moderated(name.uri))
    return (*(OF_STAFF if account.role != "member" else ()), *((GROUPS,) if leads else ()))


def wants(account: Account, kind: str) -> bool:
    """Whether somebody wants mail of this kind: of groups if they have asked for it, else unless they want none."""
    return kind in preferences.with_mail(account) if kind == GROUPS else kind not in preferences.without_mail(account)


async def choose(app: App, account: Account, kinds: Collection[str]) -> None:
    """Somebody wants mail of these kinds, and of no others that they can choose from; the rest stays as it is.

    Raises:
        Invalid: there is no such kind.
    """
    if not set(kinds) <= set(KINDS):
        raise Invalid("There is no such kind of mail.", field="kinds")
    choice = await offered(account)
    await _keep(account, lambda now, kind: kind in kinds or (kind not in choice and wants(now, kind)))


async def stop(app: App, token: str) -> None:
    """Somebody wants no more mail of the kind that this token names, wherever they are: whoever has it read that mail.

    Raises:
        NotFound: it is no token of ours.
    """
    account, kind = await stopped_by(app, token)
    if wants(account, kind):
        await _keep(account, lambda now, each: each != kind and wants(now, each))


async def _keep(account: Account, wanted: Callable[[Account, str], bool]) -> None:
    def choice(now: Account) -> tuple[list[str], list[str]]:
        without = [kind for kind in OF_STAFF if not wanted(now, kind)]
        return without, [GROUPS] if wanted(now, GROUPS) else []

    await preferences.set_mail(account, choice)


async def stopped_by(app: App, token: str) -> tuple[Account, str]:
    """Whose mail of which kind a token stops.

    Raises:
        NotFound: as `stop`.
    """
    number, _, rest = token.partition("-")
    kind, _, _sign = rest.partition("-")
    known = app.service_key and number.isascii() and number.isdigit() and len(number) < 20 and kind in KINDS
    if not known or not hmac.compare_digest(token.encode(), stopping(app, int(number), kind).encode()):
        raise NotFound("This link is not valid (any more). You can say in the settings which mail you want.")
    account = await storage.accounts.by_id(int(number))
    if account is None:
        raise NotFound("There is no such account.")
    return account, kind


def stopping(app: App, account_id: int, kind: str) -> str:
    """The token that stops mail of this kind to an account; it is nothing that is kept, and does not end.

    '' as long as the server has no key.
    """
    if app.service_key is None:
        return ""
    secret = hashlib.sha256(b"mail that is not wanted" + private_der(app.service_key[0])).digest()
    return f"{account_id}-{kind}-{hmac.digest(secret, f'{account_id} {kind}'.encode(), 'sha256').hex()[:32]}"
