"""What a group of ours asks those who want to join, and how they and their answers come before its moderators."""

from collections.abc import Collection

from fedcomm import admit, clock, letters, rights
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.recording import MAX_ANSWER
from storage import actors, join_requests, notifications, peers, registers, telling
from storage import follows as stored_follows
from storage import groups as stored_groups
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.join_requests import JoinRequest
from storage.outbox import Audience


async def asked(app: App, writes: Writes, group: Group, row: Follow, answer: str, *, new: bool) -> None:
    """Somebody asks to join a group of ours; joins the transaction of their follow.

    Its moderators are told of a new request, those elsewhere by an `Offer`, which servers of fedcomm understand. Who
    came by a way that shows no question, as from a client, is asked it once by message.
    """
    now = clock.now_ms()
    answer = answer.strip()[:MAX_ANSWER]
    request = JoinRequest(row.id, group.id, row.follower_id, "waiting", row.uri, answer, now)
    join_requests.ask(writes, request)
    if new:
        for owner in await _deciding(group):
            if owner != row.follower_id:
                telling.tell_of_request(writes, next_id(), owner, row.follower_id, now)
        await _tell_elsewhere(app, writes, group, row, answer)
    if group.question and not answer:
        join_requests.ask_question(writes, group.id, row.follower_id, next_id(), now)
        app.jobs_added(writes)


async def settled(app: App, writes: Writes, group: Group, asked_: Follow) -> None:
    """Somebody waits no more, whatever became of it: moderators elsewhere who were told need not decide any more."""
    if group.join_mode == "open" or asked_.state != "pending":
        return
    known = await join_requests.of(group.id, asked_.follower_id)
    if known is not None and known.state != "settled":
        await _tell_elsewhere(app, writes, group, asked_, over=True)


async def tell_answer(app: App, question: int, actor: int) -> None:
    """The job: tell moderators elsewhere how somebody answers now who was asked by message; often that is later."""
    known = await join_requests.by_question(question, actor)
    group, face = await stored_groups.with_face(known.group_id) if known is not None else (None, None)
    asked_ = await stored_follows.of(actor, face.id) if face is not None else None
    if known is not None and group is not None and asked_ is not None and asked_.state == "pending":
        writes = Writes()
        await _tell_elsewhere(app, writes, group, asked_, known.answer, again=f"/{next_id()}")
        await apply(writes)


async def _tell_elsewhere(
    app: App, writes: Writes, group: Group, asked_: Follow, answer: str = "", *, over: bool = False, again: str = ""
) -> None:
    _group, face = await stored_groups.with_face(group.id)
    who = await actors.by_id(asked_.follower_id)
    told = [each for each in await _leading(group) if not each.local and each.id != asked_.follower_id]
    if face is None or who is None or not told:
        return
    peers_ = {host: await peers.get(host) for host in {each.host for each in told}}
    told = [each for each in told if (peer := peers_[each.host]) is not None and peer.software == "fedcomm"]
    uri, to = f"{face.uri}#asks/{asked_.id}{again}", [each.uri for each in told]
    offer = activities.activity("Offer", uri, face.uri, who.uri, to=to, target=face.uri, summary=answer or None)
    if over:
        offer = activities.undo(f"{uri}/over", face.uri, offer, to=to)
    publish(app, writes, face, offer, Audience(inboxes=tuple(dict.fromkeys(each.inbox for each in told))))


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
    return [who.id for who in await _leading(group) if who.local] or await notifications.admins()


async def _leading(group: Group) -> list[Actor]:
    """Its moderators, wherever they live."""
    holders = (await registers.holders([group.id])).get(group.id, [])
    found = await actors.by_uris([uri for uri, role in holders if rights.APPROVE in rights.of(role)])
    return [who for who in found.values() if who.kind == "Person" and not who.gone]


async def offered(
    writes: Writes, group: Group, face: Actor, who: Actor, uri: str, answer: str, told: Collection[str]
) -> bool:
    """A group elsewhere lets those moderators of it here who are `told` know that somebody asks to join.

    Kept as the request that it is; says whether any of them has a say in it.

    Raises:
        NotAllowed: who asks is suspended or gone here.
    """
    here = [each for each in await _leading(group) if each.local and each.uri in told]
    if not here or who.id in [each.id for each in here]:
        return False
    admit.actor(who)
    now = clock.now_ms()
    if await stored_follows.of(who.id, face.id) is None:
        if who.local:  # who lives here asks by themselves, and nobody else for them
            return False
        stored_follows.put(writes, Follow(next_id(), who.id, face.id, "pending", uri, 1, 0, now, None))
    else:
        join_requests.reanswer(writes, group.id, who.id, "")  # it is as the group says now, or taken back
    asked_ = JoinRequest(next_id(), group.id, who.id, "waiting", uri, answer.strip()[:MAX_ANSWER], now)
    join_requests.ask(writes, asked_)
    for each in here:
        telling.tell_of_request(writes, next_id(), each.id, who.id, now)
    return True


def over(writes: Writes, group: Group, face: Actor, who: Actor) -> None:
    """Somebody waits for a group elsewhere no more; of who lives here the group itself says what became of it."""
    join_requests.settle(writes, group.id, who.id)
    if not who.local:
        stored_follows.remove(writes, who.id, face.id)
