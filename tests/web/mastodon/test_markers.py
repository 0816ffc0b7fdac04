"""How far somebody has read is kept once, though several programs say it at the same moment."""

import asyncio

import pytest

import storage.markers
from tests import build
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


async def test_of_programs_that_move_a_marker_at_once_each_is_told_whether_it_did(alice: Member) -> None:
    await alice.do("markers", home={"last_read_id": "1"})

    async def move(number: int) -> int:
        wish = {"home": {"last_read_id": str(number)}, "notifications": {"last_read_id": str(number)}}
        return (await alice.ask("POST", "markers", json=wish)).status_code

    codes = await asyncio.gather(*(move(number) for number in range(10, 18)))

    kept = await alice.get("markers", **{"timeline[]": ["home", "notifications"]})
    done = [number for number, code in enumerate(codes, 10) if code == 200]
    assert set(codes) <= {200, 409} and done
    assert kept["home"]["version"] == 1 + len(done) and kept["notifications"]["version"] == len(done)
    assert kept["home"]["last_read_id"] == kept["notifications"]["last_read_id"]
    assert int(kept["home"]["last_read_id"]) in done


async def test_a_marker_that_was_moved_meanwhile_stays(alice: Member) -> None:
    account = 7
    first = await storage.markers.set_last_read(account, "home", 10, 0, build.NOW)
    again = await storage.markers.set_last_read(account, "home", 11, 0, build.NOW)
    moved = await storage.markers.set_last_read(account, "home", 12, 1, build.NOW)
    late = await storage.markers.set_last_read(account, "home", 13, 1, build.NOW)

    assert (first, again, moved, late) == (True, False, True, False)
    assert (await storage.markers.of(account, ["home"]))["home"].last_read_id == 12
