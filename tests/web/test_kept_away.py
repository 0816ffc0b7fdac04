"""Of a server that admins keep away nothing comes back by others: not by who passes it on, in groups or searches."""

import httpx
import pytest

from fedcomm import curation, groups, indexing, peers
from fedcomm.app import App
from storage import talks
from storage.connect import Writes, apply
from tests import build
from tests.people import person
from tests.web.client import bearer
from tests.web.federation import asking
from tests.web.oauth.browser import Browser

pytestmark = pytest.mark.anyio

NAMES = ("fan", "ann")
TRACES = ("canary", "loud@far.test", "https://far.test/")


@pytest.mark.attack("PRI-11")
@pytest.mark.parametrize("policy", ["suspend", "limit"])
async def test_what_a_server_wrote_that_is_kept_away_is_nowhere(
    app: App, client: httpx.AsyncClient, policy: str
) -> None:
    far, fan, reader = (
        await build.person("loud", "far.test", indexable=1),
        *[await person(app, n) for n in ("fan", "ann")],
    )
    await groups.create(app, "bread", "Bread", "", "fan", "open")
    group, face = await groups.named("bread")
    thread, begun = (
        await build.post(far, "canary thread", group=group, tags=["rye"]),
        await build.post(reader, group=group),
    )
    answer = await build.post(far, "canary answer", group=group, parent=begun)
    await build.boost(fan, thread, home=[reader])
    await build.follow(reader, fan)
    await build.join(reader, group)
    for who in (await build.person("one"), await build.person("two"), fan):
        await build.post(who, "So it is", group=group, parent=thread)
    await build.like(far, begun)
    await build.notice(reader, "mention", far, answer)
    await curation.pin(app, fan, thread.id)
    indexing.index(writes := Writes(), thread.id, "", "", "canary thread", ())
    await apply(writes)
    await talks.weigh(0)
    browser, token = await Browser(client).signed_in(app, "ann"), bearer(await build.token(reader))
    api = (
        "timelines/home", "timelines/public", "timelines/tag/rye", f"timelines/list/{face.id}", "trends/statuses",
        f"accounts/{fan.id}/statuses", f"accounts/{face.id}/statuses", f"accounts/{face.id}/statuses?pinned=true",
        f"statuses/{begun.id}/context", f"statuses/{begun.id}/favourited_by", "notifications", "search?q=loud",
        "search?q=canary", "directory",
    )  # fmt: skip
    pages = ("/", "/home", "/c/bread", "/tags/rye", f"/@ann/{begun.id}", "/@fan", "/notifications", "/search?q=thread")
    documents = ("/c/bread/outbox", "/c/bread/featured", f"/posts/{begun.id}/replies", f"/posts/{begun.id}/context")
    feeds = ("/c/bread/feed.atom", "/tags/rye/feed.json", f"/@ann/{begun.id}/feed.rss")

    async def found() -> set[str]:
        paths = [f"/api/{'v2' if each.startswith('search') else 'v1'}/{each}" for each in api]
        told = {path: await client.get(path, headers=token) for path in paths}
        told |= {path: await browser.get(path) for path in pages}
        told |= {path: await asking.ask(client, path) for path in documents}
        told |= {path: await client.get(path) for path in feeds}
        assert {answer.status_code for answer in told.values()} == {200}
        return {path for path, answer in told.items() if any(trace in answer.text for trace in TRACES)}

    before = await found()
    await peers.set_policy(app, "far.test", policy)

    assert await found() == set()
    assert len(before) >= len(api) + len(pages) + len(documents) + len(feeds) - 3, before
