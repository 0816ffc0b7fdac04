"""What lets somebody in is written down nowhere: neither in the log nor in the database."""

import logging
from pathlib import Path

import httpx
import pytest

import web.app
from fedcomm import accounts
from fedcomm.app import App
from tests import build
from tests.web.client import bearer
from tests.web.oauth.browser import Browser, Program, form_of, register
from web.guard import Caps, Guard

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"


async def secrets_of_a_whole_story(program: Program, browser: Browser) -> list[str]:
    """Everything secret that is sent while somebody signs in, lets a program in, and it goes wrong as well."""
    client = program.client
    away = await browser.get(program.asking(state="s"))
    await browser.send(form_of(await browser.get(away.headers["location"])), login="ann", password="a wrong one here")
    await browser.send(form_of(await browser.get(away.headers["location"])), login="ann", password=PASSWORD)
    code = await browser.code(program.asking())
    unused = await browser.code(program.asking())
    token = (await program.exchange(code)).json()["access_token"]
    for path in ("/api/v1/timelines/home", "/api/v1/nothing", f"/api/v1/timelines/home?access_token={token}"):
        await client.get(path, headers=bearer(token))
    await client.get(f"/oauth/authorize?code={unused}")
    await client.post("/oauth/token", content=b"{" + unused.encode(), headers={"content-type": "application/json"})
    session = browser.client.cookies["__Host-session"]
    return [PASSWORD, "a wrong one here", code, unused, token, session, program.client_secret]


@pytest.mark.attack("OAU-10", "PRI-27")
async def test_no_secret_is_in_the_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await accounts.create(app, "ann", PASSWORD)
    transport = httpx.ASGITransport(Guard(web.app.build(app), build.BASE, caps=Caps(log_every=1)))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as client:
        secrets = await secrets_of_a_whole_story(await register(client), Browser(client))

    said = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name[:5] != "httpx"
    )

    assert all(path in said for path in ("/oauth/authorize", "/oauth/token", "/sign_in", "/api/v1/nothing"))
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.attack("OAU-11")
@pytest.mark.parametrize("dialect", ["sqlite"])  # of PostgreSQL, other tests look at the rows
async def test_no_secret_is_in_the_files_of_the_database(app: App, client: httpx.AsyncClient) -> None:
    await accounts.create(app, "ann", PASSWORD)
    secrets = await secrets_of_a_whole_story(await register(client), Browser(client))
    await app.db.close()

    files = [Path(app.config.database_url.partition("://")[2])]
    files += [path for path in files[0].parent.glob(f"{files[0].name}*") if path not in files]
    held = b"".join(path.read_bytes() for path in files if path.exists())

    assert b"oauth_token" in held and b"ann" in held
    assert [secret for secret in secrets if secret.encode() in held] == []
