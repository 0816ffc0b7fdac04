"""Proofs that one of ours lets somebody elsewhere answer, like or boost a post (GoToSocial: "Interaction Controls")."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents
from fedcomm import pleas
from fedcomm.errors import NotFound
from web import respond
from web.federation.asking import PRIVATE, viewer


async def show(request: Request) -> Response:
    """`GET /authorizations/{id}`"""
    number = request.path_params["id"]
    asking = await viewer(request)
    found = await pleas.authorization(int(number), asking) if number.isdigit() and len(number) < 19 else None
    if found is None:
        raise NotFound("There is no such authorization.")
    return respond.document(request, documents.write(found), cache=PRIVATE)


routes = [Route("/authorizations/{id}", show)]
