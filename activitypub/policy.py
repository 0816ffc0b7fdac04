"""Says what this server may connect to: schemes, hosts, ports and addresses, and how long it waits."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from activitypub.errors import Forbidden
from activitypub.networks import Address, Network, literal, special
from activitypub.origins import Origin

HTTPS = 443
HTTP = 80
FIRST_FREE_PORT = 1024  # below are the system's services: 22 ssh, 25 mail, 53 names, 445 shares …

# Ports of services that trust whoever reaches them, or that act on the first line they read. Peers do live on other
# ports, so it is a list of what to leave alone and not of what to use. Nothing from 32768 on is listed: servers that
# take any free port get one there.
SERVICES = frozenset(
    {
        1080,  # SOCKS
        1433,  # SQL Server
        1521,  # Oracle
        1883,  # MQTT
        2049,  # NFS
        2181,  # ZooKeeper
        *(2375, 2376),  # Docker
        *(2379, 2380),  # etcd
        3128,  # Squid
        3306,  # MySQL
        3389,  # remote desktop
        4369,  # Erlang port mapper
        *(5060, 5061),  # SIP
        5432,  # PostgreSQL
        5672,  # AMQP
        5900,  # VNC
        5984,  # CouchDB
        *(5985, 5986),  # Windows remote management
        *range(6000, 6064),  # X11
        6379,  # Redis
        6443,  # Kubernetes
        *range(6665, 6670),  # IRC: acts on lines
        6697,  # IRC
        8086,  # InfluxDB: takes writes by plain POST
        8500,  # Consul
        *(9042, 9160),  # Cassandra
        9092,  # Kafka
        9100,  # printers
        *(9200, 9300),  # Elasticsearch
        10250,  # Kubernetes nodes
        11211,  # memcached
        *(27017, 27018, 27019),  # MongoDB
    }
)
# Names that never lead to a peer: IANA special-use domain names, and ICANN's `internal`.
_LOCAL_NAMES = (".alt", ".home.arpa", ".internal", ".invalid", ".local", ".localhost", ".onion")


class Refused(Forbidden):
    """This server does not connect there, whatever is asked for."""


def _nobody(_authority: str) -> bool:
    return False


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What may be reached, and the limits of one request. The defaults are those of a server on the open Internet.

    `blocked` is asked at each request with the name of the peer, `host` or `host:port` (`origins.host_of`): a policy
    about domains has to leave out the port itself. `allowed_networks`, `test_hosts` (`host` or `host:port` → address
    and port), `allow_http` and `public_allowed=False` are for test mode. Times are in seconds.
    """

    own_hosts: frozenset[str] = frozenset()
    blocked: Callable[[str], bool] = _nobody
    extra_ca_file: str | None = None
    allowed_networks: tuple[Network, ...] = ()
    test_hosts: Mapping[str, tuple[str, int]] = MappingProxyType({})
    allow_http: bool = False
    public_allowed: bool = True

    dns_seconds: float = 5
    connect_seconds: float = 5
    tls_seconds: float = 5
    first_byte_seconds: float = 10
    total_seconds: float = 30  # from the call to the last byte, waiting for a free connection included
    idle_seconds: float = 60  # that a connection is kept

    connections_per_peer: int = 4  # at work at once
    connections: int = 512  # at work at once, all peers together
    idle_connections: int = 500  # kept beyond those, the longest unused goes first


def check_origin(origin: Origin, policy: Policy) -> None:
    """Look at everything that can be said before a name is resolved.

    Raises:
        Refused: another scheme than https, this server itself, a name or port that no peer has.
    """
    if origin.scheme != "https" and not policy.allow_http:
        raise Refused("Only https is spoken between servers.")
    if origin.authority in policy.own_hosts or origin.host in policy.own_hosts:
        raise Refused("This server does not ask itself.")
    if origin.authority not in policy.test_hosts:
        _check_port(origin)
        if not policy.allowed_networks:
            _check_name(origin.host)


def check_addresses(origin: Origin, addresses: Sequence[Address], policy: Policy) -> None:
    """Look at every address that a name leads to; one that is not allowed speaks against all of them.

    Raises:
        Refused: an address that is special, not handed out, or outside what test mode allows.
    """
    for address in addresses:
        if any(address in network for network in policy.allowed_networks):
            continue
        kind = special(address)
        if kind is not None:
            raise Refused(f"{origin.host} leads to an address that is {kind}.")
        if not policy.public_allowed:
            raise Refused("A try-out speaks to this machine only, not to public addresses.")
        if origin.scheme != "https":
            raise Refused("Public addresses are spoken to over https only.")


def _check_port(origin: Origin) -> None:
    usual = HTTPS if origin.scheme == "https" else HTTP
    if origin.port == usual or (origin.port >= FIRST_FREE_PORT and origin.port not in SERVICES):
        return
    raise Refused(f"Port {origin.port} is not one of a web server.")


def _check_name(host: str) -> None:
    if literal(host) is not None:
        return
    # A single label would be completed by the resolver's search list, that is to a machine of this network.
    if "." not in host or host.endswith(_LOCAL_NAMES):
        raise Refused(f"{host} is a name of local networks.")
