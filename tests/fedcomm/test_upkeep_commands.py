"""What is named at the command line: posts by numbers that nobody has, and domains in letters of all the world."""

import pytest

from fedcomm import mail_domains, upkeep_commands
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound

pytestmark = pytest.mark.anyio
ask = upkeep_commands.COMMANDS


@pytest.mark.parametrize("address", ["9" * 30, "٣", "-1", "", "https://far.example/1"])
async def test_what_is_the_number_of_no_post_is_said_to_be_none(app: App, address: str) -> None:
    with pytest.raises(NotFound, match="no such post"):
        await ask["post.receipt"](app, address=address)


async def test_a_mail_domain_is_opened_by_the_name_by_which_it_was_closed(app: App) -> None:
    assert await ask["mail_domain.close"](app, domain="Müller.example") == {"domain": "xn--mller-kva.example"}
    with pytest.raises(Invalid):
        await mail_domains.check("anna@xn--mller-kva.example")

    await ask["mail_domain.open"](app, domain="müller.example")

    assert await ask["mail_domain.list"](app) == {"domains": []}
