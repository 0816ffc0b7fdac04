"""What a Prometheus on the same machine is told, and that nobody else is."""

import re
from functools import partial
from pathlib import Path

import httpx
import pytest

import web.app
from fedcomm import clock, metrics
from fedcomm.app import App
from fedcomm.counted import COUNTS
from storage.connect import execute
from tests import build
from web.guard import Guard
from web.metrics import Metrics
from web.routes import compiled

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[2] / "docs/host/metrics.md"
HERE = "http://127.0.0.1:8000"
_LINE = re.compile(
    r"# (?:HELP fedcomm_[a-z_]+ .+|TYPE fedcomm_[a-z_]+ (?:gauge|counter))"
    r'|fedcomm_[a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"\})? \d+(?:\.\d+)?(?:e[+-]\d+)?'
)


async def _ask(app: App, base: str = HERE, client: str = "127.0.0.1", **fields: str) -> httpx.Response:
    guarded = Metrics(Guard(web.app.build(app), build.BASE), partial(metrics.text, app), metrics.TYPE)
    transport = httpx.ASGITransport(guarded, client=(client, 4000))
    async with httpx.AsyncClient(transport=transport, base_url=base) as opened:
        return await opened.get("/metrics", headers={name.replace("_", "-"): value for name, value in fields.items()})


async def test_what_waits_and_fails_is_told_to_this_machine(app: App) -> None:
    now = clock.now_ms()
    await build.insert("peer", host="far.example", failures=3, first_seen_at=now)
    for number, state in enumerate((0, 0, 3), 1):
        await execute(
            "INSERT INTO inbox_item (id, uri_hash, signer, state) VALUES (?, ?, 'https://far.example/a', ?)",
            ((now - 60_000 * number) << 16, bytes([number]) * 16, state),
        )
    await execute(
        "INSERT INTO job (id, name, args, run_at, created_at) VALUES (1, 'tell_poll', '[]', ?, ?)", (now - 9_000, now)
    )
    before = COUNTS.latency_ms
    COUNTS.take_in([(now - 2_000) << 16], now)

    answer = await _ask(app)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert answer.text.endswith("\n") and all(_LINE.fullmatch(line) for line in answer.text.splitlines()), answer.text
    told = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
    assert told["fedcomm_inbox_waiting"] == "2" and told["fedcomm_inbox_parked"] == "1"
    assert (
        119 < float(told["fedcomm_inbox_oldest_seconds"]) < 180 and 8 < float(told["fedcomm_jobs_oldest_seconds"]) < 60
    )
    assert told['fedcomm_peer_failures{host="far.example"}'] == "3" and told["fedcomm_peers_failing"] == "1"
    figures = {name.partition("{")[0] for name in told}
    ruled = re.findall(r"^ +expr: (.+)$", GUIDE.read_text(), re.MULTILINE)
    assert len(ruled) > 5 and {name for rule in ruled for name in re.findall(r"fedcomm_\w+", rule)} <= figures
    assert COUNTS.latency_ms == before + 2_000 and any("inbox_latency_seconds_count{process=" in name for name in told)


@pytest.mark.attack("ADM-18")
async def test_nobody_else_is_told(app: App) -> None:
    for answer in (
        await _ask(app, build.BASE, x_forwarded_for="203.0.113.5"),
        await _ask(app, build.BASE),
        await _ask(app, build.BASE, client="203.0.113.5"),
        await _ask(app, client="203.0.113.5"),
        await _ask(app, x_forwarded_for="127.0.0.1"),
        await _ask(app, forwarded="for=127.0.0.1"),
        await _ask(app, via="1.1 proxy"),
        await _ask(app, "http://rebound.example:8000"),
    ):
        assert answer.status_code in (404, 421) and "fedcomm_" not in answer.text
    assert (await _ask(app, build.BASE)).status_code == 404
    assert (await _ask(app, "http://localhost", client="::1")).status_code == 200


@pytest.mark.attack("ADM-18")
async def test_what_shows_the_inside_is_for_admins_or_is_not_there(app: App, client: httpx.AsyncClient) -> None:
    for path in (
        "/debug", "/docs", "/redoc", "/openapi.json", "/jobs", "/queue", "/sidekiq", "/pghero", "/status", "/graphql",
        "/server-status", "/.env", "/.git/config", "/console", "/api/v1/admin/measures",
    ):  # fmt: skip
        for method in ("GET", "POST"):
            answer = await client.request(method, path, headers={"accept": "text/html"})
            assert answer.status_code in (401, 403, 404, 405), (method, path)
            assert "Traceback" not in answer.text and str(app.config.data_dir) not in answer.text
    inside = [
        each for each in compiled().handlers if each.pattern.startswith(("/admin", "/api/v1/admin", "/api/v2/admin"))
    ]
    assert len(inside) > 50
    for each in inside:
        answer = await client.request(each.method, re.sub(r"\{[a-z_:]+\}", "1", each.pattern))
        assert answer.status_code in (303, 401, 403, 405), each
        assert answer.status_code != 303 or answer.headers["location"].startswith("/sign_in?next=/"), each
