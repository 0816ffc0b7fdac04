"""Reporting a post or somebody to those who look after the group, and who run the server."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
from fedcomm import consents, group_profile, reports
from fedcomm.errors import AppError, NotFound
from storage import visible
from storage.actors import Actor
from storage.posts import Post
from web import params, respond, state
from web.pages import frame, threads
from web.pages.readers import Reader, form, members_only
from web.pages.thread import seen


class Words(msgspec.Struct, frozen=True):
    """What is reported: a `post`, or an `account`; by id, 0 for none."""

    post: int = 0
    account: int = 0
    comment: str = ""
    category: str = "other"
    rules: list[str] = []  # g1 is the first of the group, s1 of the server
    told: list[str] = []  # group, admins, server (that of who is reported); nothing before the form is sent
    csrf: str = ""

    @property
    def about(self) -> str:
        """The category; that of rules where some are named."""
        return "violation" if self.rules and self.category == "other" else self.category

    def numbers(self, of: str) -> tuple[int, ...]:
        """The chosen rules of the group ("g") or the server ("s")."""
        return tuple(int(each[1:]) for each in self.rules if each[:1] == of and each[1:].isdecimal() and len(each) < 5)


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /report?post=id` or `GET /report?account=id`"""
    return await _page(request, reader, params.query(request, Words))


@members_only
async def send(request: Request, reader: Reader) -> Response:
    """`POST /report`"""
    given = await form(request, Words, reader)
    post, target = await _about(reader, given)
    complaint = reports.Complaint(
        target_id=target.id, post_ids=(post.id,) if post else (), comment=given.comment, category=given.about,
        group_rules=given.numbers("g"), server_rules=given.numbers("s"), to_group="group" in given.told,
        to_admins="admins" in given.told, forward="server" in given.told,
    )  # fmt: skip
    try:
        await reports.report(state.app_of(request), reader.actor, complaint)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect("/report/sent")


@members_only
async def sent(request: Request, reader: Reader) -> Response:
    """`GET /report/sent`: what happens next."""
    return await frame.page(request, "reported.html")


async def _page(request: Request, reader: Reader, given: Words, refused: AppError | None = None) -> Response:
    post, target = await _about(reader, given)
    group, face = await storage.groups.with_face(post.group_id if post else None)
    app = state.app_of(request)
    return await frame.with_form(
        request,
        "report.html",
        refused,
        post=post,
        quoted=await threads.one(reader.actor.id, post) if post else None,
        target=target,
        group=group,
        face=face,
        rules=await group_profile.rules_shown(group, face),
        server_rules=(await consents.of_server(app)).rules,
        given=given if refused else msgspec.structs.replace(given, told=["group", "admins"]),
        field=getattr(refused, "field", ""),
    )


async def _about(reader: Reader, given: Words) -> tuple[Post | None, Actor]:
    """What is reported, and whose it is, if the reader may see it."""
    if given.post:
        return await seen(reader.actor.id, given.post)
    found = await storage.actors.by_id(given.account)
    if found is None or not await visible.seen_actors(reader.actor.id, [found.id]):
        raise NotFound("There is no such account.")
    return None, found


routes = [
    Route("/report", show),
    Route("/report", send, methods=["POST"]),
    Route("/report/sent", sent),
]
