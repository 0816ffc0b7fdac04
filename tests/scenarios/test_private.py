"""What is not for everybody goes to those it is for, and to no other inbox."""

import pytest

from fedcomm import fetching
from tests.fediverse import Fediverse
from tests.forger import Host

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ORI-25")
@pytest.mark.parametrize(("visibility", "shared"), [("direct", False), ("public", True)])
async def test_a_shared_inbox_gets_only_what_everybody_may_read(
    fediverse: Fediverse, visibility: str, shared: bool
) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    mona = Host(fediverse, "there.test").actor("mona", endpoints={"sharedInbox": "https://there.test/everybody"})
    with a.here():
        await fetching.actor(a.app, mona.uri)
    fediverse.wire.log.clear()

    await alice.post("@mona@there.test the key is under the mat", visibility=visibility)
    await fediverse.settle()

    posted = [url for method, url, _ in fediverse.wire.log if method == "POST"]
    assert posted == ["https://there.test/everybody" if shared else f"{mona.uri}/inbox"]
