"""Mail is a job: it survives what goes wrong, is tried again, and is given up where an admin sees it."""

from collections.abc import AsyncIterator

import pytest

from fedcomm import accounts, mailing, mails, queue
from fedcomm.app import App
from fedcomm.jobs import worker
from storage.connect import Writes, apply, execute, row, rows, transaction, write
from tests.fedcomm.several import counted, until
from tests.mail import MailServer, turn_on

pytestmark = pytest.mark.anyio


@pytest.fixture
async def post(app: App, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MailServer]:
    """The mail server; mail is on."""
    async with MailServer() as server:
        turn_on(app, server, monkeypatch)
        yield server


async def order(app: App, key: str = "") -> None:
    """Let the member be written to."""
    ann = (await row("SELECT id FROM account"))[0]  # type: ignore[index]
    mails.post(app, writes := Writes(), "password_changed", account=ann, key=key)
    await apply(writes)


async def test_what_is_refused_for_now_is_tried_again_and_what_is_refused_for_good_is_set_aside(
    app: App, post: MailServer
) -> None:
    await accounts.create(app, "ann", "correct horse battery", "ann@mail.example")
    running = worker.start(app)
    try:
        for answer, state in (("450 greylisted", 0), ("550 5.1.1 no such user", 3)):
            post.refuses = {"RCPT": answer}
            await order(app)
            await until(lambda: counted("SELECT COUNT(*) FROM job WHERE error <> ''", 1))
            found = await row("SELECT state, error, attempts FROM job WHERE error <> ''")
            assert found and (found[0], found[2]) == (state, 1) and answer in found[1]
            assert (await queue.state(app))["jobs_parked"] == (state == 3)
            await execute(f"DELETE FROM job WHERE state = {state}")
        post.refuses = {}
        await order(app)
        await until(lambda: counted("SELECT COUNT(*) FROM job", 0))
    finally:
        await running.stop()
    assert len(post.mails) == 1


async def test_a_mail_is_written_down_with_its_cause_or_not_at_all(app: App, post: MailServer) -> None:
    ann = await accounts.create(app, "ann", "correct horse battery", "ann@mail.example")
    with pytest.raises(RuntimeError):
        async with transaction():
            mails.post(app, writes := Writes(), "password_changed", account=ann.id)
            await write(writes)
            raise RuntimeError
    assert await rows("SELECT id FROM job") == []
    for key in ("one", "one", "two"):
        await order(app, key)
    assert len(await rows("SELECT id FROM job")) == 2

    for _twice in range(2):  # the server died before it noted that the mail was gone
        await mailing.send(app, id=5, letter="password_changed", account=ann.id)

    assert {mail["Message-ID"] for _, _, mail in post.mails} == {"<5@here.example>"} and len(post.mails) == 2
    await accounts.delete(app, "ann", by=ann)
    await mailing.send(app, id=6, letter="password_changed", account=ann.id)  # nobody is there to be told
    assert len(post.mails) == 2


async def test_where_mail_is_off_nothing_is_written_down(app: App) -> None:
    await accounts.create(app, "ann", "correct horse battery", "ann@mail.example")
    await order(app)
    await mailing.send(app, id=7, letter="password_changed", account=1)  # it was turned off meanwhile
    assert not mails.on(app) and await rows("SELECT id FROM job") == []
