"""Which entries of lists of servers to block hold for many owners at once."""

import pytest

from fedcomm.block_breadth import MANY, known_below, wide
from tests import build

pytestmark = pytest.mark.anyio


def test_what_registries_give_names_out_below_is_wide_and_a_server_is_not() -> None:
    for host in ("co.uk", "com.au", "ac.jp", "org.br"):
        assert wide(host, {}), host
    for host in ("bad.example", "co.social", "shop.co.uk", "uk.co", "mastodon.de"):
        assert not wide(host, {}), host


@pytest.mark.usefixtures("database")
async def test_a_name_to_which_many_known_servers_belong_is_wide() -> None:
    for number in range(MANY + 1):
        await build.insert("peer", host=f"s{number}.hosting.example", first_seen_at=1, last_in_at=1)
    await build.insert("peer", host="named.other.example", first_seen_at=1)  # by a decision alone

    known = await known_below()

    assert wide("hosting.example", known) and not wide("s1.hosting.example", known)
    assert known["hosting.example"] == MANY + 1 and "other.example" not in known
