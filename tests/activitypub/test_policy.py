"""What may be connected to: schemes, hosts, ports, addresses."""

from ipaddress import ip_address, ip_network

import pytest

from activitypub.errors import Forbidden
from activitypub.origins import origin
from activitypub.policy import SERVICES, Policy, Refused, check_addresses, check_origin

OPEN = Policy(own_hosts=frozenset({"groups.example"}))
LOOPBACK = Policy(allowed_networks=(ip_network("127.0.0.0/8"),), allow_http=True, public_allowed=False)
PUBLIC = [ip_address("93.184.216.34")]


@pytest.mark.parametrize("url", ["https://remote.example/", "https://remote.example:8443/", "https://[2606:4700::1]/"])
def test_peers_are_reached_over_https_at_443_and_high_ports(url: str) -> None:
    check_origin(origin(url), OPEN)
    with pytest.raises(Refused, match="https"):
        check_origin(origin(url.replace("https:", "http:")), OPEN)


@pytest.mark.attack("NET-06")
def test_http_is_refused() -> None:
    with pytest.raises(Refused, match="https"):
        check_origin(origin("http://remote.example/"), OPEN)


@pytest.mark.attack("NET-07")
@pytest.mark.parametrize("port", [1, 22, 25, 53, 80, 442, 444, 445, 1023, *sorted(SERVICES)])
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(Refused, match="Port"):
        check_origin(origin(f"https://remote.example:{port}/"), OPEN)


def test_ports_that_are_handed_out_to_any_server_are_never_refused() -> None:
    assert max(SERVICES) < 32768


@pytest.mark.parametrize(
    "url",
    [
        "https://groups.example/users/x",
        "https://GROUPS.EXAMPLE/users/x",
        "https://groups.example./users/x",
        "https://groups.example:443/",
        "https://groups.example:8443/",
    ],
)
def test_this_server_does_not_ask_itself(url: str) -> None:
    with pytest.raises(Refused, match="itself"):
        check_origin(origin(url), OPEN)


def test_an_own_host_with_a_port_leaves_the_other_ports_to_others() -> None:
    networks = LOOPBACK.allowed_networks
    policy = Policy(own_hosts=frozenset({"127.0.0.1:8420"}), allow_http=True, allowed_networks=networks)

    check_origin(origin("http://127.0.0.1:8421/"), policy)
    with pytest.raises(Refused):
        check_origin(origin("http://127.0.0.1:8420/"), policy)


@pytest.mark.attack("NET-01")
@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "foo.localhost", "printer.local", "host.internal", "xyz.onion", "nas.home.arpa", "db"],
)
def test_names_of_local_networks_are_refused_before_they_are_resolved(host: str) -> None:
    with pytest.raises(Refused):
        check_origin(origin(f"https://{host}/"), OPEN)


@pytest.mark.attack("NET-04")
@pytest.mark.parametrize("bad", ["127.0.0.1", "10.1.2.3", "::1", "64:ff9b::7f00:1", "fe80::1%eth0"])
def test_one_bad_address_speaks_against_all(bad: str) -> None:
    with pytest.raises(Refused):
        check_addresses(origin("https://remote.example/"), [*PUBLIC, ip_address(bad)], OPEN)


def test_a_refusal_counts_as_forbidden_and_does_not_tell_the_address() -> None:
    with pytest.raises(Forbidden) as refusal:
        check_addresses(origin("https://remote.example/"), [ip_address("10.1.2.3")], OPEN)

    assert "10.1.2.3" not in str(refusal.value)
    assert "private" in str(refusal.value)


def test_test_mode_reaches_its_own_networks_and_nothing_public() -> None:
    check_addresses(origin("http://127.0.0.1:8421/"), [ip_address("127.0.0.1")], LOOPBACK)
    for address in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1"):
        with pytest.raises(Refused):
            check_addresses(origin("https://remote.example/"), [ip_address(address)], LOOPBACK)


@pytest.mark.attack("NET-07")
def test_http_never_reaches_a_public_address_not_even_where_http_is_allowed() -> None:
    policy = Policy(allowed_networks=(ip_network("127.0.0.0/8"),), allow_http=True)

    with pytest.raises(Refused, match="https"):
        check_addresses(origin("http://remote.example/"), PUBLIC, policy)
    check_addresses(origin("https://remote.example/"), PUBLIC, policy)
