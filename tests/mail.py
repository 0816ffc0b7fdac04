"""A mail server for tests: it speaks SMTP on the loopback, keeps what it is given, and refuses what it is told to."""

import asyncio
import base64
import contextlib
import email
import email.policy
import re
import ssl
from email.message import EmailMessage
from typing import cast

import msgspec
import pytest

from fedcomm import clock
from fedcomm.app import App
from fedcomm.jobs import JOBS
from storage import jobs


class MailServer:
    """Takes mail in; `async with MailServer() as server`. `url` is what `mail.url` has to say."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, first: bool = False, login: str = "") -> None:
        self.mails: list[tuple[str, str, EmailMessage]] = []  # from, to, what
        self.refuses: dict[str, str] = {}  # by verb: what is answered
        self.logins: list[str] = []
        self.encrypted: list[bool] = []  # whether each mail came so
        self._tls, self._first, self._login = tls, first, login
        self._running: asyncio.Server | None = None

    async def __aenter__(self) -> "MailServer":
        context = self._tls if self._first else None
        self._running = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._running
        self._running.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._running
        return int(self._running.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"smtp://127.0.0.1:{self.port}"

    def words(self, number: int = -1) -> str:
        """The text of a mail, its lines put together."""
        return " ".join(cast(str, self.mails[number][2].get_content()).split())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # whoever does not trust us hangs up
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = self._first
        sender = recipient = ""

        async def say(*lines: str) -> None:
            for number, line in enumerate(lines, 1):
                code, text = line[:3], line[4:]
                writer.write(f"{code}{' ' if number == len(lines) else '-'}{text}\r\n".encode())
            await writer.drain()

        await say(self.refuses.get("CONNECT", "220 mail.test ESMTP"))
        while line := await reader.readline():
            word, _, rest = line.decode(errors="replace").strip().partition(" ")
            verb = word.upper()
            if answer := self.refuses.get(verb):
                await say(answer)
            elif verb == "EHLO":
                more = ["250 STARTTLS"] if self._tls and not encrypted else ["250 AUTH PLAIN"] if self._login else []
                await say("250 mail.test", *more, "250 8BITMIME")
            elif verb == "STARTTLS":
                await say("220 go ahead")
                await writer.start_tls(self._tls)  # type: ignore[arg-type]
                encrypted = True
            elif verb == "AUTH":
                self.logins.append(base64.b64decode(rest.split()[1]).decode().replace("\0", " ").strip())
                await say("235 welcome" if self.logins[-1] == self._login else "535 5.7.8 wrong password")
            elif verb == "MAIL":
                sender = rest.partition("<")[2].partition(">")[0]
                await say("250 ok")
            elif verb == "RCPT":
                recipient = rest.partition("<")[2].partition(">")[0]
                await say("250 ok")
            elif verb == "DATA":
                await say("354 go ahead")
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n.")
                read = email.message_from_bytes(raw, policy=email.policy.default)
                self.mails.append((sender, recipient, read))
                self.encrypted.append(encrypted)
                await say("250 queued")
            else:
                await say("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    break


def turn_on(app: App, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the app sends its mail to this server."""
    mail = msgspec.structs.replace(app.config.mail, url=server.url, sender="forum@home.test")
    monkeypatch.setattr(app, "config", msgspec.structs.replace(app.config, mail=mail))


async def send_all(app: App, later: int = 0) -> None:
    """Do the jobs that send mail, as the worker would `later` ms from now."""
    now = clock.now_ms() + later
    for job in await jobs.claim(now, now + 1, 100):
        await JOBS[job.name].do(app, **msgspec.json.decode(job.args))
        await jobs.finish(job.id)


def links(text: str) -> list[str]:
    """The addresses in a text."""
    return re.findall(r"https://\S+", text)
