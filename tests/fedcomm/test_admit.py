"""What is decided about servers and actors elsewhere, as `admit` is asked about it."""

from collections.abc import Callable

import pytest

from fedcomm import admit
from fedcomm.errors import NotAllowed
from fedcomm.peerbook import PeerBook
from storage import peers
from storage.connect import Database
from tests import build

pytestmark = pytest.mark.anyio

BOB = "https://far.test/users/bob"


async def book(*, allow_list: bool = False, **policies: str) -> PeerBook:
    """What is known of peers; `named` stands for named.test."""
    for name, policy in policies.items():
        await peers.decide(f"{name}.test", peers.Decision(policy), 1, build.NOW)
    made = PeerBook(allow_list=allow_list)
    await made.load()
    return made


def lets_in(ask: Callable[..., None], *given: object) -> bool:
    try:
        ask(*given)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "heard", "heard_by_list"),
    [
        ("", True, True),
        ("fine.test", True, False),
        ("limited.test", True, False),
        ("listed.test", True, True),
        ("below.listed.test:8443", True, True),
        ("bad.test", False, False),
        ("below.bad.test", False, False),
        ("bad.test:8443", False, False),
        ("notbad.test", True, False),
    ],
)
async def test_a_server_is_spoken_with_as_its_domain_was_decided(
    database: Database, host: str, heard: bool, heard_by_list: bool
) -> None:
    open_ = await book(limited="limit", listed="allow", bad="suspend")
    by_list = await book(allow_list=True)

    assert lets_in(admit.server, open_, host) == heard
    assert lets_in(admit.server, by_list, host) == heard_by_list
    if host:
        assert lets_in(admit.sender, open_, f"https://{host}/users/bob#main-key") == heard


@pytest.mark.attack("SIG-21")
async def test_nothing_is_taken_in_from_who_is_suspended_nor_with_a_key_of_theirs(database: Database) -> None:
    bob = await build.person("bob", "far.test", uri=BOB)
    before = await book()
    await build.suspend(bob)
    after = await book()

    for uri in (BOB, f"{BOB}#main-key"):
        assert lets_in(admit.sender, before, uri) and not lets_in(admit.sender, after, uri)
    assert lets_in(admit.sender, after, f"{BOB}by#main-key")
