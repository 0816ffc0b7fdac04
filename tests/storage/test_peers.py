"""Other servers as they are kept: what was decided for a domain holds below it, however a server is met."""

import pytest

from storage import peers
from storage.connect import Database, Writes, apply, value

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("by_delivery", [False, True])
async def test_what_was_decided_for_a_domain_holds_for_a_server_that_is_met_later(
    database: Database, by_delivery: bool
) -> None:
    await peers.decide("far.test", peers.Decision("limit"), 1, 1)

    if by_delivery:
        await peers.meet_at("below.far.test", 7, 2)
    else:
        writes = Writes()
        peers.meet(writes, "below.far.test", 2)
        await apply(writes)

    assert await value("SELECT holds FROM peer WHERE host = 'below.far.test'") == "limit"
    met = await peers.get("below.far.test")
    assert met is not None and met.cursor == (7 if by_delivery else 0)
