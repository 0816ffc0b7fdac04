"""What the command line can ask of an instance, through the running server or alone: `COMMANDS`, by name."""

import base64
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import msgspec

import storage.connect
import storage.follows
from fedcomm import (
    accounts,
    address_commands,
    aliases,
    audit_commands,
    blocked_files,
    bulletins,
    clock,
    debug,
    emojis,
    finding,
    follows,
    founding,
    group_profile,
    groups,
    invites,
    listing,
    mail_commands,
    maintenance,
    members,
    moving,
    peer_commands,
    people_commands,
    pictures,
    promotional,
    purging,
    queue,
    queue_commands,
    rights,
    rollback,
    room,
    scout,
    scouting,
    subscription_commands,
    taking_commands,
    tokens,
    upkeep_commands,
)
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.errors import Conflict, Invalid
from fedcomm.opening import opened
from storage import actors, slots
from storage.actors import Actor
from storage.emojis import Emoji
from storage.errors import OperationalError

Command = Callable[..., Awaitable[dict[str, Any]]]

_PURPOSES = {"icon": "avatar", "image": "header"}


async def run(app: App, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a command.

    Raises:
        Invalid: there is no such command, or it takes other arguments.
        AppError: what it is refused with, or that the database cannot do it now.
    """
    found = COMMANDS.get(command)
    if found is None:
        raise Invalid(f"This server knows no command {command}.", fix="use the fedcomm that started the server")
    try:
        inspect.signature(found).bind(app, **args)
    except TypeError as error:
        raise Invalid(f"{command}: {error}.", fix="use the fedcomm that started the server") from None
    with _told(), storage.connect.use(app.db):
        return await found(app, **args)


async def alone(config: Config, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The same without a server; the caller holds the lock of the data directory.

    Raises:
        ConfigError: the database cannot be used.
        AppError: what it is refused with.
    """
    clock.follow(config.test_clock)
    app = await opened(config)
    try:
        with _told(), storage.connect.use(app.db):
            slot = await slots.claim(f"command {command}")  # on PostgreSQL a server elsewhere may make ids too
            try:
                return await run(app, command, args)
            finally:
                await slot.release()
    finally:
        await app.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A database that cannot do it now is told like any other refusal."""
    try:
        yield
    except OperationalError as error:
        fix = "see that the disk has room and that the database runs, then ask again"
        raise Conflict("The database cannot do this now: {error}", fix=fix, error=error) from error


async def _create_account(app: App, name: str, password: str, email: str, role: str) -> dict[str, Any]:
    await accounts.create(app, name, password, email, role)
    return {"handle": f"@{name.removeprefix('@')}@{app.host}"}


async def _approve_account(app: App, name: str) -> dict[str, Any]:
    await accounts.approve(app, name)
    return {}


async def _change_password(app: App, name: str, password: str) -> dict[str, Any]:
    await accounts.set_password(app, name, password)
    return {}


async def _promote_account(app: App, name: str, role: str) -> dict[str, Any]:
    await accounts.promote(app, name, role)
    return {}


async def _delete_account(app: App, name: str) -> dict[str, Any]:
    await accounts.delete(app, name)
    return {}


async def _invite(app: App, role: str, group: str, uses: int, days: int) -> dict[str, Any]:
    group_id = (await groups.named(group))[0].id if group else None
    return {"url": await invites.create(app, None, role, group_id, uses, days)}


async def _issue_token(app: App, name: str, scopes: str) -> dict[str, Any]:
    if not scopes.strip():
        raise Invalid("A token needs a scope.", fix='for example --scopes read, or --scopes "read write follow push"')
    return {"token": await tokens.issue(app, name, scopes)}


async def _alias_account(app: App, name: str, other: str, remove: bool) -> dict[str, Any]:
    actor = await _actor(name)
    if not remove:
        return {"other": f"@{(await aliases.add(app, actor, other)).acct}"}
    if other not in aliases.of(actor):  # not its id, which also names one that is gone
        other = (await finding.somebody(app, other)).uri
    await aliases.remove(app, actor, other)
    return {"other": other}


async def _move_account(app: App, name: str, where: str) -> dict[str, Any]:
    return {"handle": f"@{(await moving.away(app, await _actor(name), where)).acct}"}


async def _move_account_back(app: App, name: str) -> dict[str, Any]:
    await moving.back(app, await _actor(name))
    return {}


async def _actor(name: str) -> Actor:
    actor = await actors.by_id((await accounts.named(name)).actor_id)
    assert actor is not None  # a foreign key
    return actor


async def _create_group(
    app: App, name: str, title: str, summary: str, steward: str, ladder: bool = True, join_mode: str = "open",
    visibility: str = "public",
) -> dict[str, Any]:  # fmt: skip
    await founding.found(app, name, title, summary, steward or None, join_mode, ladder=ladder, visibility=visibility)
    _, face = await groups.named(name)
    return {"handle": f"!{face.username}@{app.host}", "url": face.url}


async def _change_group(app: App, group: str, changes: dict[str, str]) -> dict[str, Any]:
    try:
        change = msgspec.convert(changes, group_profile.Change)
    except msgspec.ValidationError as error:
        raise Invalid(f"group.change: {error}.", fix="use the fedcomm that started the server") from None
    await group_profile.change(app, group, change)
    return {}


async def _change_pictures(
    app: App, group: str, sent: dict[str, str], words: dict[str, str], gone: list[str]
) -> dict[str, Any]:
    """`sent` has files as base64, by place; no file is larger than a request to this process."""
    made = {
        place: await pictures.read(app.picture_turn, base64.b64decode(sent[place]), _PURPOSES[place]) for place in sent
    }
    change = group_profile.Change(pictures=dict.fromkeys(gone) | made, descriptions=words)
    await group_profile.change(app, group, change)
    return {}


async def _ban(app: App, group: str, actor: str) -> dict[str, Any]:
    banned = await members.ban(app, group, actor)
    return {"handle": f"@{banned.acct}"}


async def _unban(app: App, group: str, actor: str) -> dict[str, Any]:
    lifted = await members.unban(app, group, actor)
    return {"handle": f"@{lifted.acct}"}


async def _appoint(app: App, group: str, actor: str, role: str = rights.MODERATOR) -> dict[str, Any]:
    await groups.named(group)
    who = await members.somebody(app, actor)
    if who.kind != "Person":
        raise Invalid(
            "Only people look after groups.", fix="name a person: alice, alice@host or the address of a profile"
        )
    await members.appoint(app, group, who, role=role)
    return {"handle": f"@{who.acct}"}


async def _dismiss(app: App, group: str, actor: str) -> dict[str, Any]:
    await groups.named(group)
    who = await members.somebody(app, actor)
    await members.dismiss(app, group, who)
    return {"handle": f"@{who.acct}"}


async def _mark(app: App, group: str, actor: str) -> dict[str, Any]:
    await groups.named(group)
    who = await promotional.mark(app, group, (await members.somebody(app, actor)).id, None)
    return {"handle": f"@{who.acct}"}


async def _unmark(app: App, group: str, actor: str) -> dict[str, Any]:
    await groups.named(group)
    who = await promotional.unmark(app, group, (await members.somebody(app, actor)).id, None)
    return {"handle": f"@{who.acct}"}


async def _undo(app: App, group: str, actor: str, hours: int) -> dict[str, Any]:
    return {"handle": f"@{(await rollback.order(app, group, actor, hours)).acct}"}


async def _follow(app: App, account: str, whom: str) -> dict[str, Any]:
    name = account.removeprefix("@")
    target = await follows.follow_handle(app, name, whom)
    follower = await actors.local(name)
    asked = await storage.follows.of(follower.id, target.id) if follower else None
    return {"handle": f"@{target.acct}", "accepted": bool(asked and asked.state == "accepted")}


async def _seek_neighbours(app: App, topics: str, servers: list[str], budget: int) -> dict[str, Any]:
    await scouting.begin(app, servers or scout.SERVERS, topics, budget or scout.BUDGET, None)
    return {}


async def _list_neighbours(app: App) -> dict[str, Any]:
    groups = [{name: getattr(each, name) for name in each.__struct_fields__} for each in await scouting.state()]
    return {"groups": groups, "told": list((await scout.wish()).told)}


async def _stop_neighbours(app: App) -> dict[str, Any]:
    return {"left": await scouting.stop(app, None)}


async def _queue(app: App) -> dict[str, Any]:
    return await queue.state(app)


async def _add_emoji(app: App, name: str, content: str, category: str, replace: bool) -> dict[str, Any]:
    made = await emojis.add(None, name, base64.b64decode(content), category, replace=replace)
    return _emoji(app, made)


async def _remove_emoji(app: App, name: str) -> dict[str, Any]:
    await emojis.remove(None, name)
    return {}


async def _list_emojis(app: App) -> dict[str, Any]:
    return {"emojis": [_emoji(app, each) for each in (await emojis.ours()).values()]}


def _emoji(app: App, found: Emoji) -> dict[str, Any]:
    return {"name": found.shortcode, "category": found.category, "url": emojis.as_told(app.urls, found).url}


async def _publish_bulletin(app: App, text: str, starts: str, ends: str) -> dict[str, Any]:
    return {"id": str((await bulletins.publish(None, text, starts, ends)).id)}


async def _change_bulletin(app: App, number: str, text: str, starts: str, ends: str) -> dict[str, Any]:
    await bulletins.change(None, _number(number), text, starts, ends)
    return {}


async def _end_bulletin(app: App, number: str) -> dict[str, Any]:
    await bulletins.end(None, _number(number))
    return {}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


COMMANDS: dict[str, Command] = {
    "emoji.add": _add_emoji,
    "emoji.remove": _remove_emoji,
    "emoji.list": _list_emojis,
    "bulletin.publish": _publish_bulletin,
    "bulletin.change": _change_bulletin,
    "bulletin.end": _end_bulletin,
    "account.create": _create_account,
    "account.approve": _approve_account,
    "account.password": _change_password,
    "account.promote": _promote_account,
    "account.delete": _delete_account,
    "account.token": _issue_token,
    "account.alias": _alias_account,
    "account.move": _move_account,
    "account.move-back": _move_account_back,
    "invite": _invite,
    "group.create": _create_group,
    "group.change": _change_group,
    "group.pictures": _change_pictures,
    "group.ban": _ban,
    "group.unban": _unban,
    "group.appoint": _appoint,
    "group.dismiss": _dismiss,
    "group.mark": _mark,
    "group.unmark": _unmark,
    "group.undo": _undo,
    "follow": _follow,
    "neighbours.seek": _seek_neighbours,
    "neighbours.list": _list_neighbours,
    "neighbours.stop": _stop_neighbours,
    "queue": _queue,
    **address_commands.COMMANDS,
    **audit_commands.COMMANDS,
    **debug.COMMANDS,
    **listing.COMMANDS,
    **room.COMMANDS,
    **blocked_files.COMMANDS,
    **mail_commands.COMMANDS,
    **peer_commands.COMMANDS,
    **people_commands.COMMANDS,
    **purging.COMMANDS,
    **maintenance.COMMANDS,
    **queue_commands.COMMANDS,
    **taking_commands.COMMANDS,
    **subscription_commands.COMMANDS,
    **upkeep_commands.COMMANDS,
}
