"""The page of a delivery receipt: what it says to the author, and that nobody else gets it."""

import pytest

from fedcomm.app import App
from storage import outbox
from storage.connect import Writes, apply, execute
from storage.outbox import Audience
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.world import World, made

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(app: App) -> World:
    """A group with a thread."""
    return await made(app)


async def sent(world: World, *hosts: str) -> int:
    """The thread was sent to an inbox at each of these; gives its place in the log."""
    writes = Writes()
    inboxes = tuple(f"https://{host}/inbox" for host in hosts)
    outbox.publish(
        writes, uri="https://home.test/x", actor_id=world.alice.id, body=b'{"type":"Create","object":{}}',
        audience=Audience(inboxes=inboxes), now_ms=build.NOW, post_id=world.thread.id,
    )  # fmt: skip
    await apply(writes)
    return await outbox.head()


async def peer(host: str, cursor: int, **columns: object) -> None:
    await execute("DELETE FROM peer WHERE host = ?", (host,))
    await build.insert("peer", host=host, cursor=cursor, first_seen_at=1, **columns)


async def test_the_author_sees_which_servers_have_the_post(world: World, stranger: Browser, enter: Enter) -> None:
    seq = await sent(world, "good.test", "slow.test", "no.test", "new.test", "lost.test")
    await peer("good.test", seq, last_out_at=build.NOW + 5)
    await peer("slow.test", seq - 1, failures=2, failing_since=build.NOW, next_attempt_at=build.NOW + 60_000,
               last_error="it answered 503: back <soon> https://slow.test/users/bob/inbox")  # fmt: skip
    await peer("no.test", seq, last_out_at=build.NOW + 5)
    await peer("lost.test", seq, last_out_at=build.NOW - 5)
    writes = Writes()
    outbox.note(writes, "no.test", seq, "https://no.test/inbox", 403, "blocked by policy", build.NOW + 9)
    await apply(writes)
    address = f"/@alice/{world.thread.id}/receipt"
    alice = await enter(world.alice)

    thread = await alice.get(f"/@alice/{world.thread.id}")
    page = await alice.get(address)

    assert address in thread.links and page.status == 200
    assert "Delivered to 1 of 5 servers. 1 is tried again. 1 is on its way. 1 has refused it." in page.main
    cells = {row.one("th").text: [cell.text for cell in row.all("td")] for row in page.all("tr")[1:] if row.all("td")}
    assert cells["slow.test"][0].startswith("will be tried again") and cells["slow.test"][1] != "–"
    assert cells["slow.test"][2] == "it answered 503: back <soon> https://slow.test/…"
    assert cells["no.test"][0].startswith("refused") and cells["no.test"][2] == "403 blocked by policy"
    assert (cells["new.test"][0], cells["lost.test"][0]) == ("on its way", "not sent")
    assert "good.test" not in cells and "good.test" in [each.text for each in page.one("main").all("li")]

    for reader in (await enter(await build.person("eve2")), await enter(await build.person("fay2", role="moderator"))):
        assert (await reader.get(address)).status == 404
        assert address not in (await reader.get(f"/@alice/{world.thread.id}")).links
    assert (await stranger.get(address)).status == 303
    admin = await enter(await build.person("ada2", role="admin"))
    assert (await admin.get(address)).status == 200
    assert (await admin.get(f"/@bob/{world.thread.id}/receipt")).headers["location"] == address
    await execute("UPDATE post SET visibility = 3 WHERE id = ?", (world.thread.id,))
    assert (await admin.get(address)).status == 404
