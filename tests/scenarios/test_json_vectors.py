"""JSON that is broken, odd or means two things: refused as an inbox's body and as a document that was asked for."""

import logging

import pytest

from activitypub.errors import ProtocolError
from fedcomm import fetching
from storage.connect import value
from tests.activitypub.test_documents import REFUSED, TWICE
from tests.corpus import ROOT, corpus
from tests.forger import post
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

VECTORS = "vectors/json"


def _vectors() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((ROOT / VECTORS).rglob("*.json"))}


async def _refuses(town: Town, bodies: dict[str, bytes], caplog: pytest.LogCaptureFixture) -> None:
    assert bodies
    with caplog.at_level(logging.WARNING):
        for name, body in bodies.items():
            answer = await post(town.ours, body, town.bob)
            assert 400 <= answer.status_code < 500 and answer.json()["error"], name
            town.theirs.serve("https://theirs.test/odd", body)
            with town.ours.here(), pytest.raises(ProtocolError):
                await fetching.post(town.ours.app, "https://theirs.test/odd")

    assert [record.getMessage() for record in caplog.records] == []
    with town.ours.here():
        assert await value("SELECT (SELECT COUNT(*) FROM inbox_item) + (SELECT COUNT(*) FROM post)") == 0


@pytest.mark.attack("NET-14", "ORI-29")
async def test_json_that_is_not_clean_has_no_effect_and_makes_no_fault(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    small = {name: body for name, body in (REFUSED | TWICE).items() if len(body) <= 200_000}

    await _refuses(town, small, caplog)


@pytest.mark.attack("NET-14")
async def test_no_vector_of_json_has_an_effect_or_makes_a_fault(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    corpus(VECTORS)  # skips

    await _refuses(town, _vectors(), caplog)
