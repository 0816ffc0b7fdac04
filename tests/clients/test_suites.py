"""What `make clients` makes of the suites of others; the suites themselves run there."""

import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import httpx
import pytest

import web.app
from fedcomm.app import App
from fedcomm.config import Config
from storage.connect import use
from tests.clients import seed, suites
from tests.clients.suites import Outcome
from tests.web.client import Nowhere, bearer

pytestmark = pytest.mark.anyio

REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_one"/>
<testcase classname="tests.integration.test_b" name="test_two"><failure message="no\nsuch thing"/></testcase>
<testcase classname="tests.test_a" name="test_three"><skipped/></testcase>
<testcase classname="tests.test_a" name="test_four"/>
<testcase classname="tests.test_a" name="test_four"><error message="left something"/></testcase>
</testsuite></testsuites>"""


def test_a_report_says_what_passed_and_why_the_rest_did_not() -> None:
    outcome = suites.read(ElementTree.fromstring(REPORT))

    assert outcome.passed == {"test_a.py::test_one"} and outcome.skipped == {"test_a.py::test_three"}
    assert outcome.failed == {"test_b.py::test_two": "no such thing", "test_a.py::test_four": "left something"}


def test_what_is_listed_must_fail_and_be_there_and_nothing_else_may_fail() -> None:
    outcome = Outcome(frozenset({"a", "b"}), {"c": "broken", "d": "broken"}, frozenset({"e"}))

    verdict = suites.judge(outcome, {"b": "cannot", "d": "cannot", "e": "cannot", "f": "cannot"})

    assert (verdict.unexpected, verdict.needless, verdict.unknown) == ({"c": "broken"}, ("b",), ("f",))
    assert not verdict.fine
    assert suites.judge(outcome, {"c": "cannot", "d": "cannot"}).fine


def test_whatever_cannot_pass_has_its_reason_written_down() -> None:
    listed = tomllib.loads(Path(suites.HERE, "skipped.toml").read_text())

    assert set(listed) == {suite.name for suite in suites.SUITES}
    for suite in listed:
        for name, reason in suites.known(suite).items():
            assert name.startswith("test_") and "::" in name and len(reason) > 10, name


async def test_the_seed_makes_the_people_that_the_suites_ask_as(database_url: str, tmp_path: Path) -> None:
    wanted = Config(
        base_url=suites.BASE_URL, host="localhost:3000", data_dir=tmp_path, database_url=database_url, test_mode=True
    )
    app = await App.open(wanted, transport=Nowhere())
    try:
        with use(app.db):
            await seed.seed(app)
        transport = httpx.ASGITransport(web.app.build(app))
        async with httpx.AsyncClient(transport=transport, base_url=suites.BASE_URL) as client:
            answers = {
                person.name: await client.get("/api/v1/accounts/verify_credentials", headers=bearer(person.token))
                for person in seed.PEOPLE
            }
            instance = await client.get("/api/v2/instance")
    finally:
        await app.close()

    assert {name: answer.json()["username"] for name, answer in answers.items()} == {name: name for name in answers}
    assert answers["mastodonpy_test"].json()["locked"] and answers["mastodonpy_test_2"].json()["indexable"]
    assert instance.json()["registrations"]["enabled"]
