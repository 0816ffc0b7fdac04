"""Says which addresses belong to no peer: the special-purpose networks of the Internet (IANA registries, RFC 6890)."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# An own list, because `ipaddress` knows several of these only in part and changes its mind between Python versions:
# `is_private` and `is_loopback` let 100.64.0.1, 192.88.99.1, 224.0.0.1, 64:ff9b::7f00:1, 2002:7f00:1:: and fec0:: pass.
_SPECIAL_V4 = (
    ("0.0.0.0/8", "this very network"),  # Linux connects 0.0.0.0 to itself
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by carriers"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "of a cloud's own services"),  # public in form, answers only inside Azure's machines
    ("169.254.0.0/16", "link-local"),  # and 169.254.169.254, the metadata service of most clouds
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "for protocol assignments"),
    ("192.0.2.0/24", "for documentation"),
    ("192.31.196.0/24", "for AS112"),
    ("192.52.193.0/24", "for multicast tunnels"),
    ("192.88.99.0/24", "for 6to4 relays"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "for AS112"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)
# Whatever carries an IPv4 address inside (mapped, translated, tunnelled) is refused as a whole: an answer with such an
# address is no peer's, and looking inside would have to be right for every form. An instance that reaches IPv4 only
# through NAT64 therefore needs a translator on the host (464XLAT).
_SPECIAL_V6 = (
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::ffff:0:0/96", "an IPv4 address in disguise"),
    ("::/96", "an IPv4 address in disguise"),
    ("64:ff9b::/96", "for translation to IPv4"),
    ("64:ff9b:1::/48", "for translation to IPv4"),
    ("100::/64", "for discarding"),
    ("100:0:0:1::/64", "a dummy prefix"),
    ("2001::/32", "for Teredo"),
    ("2001::/23", "for protocol assignments"),
    ("2001:db8::/32", "for documentation"),
    ("2002::/16", "for 6to4"),
    ("2620:4f:8000::/48", "for AS112"),
    ("3fff::/20", "for documentation"),
    ("5f00::/16", "for segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "private"),
    ("ff00::/8", "multicast"),
)
_NETWORKS_V4 = tuple((IPv4Network(network), kind) for network, kind in _SPECIAL_V4)
_NETWORKS_V6 = tuple((IPv6Network(network), kind) for network, kind in _SPECIAL_V6)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that has been handed out so far


def special(address: Address) -> str | None:
    """What is special about an address that no peer can have ("loopback", "for documentation"), else None."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _NETWORKS_V4 if address in network), None)
    if address.scope_id is not None:
        return "bound to one link"
    kind = next((kind for network, kind in _NETWORKS_V6 if address in network), None)
    if kind is None and address not in _GLOBAL_UNICAST:
        return "not handed out to anybody"
    return kind


def literal(host: str) -> Address | None:
    """The address that a host in canonical spelling (`origins.Origin.host`) is, else None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
