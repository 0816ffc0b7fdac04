"""Actors of ours: made with their keys, and what their documents say."""

from collections.abc import Iterable

import msgspec

from activitypub import keys, render
from activitypub.objects import Hashtag
from fedcomm import bios, clock, elsewhere, emojis, mapping, passes
from fedcomm.app import App
from fedcomm.errors import Conflict
from fedcomm.mapping import activities
from storage import actors, directory, flairs, groups
from storage.actors import Actor, Key
from storage.connect import Writes
from storage.errors import IntegrityError
from storage.ids import next_id
from storage.saving import save

KEYS = ((keys.make_rsa, "main-key"), (keys.make_ed25519, "ed25519-key"))  # of each actor, and the ends of their ids
SERVICE = "actor"  # the name of the instance actor; nobody can have it (names.py)


async def create_local(app: App, kind: str, username: str, name: str = "", summary: str = "") -> Actor:
    """A new actor of ours with an RSA and an Ed25519 key; joins the transaction that is open.

    Raises:
        Conflict: the name is taken, or was somebody's who is gone (attack ORI-28).
    """
    if await actors.local(username) is not None:
        raise Conflict("This name is taken.", fix="choose another name")
    now = clock.now_ms()
    actor = _row(app, kind, username, name, summary, now)
    writes = Writes()
    actors.insert(writes, actor)
    for make, fragment in KEYS:
        key = make()
        public = keys.public_der(key.public)
        actors.put_key(
            writes,
            Key(
                f"{actor.uri}#{fragment}", actor.id, actor.uri, key.algorithm, public, keys.private_der(key), now, None
            ),
        )
    try:
        await save(writes)
    except IntegrityError as fault:  # somebody else took it in this moment
        raise Conflict("This name is taken.") from fault
    return actor


async def service(app: App) -> Actor:
    """The instance actor (FEP-d556, FEP-2677), made at the first start; it signs what this server asks of peers."""
    actor = await actors.local(SERVICE) or await create_local(app, "Application", SERVICE, app.host)
    app.service_key = await app.keyring.private(actor.id, "rsa")
    elsewhere.begin(app.service_key[0], app.peers)
    passes.begin(app.service_key[0])
    return actor


async def document(app: App, actor: Actor) -> activities.Json:
    """The ActivityPub document of one of ours; of who is suspended without what they say of themselves."""
    if actor.suspended_at is not None:
        actor = msgspec.structs.replace(
            actor, name="", summary="", summary_source="", icon="", image="", fields="[]", also_known_as="[]",
            moved_to_id=None, discoverable=0, indexable=0,
        )  # fmt: skip
    group = await groups.by_actor(actor.id) if actor.kind == "Group" else None
    own = _newest(key for key in await actors.keys_of(actor.id) if key.private_der is not None)
    there = await actors.by_id(actor.moved_to_id) if actor.moved_to_id else None
    moved_to = there.uri if there is not None and not there.gone else None
    labels = await flairs.of_group(group.id) if group is not None else []
    pictures = await emojis.told(app.urls, actor.name, actor.summary, actor.fields)
    about = await directory.about([group.id]) if group is not None else {}
    topics, languages = about[group.id] if group is not None else ((), ())
    hashtags = tuple(Hashtag(name, app.urls.tag(name)) for name in topics)
    if group is not None:
        said = await bios.of([actor], app.host, app.translations)
        actor = msgspec.structs.replace(actor, summary=said.get(actor.id, actor.summary))
    return render.document(mapping.actors.to_actor(actor, own, group, moved_to, pictures, labels, hashtags, languages))


def _newest(ordered: Iterable[Key]) -> list[Key]:
    """The first of each kind."""
    found: dict[str, Key] = {}
    for key in ordered:
        found.setdefault(key.algorithm, key)
    return list(found.values())


def _row(app: App, kind: str, username: str, name: str, summary: str, now: int) -> Actor:
    urls = app.urls
    uri = {"Group": urls.group, "Application": lambda _name: urls.service}.get(kind, urls.person)(username)
    return Actor(
        id=next_id(), uri=uri, kind=kind, host="", username=username, username_key=username.lower(), handle_verified=1,
        name=name, summary=summary, summary_source="", url=urls.profile(username) if kind == "Person" else uri,
        inbox=f"{uri}/inbox", shared_inbox=urls.shared_inbox, outbox=f"{uri}/outbox", followers=f"{uri}/followers",
        following=f"{uri}/following" if kind == "Person" else "",
        featured=f"{uri}/featured" if kind != "Application" else "",
        moderators=f"{uri}/moderators" if kind == "Group" else "", icon="", image="", icon_media_id=None,
        image_media_id=None, fields="[]", also_known_as="[]", moved_to_id=None, moved_at=None, locked=0,
        bot=int(kind == "Application"), discoverable=int(kind != "Application"), indexable=0, followers_count=0,
        following_count=0, posts_count=0, last_post_at=None, published=now, created_at=now, updated_at=now,
        fetched_at=None, limited_at=None, suspended_at=None, deleted_at=None,
    )  # fmt: skip
