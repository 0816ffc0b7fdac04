"""`/groups`: the directory of groups of here and of other servers."""

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.directory
import storage.follows
import storage.groups
import storage.join_requests
import storage.rankings
import storage.registers
from fedcomm import admit, clock, scout
from storage import visible
from storage.actors import Actor
from storage.directory import Sought
from storage.groups import Group
from web import params
from web.pages import frame
from web.pages.readers import reader_of

PAGE = 20
_MOST = 2_000  # groups that are paged through
_LONGEST = 100  # characters of what is sought
_CHOICES = 30  # topics and languages that are offered


class Wanted(msgspec.Struct, frozen=True):
    """What somebody looks for; `sort` is active or new, `where` here or everywhere."""

    q: str = ""
    topic: str = ""
    language: str = ""
    sort: str = "active"
    where: str = ""
    offset: int = 0


class Card(msgspec.Struct, frozen=True):
    """A group as the directory shows it; of the `threads` in its lists `waiting` of this week have no answer.

    `follow` is the reader's, who may be `banned`, or have been `denied`.
    """

    group: Group
    face: Actor
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    threads: int
    waiting: int
    follow: storage.follows.Follow | None
    banned: bool
    denied: bool

    @property
    def asks(self) -> bool:
        """Whether who wants to join answers a question first, on another page."""
        return bool(self.group.local and self.group.join_mode == "approval" and self.group.question)


async def show(request: Request) -> Response:
    """`GET /groups`"""
    wanted = params.query(request, Wanted)
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    everything = Sought(viewer=viewer, scout=await scout.scout_id())
    sought = msgspec.structs.replace(
        everything, words=wanted.q.strip()[:_LONGEST], topic=wanted.topic.strip().lstrip("#").lower()[:_LONGEST],
        language=wanted.language[:_LONGEST], here=wanted.where == "here", newest=wanted.sort == "new",
    )  # fmt: skip
    offset = max(0, min(wanted.offset, _MOST))
    found = await storage.directory.find(sought, PAGE + 1, offset)
    return await frame.page(
        request,
        "groups.html",
        wanted=wanted,
        cards=await _cards(reader.actor if reader else None, found[:PAGE]),
        topics=await storage.directory.topics(everything, _CHOICES),
        languages=await storage.directory.languages(everything, _CHOICES),
        narrowed=bool(sought.words or sought.topic or sought.language or sought.here),
        further=_address(wanted, offset + PAGE) if len(found) > PAGE and offset + PAGE <= _MOST else "",
        start=_address(wanted, 0) if offset else "",
    )


async def _cards(reader: Actor | None, group_ids: list[int]) -> list[Card]:
    groups = await storage.groups.by_ids(group_ids)
    faces = await storage.actors.by_ids([group.actor_id for group in groups.values()])
    about = await storage.directory.about(group_ids)
    waiting = await storage.directory.unanswered(group_ids, clock.now_ms())
    listed = await storage.rankings.counts(reader.id if reader else visible.ANYBODY, group_ids)
    follows = await storage.follows.of_all(reader.id, [group.actor_id for group in groups.values()]) if reader else {}
    bans = await storage.registers.several(group_ids, "ban", reader.uri) if reader else {}
    denied = await storage.join_requests.turned_down(group_ids, reader.id) if reader else set()
    return [
        Card(
            group, faces[group.actor_id], *about[group.id], listed[group.id],
            waiting.get(group.id, 0) if group.visibility == "public" else 0, follows.get(group.actor_id),
            admit.banned(bans.get(group.id)), group.id in denied,
        )
        for group in (groups[group_id] for group_id in group_ids if group_id in groups)
        if group.actor_id in faces
    ]  # fmt: skip


def _address(wanted: Wanted, offset: int) -> str:
    said = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value and name != "offset"}
    return f"/groups?{urlencode(said | ({'offset': offset} if offset else {}))}"


routes = [Route("/groups", show)]
