"""Pictures that a steward elsewhere gives a group of ours: fetched, made safe and kept here as those sent by our pages.

Lemmy and PieFed say them in the `Update` of the group that they send when a steward there has changed it; the files lie
on the steward's server, and would be gone with it.
"""

import logging
from collections.abc import Mapping
from urllib.parse import quote

import storage.actors
import storage.groups
from activitypub.actors import Actor as Profile
from activitypub.errors import ProtocolError
from fedcomm import clock, group_profile, letters, pictures
from fedcomm.app import App
from fedcomm.errors import AppError
from fedcomm.group_profile import Change
from storage import jobs
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id

KIND = "borrow_pictures"
_PURPOSES = {"icon": "avatar", "image": "header"}

_log = logging.getLogger(__name__)


def later(app: App, writes: Writes, group: Group, face: Actor, by: Actor, said: Profile) -> bool:
    """Fetch the pictures that a group is said to have and has not; says whether there are any.

    One that is not said is left as it is: a copy of the group that is older than the picture does not know it.
    """
    wanted = {place: url for place in _PURPOSES if (url := getattr(said, place)) and _new(url, getattr(face, place))}
    if wanted:
        jobs.add(writes, next_id(), KIND, {"group": group.id, "by": by.id} | wanted, clock.now_ms())
        app.jobs_added(writes)
    return bool(wanted)


def sent(
    app: App, writes: Writes, group: Group, by: Actor, wanted: Mapping[str, str], words: Mapping[str, str]
) -> None:
    """Fetch these pictures (`icon`, `image`), that a steward on another server gives the group, with words for them."""
    args = {"group": group.id, "by": by.id, "words": dict(words), "tell": True} | dict(wanted)
    jobs.add(writes, next_id(), KIND, args, clock.now_ms())
    app.jobs_added(writes)


async def fetch(
    app: App, group: int, by: int, icon: str = "", image: str = "", words: dict[str, str] | None = None,
    tell: bool = False,
) -> None:  # fmt: skip
    """Give the group these pictures in the name of `by`, if they may do so still; one that is no picture is left out.

    With `tell` they are told when it is.

    Raises:
        Unreachable: where they lie does not answer now.
    """
    _group, face = await storage.groups.with_face(group)
    steward = await storage.actors.by_id(by)
    if face is None or steward is None:
        return
    try:
        found = {}
        for place, url in (("icon", icon), ("image", image)):
            if url:
                content = await app.client.get_file(url, pictures.MOST_BYTES)
                found[place] = await pictures.read(app.picture_turn, content, _PURPOSES[place])
        await group_profile.change(app, face.username, Change(pictures=found, descriptions=words or {}), steward)
    except (ProtocolError, AppError) as why:
        _log.info("a picture for !%s is not taken: %s", face.username, why)
        if tell:
            async with transaction():
                await letters.not_taken(app, writes := Writes(), face, steward, str(why), next_id())
                await write(writes)


def _new(url: str, present: str) -> bool:
    """Whether it is another picture than ours; Lemmy may name its own copy of ours, with our address in the query."""
    return not present or (url != present and quote(present, safe="") not in url)
