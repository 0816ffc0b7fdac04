"""What moderators elsewhere change on the desk of a group of ours (`fedcomm/desk`), each as far as they may."""

from typing import Any, TypeVar

import msgspec

from activitypub.activities import Activity
from fedcomm import admit, clock, remote_invites, rights
from fedcomm.desk import changing, values
from fedcomm.errors import AppError, Invalid
from fedcomm.inbox.hand import Hand, Ignored, Refused
from storage import jobs
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.ids import next_id

T = TypeVar("T")


async def changed(hand: Hand, activity: Activity, group: Group) -> None:
    """Somebody changes what the group has set; what is not taken of it they are told by the group.

    Nobody who does not look after the group is told anything (attacks GRP-06, GRP-07).
    """
    by, face = hand.actor(activity.actor), hand.facts.face_of(group)
    if not group.local:
        raise Ignored("the desk of a group elsewhere is there")
    admit.right(hand.facts.standing(group, by.uri), rights.OVERSEE)
    said = activity.raw.get("object")
    if not isinstance(said, dict):
        raise Ignored("it does not say what has changed")
    try:
        overtaken = await _done(hand, group, face, by, activity, said)
    except AppError as why:
        raise Refused(str(why), _letter(hand, group, by, str(why))) from why
    if overtaken:
        names = ", ".join(name.replace("_", " ") for name in overtaken)
        await write(_letter(hand, group, by, f"Somebody else has changed this meanwhile: {names}"))


async def _done(
    hand: Hand, group: Group, face: Actor, by: Actor, activity: Activity, said: dict[str, Any]
) -> list[str]:  # fmt: skip
    """Whatever is changed of it, all or nothing; gives the settings that others have changed since it was said."""
    app = hand.app
    if "settings" in said:
        wanted = _read(said["settings"], values.Settings)
        return await changing.change_settings(app, group, face, by, wanted, activity.published)
    if "decision" in said:
        decision = _read(said["decision"], values.Decision)
        await changing.decide(app, group, face, by, decision, activity.published)
    elif "work" in said:
        await changing.work(app, group, by, _read(said["work"], values.Work))
    elif "welcome" in said:
        await changing.change_welcome(app, face, by, _read(said["welcome"], values.Welcome))
    elif "pictures" in said:
        await changing.change_pictures(app, group, face, by, _read(said["pictures"], values.Pictures))
    elif "flairs" in said:
        await changing.change_flairs(app, face, by, _read(said["flairs"], list[values.Flair]))
    elif "invitation" in said:
        await remote_invites.make(app, face.username, by, _read(said["invitation"], remote_invites.Wanted))
    elif "revoked" in said:
        await remote_invites.revoke(app, face.username, by, changing.number(_read(said["revoked"], str)))
    else:
        raise Ignored("nothing of it is known here")
    return []


def _letter(hand: Hand, group: Group, by: Actor, why: str) -> Writes:
    """Tells them soon: what they wanted is undone before."""
    writes = Writes()
    jobs.add(writes, next_id(), "tell_not_taken", {"group": group.id, "actor": by.id, "why": why}, clock.now_ms())
    hand.app.jobs_added(writes)
    return writes


def _read(value: Any, kind: type[T]) -> T:
    """What a stranger wrote as a value of ours.

    Raises:
        Invalid: it is none.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as why:
        raise Invalid("Your server has sent what cannot be understood: {why}", why=str(why)[:200]) from why
