"""What somebody wrote to one other person, and what lets them in, is nowhere that an admin or a log reader looks."""

import logging
import re
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

import storage.actors
import web.app
from fedcomm import accounts, logs, queue
from fedcomm.app import App
from storage.connect import dialect, execute
from storage.errors import OperationalError
from tests import build
from tests.people import person
from tests.web.client import bearer
from tests.web.mastodon.member import Member
from tests.web.oauth.browser import Browser, form_of
from web.guard import Caps, Guard
from web.routes import compiled

pytestmark = pytest.mark.anyio

SECRET, MAIL, PASSWORD = "canarywords", "canary@mail.example", "canary horse battery"


@asynccontextmanager
async def refusing() -> AsyncIterator[None]:
    """The database refuses every post that says so: a fault that nobody foresaw."""
    if dialect() == "postgres":
        begin = ["ALTER TABLE post ADD CONSTRAINT odd CHECK (source NOT LIKE '%odd%') NOT VALID"]
        end = ["ALTER TABLE post DROP CONSTRAINT odd"]
    else:
        raised = "BEGIN SELECT RAISE(ABORT, 'odd'); END"
        begin = [f"CREATE TRIGGER odd BEFORE INSERT ON post WHEN NEW.source LIKE '%odd%' {raised}"]
        end = ["DROP TRIGGER odd"]
    for statement in begin:
        await execute(statement)
    try:
        yield
    finally:
        for statement in end:
            await execute(statement)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything that is logged, as it is written down in both forms."""
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(("httpx", "httpcore")):
                written.extend((logs.Plain().format(record), logs.Json().format(record)))

    caplog.set_level(logging.DEBUG)
    kept = Kept(logging.DEBUG)
    logging.getLogger().addHandler(kept)
    yield written
    logging.getLogger().removeHandler(kept)


@pytest.mark.attack("PRI-27")
async def test_nothing_private_is_in_the_log_or_before_an_admin(app: App, log: list[str]) -> None:
    await accounts.create(app, "ann", PASSWORD, MAIL)
    root = await person(app, "rosa", "admin")
    ann = await storage.actors.local("ann")
    assert ann
    token = await build.token(ann)
    transport = httpx.ASGITransport(Guard(web.app.build(app), build.BASE, caps=Caps(log_every=1)))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as client:
        member, browser = Member(client, ann, token), Browser(client)
        await member.post(f"@rosa {SECRET}", visibility="direct")
        for login, password in ((MAIL, PASSWORD + "?"), (MAIL, PASSWORD)):
            await browser.send(form_of(await browser.get("/sign_in")), login=login, password=password)
        async with refusing():
            broken = await member.ask("POST", "statuses", json={"status": f"odd {SECRET}", "visibility": "direct"})
        browser = await Browser(client).signed_in(app, "rosa")
        places = {h.pattern for h in compiled().handlers if h.method == "GET" and h.pattern.startswith("/admin")}
        pages = {place: await browser.get(re.sub(r"\{\w+\}", "ann", place)) for place in places}
        before_bob = await client.get("/api/v1/conversations", headers=bearer(await build.token(root)))

    assert broken.status_code == 500 and SECRET in before_bob.text
    text = "\n".join(log)
    assert "Traceback" in text and all(path in text for path in ("/sign_in", "/api/v1/statuses", "/admin/log"))
    assert [word for word in (SECRET, MAIL, PASSWORD, token) if word in text] == []
    assert len([page for page in pages.values() if page.status_code == 200]) > 10
    words = (SECRET, MAIL, PASSWORD, token)
    told = {(place, word) for place, page in pages.items() for word in words if word in page.text}
    assert told == {("/admin/people", MAIL), ("/admin/people/{name}", MAIL)}  # who runs the place may write to them
    assert SECRET not in str(await queue.state(app))


@pytest.mark.attack("PRI-27")
async def test_what_the_database_refuses_is_not_repeated(database: object) -> None:
    """Neither in what it says nor in what led to it, which a trace shows."""
    somebody = await build.person("ann")
    for statement, args in (
        ("UPDATE actor SET name = ?, created_at = NULL WHERE id = ?", (SECRET, somebody.id)),
        ("INSERT INTO tag (id, name) VALUES (?, ?), (2, ?)", (1, SECRET, SECRET)),
        ("UPDATE actor SET created_at = ? WHERE id = ?", (SECRET, somebody.id)),
    ):
        with pytest.raises(OperationalError) as refused:
            await execute(statement, args)
            await execute("SELECT no_such_thing", ())  # where what was written into a number stays a text
        assert SECRET not in "".join(traceback.format_exception(refused.value)), statement
