"""The web room as one ASGI application: finds the route, counts, asks the endpoint, and completes its answer."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

import storage.connect
from fedcomm import address_blocks, admit, logs, settings
from fedcomm.app import App
from fedcomm.attempts import network
from fedcomm.counted import COUNTS
from fedcomm.errors import AppError, NotAllowed
from storage.errors import Unavailable
from web import auth, errors, headers, languages, limits, respond, state
from web.limits import Exceeded, Limits
from web.mastodon import streaming
from web.pages.readers import reader_of
from web.refusals import Refusal, answer_upgrade
from web.routes import Found, Router, compiled
from web.streaming import hub
from web.streaming.hub import Hub
from web.streaming.telling import Teller

COME_AGAIN = 300  # seconds, while nothing new is taken in
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def build(app: App) -> "Application":
    """The application that serves `app`; with the texts of the pages those of jobs are translated, too."""
    app.translations = languages.words
    return Application(app, compiled(), compiled("documents_"))


class Application:
    """What a server is given to run. It must be called inside the layer that checks `Host`, sizes and deadlines."""

    def __init__(self, app: App, router: Router, documents: Router) -> None:
        """`documents` are for programs what `router` has as pages at the same addresses."""
        self.app = app
        self.router = router
        self.documents = documents
        self.limits = Limits()
        self.onlookers = Hub(app, Teller())

    async def close(self) -> None:
        """End what would not end by itself: streams. To be called before the server stops."""
        await self.onlookers.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._look_on(scope, receive, send)
            return
        if scope["type"] != "http":
            await _other(receive, send)
            return
        identity = headers.request_id()
        token = logs.item.set(identity)
        try:
            with storage.connect.use(self.app.db):
                scope[state.KEY] = self.app
                scope[hub.KEY] = self.onlookers
                request = Request(scope, receive, send)
                response = await self._answer(request)
                headers.complete(response, scope["path"], identity)
                await response(scope, receive, _bodiless(send) if scope["method"] == "HEAD" else send)
        finally:
            logs.item.reset(token)

    async def _look_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = network(scope["client"][0]) if scope["client"] else "?"
        try:
            if self.app.config.rate_limits:
                self.limits.take(limits.ADDRESS, address)
            with storage.connect.use(self.app.db):
                admit.from_network(
                    await address_blocks.severity(self.app, scope["client"][0] if scope["client"] else "")
                )
                await streaming.socket(self.onlookers, scope, receive, send)
        except (Exceeded, Unavailable, NotAllowed) as error:
            status = 429 if isinstance(error, Exceeded) else 403 if isinstance(error, NotAllowed) else 503
            await answer_upgrade(Refusal(status, errors.BUSY if status == 503 else str(error)), send)

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        if request.client is not None:
            try:
                admit.from_network(await address_blocks.severity(self.app, request.client.host))
            except (AppError, Unavailable) as error:
                return errors.answer(request, error)
        found = self.documents.find(path) if respond.wants_document(request) else None
        found = found or self.router.find(path)
        if found is None:
            if method == "OPTIONS" and headers.open_to_browsers(path):  # else they would not let a program read the 404
                return headers.preflight(path, "OPTIONS")
            await _recognise(request)
            return errors.missing(request)
        if method == "OPTIONS" and method not in found.methods:
            return headers.preflight(path, found.allowed)
        try:
            response = await self._ask(request, found, method)
        except Exceeded as error:
            request.scope[limits.STANDING] = error.standing
            COUNTS.too_many += 1
            response = errors.answer(request, error)
        except (AppError, errors.Refusal) as error:
            await _recognise(request)
            response = errors.answer(request, error)
        except Exception as error:  # whatever goes wrong, the asker gets an answer and the log the reason
            response = errors.answer(request, error)
        standing = request.scope.get(limits.STANDING)
        if standing:
            limits.tell(response, standing)
        return response

    async def _ask(self, request: Request, found: Found, method: str) -> Response:
        handler = found.methods.get(method)
        if handler is None:
            return errors.wrong_method(request, found.allowed)
        if method not in _READING:
            await _taking(self.app)
        request.scope["path_params"] = dict(zip(handler.names, found.values, strict=True))
        request.scope["route"] = handler.pattern
        if self.app.config.rate_limits:
            holder = await auth.identify(request) if "authorization" in request.headers else None
            asker = (holder.token_id, holder.account_id) if holder else (None, None)
            standing = limits.check(self.limits, request, handler.method, handler.pattern, *asker)
            request.scope[limits.STANDING] = standing
        return await handler.endpoint(request)


async def _taking(app: App) -> None:
    """Whether anything new is taken in at the moment (fedcomm/maintenance.py).

    Raises:
        errors.Refusal: 503: whoever sent it, a peer too, is asked to come again.
    """
    site = await settings.current(app)
    if site.read_only:
        raise errors.Refusal(
            503,
            errors.READ_ONLY_FOR if site.read_only_reason else errors.READ_ONLY,
            headers={"retry-after": str(COME_AGAIN)},
            reason=site.read_only_reason,
        )


async def _recognise(request: Request) -> None:
    """Who reads the page of an error is told as themselves, in their language; while the data can be reached."""
    if respond.wants_page(request):
        with suppress(Unavailable):
            await reader_of(request)


def _bodiless(send: Send) -> Send:
    """HEAD: the header of the answer without its body."""

    async def passed(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return passed


async def _other(receive: Receive, send: Send) -> None:
    """Start and stop belong to the process."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
