"""What programs are told that act for somebody who has moved."""

import httpx
import pytest

from fedcomm.app import App
from storage.connect import execute, rows
from tests import build
from tests.web.client import bearer

pytestmark = pytest.mark.anyio


async def test_a_program_of_who_has_moved_reads_and_is_refused_anything_new(
    app: App, client: httpx.AsyncClient
) -> None:
    anna, annie, bert = [await build.person(name) for name in ("anna", "annie", "bert")]
    post = await build.post(bert, "Hello")
    await execute("UPDATE actor SET moved_to_id = ? WHERE id = ?", (annie.id, anna.id))
    headers = bearer(await build.token(anna, "read write follow"))
    statuses, accounts = "/api/v1/statuses", "/api/v1/accounts"

    told = [
        await client.post(path, headers=headers, json=body)
        for path, body in (
            (statuses, {"status": "Still here"}),
            (f"{statuses}/{post.id}/favourite", {}),
            (f"{statuses}/{post.id}/reblog", {}),
            (f"{accounts}/{bert.id}/follow", {}),
        )
    ]

    assert [answer.status_code for answer in told] == [403] * 4
    assert {answer.json()["error"] for answer in told} == {
        "This account has moved. To use it again, undo that in its settings."
    }
    me = (await client.get(f"{accounts}/verify_credentials", headers=headers)).json()
    assert me["moved"]["id"] == str(annie.id) and "moved" not in me["moved"]
    assert (await client.get("/api/v1/timelines/home", headers=headers)).status_code == 200
    for table in ("reaction", "boost", "follow"):
        assert await rows(f"SELECT * FROM {table}") == [], table
