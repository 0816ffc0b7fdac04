"""Places that a fetch must never reach, and one reading of every URL: shared vectors, and cases of our own."""

import json
from typing import Any

import httpx
import pytest

from activitypub.client import Client
from activitypub.connection import targets
from activitypub.errors import Malformed, ProtocolError, Unreachable
from activitypub.origins import is_url, origin
from activitypub.policy import check_origin
from activitypub.transport import GuardedTransport, Policy
from tests.corpus import corpus, present
from tests.netns.certificates import Authority
from tests.netns.listening import answer, listening

pytestmark = pytest.mark.anyio

PUBLIC = "93.184.216.34"
HOME = frozenset({"groups.example"})
OPEN = Policy(own_hosts=HOME)
SECLUDED = Policy(public_allowed=False)
OWN_CASES: list[dict[str, Any]] = [
    {"url": url, "expect": "block"}
    for url in (
        "https://127.0.0.1/ https://127.1/ https://0x7f.1/ https://2130706433/ https://017700000001/ https://0/ "
        "https://10.0.0.1/ https://100.64.0.1/ https://169.254.169.254/latest/ https://192.0.0.8/ https://198.18.0.1/ "
        "https://224.0.0.1/ https://240.0.0.1/ https://[::]/ https://[::1]/ https://[::127.0.0.1]/ "
        "https://[::ffff:127.0.0.1]/ https://[64:ff9b::7f00:1]/ https://[64:ff9b:1::1]/ https://[2002:7f00:1::]/ "
        "https://[2001:0:4136:e378::1]/ https://[fd00::1]/ https://[fe80::1]/ https://[fe80::1%25eth0]/ "
        "https://[fec0::1]/ https://[ff02::1]/ https://[5f00::1]/ https://１２７.0.0.1/ https://127．0．0．1/ "
        "http://remote.example/ https://remote.example:22/ https://remote.example:25/ https://remote.example:6379/ "
        "https://remote.example:0/ https://remote.example:65536/ https://remote.example:80/ https://localhost/ "
        "https://intranet/ https://a.local/ https://a.internal/ https://a.onion/ https://a@remote.example/ "
        "https://@remote.example/ https://remote.example%2f@evil.example/ https://remote.example\\@evil.example/ "
        "https:\\\\remote.example/ https:///remote.example/ https:remote.example/ //remote.example/ /users/a users/a "
        "https://groups.example/ https://groups.example./ https://groups.example:443/ https://GROUPS.example:8443/ "
        "HTTP://remote.example/ gopher://remote.example/ file:///etc/passwd data:,{} unix:/run/x ftp://remote.example/ "
        "javascript:0 https://remote..example/ https://rem%6fte.example/"
    ).split(" ")
] + [
    {"url": "https://remote.example/a", "expect": "block", "dns": addresses}
    for addresses in (["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["2606:4700::1", "::1"], ["0.0.0.0"], ["fe80::1%1"], [])
] + [
    {"url": "https://remote.example/a", "expect": "block", "redirect": [status, target]}
    for status in (301, 302, 303, 307, 308)
    for target in (
        "http://127.0.0.1/", "https://[::1]/", "//127.0.0.1/", "http://remote.example/", "data:,x", "self",
        "https://a:b@remote.example/", "https://rebind.example/", "https://groups.example/users/x", "", "https://[",
    )
] + [
    {"url": url, "expect": "allow"}
    for url in (
        "https://remote.example/", "https://REMOTE.example./", "https://remote.example:8443/a",
        "https://remote.example/%2e%2e/%2fetc", f"https://{PUBLIC}/", "https://[2606:4700:4700::1111]/",
        "https://bücher.example/", "https://sub_domain.remote.example/",
    )
]  # fmt: skip


def cases() -> list[dict[str, Any]]:
    if not present():
        return OWN_CASES
    return OWN_CASES + json.loads(corpus("vectors/ssrf/ssrf_cases.dev.json").read_bytes())["cases"]


class Names:
    """Answers for names as a case says, from one lookup to the next."""

    def __init__(self, case: dict[str, Any]) -> None:
        dns = case.get("dns")
        self._answers = dns if dns and isinstance(dns[0], list) else None if dns is None else [dns]
        self._rebind = ["127.0.0.1"] if "redirect" in case else []
        self._lookups = 0

    async def __call__(self, host: str) -> list[str]:
        if self._answers is not None:
            self._lookups += 1
            return self._answers[min(self._lookups, len(self._answers)) - 1]
        return self._rebind if host == "rebind.example" else [PUBLIC]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.attack("NET-01", "NET-02", "NET-03", "NET-04", "NET-05", "NET-06", "NET-07")
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['url']} {case.get('dns', case.get('redirect', ''))}")
async def test_a_fetch_reaches_peers_only(case: dict[str, Any], authority: Authority) -> None:
    if case["expect"] == "allow":
        there = origin(case["url"])
        check_origin(there, OPEN)
        assert await targets(there, OPEN, Names(case))
    elif "redirect" in case:
        await _refuses_to_follow(case, authority)
    else:
        nothing_found = case.get("dns") == [] or (case.get("dns") is None and "rebind" in case["url"])
        client = Client(GuardedTransport(OPEN, resolve=Names(case)), "test", OPEN)
        with pytest.raises(Unreachable if nothing_found else ProtocolError):
            await client.get_document(case["url"])


async def _refuses_to_follow(case: dict[str, Any], authority: Authority) -> None:
    status, target = case["redirect"]
    said = answer(status, Location=case["url"] if target == "self" else target)
    async with listening(said, tls=authority.serves("remote.example")) as remote:
        hosts = {"remote.example": ("127.0.0.1", remote.port)}
        policy = Policy(own_hosts=HOME, test_hosts=hosts, extra_ca_file=str(authority.file))
        transport = GuardedTransport(policy, resolve=Names(case))
        with pytest.raises(ProtocolError):
            await Client(transport, "test", policy).get_document(case["url"])
        await transport.aclose()

    assert len(remote.asked) == 1


def _spellings() -> list[str]:
    own = [case["url"] for case in OWN_CASES]
    if not present():
        return own
    entries = [
        entry
        for name in ("urltestdata", "ada_extra_urltestdata")
        for entry in json.loads(corpus(f"vectors/url/{name}.json").read_bytes())
        if isinstance(entry, dict)
    ]
    hosts = [
        entry["input"] for entry in json.loads(corpus("vectors/url/toascii.json").read_bytes()) if "input" in entry
    ]
    return own + [entry["input"] for entry in entries] + [f"https://{host}/" for host in hosts]


class Nowhere:
    """No name has an address; the last one that was looked for is remembered."""

    def __init__(self) -> None:
        self.looked_for: str | None = None

    async def __call__(self, host: str) -> list[str]:
        self.looked_for = host
        return []


@pytest.mark.attack("ORI-33")
async def test_the_host_that_is_connected_to_is_the_one_of_the_origin() -> None:
    names = Nowhere()
    transport = GuardedTransport(SECLUDED, resolve=names)
    agreed = 0
    for url in _spellings():
        names.looked_for = None
        with pytest.raises((ProtocolError, Unreachable, httpx.InvalidURL, UnicodeError)):
            await transport.handle_async_request(httpx.Request("GET", url))
        if is_url(url):
            assert names.looked_for in (None, origin(url).host), url
            agreed += names.looked_for is not None

    assert agreed > 5


@pytest.mark.attack("ORI-33")
async def test_what_has_no_origin_is_not_connected_to() -> None:
    names = Nowhere()
    client = Client(GuardedTransport(SECLUDED, resolve=names), "test", SECLUDED)
    tried = 0
    for url in _spellings():
        names.looked_for = None
        with pytest.raises((ProtocolError, Unreachable)) as refusal:
            await client.get_document(url)
        if not is_url(url):
            assert (names.looked_for, refusal.type) == (None, Malformed), url
            tried += 1

    assert tried > 5
