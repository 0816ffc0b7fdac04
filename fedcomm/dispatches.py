"""Direct messages of this server itself to members here: what those decide about them who cannot write to them.

A group elsewhere says by activities that it lets nobody in, which no client shows. A server that says such things
without end is heard so often a day (`limits.DISPATCHES`), as else it could write to members whatever it likes.
"""

from datetime import UTC, datetime

from fedcomm import actors as made
from fedcomm import letters
from fedcomm.app import App
from storage import actors
from storage.actors import Actor
from storage.connect import Writes
from storage.ids import next_id


async def not_let_in(app: App, writes: Writes, face: Actor, who: Actor, reason: str, *, invited_only: bool) -> None:
    """That a group elsewhere has not let somebody in, why if it says so, and what they may do now."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("The group {group} has not let you in.").replace("{group}", _called(face))
    if invited_only:
        then = gettext("One comes into this group by invitation. Please ask somebody who looks after it for one.")
    else:
        then = gettext("You may ask again: {link}").replace("{link}", _link(app, face))
    await _say(app, writes, who, [words, *letters.why(reason), then], face.host)


async def ended(app: App, writes: Writes, face: Actor, who: Actor, reason: str) -> None:
    """That a group elsewhere has somebody among its members no more, and why if it says so."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("The group {group} has ended your membership.").replace("{group}", _called(face))
    then = gettext("How one joins it stands here: {link}").replace("{link}", _link(app, face))
    await _say(app, writes, who, [words, *letters.why(reason), then], face.host)


async def banned(app: App, writes: Writes, face: Actor, who: Actor, reason: str, until: int | None) -> None:
    """That a group elsewhere has banned somebody, why, until when, and what they may still do."""
    words = letters.words_of_ban(await letters.tongue(app, who), _called(face), reason, until, _page(app, face))
    await _say(app, writes, who, words, face.host)


async def ban_lifted(app: App, writes: Writes, face: Actor, who: Actor, *, member: bool) -> None:
    """That a group elsewhere has lifted the ban of somebody, who is a `member` again at once, or has to join."""
    await _say(app, writes, who, letters.words_of_end(
        await letters.tongue(app, who), _called(face), _page(app, face), member
    ), face.host)  # fmt: skip


async def banned_by_site(app: App, writes: Writes, host: str, who: Actor, reason: str, until: int | None) -> None:
    """That a server elsewhere has banned somebody from all its groups, why, until when, and what they may still do."""
    gettext = (await letters.tongue(app, who)).gettext
    if until is None:
        words = gettext("The server {host} has banned you from its groups, with no end set.")
    else:
        words = gettext("The server {host} has banned you from its groups until {time}.")
    end = datetime.fromtimestamp((until or 0) / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    may = gettext("What you have written there is yours to change and delete. Who runs that server can lift the ban.")
    said = words.replace("{time}", end).replace("{host}", host)
    await _say(app, writes, who, [said, *letters.why(reason), may], host)


async def ban_by_site_lifted(app: App, writes: Writes, host: str, who: Actor) -> None:
    """That a server elsewhere has lifted the ban of somebody from all its groups."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("The server {host} has lifted your ban from its groups.").replace("{host}", host)
    await _say(app, writes, who, [words], host)


async def removed(app: App, writes: Writes, face: Actor, who: Actor, link: str, reason: str) -> None:
    """That moderators of a group elsewhere have taken a post of theirs out of it, and why if they say so."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("The moderators of the group {group} have taken this out of it: {link}")
    then = gettext(
        "You still have it: you see it on your profile. Whom you can ask stands on the page of the group: {link}"
    )
    said = [words.replace("{group}", _called(face)).replace("{link}", link), *letters.why(reason.strip())]
    await _say(app, writes, who, [*said, then.replace("{link}", _page(app, face))], face.host)


async def moved(app: App, writes: Writes, face: Actor, who: Actor, new: Actor, link: str, reason: str) -> None:
    """That moderators of a group elsewhere have moved a thread of theirs into another group, and where it is now."""
    tongue, there = await letters.tongue(app, who), _page(app, new)
    words = letters.words_of_move(tongue, _called(face), _called(new), link, reason.strip(), there)
    await _say(app, writes, who, words, face.host)


async def retitled(
    app: App, writes: Writes, face: Actor, who: Actor, told: tuple[str, str, str], reason: str
) -> None:  # fmt: skip
    """That moderators of a group elsewhere have given a thread of theirs another title."""
    words = letters.words_of_title(await letters.tongue(app, who), _called(face), told, reason)
    await _say(app, writes, who, words, face.host)


async def warned(app: App, writes: Writes, face: Actor, who: Actor, link: str, reason: str) -> None:
    """That moderators of a group elsewhere warn them for something they wrote, and why."""
    words = letters.words_of_warning(await letters.tongue(app, who), _called(face), link, reason)
    await _say(app, writes, who, words, face.host)


async def picture_blocked(app: App, writes: Writes, who: Actor, link: str, reason: str) -> None:
    """That a picture of theirs is blocked on this server and was taken off a post or their profile, and why."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("A picture is not allowed on this server, so it was taken off here: {link}")
    then = gettext("All else of it stays. The picture is erased, and cannot be sent again.")
    await _say(app, writes, who, [words.replace("{link}", link), *letters.why(reason), then])


async def report_ended(app: App, writes: Writes, who: Actor, target: Actor, outcome: str, answer: str) -> None:
    """What came of a report of theirs about somebody, and what else who dealt with it wants them to know."""
    handle, tongue = app.urls.handle(target.username, target.host), await letters.tongue(app, who)
    await _say(app, writes, who, letters.words_of_report(tongue, handle, outcome, answer), target.host)


async def not_agreed(app: App, writes: Writes, author: Actor, who: Actor, link: str, *, public: bool) -> None:
    """That somebody elsewhere who decides who answers them does not want an answer, which was `public` before."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("@{handle} does not want this answer of yours: {link}")
    if public:
        then = gettext("They had agreed to it, and do so no more. On their server it is not shown.")
    else:
        then = gettext("Nobody but you reads it. You can delete it.")
    await _say(app, writes, who, [words.replace("{handle}", author.acct).replace("{link}", link), then], author.host)


async def unattended(app: App, writes: Writes, who: Actor) -> None:
    """To who looks after this server: nobody was here for a week, so that nobody comes in unasked any more."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext(
        "Nobody who looks after this server was here for a week. So that nobody comes in unseen, whoever wants an"
        " account waits for an answer from now on. An admin can let everybody in at once again: {link}"
    )
    await _say(app, writes, who, [words.replace("{link}", f"{app.base_url}/admin/site")])


async def archive_ready(app: App, writes: Writes, who: Actor) -> None:
    """That the file with all that is somebody's is ready, and until when."""
    gettext = (await letters.tongue(app, who)).gettext
    words = gettext("The file with your posts and all else that is yours is ready. It is here for a week: {link}")
    await _say(app, writes, who, [words.replace("{link}", f"{app.base_url}/settings/data")])


async def _say(app: App, writes: Writes, who: Actor, words: list[str], host: str = "") -> None:
    """`host` is the server that brings it about, which has only so much to say to one member."""
    if not app.dispatch_limit.allows(who.id, host):
        return
    gettext = (await letters.tongue(app, who)).gettext
    server = await actors.local(made.SERVICE) or await made.service(app)
    await letters.say(app, writes, server, who, [*words, gettext("Nobody reads answers to this message.")], next_id())


def _called(face: Actor) -> str:
    return f"{face.name} (!{face.acct})" if face.name else f"!{face.acct}"


def _page(app: App, face: Actor) -> str:
    return f"{app.base_url}/c/{face.acct}"


def _link(app: App, face: Actor) -> str:
    return f"{_page(app, face)}/join"
