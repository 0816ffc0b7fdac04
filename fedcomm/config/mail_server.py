"""The mail server that `mail.url` names: where it is, how the connection is encrypted, and who we are to it."""

from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from fedcomm.config.loopback import loopback

_USUAL_PORT = {"smtp": 587, "smtps": 465}


class MailServer(msgspec.Struct, frozen=True):
    """Where mail is handed in. `tls`: from the first byte, by STARTTLS, or not at all (on this machine only)."""

    host: str
    port: int
    tls: Literal["first", "starttls", "none"]
    user: str = ""
    password: str = ""


def read(url: str) -> MailServer:
    """What a URL such as `smtps://user:password@mail.example` says.

    Raises:
        ValueError: it says something else; half a sentence about what was expected, without the password.
    """
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        raise ValueError("its port or host cannot be read") from None
    if found.scheme not in _USUAL_PORT:
        raise ValueError("it begins neither with smtps:// nor with smtp://")
    host = found.hostname or ""
    if not host or not host.isascii():
        raise ValueError("it names no host")
    if found.path.strip("/") or found.query or found.fragment:
        raise ValueError("something follows the host (characters such as / or # in a password are written as %2F, %23)")
    user, password = unquote(found.username or ""), unquote(found.password or "")
    if bool(user) != bool(password):
        raise ValueError("it has a user without a password, or a password without a user")
    tls: Literal["first", "starttls", "none"] = "first" if found.scheme == "smtps" else "starttls"
    if tls == "starttls" and loopback(host):
        tls = "none"
    return MailServer(host, port or _USUAL_PORT[found.scheme], tls, user, password)
