"""What a mail of this server looks like: plain text, for one person, and marked as written by a program."""

import email.policy
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from textwrap import wrap
from urllib.parse import urlsplit

import msgspec

from fedcomm import clock
from fedcomm.config import Config

_POLICY = email.policy.SMTP.clone(max_line_length=76)
_WIDTH = 72  # characters of a line
_LONGEST = 150  # characters of a subject or a name


class Letter(msgspec.Struct, frozen=True):
    """What is written to whom: a subject and paragraphs; `stop` is where one click says that one wants no more."""

    to: str
    subject: str
    paragraphs: list[str]
    language: str = "en"
    stop: str = ""


def message(config: Config, server_name: str, letter: Letter, mail_id: int) -> EmailMessage:
    """The letter as a mail. A second one with the same `mail_id` is the same to who sorts out what comes twice.

    Whatever stands in a header is one line: what people have written cannot add headers (attack ADM-06).
    """
    sender, host = config.mail.sender, config.mail.sender.rpartition("@")[2]
    made = EmailMessage(_POLICY)
    made["From"] = Address(one_line(server_name), addr_spec=sender)
    made["To"] = Address(addr_spec=letter.to)
    made["Subject"] = one_line(letter.subject)
    made["Date"] = datetime.fromtimestamp(clock.now(), UTC)
    made["Message-ID"] = f"<{mail_id}@{urlsplit(config.base_url).hostname or host}>"
    made["Auto-Submitted"] = "auto-generated"  # no answering machine answers (RFC 3834 §5)
    if letter.stop:
        made["List-Unsubscribe"] = f"<{letter.stop}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # to which no sign-in is needed (RFC 8058 §3.1)
        made["Precedence"] = "bulk"
    made.set_content(_text(letter.paragraphs), cte="quoted-printable")
    made["Content-Language"] = letter.language  # to set the content takes away what was said of another one
    return made


def one_line(text: str) -> str:
    """The text without line ends and what does not show, not longer than a header should be."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:_LONGEST]


def _text(paragraphs: list[str]) -> str:
    """Lines that fit a narrow window; addresses of pages stay whole, each in a line of its own."""
    return "\n\n".join("\n".join(map(_wrapped, paragraph.splitlines())) for paragraph in paragraphs) + "\n"


def _wrapped(line: str) -> str:
    begin = "> " if line.startswith("> ") else ""
    return "\n".join(wrap(line, _WIDTH, subsequent_indent=begin, break_long_words=False, break_on_hyphens=False))
