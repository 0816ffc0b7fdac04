"""What one reads before: what becomes of what one entrusts to this server, and its terms, as they hold and held."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.terms
from fedcomm import sanctions, sessions, settings, terms
from fedcomm.errors import NotFound
from fedcomm.jobs import nightly
from storage.terms import Terms
from web import params, state, templates
from web.pages import frame
from web.pages.readers import own_path, reader_of


class Asked(msgspec.Struct, frozen=True):
    """The page that somebody wanted to see, who has to see new terms first."""

    next: str = ""


async def privacy_policy(request: Request) -> Response:
    """`GET /privacy-policy`: as an admin wrote it, else what this server does by itself."""
    site = await settings.current(state.app_of(request))
    return await frame.page(request, "paper.html", kind="privacy", text=site.privacy_policy, days=_days())


def by_itself(request: Request) -> str:
    """What this server does with what people entrust to it, in the language of the request, as HTML."""
    return templates.render(request, "privacy.html", {"days": _days()})


async def in_force(request: Request) -> Response:
    """`GET /terms-of-service`: those that hold now, else those that will; who was sent here finds the way back."""
    versions = await storage.terms.versions()
    found = terms.in_force(versions) or terms.coming(versions)
    if found is None:
        raise NotFound("Nothing has been written down yet.")
    app, reader = state.app_of(request), await reader_of(request)
    new = reader is not None and not reader.guest and await terms.see(app, reader.account)
    back = own_path(params.query(request, Asked).next, "/home")
    return await _terms(request, found, versions, onward=back if new else "")


async def dated(request: Request) -> Response:
    """`GET /terms-of-service/{day}`: those that hold from that day on."""
    found, versions = await terms.on(request.path_params["day"])
    return await _terms(request, found, versions)


def _days() -> dict[str, int]:
    """For how long things are kept, as the jobs of the night forget them."""
    kept = {
        "published": nightly.PUBLISHED, "held": nightly.HELD, "suspended": sanctions.KEPT, "session": sessions.LIFETIME,
        "weeks": nightly.WEEKS,
    }  # fmt: skip
    return {name: ms // nightly.DAY for name, ms in kept.items()}


async def _terms(request: Request, found: Terms, versions: list[Terms], *, onward: str = "") -> Response:
    others = [(each, terms.day_of(each)) for each in versions if each.text and each.id != found.id]
    return await frame.page(
        request, "paper.html", kind="terms", text=found.text, since=found.effective_at,
        holds=found == terms.in_force(versions), coming=found == terms.coming(versions), others=others, onward=onward,
    )  # fmt: skip


routes = [
    Route("/privacy-policy", privacy_policy),
    Route("/terms-of-service", in_force),
    Route("/terms-of-service/{day}", dated),
]
