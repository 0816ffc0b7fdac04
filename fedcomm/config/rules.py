"""What must hold between settings: which base URL allows what, and what follows from it."""

import ssl
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from fedcomm.config import mail_server
from fedcomm.config.definitions import LOOPBACK, Config, settings
from fedcomm.config.loopback import is_address, loopback
from fedcomm.config.problems import ConfigError, Problem
from fedcomm.config.values import show_address
from fedcomm.emails import readable

_EXAMPLE = "for example https://groups.example"
_USUAL_PORT = {"http": 80, "https": 443}
_DATABASES = ("sqlite://", "postgres://", "postgresql://")


def complete(config: Config) -> Config:
    """The settings with everything that follows from them.

    Raises:
        ConfigError: they contradict each other.
    """
    problems = [*_places(config), *(_base_url(config) if config.base_url else _try_out(config)), *_mail(config)]
    if problems:
        raise ConfigError(*problems)
    try_out = not config.base_url
    base_url = _spelled(urlsplit(config.base_url or f"http://{show_address(config.listen[0])}"))
    own = config.data_dir.absolute() / "fedcomm.db"
    return msgspec.structs.replace(
        config,
        base_url=base_url,
        host=urlsplit(base_url).netloc,
        try_out=try_out,
        test_mode=config.test_mode or try_out,
        data_dir=config.data_dir.absolute(),
        database_url=config.database_url or f"sqlite://{quote(str(own))}",
        allowed_networks=config.allowed_networks or (LOOPBACK if try_out else ()),
        mail=msgspec.structs.replace(config.mail, sender=config.mail.sender or _sender(base_url)),
    )


def public(host: str) -> bool:
    """Whether the world may know a host by this name: any but localhost, *.test and addresses of no public network."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host != "localhost" and not host.endswith(".test")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_global


def _places(config: Config) -> Iterator[Problem]:
    if not config.listen:
        yield Problem("listen names no address", 'for example listen = ["127.0.0.1:8420"]')
    if config.database_url and not config.database_url.startswith(_DATABASES):
        yield Problem("database_url is neither of SQLite nor of PostgreSQL", "begin it with sqlite:// or postgres://")
    if config.extra_ca_file and not config.extra_ca_file.is_file():
        yield Problem(f"extra_ca_file: there is no file {config.extra_ca_file}", "name a file of PEM certificates")
    elif config.extra_ca_file and not _certificates(config.extra_ca_file):
        yield Problem(
            f"extra_ca_file: there is no certificate in {config.extra_ca_file}", "name a file of PEM certificates"
        )


def _mail(config: Config) -> Iterator[Problem]:
    """Mail, where it is on: a server that the connection to is encrypted, and an address that it is from."""
    mail = config.mail
    if not mail.url:
        return
    try:
        server = mail_server.read(mail.url)
    except ValueError as wrong:
        example = "for example smtps://user:password@mail.example, or smtp://localhost:25 for one on this machine"
        yield Problem(f"mail.url cannot be used: {wrong}", example)
        return
    if not config.base_url and not loopback(server.host):
        yield Problem("a try-out sends mail to this machine only", "set FEDCOMM_BASE_URL, or use smtp://localhost:25")
    if not readable(mail.sender or _sender(config.base_url)):
        given = f'"{mail.sender}" is no address' if mail.sender else "the name of this instance makes no address"
        yield Problem(f"mail.sender: {given}", 'for example sender = "forum@groups.example"')


def _sender(base_url: str) -> str:
    host = urlsplit(base_url).hostname if base_url.startswith("http") else ""
    return f"no-reply@{host}" if host else ""


def _certificates(file: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError:  # SSLError is one
        return False
    return True


def _try_out(config: Config) -> Iterator[Problem]:
    """Without a base URL: loopback only, unless somebody said that this is no test."""
    if config.sources.get("test_mode") and not config.test_mode:
        yield Problem("there is no base_url", 'base_url = "https://" and the name of this instance')
    for host, _ in config.listen:
        if not loopback(host):
            yield Problem(
                f"a try-out listens on this machine only, not on {host}",
                "set FEDCOMM_BASE_URL=https://… for an instance that others can reach, or listen on 127.0.0.1",
            )


def _base_url(config: Config) -> Iterator[Problem]:
    try:
        url = urlsplit(config.base_url)
        port_given = url.port is not None
    except ValueError as error:
        yield Problem(f"base_url is no address: {error}", _EXAMPLE)
        return
    if url.scheme not in _USUAL_PORT or not _host_name(url) or (port_given and not url.port):
        foreign = not config.base_url.isascii()
        fix = "write the name as the DNS has it, like https://xn--mnchen-3ya.example" if foreign else _EXAMPLE
        yield Problem(f'base_url "{config.base_url}" is no address', fix)
    elif url.path.strip("/") or url.query or url.fragment or "@" in url.netloc:
        yield Problem("base_url is more than a scheme and a host", f"write {_spelled(url)}")
    elif not config.test_mode:
        yield from _real(config, url)
    elif public(url.hostname or ""):
        yield Problem(
            f"test mode is refused for {url.hostname}, which is public",
            "unset FEDCOMM_TEST_MODE, or use localhost, a name that ends in .test, or a private address",
        )


def _real(config: Config, url: SplitResult) -> Iterator[Problem]:
    if url.scheme != "https":
        yield Problem(
            "a real instance has a base_url that begins with https://",
            f"write https://{url.netloc}, or set FEDCOMM_TEST_MODE=1 to test with {url.netloc}",
        )
    for setting in settings():
        if setting.about.test_only and setting.name in config.sources:
            yield Problem(
                f"{setting.name} is for test mode only ({config.sources[setting.name]})",
                f"remove it, or set FEDCOMM_TEST_MODE=1 if {url.netloc} is a test",
            )


def _host_name(url: SplitResult) -> bool:
    """Names are compared with those in documents, which are written in ASCII."""
    host = url.hostname or ""
    if ":" in host:
        return is_address(host)
    return bool(host) and host.isascii() and all(label.replace("-", "").isalnum() for label in host.split("."))


def _spelled(url: SplitResult) -> str:
    """The one spelling of an address: small letters, no usual port, no path."""
    host = url.hostname or ""
    name = f"[{host}]" if ":" in host else host
    port = "" if url.port in (None, _USUAL_PORT[url.scheme]) else f":{url.port}"
    return f"{url.scheme}://{name}{port}"
