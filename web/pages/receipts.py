"""The delivery receipt of a post: which servers have got it, which are tried again, which said no."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import receipts
from web import params, respond, state
from web.languages import later
from web.pages import frame, shown
from web.pages.readers import Reader, members_only
from web.pages.thread import seen

MOST = 500  # servers in a table
NAMES = {
    receipts.DELIVERED: later("delivered"),
    receipts.RETRYING: later("will be tried again"),
    receipts.WAITING: later("on its way"),
    receipts.REFUSED: later("refused"),
    receipts.NOT_SENT: later("not sent"),
}


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /@{name}/{id}/receipt`"""
    post, author = await seen(reader.actor.id, params.number(request))
    receipt = await receipts.of(state.app_of(request), reader.actor, post, admin=reader.admin)
    if request.path_params["name"].lower() != author.acct.lower():
        return respond.redirect(f"{shown.permalink(post, author)}/receipt", 301)
    return await frame.page(
        request, "receipt.html", post=post, author=author, receipt=receipt, states=NAMES, most=MOST,
    )  # fmt: skip


routes = [Route("/@{name}/{id}/receipt", show)]
