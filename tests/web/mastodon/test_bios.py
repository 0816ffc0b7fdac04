"""What a group says of itself where only that is shown: to other servers, and to clients."""

import httpx
import msgspec
import pytest

from fedcomm import actors, bios, group_profile, groups
from fedcomm.app import App
from fedcomm.group_profile import Change

pytestmark = pytest.mark.anyio

HINT = "<p>Group · mention @rye{} to start a thread</p>"
RULES = "<p>The rules of the group:</p><ol><li>Be kind.</li><li>1 &lt; 2</li></ol>"


async def test_who_sees_a_group_as_they_see_a_person_reads_how_to_write_in_it_and_its_rules(
    app: App, client: httpx.AsyncClient
) -> None:
    async def told() -> str:
        return str(msgspec.json.decode(msgspec.json.encode(await actors.document(app, face)))["summary"])

    async def noted() -> str:
        return str((await client.get("/api/v1/accounts/lookup?acct=rye")).json()["note"])

    await groups.create(app, "rye", "Rye", "All about rye")
    _group, face = await groups.named("rye")
    plain = [await told(), await noted()]
    await group_profile.change(app, "rye", Change(rules=("Be kind.", "1 < 2"), languages=("en", "de")))
    both = [await told(), await noted()]
    await group_profile.change(app, "rye", Change(join_mode="invite", slow=300))
    invited = await told()
    await group_profile.change(app, "rye", Change(languages=("de",), posting="moderators"))
    german = await noted()

    about = "<p>All about rye</p>"
    assert plain == [HINT.format("@home.test") + about, HINT.format("") + about]
    assert both == [HINT.format("@home.test") + about + RULES, HINT.format("") + about + RULES]
    hint = "<p>Group · joined by invitation only · mention @rye@home.test to start a thread · "
    assert invited.startswith(f"{hint}one post for each person in 5 min</p>")
    assert bios.without_hint(invited, "@rye@home.test").startswith(about)
    assert german.startswith(f"{about}<p>Die Regeln der Gruppe:</p>")  # nobody is asked to write where they cannot


def test_the_hint_does_not_come_back_from_a_steward_elsewhere() -> None:
    about = "<p>All · about rye</p>"

    assert bios.without_hint(HINT.format("@home.test") + about, "@rye@home.test") == about
    assert bios.without_hint(about, "@rye@home.test") == about
    assert bios.without_hint(HINT.format("@else.test") + about, "@rye@home.test").startswith("<p>Group")
