"""Which hosts are this machine."""

from ipaddress import ip_address


def loopback(host: str) -> bool:
    """Whether a host name or address, as it is written, is this machine and no other."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def is_address(host: str) -> bool:
    """Whether this is an IP address."""
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
