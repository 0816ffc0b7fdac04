"""The filters of a member: words they do not want to meet, or only when they open what holds them."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.filters
from fedcomm import filters
from fedcomm.errors import AppError, NotFound
from fedcomm.filters import KeywordWish, Wish
from storage.filters import Filter
from web import params, respond
from web.pages import frame, words
from web.pages.readers import Plain, Reader, form, members_only

_FIELDS = {"keyword": "words", "filter_action": "effect"}  # of what is refused: the field of the form
_DAY = 86_400  # seconds
_DAYS = (0, 1, 7, 30)  # that a filter can hold; 0 is for good


class Given(msgspec.Struct, frozen=True):
    """A filter as the form has it; `words` one a line. `id` is of one that there is."""

    id: int = 0
    title: str = ""
    words: str = ""
    whole: bool = False
    context: list[str] = []
    effect: str = "warn"
    days: int = 0
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /settings/filters`, or `?id=` to change one."""
    wanted = params.query(request, Given).id
    given = Given(whole=True, context=list(filters.CONTEXTS))
    if wanted:
        given = _as_given(await _own(reader, wanted))
    return await _page(request, reader, given)


@members_only
async def save(request: Request, reader: Reader) -> Response:
    """`POST /settings/filters`: a new filter, or another form of one."""
    given = await form(request, Given, reader)
    wish = Wish(given.title, given.context, given.effect, given.days * _DAY)
    lines = list(dict.fromkeys(line.strip() for line in given.words.splitlines() if line.strip()))
    written = [KeywordWish(keyword=line, whole_word=given.whole) for line in lines]
    try:
        if given.id:
            before = await _own(reader, given.id)
            dropped = [KeywordWish(id=word.id, drop=True) for word in before.keywords]
            await filters.change(reader.actor, given.id, wish, [*dropped, *written])
        else:
            await filters.create(reader.actor, wish, written)
    except AppError as refused:
        return await _page(request, reader, given, refused)
    return respond.redirect("/settings/filters?done=saved")


@members_only
async def delete(request: Request, reader: Reader) -> Response:
    """`POST /settings/filters/{id}/delete`"""
    await form(request, Plain, reader)
    await filters.delete(reader.actor, params.number(request))
    return respond.redirect("/settings/filters?done=saved")


async def _own(reader: Reader, filter_id: int) -> Filter:
    """A filter of the reader's own (attack OAU-13).

    Raises:
        NotFound: there is none.
    """
    for known in await storage.filters.of(reader.actor.id):
        if known.id == filter_id:
            return known
    raise NotFound(filters.MISSING)


def _as_given(known: Filter) -> Given:
    lines = "\n".join(word.keyword for word in known.keywords)
    whole = all(word.whole_word for word in known.keywords)
    return Given(known.id, known.title, lines, whole, list(known.contexts), known.action)


async def _page(request: Request, reader: Reader, given: Given, refused: AppError | None = None) -> Response:
    field = str(getattr(refused, "field", ""))
    return await frame.with_form(
        request,
        "own/filters.html",
        refused,
        filters=await storage.filters.of(reader.actor.id),
        given=given,
        contexts=words.CONTEXTS,
        actions=words.FILTER_ACTIONS,
        days=_DAYS,
        field=_FIELDS.get(field, field),
    )


routes = [
    Route("/settings/filters", show),
    Route("/settings/filters", save, methods=["POST"]),
    Route("/settings/filters/{id}/delete", delete, methods=["POST"]),
]
