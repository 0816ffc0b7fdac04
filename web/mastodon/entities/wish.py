"""What those ask for who wait to be let in, for clients that know no other requests than those to one's own account.

It stands above their own words about themselves, wherever a client shows who asks.
"""

import html
from collections.abc import Callable, Collection

import msgspec

import storage.accounts
import storage.actors
import storage.groups
from fedcomm import requests
from fedcomm.app import App
from storage import join_requests, memberships


async def wishes(app: App, viewer: int, askers: Collection[int], language: str = "") -> dict[int, str]:
    """Of those whose oldest request to the viewer is one to a group they look after: what they ask for, as HTML.

    Of groups that invite the viewer: that they do, and who does it for them.
    """
    me = await storage.actors.by_id(viewer) if askers else None
    faces = await requests.deciding(me) if me is not None else []
    inviting = await memberships.invited_by(viewer, askers)
    if not faces and not inviting:
        return {}
    gettext = app.translations(language or await storage.accounts.language_of(viewer) or "en").gettext
    return await _invitations(gettext, inviting) | await _requests(app, gettext, viewer, askers, faces)


async def _invitations(gettext: Callable[[str], str], inviting: dict[int, int | None]) -> dict[int, str]:
    people = await storage.actors.by_ids([by for by in inviting.values() if by is not None])
    found = {}
    for face, by in inviting.items():
        said = gettext("Invites you to belong to this group. Who lets it in belongs to it.")
        if by in people:
            said = gettext("{handle} invites you to belong to this group. Who lets it in belongs to it.").replace(
                "{handle}", f"@{people[by].acct}"
            )
        found[face] = f"<p>{html.escape(said)}</p>"
    return found


async def _requests(
    app: App, gettext: Callable[[str], str], viewer: int, askers: Collection[int], faces: list[int]
) -> dict[int, str]:
    if not faces:
        return {}
    groups, names = await storage.groups.by_faces(faces), await storage.actors.by_ids(faces)
    found = {}
    oldest = await join_requests.oldest(list(askers), [viewer, *faces])
    hosts = {number: who.host for number, who in (await storage.actors.by_ids(list(oldest))).items()}
    for asker, (target, answer) in oldest.items():
        if target in groups and target in names:
            asked = groups[target].question != "" and not app.peers.deaf(hosts.get(asker, ""))
            found[asker] = _said(gettext, names[target].name, groups[target].question, answer, asked=asked)
    return found


def with_wish(body: bytes, wish: str) -> msgspec.Raw | dict[str, object]:
    """The account of who asks, with what they ask for."""
    if not wish:
        return msgspec.Raw(body)
    whole: dict[str, object] = msgspec.json.decode(body)
    return whole | {"note": f"{wish}{whole['note']}"}


def _said(gettext: Callable[[str], str], group: str, question: str, answer: str, *, asked: bool) -> str:
    said = gettext("Wants to join the group {group}.").replace("{group}", group)
    if answer:
        return f"<p>{html.escape(said)}</p><blockquote>{html.escape(answer)}</blockquote>"
    if question:
        unasked = gettext("Not asked: their server takes no messages of groups.")
        said = f"{said} " + (gettext("No answer to the question.") if asked else unasked)
    return f"<p>{html.escape(said)}</p>"
