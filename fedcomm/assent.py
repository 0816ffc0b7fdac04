"""How somebody says yes to the rules of a group by a message to it: with one word, in any of our languages."""

import re

from fedcomm import clock, sanitise
from fedcomm.app import App
from storage import groups, held
from storage.actors import Actor
from storage.connect import Writes
from storage.ids import next_id
from storage.posts import DIRECT

# One word for each language that this server speaks.
YES = {"en": "agree", "de": "einverstanden"}
LONGEST = 2_000  # characters of HTML that are looked at
_NAMES, _WORDS = re.compile(r"@\S+"), re.compile(r"[^\W\d_]+")


def word(language: str) -> str:
    """The word in a language; in English where we have none."""
    return YES.get(language, YES["en"])


def says_yes(html: str) -> bool:
    """Whether somebody says nothing but yes."""
    if len(html) > LONGEST:
        return False
    *before, last = _WORDS.findall(_NAMES.sub(" ", sanitise.plain(html)).casefold()) or [""]
    return last in YES.values() and before in ([], ["i"], ["ich", "bin"])


async def hear(app: App, writes: Writes, author: Actor, visibility: int, to: tuple[Actor, ...], html: str) -> None:
    """A member here says something: when it is yes, to a group of ours, they agree to the rules it told them last."""
    faces = [actor for actor in to if actor.kind == "Group" and actor.local]
    if visibility != DIRECT or len(faces) != 1 or not says_yes(html):
        return
    if (group := await groups.by_actor(faces[0].id)) is not None:
        held.agree(writes, group.id, author.id, next_id(), clock.now_ms())
        app.jobs_added(writes)
