"""`/api/v1/profile`, `PATCH /api/v1/accounts/update_credentials`: what somebody says of themselves."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
from fedcomm import preferences, profiles
from fedcomm.errors import NotFound
from fedcomm.profiles import Line
from storage.actors import Actor
from web import auth, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects, tags
from web.mastodon.accounts import shown_to_oneself
from web.mastodon.entities import account
from web.uploads import pictures_of


class Field(msgspec.Struct, frozen=True):
    """A line of a profile as clients send it."""

    name: str = ""
    value: str = ""


class Source(msgspec.Struct, frozen=True):
    """How somebody likes to write."""

    privacy: str = ""
    sensitive: bool | None = None
    language: str | None = None


class Wish(msgspec.Struct, frozen=True):
    """What to change; what is not said stays as it is."""

    display_name: str | None = None
    note: str | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hide_collections: bool | None = None
    show_media: bool | None = None
    show_media_replies: bool | None = None
    show_featured: bool | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    attribution_domains: list[str] = []
    fields_attributes: list[Field] = []
    source: Source | None = None


class Pictures(msgspec.Struct, frozen=True):
    """Files that may come along."""

    avatar: UploadFile | None = None
    header: UploadFile | None = None


async def own(request: Request) -> Response:
    """`GET /api/v1/profile`"""
    viewer = await auth.require(request, "profile", "read:accounts")
    return await _profile(request, viewer, await auth.actor_of(viewer))


async def update_profile(request: Request) -> Response:
    """`PATCH /api/v1/profile`"""
    viewer = await auth.require(request, "write:accounts")
    return await _profile(request, viewer, await _updated(request, viewer))


async def update(request: Request) -> Response:
    """`PATCH /api/v1/accounts/update_credentials`"""
    viewer = await auth.require(request, "write:accounts")
    return respond.json(await shown_to_oneself(request, viewer, await _updated(request, viewer)))


async def _updated(request: Request, viewer: Viewer) -> Actor:
    """The viewer as they are with what the request changes."""
    values = await params.merged(request)
    wish, given = params.filled(values, Wish), params.filled(values, Pictures)
    lines = tuple(Line(field.name, field.value) for field in wish.fields_attributes)
    app = state.app_of(request)
    row = await storage.accounts.by_id(viewer.account_id)
    if row is None:
        raise NotFound(subjects.MISSING)
    said = wish.source or Source()
    usual = preferences.Wish(said.privacy, said.sensitive, said.language)
    preferences.check(row, usual)  # before anything is changed
    words = {"icon": wish.avatar_description, "image": wish.header_description}
    sent = await pictures_of(app, {"icon": given.avatar, "image": given.header})
    actor = await profiles.change(
        app,
        await auth.actor_of(viewer),
        profiles.Change(
            name=wish.display_name, note=wish.note, locked=wish.locked, bot=wish.bot, discoverable=wish.discoverable,
            indexable=wish.indexable, hide_collections=wish.hide_collections,
            show_media=wish.show_media, show_media_replies=wish.show_media_replies, show_featured=wish.show_featured,
            sites=tuple(wish.attribution_domains) if "attribution_domains" in values else None,
            descriptions={name: text for name, text in words.items() if text is not None},
            fields=lines if "fields_attributes" in values else None, pictures=sent,
        ),
    )  # fmt: skip
    await preferences.change(app, row, usual)
    return actor


async def _profile(request: Request, viewer: Viewer, actor: Actor) -> Response:
    return respond.json(account.profile(actor, await tags.featured_by(request, viewer.actor_id)))


async def no_avatar(request: Request) -> Response:
    """`DELETE /api/v1/profile/avatar`"""
    return await _without(request, "icon")


async def no_header(request: Request) -> Response:
    """`DELETE /api/v1/profile/header`"""
    return await _without(request, "image")


async def _without(request: Request, name: str) -> Response:
    viewer = await auth.require(request, "write:accounts")
    change = profiles.Change(pictures={name: None})
    actor = await profiles.change(state.app_of(request), await auth.actor_of(viewer), change)
    return respond.json(await shown_to_oneself(request, viewer, actor))


routes = [
    Route("/api/v1/profile", own),
    Route("/api/v1/profile", update_profile, methods=["PATCH"]),
    Route("/api/v1/accounts/update_credentials", update, methods=["PATCH"]),
    Route("/api/v1/profile/avatar", no_avatar, methods=["DELETE"]),
    Route("/api/v1/profile/header", no_header, methods=["DELETE"]),
]
