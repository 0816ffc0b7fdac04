"""Every setting a process needs to start: its type, default, unit and meaning."""

from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec

from fedcomm.config.values import About, Address, Network, Setting

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of something is allowed."""

    post_characters: Annotated[
        int, About("How long a post may be.", "5000", unit="characters", least=1, most=100_000)
    ] = 5000


class Federation(msgspec.Struct, frozen=True, kw_only=True):
    """How the instance deals with other servers."""

    allow_list_mode: Annotated[bool, About("Speak only to servers that were allowed by name.", "true")] = False


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """What is written about what happens."""

    format: Annotated[
        Literal["plain", "json"], About("One line an event: key=value pairs, or a JSON object.", '"json"')
    ] = "plain"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], About("The least important events to write.", '"warning"')
    ] = "info"


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """How the instance sends mail. Without `url` it sends none, and all else works."""

    url: Annotated[
        str,
        About(
            "The server that takes mail: smtps:// (encrypted at once) or smtp:// (by STARTTLS; not at all on this"
            " machine).",
            '"smtps://user:password@mail.example"',
            secret=True,
        ),
    ] = ""
    sender: Annotated[
        str,
        About("The address that mail is from; without it no-reply@ and the host.", '"forum@groups.example"'),
    ] = ""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force. Fields with an `About` can be given, the others follow from them."""

    base_url: Annotated[
        str,
        About(
            "The address by which people and servers know the instance; without it the start is a try-out.",
            '"https://groups.example"',
        ),
    ] = ""
    data_dir: Annotated[
        Path, About("The folder of everything the instance remembers.", '"/var/lib/fedcomm"', unit="folder")
    ] = Path("data")
    listen: Annotated[
        tuple[Address, ...],
        About("Where to accept connections.", '["127.0.0.1:8420"]', unit="host:port, several allowed"),
    ] = (("127.0.0.1", 8420),)
    database_url: Annotated[
        str,
        About(
            "Where the data is kept; without it in SQLite, in fedcomm.db of the data directory.",
            '"postgres://fedcomm:password@localhost/fedcomm"',
            secret=True,
        ),
    ] = ""
    extra_ca_file: Annotated[
        Path | None,
        About(
            "Certificates to trust besides the system's when speaking to other servers.",
            '"/etc/fedcomm/ca.pem"',
            unit="PEM file",
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...],
        About(
            "Whose X-Forwarded-For and X-Forwarded-Proto are believed.", '["10.0.0.5"]', unit="addresses or networks"
        ),
    ] = LOOPBACK
    test_mode: Annotated[
        bool, About("Allow the settings that are for tests; refused when the base URL is public.", "true")
    ] = False
    allowed_networks: Annotated[
        tuple[Network, ...],
        About(
            "Networks of no public address that may be spoken to all the same; in a try-out the loopback.",
            '["127.0.0.0/8"]',
            unit="networks",
            key="allowed_private_networks",
            test_only=True,
        ),
    ] = ()
    test_hosts: Annotated[
        dict[str, Address],
        About(
            "Hosts to look for at another address than the DNS says (in the environment host=address:port, …).",
            '{"good.test" = "127.0.2.1:8443"}',
            test_only=True,
        ),
    ] = msgspec.field(default_factory=dict)
    test_clock: Annotated[
        Path | None,
        About(
            "A file with an offset to add to the clock; read again when it changes.",
            '"clock-offset"',
            unit="file holding seconds",
            test_only=True,
        ),
    ] = None
    rate_limits: Annotated[bool, About("Whether requests are limited in number.", "false", test_only=True)] = True
    confirm_signups: Annotated[
        bool, About("Whether who signs up is let in at once.", "true", key="test_confirm_signups", test_only=True)
    ] = False
    limits: Limits = Limits()
    federation: Federation = Federation()
    log: Log = Log()
    mail: Mail = Mail()
    host: str = ""  # of the base URL, with the port where it is not the usual one
    try_out: bool = False  # started without a base URL: test mode, and never speaking to a public address
    sources: dict[str, str] = {}  # where each setting that was given comes from, by its full name


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "": Config,
    "limits": Limits,
    "federation": Federation,
    "log": Log,
    "mail": Mail,
}


@cache
def settings() -> tuple[Setting, ...]:
    """Every setting there is, the keys needed to start first."""
    return tuple(_settings())


def _settings() -> Iterator[Setting]:
    for section, struct in SECTIONS.items():
        kinds = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            if get_origin(kinds[field.name]) is Annotated:
                kind, about = get_args(kinds[field.name])
                default = {} if field.default is msgspec.NODEFAULT else field.default
                yield Setting(section, field.name, kind, default, about)
