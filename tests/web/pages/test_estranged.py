"""The page on which admins say that a group which came back with other keys is the same as before."""

import pytest

import storage.groups
from fedcomm.app import App
from storage.connect import Writes, apply, value
from tests import build
from tests.web.pages.browser import Browser

pytestmark = pytest.mark.anyio


async def test_an_admin_recognises_a_group_that_came_back(app: App, admin: Browser, stranger: Browser) -> None:
    group = await build.group("cats", host="far.example", title="Cats")
    writes = Writes()
    storage.groups.change(writes, group.id, estranged_at=build.NOW)
    await apply(writes)
    page = await admin.get("/admin/groups")
    form = page.form("/admin/groups/recognise")
    fields = {each["name"]: each["value"] for each in form.all("input")}

    answer = await admin.post("/admin/groups/recognise", fields)
    done = await admin.get(answer.headers["location"])
    again = await admin.post("/admin/groups/recognise", fields)

    assert "came back with other keys" in page.main and "Cats" in page.main
    assert "Done." in done.main and "Cats" not in done.main
    assert again.status == 404
    assert await value("SELECT estranged_at FROM groups WHERE id = ?", (group.id,)) == 0
    assert await value("SELECT COUNT(*) FROM audit WHERE act = 'group.recognise'") == 1
