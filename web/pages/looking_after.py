"""For which group a page is that those see who look after it, and what they may do there: here, or elsewhere.

Admins of the server may do most of it as well, as whoever runs it: some groups have nobody who looks after them. For a
group elsewhere only those do something who look after it, and what its server takes from here.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedcomm import admit, members, rights
from fedcomm.errors import NotAllowed, NotFound
from fedcomm.standing import Standing
from storage.actors import Actor
from storage.groups import Group
from web import state
from web.pages.group import named
from web.pages.readers import Reader, guest_of, reader_of, to_sign_in
from web.pages.values import READER


class Place(msgspec.Struct, frozen=True):
    """Which group is looked after, by whom, and what they are in it."""

    reader: Reader
    group: Group
    face: Actor
    standing: Standing

    def by(self, right: str) -> Actor | None:
        """Who does something that takes a right; None for an admin who does not have it in the group.

        Raises:
            NotAllowed: neither.
        """
        if self.reader.admin and self.group.local and not self.standing.may(right):
            return None
        admit.right(self.standing, right)
        if self.reader.guest and right not in self.rights:
            raise NotAllowed("This needs an account on this server.")
        return self.reader.actor

    @property
    def rights(self) -> frozenset[str]:
        """All that the reader may do, as an admin too; invitations of the group are those of accounts here."""
        if self.reader.guest:
            return self.standing.rights - {rights.INVITE}
        return rights.of(rights.STEWARD) if self.reader.admin and self.group.local else self.standing.rights


def looking_after(
    endpoint: Callable[[Request, Place], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for who looks after the group in the path, which is one of ours."""
    return _for_those(endpoint, anywhere=False)


def looking_after_any(
    endpoint: Callable[[Request, Place], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for who looks after the group in the path, here or elsewhere."""
    return _for_those(endpoint, anywhere=True)


def _for_those(
    endpoint: Callable[[Request, Place], Awaitable[Response]], *, anywhere: bool
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        reader = await reader_of(request) or await guest_of(request)
        if reader is None:
            return to_sign_in(request)
        group, face = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
        standing = await members.standing(group, reader.actor)
        if not group.local and not (anywhere and standing.may(rights.OVERSEE)):
            raise NotFound("Groups are looked after on their own server.")
        if reader.visit is not None and reader.visit.group.id != group.id:
            request.scope[READER] = None
            return to_sign_in(request)
        if not reader.admin:
            admit.right(standing, rights.OVERSEE)
        return await endpoint(request, Place(reader, group, face, standing))

    return answer
