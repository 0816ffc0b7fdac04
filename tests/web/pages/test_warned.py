"""Who is warned by moderators of a group is notified, in programs and on the page, by whom and why."""

import httpx
import pytest

from fedcomm import cautions, groups, members
from fedcomm.app import App
from tests.people import person
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema
from tests.web.pages.conftest import Enter

pytestmark = pytest.mark.anyio


async def test_a_warning_is_a_notification_for_programs_and_on_the_page(
    app: App, client: httpx.AsyncClient, enter: Enter
) -> None:
    alice, bob = await person(app, "alice"), await person(app, "bob")
    await groups.create(app, "gardening", "Gardening", "", None, "open")
    await members.appoint(app, "gardening", bob)
    program = await Member.of(client, alice)
    post = await program.post("@gardening Rude\n\nwords")

    await cautions.warn(app, bob, int(post["id"]), "(1) Be <b>kind</b>.")
    (told,) = await program.get("notifications", **{"types[]": "moderation_warning"})
    (grouped,) = (await program.get("/api/v2/notifications", **{"types[]": "moderation_warning"}))[
        "notification_groups"
    ]
    page = await (await enter(alice)).get("/notifications")
    await program.ask("DELETE", f"statuses/{post['id']}")
    (later,) = await program.get("notifications", **{"types[]": "moderation_warning"})

    warning = told["moderation_warning"]
    assert Schema().wrong(warning, {"$ref": "#/components/schemas/AccountWarning"}) == []
    assert (warning["action"], warning["text"], warning["appeal"]) == ("none", "(1) Be <b>kind</b>.", None)
    assert warning["status_ids"] == [post["id"]] and grouped["moderation_warning"] == warning
    assert warning["target_account"]["id"] == told["account"]["id"] == program.id
    assert "Gardening" in page.main and "warned you because of something you wrote" in page.main
    assert "(1) Be <b>kind</b>." in page.main and "/c/gardening" in page.links
    assert later["moderation_warning"]["status_ids"] is None and later["moderation_warning"]["id"] == warning["id"]
