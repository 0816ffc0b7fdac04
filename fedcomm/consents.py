"""Rules that people agree to when they come in: which version was shown, and that they said yes."""

import hashlib
from collections.abc import Sequence

import msgspec

import storage.consents
from fedcomm import clock, group_profile, settings
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.actors import Actor
from storage.groups import Group

SERVER = 0  # in place of a group: the rules of this server


class Shown(msgspec.Struct, frozen=True):
    """Rules as they are now, of this server or of a group; `version` is '' when there are none."""

    group_id: int
    rules: tuple[str, ...]

    @property
    def version(self) -> str:
        """Changes with every word and with the order: SHA-256 of the rules as JSON."""
        return hashlib.sha256(msgspec.json.encode(self.rules)).hexdigest() if self.rules else ""


class Agreement(msgspec.Struct, frozen=True):
    """Rules that somebody says yes to; `read` is the seal of those that they had before their eyes."""

    shown: tuple[Shown, ...]
    read: str


async def of_server(app: App) -> Shown:
    """The rules of this server."""
    return Shown(SERVER, (await settings.current(app)).rules)


async def of_group(group: Group) -> Shown:
    """The rules of a group; those of a group elsewhere are kept there."""
    return Shown(group.id, tuple(await group_profile.rules(group.id)) if group.local else ())


async def owed(actor: Actor, rules: Shown) -> bool:
    """Whether somebody has not agreed to these rules: never, or before they were changed."""
    return bool(rules.version) and not await storage.consents.given(actor.id, rules.group_id, rules.version)


def seal(shown: Sequence[Shown]) -> str:
    """What a form carries along, so that nobody agrees to other rules than those they read."""
    return " ".join(each.version for each in shown if each.version)


async def agree(actor: Actor, agreement: Agreement) -> None:
    """Keep that somebody agreed to all of these rules; joins the transaction in which they come in.

    Raises:
        Invalid: the rules have changed since they were shown.
    """
    if agreement.read != seal(agreement.shown):
        raise Invalid("The rules have just changed. Please read them once more.", field="rules")
    for each in agreement.shown:
        if each.version:
            await storage.consents.give(actor.id, each.group_id, each.version, clock.now_ms())
