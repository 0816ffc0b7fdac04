"""How members like to write, where a post does not say it itself (Mastodon API: "Preferences")."""

import msgspec

import storage.accounts
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.accounts import Account

VISIBILITIES = ("public", "unlisted", "private")


class Preferences(msgspec.Struct, frozen=True):
    """For whom a post is, and whether it is sensitive, unless it says so itself."""

    visibility: str = "public"
    sensitive: bool = False


def of(account: Account | None) -> Preferences:
    """Those of an account; the usual ones where nothing was said."""
    try:
        return msgspec.json.decode(account.preferences if account else "{}", type=Preferences)
    except msgspec.MsgspecError:
        return Preferences()


async def change(app: App, account: Account, *, visibility: str = "", sensitive: bool | None = None) -> None:
    """Keep what is said; '' and None leave a thing as it is.

    Raises:
        Invalid: no such visibility.
    """
    if visibility and visibility not in VISIBILITIES:
        raise Invalid("Posts are public, unlisted or private unless they say otherwise.", field="source[privacy]")
    before = of(account)
    wanted = Preferences(visibility or before.visibility, before.sensitive if sensitive is None else sensitive)
    if wanted != before:
        await storage.accounts.set_preferences(account.id, msgspec.json.encode(wanted).decode())
