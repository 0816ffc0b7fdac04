"""What clients count on is in every answer, as our own table says and as the published description of the API does."""

import httpx
import pytest

from fedcomm import actors
from fedcomm.app import App
from storage.actors import Actor
from tests.web.mastodon import answers, answers_of_people, keys
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio


@pytest.fixture
async def found(
    app: App, client: httpx.AsyncClient, alice: Member, bob: Member, gardening: Actor
) -> list[answers.Answer]:
    """An answer of every kind."""
    await actors.service(app)
    found = await answers.everything(client, alice, bob, gardening)
    return [*found, *await answers_of_people.everything(alice, bob)]


@pytest.mark.contract(6, 7, 12, 20)
async def test_every_key_is_in_every_answer(found: list[answers.Answer]) -> None:
    assert [f"{each.name}{fault}" for each in found for fault in keys.wrong(each.value, each.table)] == []
    assert [each.name for each in found if each.value == [] and each.name != "/api/v1/instance/rules"] == []


async def test_every_answer_is_as_the_api_is_described(found: list[answers.Answer]) -> None:
    schema = Schema()

    faults = [
        f"{each.method} {each.name}{fault}"
        for each in found
        for fault in schema.wrong(each.value, schema.of(each.name, each.method))
    ]

    assert faults == []


def test_the_tables_notice_what_is_missing_or_of_another_kind() -> None:
    good = {"id": "1", "title": "x", "replies_policy": "none", "exclusive": False}

    assert keys.wrong(good, keys.LIST) == []
    assert keys.wrong(good | {"id": 1}, keys.LIST) == [".id is 1"]
    assert keys.wrong([good, {}], [keys.LIST])[0] == "[1].id is missing"
    assert keys.wrong({"a": "2026-01-01T00:00:00Z"}, {"a": "moment"}) and not keys.wrong(
        {"a": None}, {"a": (str, None)}
    )
    assert keys.wrong({"a": True}, {"a": int}) and keys.wrong(None, [keys.LIST]) and keys.wrong([], keys.LIST)
