"""What a group asks of members here before they write in it: they are told at once, and nothing of theirs waits.

What is asked is decided in `admit.waits`, as for everybody; here it becomes a sentence, and a list for who is about to
write.
"""

import msgspec

from fedcomm import admit, clock, measuring, members, rights
from fedcomm.app import App
from fedcomm.drafting import Prepared
from fedcomm.errors import AppError, Invalid, NotAllowed, TooMany
from fedcomm.standing import Author, Standing, Wait, Written
from storage import circumstances, shares
from storage.actors import Actor
from storage.circumstances import Circumstances
from storage.connect import Writes, write
from storage.counting import one_by_one
from storage.groups import Group
from storage.posts import Post

HOUR = 3_600_000  # ms


class Open(msgspec.Struct, frozen=True):
    """What somebody may still do in a group: before their first day there is over, and before they announce again.

    `rules` says whether the rules are to be accepted first. `hours` is how long the limits of newcomers hold, 0 when
    they do not; `owed` how many people are to be answered before they announce again. Between two posts they pause for
    `slow` seconds, 0 for none, and for so many from now on (`pause`).
    """

    rules: bool = False
    hours: int = 0
    threads: int = 0
    replies: int = 0
    answered: int = 0
    owed: int = 0
    slow: int = 0
    pause: int = 0


async def check(app: App, prepared: Prepared) -> bool:
    """Whether the group that a post is for asks something of its author first; told is whether their posts count.

    Where they do, `check_alone` asks once more: another post of theirs may be written at the same time.

    Raises:
        NotAllowed: its rules are to be accepted first.
        Invalid: more than a newcomer may, or an announcement before others were answered.
        TooMany: the pause between two of their posts is not over.
    """
    group, face, author = *_asking(prepared), prepared.author
    if group is None or face is None or not group.local or not group.asks:
        return False
    known, standing = await _known(app, group, author), await members.standing(group, author)
    who, written, now = Author(bot=bool(author.bot), here=True), _measured(app, prepared), clock.now_ms()
    why = admit.waits(group, standing, known, who, written, now)
    if why is not None:
        raise _refusal(app, face, why, known)
    if standing.may(rights.HOLD) or known.trusted:
        return False
    announces = group.promotion and written.starter
    return bool(group.slow or announces or admit.newcomer_until(group, standing, known, now))


async def check_alone(app: App, prepared: Prepared) -> None:
    """As `check`, in the transaction in which the post is written: of several at once each counts for the next.

    Raises:
        NotAllowed, Invalid, TooMany: as `check`.
    """
    one_by_one(writes := Writes(), prepared.author.id)
    await write(writes)
    await check(app, prepared)


async def check_edit(app: App, prepared: Prepared, before: str = "") -> None:
    """Whether a post that said `before` (HTML) may be changed into this; also an introduction, which is asked for.

    Raises:
        Invalid: more than a newcomer may, or an announcement before others were answered.
    """
    group, face, author = *_asking(prepared), prepared.author
    if group is None or face is None or not group.local or not (group.ladder or group.promotion):
        return
    known, standing = await _known(app, group, author), await members.standing(group, author)
    written = measuring.since(_measured(app, prepared), before, app.host)
    why = admit.changes(group, standing, known, written, clock.now_ms())
    if why is not None:
        raise _refusal(app, face, why, known)


async def check_shared(app: App, group: Group, face: Actor, actor: Actor, thread: Post) -> None:
    """Whether a group asks something first of who shares a thread into it, as if they had begun it there.

    Raises:
        NotAllowed, Invalid, TooMany: as `check`.
    """
    if not group.asks:
        return
    known, standing = await _known(app, group, actor), await members.standing(group, actor)
    shared = await shares.count(group.id, actor.id)
    known = msgspec.structs.replace(known, threads=known.threads + shared)
    written = measuring.shared(thread, app.host)
    why = admit.waits(group, standing, known, Author(bot=bool(actor.bot), here=True), written, clock.now_ms())
    if why is not None:
        raise _refusal(app, face, why, known)


async def waits(app: App, group: Group, author: Actor) -> bool:
    """Whether an answer of somebody, whatever it says, would not be in the group at once."""
    if not group.asks:
        return False
    known, standing = await _known(app, group, author), await members.standing(group, author)
    who = Author(bot=bool(author.bot), deaf=app.peers.deaf(author.host))
    return admit.waits(group, standing, known, who, Written(starter=False), clock.now_ms()) is not None


async def open_to(app: App, group: Group, author: Actor, standing: Standing) -> Open:
    """What somebody may still do in a group of ours, to be shown before they write."""
    if not group.asks or not group.local or standing.may(rights.HOLD):
        return Open()
    known, now = await _known(app, group, author), clock.now_ms()
    if known.trusted:
        return Open()
    ends = admit.newcomer_until(group, standing, known, now)
    announced = admit.announced(known, Author(bot=bool(author.bot)))
    return Open(
        rules=bool(known.rules) and not known.agreed,
        hours=_hours(ends - now) if ends else 0,
        threads=max(0, admit.THREADS - known.threads),
        replies=max(0, admit.REPLIES - known.replies),
        answered=max(0, admit.ANSWERED - known.answered),
        owed=admit.owed(group, known, announced) if announced else 0,
        slow=group.slow,
        pause=_seconds(known.last + group.slow * 1000 - now) if group.slow else 0,
    )


def _asking(prepared: Prepared) -> tuple[Group | None, Actor | None]:
    """Whose rules and limits hold: of the group through which the author is in the thread (`ways.py`)."""
    way = prepared.way
    return (prepared.group, prepared.face) if way is None else (way.group, way.face)


def _measured(app: App, prepared: Prepared) -> Written:
    """What is in a post of a member; its group and whom it answers are named anyhow."""
    anyhow = {actor.id for actor in (prepared.face, prepared.parent_author) if actor is not None}
    return measuring.drafted(
        prepared.written.html,
        own_host=app.host,
        hosts=[actor.host for actor in prepared.mentioned if actor.host],
        starter=prepared.parent is None,
        pictures=len(prepared.files),
        mentions=sum(actor.id not in anyhow for actor in prepared.mentioned),
    )


async def _known(app: App, group: Group, author: Actor) -> Circumstances:
    promoting = [group.id] if group.promotion else []
    domains = measuring.domains
    found = await circumstances.of(
        [group.id], promoting, [author.id], lambda html: domains(html, app.host), clock.now_ms()
    )
    return found.get((group.id, author.id), Circumstances())


def _refusal(app: App, face: Actor, why: Wait, known: Circumstances) -> AppError:
    hours, answered = _hours(why.ends - clock.now_ms()), max(0, admit.ANSWERED - known.answered)
    match why.kind:
        case "rules":
            return NotAllowed("Read and accept the rules: {url}", url=app.urls.rules(face.username))
        case "slow":
            return _paused(_seconds(why.ends - clock.now_ms()))
        case "links":
            return Invalid(
                "New members may add {limit} links to a post on their first day in the group. Hours until that ends:"
                " {hours}; sooner when others have answered {answered} of your replies, or a moderator trusts you.",
                field="status", limit=why.limit, hours=hours, answered=answered,
            )  # fmt: skip
        case "pictures":
            return Invalid(
                "New members may add {limit} picture to a post on their first day in the group. Hours until that ends:"
                " {hours}; sooner when others have answered {answered} of your replies, or a moderator trusts you.",
                field="media_ids", limit=why.limit, hours=hours, answered=answered,
            )  # fmt: skip
        case "mentions":
            return Invalid(
                "New members may mention {limit} people in a post on their first day in the group. Hours until that"
                " ends: {hours}; sooner when others have answered {answered} of your replies, or a moderator trusts"
                " you.",
                field="status", limit=why.limit, hours=hours, answered=answered,
            )  # fmt: skip
        case "threads":
            return Invalid(
                "New members may start {limit} threads on their first day in the group. Hours until that ends:"
                " {hours}; sooner when others have answered {answered} of your replies, or a moderator trusts you.",
                field="status", limit=why.limit, hours=hours, answered=answered,
            )  # fmt: skip
        case "replies":
            return Invalid(
                "New members may write {limit} replies on their first day in the group. Hours until that ends:"
                " {hours}; sooner when others have answered {answered} of your replies, or a moderator trusts you.",
                field="status", limit=why.limit, hours=hours, answered=answered,
            )  # fmt: skip
    return Invalid(
        "{left} more replies to others, then you may announce. Answer that many people in the group first.",
        field="status", left=why.limit,
    )  # fmt: skip


def _paused(seconds: int) -> TooMany:
    if seconds <= 120:
        return TooMany(
            "There is a pause between two posts of one person in this group. Seconds until you can write again:"
            " {seconds}.", retry_after=seconds, seconds=seconds,
        )  # fmt: skip
    return TooMany(
        "There is a pause between two posts of one person in this group. Minutes until you can write again:"
        " {minutes}.", retry_after=seconds, minutes=-(-seconds // 60),
    )  # fmt: skip


def _seconds(ms: int) -> int:
    """Begun seconds."""
    return max(0, -(-ms // 1000))


def _hours(ms: int) -> int:
    """Begun hours, at least one."""
    return max(1, -(-ms // HOUR))
