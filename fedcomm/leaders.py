"""Who looks after a group elsewhere, as its own server says, and who of them is known here."""

import asyncio
from contextlib import suppress

from activitypub import collections, properties
from activitypub.client import Allowance, signed
from activitypub.errors import ProtocolError, Unreachable
from activitypub.origins import host_of, origin, same_origin
from fedcomm import clock, errors, fetching, memberships, moderation, rights
from fedcomm.app import App
from fedcomm.mapping.posts import members_of
from storage import actors, groups, members, registers
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group

MAX_ADMINS = 50  # of a server that are heard as moderators of its groups
MET, AT_ONCE = 20, 4  # people who look after a group, made known when somebody joins it
_ASKING = (40, 30, 2_000_000)  # requests, of them of one domain, and bytes, for one group
_LIST = collections.Budget(pages=3, items=200, seconds=20)
_MEMBERS, _MEMBERS_PAGE = collections.Budget(pages=20, items=200, seconds=20), 10  # so many are on a page of Mobilizon


async def read(app: App, face_uri: str, *, allowance: Allowance | None = None) -> None:
    """Read anew who moderates a group elsewhere (FEP-1b12 §Group moderation), by its own list and no other's.

    NodeBB embeds the moderators in their list; only ids are taken from it. fedcomm has a list of stewards besides. The
    admins of the group's server may moderate too, where it says who they are. A group of Mobilizon has a list of its
    members instead, for members.

    Raises:
        ProtocolError: there is no such list.
        Unreachable: its home does not answer now.
    """
    face, group = await actors.by_uri(face_uri), await groups.by_face(face_uri)
    if face is None or group is None or group.local:
        return
    if not face.moderators:
        return await _read_members(app, group, face, allowance)
    wanted = dict.fromkeys(await _listed(app, face.moderators, allowance), rights.MODERATOR)
    if await groups.program(group.id) == "fedcomm":
        with suppress(ProtocolError):  # from before there was such a list
            stewards = await _listed(app, moderation.stewards_of(face), allowance)
            wanted |= {uri: rights.STEWARD for uri in stewards if uri in wanted}
    await _keep(app, group, face, wanted, face.moderators)
    with suppress(Unreachable):
        await read_admins(app, face.uri, allowance=allowance)


async def read_admins(app: App, uri: str, *, allowance: Allowance | None = None) -> None:
    """Read anew who runs the server of something, as Lemmy names them and PieFed 1.6.6 too; those of its own origin.

    Raises:
        Unreachable: it does not answer now.
    """
    try:
        app.peers.admins[host_of(uri)] = await _admins(app, uri, allowance)
    except Unreachable:
        app.peers.admins[host_of(uri)] = frozenset()
        raise


async def _read_members(app: App, group: Group, face: Actor, allowance: Allowance | None) -> None:
    """Mobilizon 5 shows them to members alone (ActorView); whoever else asks is told that there are none."""
    asking = await members.one_here(group.id)
    if asking is None or await groups.program(group.id) != "mobilizon":
        return
    sign = signed(*await app.keyring.private(asking, "cavage"), clock=clock.now, order=("cavage",))
    walk = collections.walk(app.client, members_of(face), _MEMBERS, sign=sign, allowance=allowance)
    listed = [item async for item in walk if isinstance(item, dict) and item.get("object") == face.uri]
    wanted = {uri: memberships.ROLES.get(item.get("role") or "", "") for item in listed
              if (uri := properties.reference(item.get("actor"))) is not None}  # fmt: skip
    if any(wanted.values()):  # a group always has somebody who looks after it
        whole = len(listed) < (_MEMBERS.pages - 1) * _MEMBERS_PAGE
        await _keep(app, group, face, wanted, members_of(face), whole=whole)


async def _keep(
    app: App, group: Group, face: Actor, wanted: dict[str, str], source: str, *, whole: bool = True
) -> None:
    """These have these roles; who else had one has none any more, when that is the `whole` list."""
    known = {each.subject: registers.role(each.value) for each in await registers.all_of(group.id, "role")}
    writes, name = Writes(), f"{source}#{clock.now_ms()}"
    for uri in dict.fromkeys((*wanted, *(known if whole else ()))):
        role = wanted.get(uri, "")
        if role != known.get(uri, ""):
            moderation.record_role(
                app, writes, group, face, uri, face.uri, name, given=bool(role), role=role or rights.MODERATOR
            )
    await apply(writes)


async def _listed(app: App, uri: str, allowance: Allowance | None) -> list[str]:
    walk = collections.walk(app.client, uri, _LIST, allowance=allowance)
    return [found async for item in walk if (found := properties.reference(item)) is not None]


async def _admins(app: App, face_uri: str, allowance: Allowance | None) -> frozenset[str]:
    try:
        found = await app.client.get_json(f"{origin(face_uri)}/api/v3/site", allowance=allowance)
    except ProtocolError:
        return frozenset()
    listed = found.get("admins")
    people = (
        [entry.get("person") for entry in listed[:MAX_ADMINS] if isinstance(entry, dict)]
        if isinstance(listed, list)
        else []
    )
    ids = [properties.url(person.get("actor_id")) for person in people if isinstance(person, dict)]
    return frozenset(uri for uri in ids if uri is not None and same_origin(uri, face_uri))


async def work(app: App, group: int) -> None:
    """The job: read who looks after a group elsewhere, which may have changed while nobody here followed it."""
    found, face = await groups.with_face(group)
    if found is not None and face is not None and not found.local and not face.gone:
        await meet(app, found, face, Allowance(*_ASKING))


async def meet(app: App, group: Group, face: Actor, allowance: Allowance) -> None:
    """Somebody here has joined a group elsewhere: read who looks after it, and get to know them for its page.

    A list that cannot be had now is read when somebody acts for the group.
    """
    with suppress(Unreachable, ProtocolError):
        await read(app, face.uri, allowance=allowance)
    leading = [uri for uri, _role in (await registers.holders([group.id])).get(group.id, [])][:MET]
    known = await actors.by_uris(leading)
    unknown = [uri for uri in leading if uri not in known and not app.urls.own(uri)]
    for start in range(0, len(unknown), AT_ONCE):
        await asyncio.gather(*(_person(app, uri, allowance) for uri in unknown[start : start + AT_ONCE]))


async def _person(app: App, uri: str, allowance: Allowance) -> None:
    with suppress(Unreachable, ProtocolError, errors.AppError):  # then they are known when they do something
        await fetching.actor(app, uri, allowance=allowance)
