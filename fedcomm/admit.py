"""CHOKE POINT: may this actor do this here? Bans, membership, locks, rights and limits are asked nowhere else.

What was decided about servers is asked here for all that comes in and for whom members turn to; what is fetched and
delivered asks the same book of peers (`activitypub/client.py`, outbox/).
"""

import msgspec

from activitypub.origins import host_of
from fedcomm import clock, rights
from fedcomm.errors import Invalid, NotAllowed
from fedcomm.peerbook import SUSPEND, PeerBook
from fedcomm.standing import Author, Standing, Wait, Written
from storage.actors import Actor
from storage.address_blocks import APPROVAL, NO_ACCESS, NO_SIGN_UP
from storage.circumstances import DAY, Circumstances
from storage.groups import Group
from storage.posts import Post

LINKS, PICTURES, MENTIONS = 2, 1, 2  # of a newcomer, in one post
THREADS, REPLIES = 3, 10  # of a newcomer, on their first day
INVITATIONS = 10  # of groups of one server that stand at once, for each member of ours
REMOVALS = 20  # by one moderator of a group in an hour, before somebody else looks as well
ANSWERED = 3  # answers of theirs that somebody answered: then they are no newcomer any more


class _Ban(msgspec.Struct, frozen=True):
    until: int | None = None  # ms since 1970


_VOTES = {"both": frozenset(("like", "dislike")), "up": frozenset(("like",))}
_BAN = msgspec.json.Decoder(_Ban)


def banned(value: str | None) -> bool:
    """Whether the value of a ban register bans now; a ban that has run out is read as none."""
    until = banned_until(value)
    return value is not None and (until is None or until > clock.now_ms())


def banned_until(value: str | None) -> int | None:
    """When the ban in a register ends (ms since 1970), None for never."""
    return _BAN.decode(value).until if value is not None else None


def server(peers: PeerBook, host: str) -> None:
    """Whether this server speaks with that one, as its admins decided; with itself ('') it does.

    Raises:
        NotAllowed: it is suspended, or not on the list where only those are spoken with.
    """
    if host and peers.blocked(host):
        if peers.policy(host) != SUSPEND:
            raise NotAllowed(
                "This server speaks only with servers that its admins let in by name. What holds: {where}",
                where=peers.rules_at,
            )
        raise NotAllowed(
            "This server does not speak with the server of that account. What holds: {where}", where=peers.rules_at
        )


def from_network(severity: str, *, signs_up: bool = False) -> bool:
    """True when a sign-up from a network for which this holds waits for an admin; NotAllowed: nobody is let in."""
    if severity == NO_ACCESS or (signs_up and severity == NO_SIGN_UP):
        raise NotAllowed("This server lets nobody in from your network at the moment.")
    return severity == APPROVAL


def reporting(peers: PeerBook, who: Actor) -> bool:
    """Whether a report by somebody is taken, as the admins decided about their server."""
    return who.local or not peers.without_reports(who.host)


def sender(peers: PeerBook, uri: str) -> None:
    """Whether anything is taken in from an actor elsewhere, by its id or that of its key, before anything is asked.

    Raises:
        NotAllowed: its server is not spoken with (attack SIG-21), or it is suspended.
    """
    server(peers, host_of(uri))
    if peers.silenced(uri.partition("#")[0]):
        raise NotAllowed("This account is suspended.")


def withdrawing(who: Actor) -> None:
    """Whether this actor may take back what is their own.

    Raises:
        NotAllowed: deleted.
    """
    if who.deleted_at is not None:
        raise NotAllowed("This account does not exist any more.")


def actor(who: Actor, peers: PeerBook | None = None) -> None:
    """Whether anything of this actor counts here; with `peers` also for who runs their own server elsewhere.

    Raises:
        NotAllowed: suspended, deleted, or (with `peers`) banned by their own server.
    """
    withdrawing(who)
    if who.suspended_at is not None or (peers is not None and peers.rests(who.uri)):
        raise NotAllowed("This account is suspended.")


def acting(who: Actor) -> None:
    """Whether a member of ours may do anything new; what they have done they may still change and take back.

    Raises:
        NotAllowed: suspended, deleted, or moved to another account.
    """
    actor(who)
    if who.local and who.moved_to_id is not None:
        raise NotAllowed("This account has moved. To use it again, undo that in its settings.")


def posting(group: Group, standing: Standing, thread: Post | None) -> None:
    """Whether somebody may post into a group; `thread` is what they answer in, None for a new thread.

    Raises:
        NotAllowed: closed, banned, no member where only members post, or the thread is locked or taken out.
    """
    if group.closed_at is not None:
        raise NotAllowed("This group is closed.")
    if banned(standing.ban):
        raise NotAllowed("You are banned from this group.")
    if thread is not None:
        answering(standing, thread)
    if standing.may(rights.SPEAK):
        return
    if group.posting == "moderators" and thread is None:
        raise NotAllowed("Only moderators start threads in this group.")
    _member(group, standing)


def belated(group: Group, standing: Standing) -> None:
    """Whether an answer that came before what it answers is in a group of ours with it, or an edit changes one there.

    Raises:
        NotAllowed: by somebody who is banned, or no member where only members post.
    """
    if banned(standing.ban):
        raise NotAllowed("You are banned from this group.")
    _member(group, standing)


def _member(group: Group, standing: Standing) -> None:
    closed = group.posting == "members" or group.join_mode != "open" or group.visibility == "members"
    if closed and not standing.may(rights.WRITE):
        raise NotAllowed("Only members post in this group. Please join it first.")


def waits(
    group: Group, standing: Standing, known: Circumstances, author: Author, written: Written, now: int
) -> Wait | None:
    """Why a post that `posting` lets in is not in the group yet; None when nothing is in its way.

    Rules are accepted before the first post (features.md S0.1): where a group cannot ask, who joined it has read them.
    Newcomers write with limits (S1.7), and who announces answers others first (S0.2). Moderators are free of all this,
    and so is whom they trust; only who lives here and can accept the rules at any time does so all the same.
    """
    if standing.may(rights.HOLD):
        return None
    agreed = known.agreed or (author.deaf and standing.member) or (known.trusted and not author.here)
    if known.rules and not agreed:
        return Wait("rules")
    if known.trusted:
        return None
    if group.slow and (ends := known.last + group.slow * 1000) > now:
        return Wait("slow", group.slow, ends)
    limited = exceeds(group, standing, known, written, now)
    if limited is None and (ends := newcomer_until(group, standing, known, now)):
        if written.starter and known.threads >= THREADS:
            limited = Wait("threads", THREADS, ends)
        elif not written.starter and known.replies >= REPLIES:
            limited = Wait("replies", REPLIES, ends)
    return limited or _promotes(group, known, author, written)


def exceeds(group: Group, standing: Standing, known: Circumstances, written: Written, now: int) -> Wait | None:
    """Which limit of newcomers for one post it breaks, new or edited."""
    ends = newcomer_until(group, standing, known, now)
    if not ends:
        return None
    for kind, count, limit in (
        ("links", written.links, LINKS),
        ("pictures", written.pictures, PICTURES),
        ("mentions", written.mentions, MENTIONS),
    ):
        if count > limit:
            return Wait(kind, limit, ends)
    return None


def changes(group: Group, standing: Standing, known: Circumstances, written: Written, now: int) -> Wait | None:
    """Why a post may not be changed into this; `written.domains` are those that it did not link to before.

    Else who is to answer others first would announce by an edit (S0.2).
    """
    limited = exceeds(group, standing, known, written, now)
    if limited is not None or standing.may(rights.HOLD) or known.trusted or not written.domains:
        return limited
    return _promotes(group, known, Author(), written)


def newcomer_until(group: Group, standing: Standing, known: Circumstances, now: int) -> int:
    """Until when (ms since 1970) the limits of newcomers hold for somebody; 0 when they do not."""
    if not group.ladder or standing.may(rights.HOLD) or known.trusted or known.answered >= ANSWERED:
        return 0
    ends = (now if known.since is None else known.since) + DAY
    return ends if ends > now else 0


def owed(group: Group, known: Circumstances, since: int) -> int:
    """How many people somebody has yet to answer before they may announce again; `since` is when they last did."""
    return max(0, group.promotion - sum(at > since for at in known.spoken))


def announced(known: Circumstances, author: Author, written: Written | None = None) -> int:
    """When somebody last announced what `written` announces, or anything (ms since 1970); 0 when they never did.

    A program announces with each thread, and so does whom moderators marked as promotional; anybody else with a link to
    where most of their threads lead.
    """
    if author.bot or known.promotional:
        return known.begun[0][0] if known.begun else 0
    last = 0
    for domain in {each for _at, domains in known.begun for each in domains}:
        there = [at for at, domains in known.begun if domain in domains]
        if len(there) >= 2 and 2 * len(there) > len(known.begun) and (written is None or domain in written.domains):
            last = max(last, *there)
    return last


def _promotes(group: Group, known: Circumstances, author: Author, written: Written) -> Wait | None:
    last = announced(known, author, written) if group.promotion and written.starter else 0
    left = owed(group, known, last) if last else 0
    return Wait("promotion", left) if left else None


def elsewhere(group: Group, standing: Standing, thread: Post | None) -> None:
    """Whether somebody may post into a group of another server, as far as it has told: it would drop the post unsaid.

    Raises:
        NotAllowed: banned there, no member where only members read, or the thread is locked or taken out.
    """
    if banned(standing.ban):
        raise NotAllowed("You are banned from this group.")
    if group.visibility == "members" and not standing.may(rights.WRITE):
        raise NotAllowed("Only members post in this group. Please join it first.")
    if thread is not None:
        answering(standing, thread)


def discussing(standing: Standing) -> None:
    """Whether somebody may begin a discussion of the members of a group of another server (Mobilizon 5).

    Raises:
        NotAllowed: no member there, as who only follows it.
    """
    if not standing.may(rights.WRITE):
        raise NotAllowed("Only members begin discussions in this group, and it has not let you in as a member yet.")


def invited(undecided: int) -> None:
    """Whether one more group of a server may invite a member of ours, who has so many of it undecided.

    Raises:
        NotAllowed: they have not decided about the earlier ones.
    """
    if undecided >= INVITATIONS:
        raise NotAllowed("So many groups of that server invite them already.")


def answering(standing: Standing, thread: Post) -> None:
    """Whether somebody may answer in a thread of a group, here or elsewhere.

    Raises:
        NotAllowed: the thread is locked, for a while or for good, or was taken out.
    """
    if thread.removed_at is not None:
        raise NotAllowed("This thread was taken out of the group.")
    if not closed(thread) or standing.may(rights.SPEAK):
        return
    if thread.locked_until is None:
        raise NotAllowed("This thread is locked.")
    raise NotAllowed(
        "This thread is closed to answers for a while. Minutes until it opens: {minutes}.",
        minutes=-(-(thread.locked_until - clock.now_ms()) // 60_000),
    )


def closed(thread: Post) -> bool:
    """Whether moderators have closed a thread to answers, and not for a while that is over."""
    return bool(thread.locked) and (thread.locked_until is None or thread.locked_until > clock.now_ms())


def cooling(standing: Standing, thread: Post) -> Wait | None:
    """Why an answer from elsewhere is not in a thread yet that is closed for a while."""
    if thread.locked_until is None or not closed(thread) or standing.may(rights.SPEAK):
        return None
    return Wait("cooldown", ends=thread.locked_until)


def voting(group: Group, standing: Standing, kind: str = "") -> None:
    """Whether somebody's votes count in a group; of a `kind`, like or dislike, whether it has such votes.

    Raises:
        NotAllowed: closed, or banned.
        Invalid: the group has switched off votes of that kind.
    """
    if kind and kind not in votes(group.votes):
        if group.votes == "none":
            raise Invalid("There are no votes in this group.")
        raise Invalid("There are no votes against posts in this group.")
    if group.closed_at is not None:
        raise NotAllowed("This group is closed.")
    if banned(standing.ban):
        raise NotAllowed("You are banned from this group.")


def votes(setting: str) -> frozenset[str]:
    """Which votes there are in a group with this setting (`Group.votes`), of like and dislike.

    Those given before the others were switched off are kept, count nothing, and are shown to nobody.
    """
    return _VOTES.get(setting, frozenset())


def interacting(kind: str, *, never: bool) -> None:
    """Whether the author of a post on another server lets a member here like, answer (reply) or boost it at all.

    Raises:
        NotAllowed: `never`, as that server says; it would drop it without a word.
    """
    if not never:
        return
    if kind == "reply":
        raise NotAllowed("The author of this post lets only some people answer it, and you are not among them.")
    if kind == "boost":
        raise NotAllowed("The author of this post lets only some people pass it on, and you are not among them.")
    raise NotAllowed("The author of this post lets only some people like it, and you are not among them.")


def taking(group: Group, standing: Standing) -> None:
    """Whether somebody may say in a group that they will answer a thread.

    Raises:
        NotAllowed: closed, banned, or no member.
    """
    voting(group, standing)
    if not standing.may(rights.WRITE):
        raise NotAllowed("Only members of the group can do this. Please join it first.")


def joining(group: Group, standing: Standing, *, invited: bool) -> None:
    """Whether somebody may join, or ask to; a group elsewhere decides itself whom it lets in.

    Raises:
        NotAllowed: closed, banned, or not invited where only who is invited comes in.
    """
    voting(group, standing)
    if group.local and group.join_mode == "invite" and not (invited or standing.may(rights.INVITE)):
        raise NotAllowed("One comes into this group by invitation. Please ask somebody who looks after it for one.")


def removing(done: int, *, others: bool) -> bool:
    """Whether a moderator who has taken something out of a group so often in the last hour does so once more by
    themselves. Beyond REMOVALS one of the `others` looks as well; where there are none, nothing would be done about
    spam if it had to wait for them (docs/decisions/0053)."""
    return done < REMOVALS or not others


def right(standing: Standing, named: str) -> None:
    """Whether somebody has a right in a group, of those in `rights.py`.

    Raises:
        NotAllowed: their role does not have it.
    """
    if standing.may(named):
        return
    taken = standing.program is None or named in rights.afar(rights.STEWARD, standing.program)
    if standing.may(rights.OVERSEE) and not taken:
        raise NotAllowed("The server of this group takes that from nobody here.")
    if rights.least(named) == rights.STEWARD:
        raise NotAllowed("Only stewards of the group can do this.")
    raise NotAllowed("Only moderators of the group can do this.")


def receipt(post: Post, asker: Actor, standing: Standing, *, admin: bool) -> None:
    """Whether somebody who may see a post may also see which servers it went to, and what these said.

    Raises:
        NotAllowed: neither its author, nor a moderator of its group, nor an admin.
    """
    if not (admin or standing.may(rights.OVERSEE) or post.author_id == asker.id):
        raise NotAllowed("Only its author and who looks after its group see where a post has gone.")
