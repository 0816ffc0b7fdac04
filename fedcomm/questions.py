"""What a group of ours asks those who want to join, and how they and their answers come before its moderators."""

from fedcomm import clock, letters, rights
from fedcomm.app import App
from fedcomm.recording import MAX_ANSWER
from storage import actors, join_requests, notifications, registers, telling
from storage import follows as stored_follows
from storage import groups as stored_groups
from storage.connect import Writes, transaction, write
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.join_requests import JoinRequest


async def asked(app: App, writes: Writes, group: Group, row: Follow, answer: str, *, new: bool) -> None:
    """Somebody asks to join a group of ours; joins the transaction of their follow.

    Its moderators are told of a new request. Who came by a way that shows no question, as from a client, is asked it
    once by message.
    """
    now = clock.now_ms()
    answer = answer.strip()[:MAX_ANSWER]
    request = JoinRequest(row.id, group.id, row.follower_id, "waiting", row.uri, answer, now)
    join_requests.ask(writes, request)
    if new:
        for owner in await _deciding(group):
            if owner != row.follower_id:
                telling.tell_of_request(writes, next_id(), owner, row.follower_id, now)
    if group.question and not answer:
        join_requests.ask_question(writes, group.id, row.follower_id, next_id(), now)
        app.jobs_added(writes)


async def ask(app: App, group: int, actor: int) -> None:
    """Ask somebody who waits the question of a group; never a second time.

    Raises:
        Unreachable: it is not known yet what their server runs (`letters.learn`).
    """
    stored, face = await stored_groups.with_face(group)
    who = await actors.by_id(actor)
    if stored is None or face is None or face.gone or not stored.question or who is None:
        return
    await letters.learn(app, who)
    waiting = await stored_follows.of(who.id, face.id)
    if waiting is None or waiting.state != "pending" or not await letters.hears(who):
        return
    async with transaction():
        post_id = next_id()
        if await join_requests.take(group, actor, post_id):
            writes = Writes()
            await letters.question(app, writes, face, who, stored.question, post_id)
            await write(writes)


async def _deciding(group: Group) -> list[int]:
    """Ids of those here who let people into a group: its moderators, or who runs the server where it has none here."""
    holders = (await registers.holders([group.id])).get(group.id, [])
    found = await actors.by_uris([uri for uri, role in holders if rights.APPROVE in rights.of(role)])
    here = [who.id for who in found.values() if who.local and who.kind == "Person" and not who.gone]
    return here or await notifications.admins()
