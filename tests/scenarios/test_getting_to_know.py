"""A server is asked what it runs when somebody of it turns up, and not for each of its people."""

from pathlib import Path

import pytest

from fedcomm import clock
from storage import peers
from tests.fediverse import Fediverse, Instance

pytestmark = pytest.mark.anyio


def asked(fediverse: Fediverse) -> int:
    """How often b.test was asked what it runs."""
    return len([url for _method, url, _status in fediverse.wire.log if url.startswith("https://b.test/nodeinfo/")])


async def meet(fediverse: Fediverse, ours: Instance, *handles: str) -> None:
    """Somebody here follows them, one after another."""
    anna = await ours.known("anna")
    for handle in handles:
        await anna.follow(handle)
        await fediverse.settle()


async def test_a_server_is_asked_once_a_day_however_many_of_its_people_turn_up(
    fediverse: Fediverse, tmp_path: Path
) -> None:
    ours, theirs = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    await ours.person("anna")
    for name in ("bob", "carl", "dora", "emil"):
        await theirs.person(name)

    await meet(fediverse, ours, "bob@b.test", "carl@b.test", "dora@b.test")
    before = asked(fediverse)
    (tmp_path / "offset").write_text("86401")
    clock.follow(tmp_path / "offset")
    try:
        await meet(fediverse, ours, "emil@b.test")
    finally:
        clock.follow(None)
    with ours.here():
        known = await peers.get("b.test")

    assert before == 1 and asked(fediverse) == 2
    assert known is not None and known.software == "fedcomm"
