"""Opening an instance over a database that is there already."""

import msgspec
import pytest

from fedcomm import groups
from fedcomm.config import Config, ConfigError
from fedcomm.opening import opened
from storage.connect import use

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ADM-17")
async def test_a_database_serves_no_other_base_url(config: Config) -> None:
    first = await opened(config)
    with use(first.db):
        await groups.create(first, "rye", "Rye bread")
    await first.close()

    for base_url in ("https://other.example", "https://here.example.other", "http://here.example"):
        with pytest.raises(ConfigError) as refused:
            await opened(msgspec.structs.replace(config, base_url=base_url))
        (problem,) = refused.value.problems
        assert "the database belongs to https://here.example;" in problem.text and base_url in problem.text
        assert "FEDCOMM_BASE_URL=https://here.example" in problem.fix

    again = await opened(config)
    with use(again.db):
        assert (await groups.named("rye"))[0].local
    await again.close()


async def test_a_database_in_which_nobody_lives_yet_serves_any(config: Config) -> None:
    await (await opened(config)).close()

    other = await opened(msgspec.structs.replace(config, base_url="https://other.example"))

    assert other.urls.own("https://other.example/users/anna")
    await other.close()
