"""Mail that is to be sent: written down in the transaction of its cause, for a job that writes and sends it.

What waits says what the mail is about and for whom; names, texts and the secrets of links are in the mail alone.
"""

from weakref import WeakKeyDictionary

import msgspec

from fedcomm import clock
from fedcomm.app import App
from fedcomm.attempts import MINUTE, Attempts
from storage import jobs
from storage.connect import Writes
from storage.ids import next_id

JOB = "send_mail"


class Mail(msgspec.Struct, frozen=True):
    """One mail. `letter` says what is in it (`mail_texts.LETTERS`), `account` or else `address` to whom it goes."""

    id: int
    letter: str
    account: int = 0
    address: str = ""
    about: int = 0  # the id of what it is about
    language: str = ""  # for who has no account here, or has not said


_asked: WeakKeyDictionary[App, Attempts] = WeakKeyDictionary()


def on(app: App) -> bool:
    """Whether this server sends mail."""
    return bool(app.config.mail.url)


def post(
    app: App, writes: Writes, letter: str, *, account: int = 0, address: str = "", about: int = 0, language: str = "",
    key: str = "", wait: int = 0,
) -> None:  # fmt: skip
    """Have a mail sent, if this server sends any; of one `key` only one waits at a time, `wait` ms or a little more."""
    if not on(app):
        return
    mail = Mail(next_id(), letter, account, address, about, language)
    named = f"mail:{letter}:{key}" if key else None
    jobs.add(writes, next_id(), JOB, msgspec.to_builtins(mail), clock.now_ms() + wait, key=named)
    app.jobs_added(writes)


def count(app: App, address: str) -> None:
    """Count a mail that somebody has asked for, to an address that they may not be the owner of (attack ADM-06).

    Mastodon's number for forgotten passwords; all kinds of mail are counted together.

    Raises:
        TooMany: enough mails went there lately.
    """
    if app.config.rate_limits:
        if app not in _asked:
            _asked[app] = Attempts(5, 30 * MINUTE)
        _asked[app].take(address.lower())
