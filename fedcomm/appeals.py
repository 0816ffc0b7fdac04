"""Whose post was taken out of a group is told so, with the reason, and may appeal once, to another moderator.

The group tells its authors on all servers, with a link that only they have. What a group elsewhere took out, its own
server tells when it is a fedcomm; for all others this one tells its members.
"""

import msgspec

import storage.accounts
import storage.actors
import storage.groups
import storage.posts
from fedcomm import admit, audit, clock, curation, dispatches, letters, members, powers, rights, staff_mail, tokens
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from storage import appeals, collections, registers
from storage.actors import Actor
from storage.appeals import Appeal
from storage.connect import Writes, apply, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from storage.registers import Act

OPEN_FOR = 14 * 86_400_000  # ms in which one can appeal
MAX_TEXT, MAX_REASON = 2_000, 500  # characters


class Place(msgspec.Struct, frozen=True):
    """An appeal with what it is about: the post, its author, the group, and the reason of who took the post out."""

    appeal: Appeal
    post: Post
    author: Actor
    group: Group
    face: Actor
    reason: str


class _Removal(msgspec.Struct, frozen=True):
    proposer: str = ""


async def tell_removal(app: App, act: int, post: int) -> None:
    """The job: tell the author of a post that it was taken out of its group, if it still is.

    Raises:
        Unreachable: it is not known yet what their server runs (`letters.learn`).
    """
    out = await storage.posts.by_id(post)
    group, face = await storage.groups.with_face(out.group_id if out is not None else None)
    if out is None or out.deleted_at is not None or group is None or face is None:
        return
    removal, author = await _removal(group, out, act), await storage.actors.by_id(out.author_id)
    if removal is None or author is None or author.uri == removal.actor_uri:
        return
    if not group.local:
        if author.local and await storage.groups.program(group.id) != "fedcomm":
            writes = Writes()
            await dispatches.removed(app, writes, face, author, out.url or out.uri, removal.summary)
            await apply(writes)
        return
    await letters.learn(app, author)
    async with transaction():
        if not await letters.hears(author) or await appeals.of_act(act) is not None:
            return
        secret = tokens.new()
        writes = Writes()
        appeals.insert(writes, Appeal(
            next_id(), act, group.id, out.id, author.id, removal.actor_uri, tokens.hash_of(secret), "", appeals.OPEN,
            clock.now_ms() + OPEN_FOR, proposed_by=_proposer(removal),
        ))  # fmt: skip
        link = f"{app.base_url}/appeal/{secret}"
        await letters.removed(app, writes, face, author, out.url or out.uri, removal.summary.strip(), link, next_id())
        await write(writes)


async def called(secret: str) -> Place:
    """The appeal of whoever has the secret.

    Raises:
        NotFound: there is none.
    """
    found = await appeals.by_secret(tokens.hash_of(secret)) if len(secret) <= 100 else None
    return await _place(found)


async def ask(app: App, secret: str, text: str) -> None:
    """Who has the secret appeals: those who decide are told.

    Raises:
        NotFound: there is no such appeal.
        Conflict: they did so before, or it is too late.
        Invalid: nothing said, or too long.
    """
    if not 0 < len(text.strip()) <= MAX_TEXT:
        raise Invalid("Please say why, in at most {limit} characters.", field="text", limit=MAX_TEXT)
    async with transaction():
        place = await called(secret)
        await _hold(place.appeal)
        place = await called(secret)
        if place.appeal.state != appeals.OPEN:
            raise Conflict("You have appealed already.")
        if clock.now_ms() > place.appeal.ends_at:
            raise Conflict("It is too late to appeal against this.")
        admit.actor(place.author)
        writes = Writes()
        appeals.change(
            writes, place.appeal.id, appeals.OPEN, state=appeals.ASKED, text=text.strip(), asked_at=clock.now_ms()
        )
        await staff_mail.of_groups(app, writes, deciding := (await deciders(place.face)).of(place))
        for who in deciding:
            link = f"{place.face.url}/appeals" if who.local else await letters.where_decided(place.face, who)
            await letters.appealed(app, writes, place.face, who, link, next_id())
        await write(writes)


async def asked(group: Group, face: Actor, most: int) -> list[Place]:
    """The appeals that wait in a group, the first first."""
    return await _places(group, face, await appeals.asked(group.id, most))


async def listed(group: Group, face: Actor, most: int) -> list[Place]:
    """The appeals that wait in a group, the first first, then the last that were decided."""
    return await _places(group, face, [*await appeals.asked(group.id, most), *await appeals.decided(group.id, most)])


class Deciders(msgspec.Struct, frozen=True):
    """Who may decide about the appeals in a group: those who look after it, and the admins."""

    leading: list[Actor]
    admins: list[Actor]

    def of(self, place: Place) -> list[Actor]:
        """Who decides about this one: who looks after the group, but who took the post out, proposed that, or wrote it.

        Without such the admins; without such, too, whoever looks after the group.
        """
        apart = {place.appeal.removed_by, place.appeal.proposed_by, place.author.uri}
        return (
            [who for who in self.leading if who.uri not in apart]
            or [who for who in self.admins if who.uri not in apart]
            or [who for who in self.leading or self.admins if who.uri != place.author.uri]
        )


async def deciders(face: Actor) -> Deciders:
    """Who may decide about the appeals in the group with this face; from elsewhere whom its messages reach, since they
    come to its pages by one (`guests.py`)."""
    leading = [who for who in await members.leaders(face) if who.local or await letters.hears(who)]
    return Deciders(leading, [who for who in await collections.admins() if not who.gone])


async def decide(
    app: App, appeal_id: int, by: Actor, *, accepted: bool, reason: str = "", only: int = 0
) -> None:  # fmt: skip
    """Put the post back, or leave it out for a reason; its author is told. With `only` an appeal in that group alone.

    Raises:
        NotFound: there is no such appeal that waits: somebody else has decided, or its post is gone.
        NotAllowed: `by` does not decide about it.
        Invalid: no reason, or one that is too long.
    """
    if len(reason.strip()) > MAX_REASON or not (accepted or reason.strip()):
        raise Invalid("Please give a reason, in at most {limit} characters.", field="reason", limit=MAX_REASON)
    async with transaction():
        found = await appeals.by_id(appeal_id)
        if found is not None:
            await _hold(found)
        place = await _place(await appeals.by_id(appeal_id))
        if only and place.group.id != only:
            raise NotFound("There is no such appeal.")
        if place.appeal.state != appeals.ASKED:
            raise NotFound("Nothing waits here any more: it was decided meanwhile.")
        if by.id not in [who.id for who in (await deciders(place.face)).of(place)]:
            raise NotAllowed("Somebody else decides about this appeal.")
        standing = await members.standing(place.group, by)
        writes = Writes()
        if accepted:
            mine = standing.may(rights.RESTORE)
            account = None if mine else await storage.accounts.of_actor(by.id)
            server = account if account is not None and powers.REPORTS in powers.of(account) else None
            await curation.put_back(app, writes, by if mine else None, place.post.id, server=server)
        appeals.change(
            writes, found.id if found else 0, appeals.ASKED, state=appeals.ACCEPTED if accepted else appeals.REJECTED,
            decided_by=by.uri, decided_at=clock.now_ms(), reason=reason.strip(),
        )  # fmt: skip
        link = place.post.url or place.post.uri
        await letters.decided(app, writes, place.face, place.author, link, reason.strip(), next_id(), put_back=accepted)
        await write(writes)
        act = "appeal.accept" if accepted else "appeal.reject"
        own = {"own_act": True} if place.appeal.against(by.uri) else {}
        await audit.note(f"@{by.acct}", act, f"@{place.author.acct}", group=f"!{place.face.username}", **own)


async def _removal(group: Group, post: Post, act: int) -> Act | None:
    """The act by which a post is out of its group, if it is that one."""
    found = await registers.winner(group.id, "removed", post.uri)
    return found if found is not None and found.id == act and found.value is not None else None


def _proposer(removal: Act) -> str:
    return msgspec.json.decode(removal.value or "{}", type=_Removal).proposer


async def _place(appeal: Appeal | None) -> Place:
    group, face = await storage.groups.with_face(appeal.group_id if appeal is not None else None)
    if appeal is None or group is None or face is None or not (found := await _places(group, face, [appeal])):
        raise NotFound("There is no such appeal.")
    return found[0]


async def _places(group: Group, face: Actor, found: list[Appeal]) -> list[Place]:
    """Those of which post and author are there still."""
    posts = await storage.posts.by_ids([each.post_id for each in found])
    authors = await storage.actors.by_ids([each.author_id for each in found])
    removals = await registers.acts([each.act_id for each in found])
    return [
        Place(each, posts[each.post_id], authors[each.author_id], group, face, removals[each.act_id].summary.strip())
        for each in found
        if each.post_id in posts and each.author_id in authors and each.act_id in removals
    ]


async def _hold(appeal: Appeal) -> None:
    """Of two who decide at once, the second waits here, and finds nothing left to decide."""
    hold(writes := Writes(), "appeal", appeal.id)
    await write(writes)
