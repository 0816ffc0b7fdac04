"""Browsers that are signed in: opened at sign-in with a new secret each time, ended one by one or all at once."""

import secrets

import storage.accounts
import storage.sessions
from fedcomm import clock, tokens
from fedcomm.errors import NotFound
from storage.connect import transaction
from storage.ids import next_id
from storage.sessions import Session

DAY = 86_400_000  # ms
LIFETIME = 60 * DAY  # since it was last used
LONGEST = 365 * DAY  # since it was opened
MOST = 20  # of one account; the one not used for longest ends
_TOUCH_EVERY = 3_600_000  # ms: reading a page must not be a write each time


async def open(app: object, account_id: int, user_agent: str) -> str:
    """Sign a browser in: the secret for its cookie, never the same twice."""
    token, now = tokens.new(), clock.now_ms()
    session = Session(
        id=next_id(), token_hash=tokens.hash_of(token), account_id=account_id, csrf=secrets.token_urlsafe(32),
        created_at=now, last_used_at=now, expires_at=now + LIFETIME, user_agent=_text(user_agent),
    )  # fmt: skip
    async with transaction():
        await storage.sessions.insert(session)
        await storage.sessions.delete_oldest(account_id, keep=MOST)
        await storage.accounts.set_active_at(account_id, now)
    return token


async def find(app: object, token: str) -> Session | None:
    """The session of this cookie, while it lasts."""
    if not token or len(token) > 100:
        return None
    session = await storage.sessions.by_token_hash(tokens.hash_of(token))
    now = clock.now_ms()
    if session is None or session.expires_at <= now:
        return None
    if now - session.last_used_at >= _TOUCH_EVERY:
        await storage.sessions.extend(session.id, now, min(now + LIFETIME, session.created_at + LONGEST))
        await storage.accounts.set_active_at(session.account_id, now)
    return session


async def close(app: object, session: Session) -> None:
    """Sign this browser out."""
    await storage.sessions.delete(session.id, session.account_id)


async def close_other(app: object, account_id: int, session_id: int) -> None:
    """Sign out one browser of somebody.

    Raises:
        NotFound: they have no such session.
    """
    if not await storage.sessions.delete(session_id, account_id):
        raise NotFound("This session has ended already.")


def _text(user_agent: str) -> str:
    """What can be kept and shown of a header somebody else wrote."""
    return "".join(character for character in user_agent[:300] if character.isprintable())
