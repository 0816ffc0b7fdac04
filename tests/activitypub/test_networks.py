"""The list of networks where no peer is."""

from ipaddress import ip_address

import pytest

from activitypub.networks import literal, special

NOBODYS_V4 = (
    "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16 "
    "169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 "
    "192.88.99.1 192.168.1.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 "
    "240.0.0.1 255.255.255.255"
).split()
NOBODYS_V6 = (
    ":: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 "
    "100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:80ff:fffe 2001:2::1 2001:10::1 2001:20::1 2001:1ff::1 "
    "2001:db8::1 2002:7f00:1:: 2002:808:808:: 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1 "
    "fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ffff::1"
).split()
SOMEBODYS = (
    "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 "
    "151.101.1.1 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 "
    "223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700:4700::1111 2a01:4f8::1 3ffe::1"
).split()


@pytest.mark.attack("NET-02", "NET-03")
@pytest.mark.parametrize("address", NOBODYS_V4 + NOBODYS_V6)
def test_no_peer_has_a_special_purpose_address(address: str) -> None:
    assert special(ip_address(address)) is not None


@pytest.mark.parametrize("address", SOMEBODYS)
def test_other_addresses_are_peers(address: str) -> None:
    assert special(ip_address(address)) is None


@pytest.mark.attack("NET-02")
def test_an_address_that_is_bound_to_a_link_is_nobodys() -> None:
    assert special(ip_address("2606:4700:4700::1111%eth0")) is not None


def test_names_are_not_taken_for_addresses() -> None:
    assert literal("groups.example") is None
    assert literal("127.1") is None
    assert str(literal("2606:4700::1")) == "2606:4700::1"
