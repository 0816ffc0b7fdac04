"""Hands mail to the server that the settings name: by SMTP, encrypted and its certificate checked.

Only a server on this machine is spoken to without encryption. Nothing here waits in a request: mail is sent by jobs
(`mailing.py`) and by `fedcomm mail test`, in a thread, since the standard library waits for the server.
"""

import asyncio
import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from urllib.parse import urlsplit

from fedcomm.config import Config, mail_server
from fedcomm.config.loopback import is_address
from fedcomm.config.mail_server import MailServer

SECONDS = 20.0  # that one step of the conversation may take
_LONGEST = 300  # characters of what a server says
_PLAIN = frozenset({"EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA", "RSET", "QUIT"})  # what hides no password


class Unsent(Exception):
    """The mail server was not reached, or does not take this now; `talk` is what was said until then."""

    def __init__(self, why: str, talk: list[str]) -> None:
        super().__init__(why)
        self.talk = talk


class Refused(Unsent):
    """The mail server says for good that it does not take this: to ask again is of no use."""


async def deliver(config: Config, message: EmailMessage, recipient: str) -> list[str]:
    """Hand a message in for one recipient; what was said, line by line, without passwords and without the message.

    Raises:
        Unsent: not this time.
        Refused: never.
    """
    server = mail_server.read(config.mail.url)
    return await asyncio.to_thread(_deliver, server, config, message, recipient)


async def reached(config: Config) -> None:
    """Whether the mail server answers, and lets us in; nothing is sent.

    Raises:
        Unsent: it does not.
    """
    await asyncio.to_thread(_reach, mail_server.read(config.mail.url), config)


def _reach(server: MailServer, config: Config) -> None:
    try:
        with _connected(server, config, []) as session:
            session.noop()
    except smtplib.SMTPResponseException as refused:
        raise Unsent(_said(refused.smtp_code, refused.smtp_error), []) from None
    except (smtplib.SMTPException, OSError) as fault:
        raise Unsent(f"{server.host}:{server.port}: {fault}"[:_LONGEST], []) from None


def _deliver(server: MailServer, config: Config, message: EmailMessage, recipient: str) -> list[str]:
    talk: list[str] = []
    try:
        with _connected(server, config, talk) as session:
            session.send_message(message, from_addr=config.mail.sender, to_addrs=[recipient])
    except smtplib.SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()))
        raise _fault(code, said, talk) from None
    except smtplib.SMTPAuthenticationError as refused:  # the settings are wrong, not the mail: it waits for them
        raise Unsent(_said(refused.smtp_code, refused.smtp_error), talk) from None
    except (smtplib.SMTPSenderRefused, smtplib.SMTPHeloError, smtplib.SMTPConnectError) as refused:
        raise Unsent(_said(refused.smtp_code, refused.smtp_error), talk) from None
    except smtplib.SMTPResponseException as refused:
        raise _fault(refused.smtp_code, refused.smtp_error, talk) from None
    except (smtplib.SMTPException, OSError) as fault:  # ssl.SSLError is an OSError
        raise Unsent(f"{server.host}:{server.port}: {fault}"[:_LONGEST], talk) from None
    return talk


@contextlib.contextmanager
def _connected(server: MailServer, config: Config, talk: list[str]) -> Iterator[smtplib.SMTP]:
    """A session that is encrypted where it has to be, and signed in where the settings name a user."""
    context = ssl.create_default_context()
    if config.extra_ca_file:
        context.load_verify_locations(config.extra_ca_file)
    with _opened(server, _name(config), context, talk) as session:
        session.ehlo()
        if server.tls == "starttls":
            session.starttls(context=context)  # a server that does not offer it is one that we do not speak to
            session.ehlo()
        if server.user:
            _sign_in(session, server)
        yield session


def _sign_in(session: smtplib.SMTP, server: MailServer) -> None:
    try:
        session.login(server.user, server.password)
    except UnicodeEncodeError:  # not told as it is: it has the password
        raise smtplib.SMTPException("the user or password has letters that are not sent (only ASCII is)") from None


def _opened(server: MailServer, name: str, context: ssl.SSLContext, talk: list[str]) -> smtplib.SMTP:
    if server.tls == "first":
        return _Encrypted(talk, server.host, server.port, name, timeout=SECONDS, context=context)
    return _Session(talk, server.host, server.port, name, timeout=SECONDS)


class _Session(smtplib.SMTP):
    """Writes down what is said."""

    def __init__(self, talk: list[str], *args: object, **named: object) -> None:
        self._talk = talk
        super().__init__(*args, **named)  # type: ignore[arg-type]

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Say something; the library has checked that it is one line."""
        self._talk.append(f"> {_shown(cmd, args)}")
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """What the server answers."""
        code, said = super().getreply()
        self._talk.append(f"< {_said(code, said)}")
        return code, said


class _Encrypted(_Session, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def _shown(command: str, args: str) -> str:
    verb, _, rest = command.partition(" ")
    if verb.upper() in _PLAIN:
        return " ".join(filter(None, (verb.upper(), rest, args)))
    return "AUTH …"


def _fault(code: int, said: bytes | str, talk: list[str]) -> Unsent:
    """5yz is for good, anything else for now (RFC 5321 §4.2.1)."""
    return (Refused if 500 <= code < 600 else Unsent)(_said(code, said), talk)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:_LONGEST]


def _name(config: Config) -> str:
    """What we call ourselves; without it the library asks the DNS, which may take long."""
    host = urlsplit(config.base_url).hostname or "localhost"
    if is_address(host):
        return f"[IPv6:{host}]" if ":" in host else f"[{host}]"
    return host
