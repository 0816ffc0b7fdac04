"""The black-box cases about forged activities, beside the project, against a running instance."""

import asyncio
import json
from typing import Any

import pytest

from storage.connect import rows
from tests.corpus import ROOT, corpus
from tests.databases import Databases
from tests.fediverse import Fediverse
from tests.forger import ACTIVITY
from tests.scenarios.effects import CHECKS, content_never
from tests.scenarios.stage import PUBLIC, Stage, staged

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

CASES = "vectors/forgery/forgery_cases_dev.json"
NOT_TESTED_HERE = {"or", "policy", "prefer", "may_be_present", "may_be_absent"}  # what may be either way


def _cases() -> dict[str, dict[str, Any]]:
    if not (ROOT / CASES).exists():
        return {"absent": {}}
    return {case["id"]: case for case in json.loads((ROOT / CASES).read_bytes())["cases"]}


def _in_chain(number: str) -> dict[str, Any]:
    return {
        "id": f"https://evil.test/chain/{number}", "type": "Note", "attributedTo": "https://evil.test/users/mallory",
        "content": "<p>Go on</p>", "to": [PUBLIC], "inReplyTo": f"https://evil.test/chain/{int(number) + 1}",
    }  # fmt: skip


def _page_of_replies(number: str) -> dict[str, Any]:
    first = int(number) * 100
    return {
        "id": f"https://evil.test/replies/{number}", "type": "CollectionPage",
        "items": [f"https://evil.test/chain/{first + place}" for place in range(100)],
        "next": f"https://evil.test/replies/{int(number) + 1}",
    }  # fmt: skip


@pytest.mark.attack("ORI-01", "ORI-02", "ORI-03", "ORI-05", "ORI-07", "ORI-09", "ORI-10", "ORI-11", "ORI-13", "ORI-14")
@pytest.mark.attack("ORI-15", "ORI-16", "ORI-17", "ORI-18", "ORI-20", "ORI-23", "ORI-26", "ORI-29", "ORI-35", "SIG-05")
@pytest.mark.parametrize(
    ("dialect", "case_id"),
    [("sqlite", case_id) for case_id in _cases()] + [("postgres", case_id) for case_id in list(_cases())[::5]],
)
async def test_no_forged_activity_has_the_effect_it_wants(
    fediverse: Fediverse, databases: Databases, dialect: str, case_id: str
) -> None:
    vectors = json.loads(corpus(CASES).read_bytes())
    case = _cases()[case_id]
    ours = await fediverse.instance("ours.test", like=await staged(databases, dialect))
    stage = Stage(fediverse, ours, vectors)
    await stage.look()
    serve_world(stage, vectors, case)
    await played(stage, case)

    assert max(stage.statuses, default=0) < 500
    with stage.instance.here():
        assert await rows("SELECT error FROM inbox_item WHERE state = 3") == []
    await hold(stage, case)


def serve_world(stage: Stage, vectors: dict[str, Any], case: dict[str, Any]) -> None:
    """Let the hosts serve what the case wants them to."""
    world = json.loads(stage.fill(json.dumps(vectors["world"] | case["world"])))
    stage.hosts["evil.test"].made_up = {"/chain/": _in_chain, "/replies/": _page_of_replies}
    for url, found in world.items():
        if "generate" in found:
            continue
        kind = found.get("content_type", ACTIVITY) or ""  # null: it is served without one
        stage.hosts[url.split("/")[2]].serve(url, found.get("body", {}), found.get("status", 200), kind)


async def played(stage: Stage, case: dict[str, Any]) -> None:
    """Take all steps of the case, until nobody has anything to do."""
    for step in case["setup"]:
        await stage.take(step)
    for who in _announcers(case):
        await stage.take({"local_follow": {"from": "{LOCAL_USER}", "to": who, "accepted": True}})
    stage.statuses.clear()
    parallel = [step for step in case["steps"] if step.get("parallel")]
    await asyncio.gather(*(stage.deliver(step) for step in parallel))
    for step in (step for step in case["steps"] if not step.get("parallel")):
        await stage.take(step)
    await stage.fediverse.settle()


def _announcers(case: dict[str, Any]) -> list[str]:
    """Who announces something and is followed by nobody yet: to that this server would not listen at all."""
    followed = {step["local_follow"]["to"] for step in case["setup"] if "local_follow" in step}
    said = [step["deliver"] for step in case["steps"] if step.get("deliver")]
    speakers = dict.fromkeys(each["actor"] for each in said if each["type"] == "Announce")
    return [who for who in speakers if who not in followed]


async def hold(stage: Stage, case: dict[str, Any]) -> None:
    """All promises of the case hold."""
    for name, expected in case["expect"].items():
        if name == "content_never":
            for text in expected:
                await content_never(stage, text)
        elif name not in NOT_TESTED_HERE:
            await CHECKS[name](stage, expected)
