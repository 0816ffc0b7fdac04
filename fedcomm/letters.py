"""Direct messages of a group of ours: to who wants to join it or was taken out of it, and to who looks after it."""

from datetime import UTC, datetime
from gettext import NullTranslations

import storage.accounts
from activitypub.origins import origin
from fedcomm import peers, speech
from fedcomm.app import App
from fedcomm.errors import AppError
from fedcomm.peerbook import DEAF
from fedcomm.speech import Saying
from storage import peers as stored
from storage.actors import Actor
from storage.connect import Writes


async def learn(app: App, who: Actor) -> None:
    """Know what the server of somebody runs, before anything is said to them.

    Raises:
        Unreachable: it does not answer now, so that nobody knows yet whether it takes messages of groups.
    """
    if who.host:
        await peers.learn(app, who.host)


async def hears(who: Actor) -> bool:
    """Whether a group can talk to somebody: no program, and on no server that cannot hear it."""
    if who.gone or who.kind != "Person":
        return False
    peer = await stored.get(who.host) if who.host else None
    return peer is None or peer.software not in DEAF


async def question(app: App, writes: Writes, face: Actor, who: Actor, asked: str, post_id: int) -> None:
    """What the group asks those who want to join; their answer to this message comes to its moderators."""
    gettext = (await tongue(app, who)).gettext
    words = [
        gettext("You asked to join the group {group}. Its moderators would like to know:").replace(
            "{group}", face.name
        ),
        _quoted(asked),
        gettext("Answer this message; nobody but the moderators of the group reads your answer."),
    ]
    if who.local:
        words.append(gettext("Or answer here: {link}").replace("{link}", f"{face.url}/join"))
    await say(app, writes, face, who, words, post_id)


async def tells(who: Actor) -> bool:
    """Whether the server of somebody elsewhere tells them itself what a `Reject` means, and the reason in it."""
    peer = await stored.get(who.host) if who.host else None
    return peer is not None and peer.software == "fedcomm"


async def where_decided(face: Actor, who: Actor) -> str:
    """Where somebody elsewhere decides about what waits in a group: at home, if their server asks for it (`desk`), else
    on the pages of the group, to which a message leads them."""
    return f"{origin(who.uri)}/moderation" if await tells(who) else f"{face.url}/guest"


async def turned_down(app: App, writes: Writes, face: Actor, who: Actor, reason: str, post_id: int) -> None:
    """That moderators have not let somebody in, and why; who lives elsewhere and is given no reason gets a `Reject`."""
    if who.local or (reason and not await tells(who)):
        gettext = (await tongue(app, who)).gettext
        words = gettext("The moderators of the group {group} have not let you in. You may ask again later.")
        await say(app, writes, face, who, [words.replace("{group}", face.name), *why(reason)], post_id)


async def let_in_after_all(app: App, writes: Writes, face: Actor, who: Actor, post_id: int) -> None:
    """That the moderators have thought better of it; who lives elsewhere follows the group once more."""
    gettext = (await tongue(app, who)).gettext
    if who.local:
        words = gettext("The moderators of the group {group} have let you in after all.")
    else:
        words = gettext(
            "The moderators of the group {group} would let you in after all. Please follow it once more; nobody will"
            " ask you again."
        )
    await say(app, writes, face, who, [words.replace("{group}", face.name)], post_id)


async def taken_out(app: App, writes: Writes, face: Actor, who: Actor, reason: str, post_id: int) -> None:
    """That moderators have ended somebody's membership, and why."""
    if who.local or (reason and not await tells(who)):
        gettext = (await tongue(app, who)).gettext
        words = gettext("The moderators of the group {group} have ended your membership.")
        await say(app, writes, face, who, [words.replace("{group}", face.name), *why(reason)], post_id)


async def newcomer(app: App, writes: Writes, face: Actor, who: Actor, link: str, post_id: int) -> None:
    """To who greets in a group and lives elsewhere: a newcomer has written something that nobody has answered."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("Somebody who is new in the group {group} has written: {link}")
    text = words.replace("{group}", face.name).replace("{link}", link)
    more = gettext("You greet newcomers there, or look after the group. Perhaps you would like to answer.")
    await say(app, writes, face, who, [text, more], post_id)


async def appointed(app: App, writes: Writes, face: Actor, who: Actor, post_id: int) -> None:
    """That somebody looks after a group from now on, to who lives elsewhere and need not follow it."""
    gettext = (await tongue(app, who)).gettext
    words = [
        gettext("You look after the group {group} from now on: {link}")
        .replace("{group}", face.name)
        .replace("{link}", face.url),
        gettext(
            "What your server lets you do for it you find on the page of the group there. Nobody has asked you? Then"
            " you can step down on that page, or block the group."
        ),
        gettext("Where your server has no such page, you can look after it here: {link}").replace(
            "{link}", f"{face.url}/guest"
        ),
    ]
    await say(app, writes, face, who, words, post_id)


async def guest_link(app: App, writes: Writes, face: Actor, who: Actor, link: str, post_id: int) -> None:
    """The link by which somebody elsewhere comes to look after a group of ours on its pages."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("With this link you can look after the group {group} on its own pages: {link}")
    then = gettext(
        "It works once, and for 15 minutes. Give it to nobody. If you have not asked for it, somebody else has typed in"
        " your name: then there is nothing to do."
    )
    said = [words.replace("{group}", face.name).replace("{link}", link), then]
    await say(app, writes, face, who, said, post_id)


async def not_taken(app: App, writes: Writes, face: Actor, who: Actor, why: str, post_id: int) -> None:
    """To who looks after a group from elsewhere: that something they have done was not taken."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("Something that you have done for the group {group} was not taken, or not all of it:")
    await say(app, writes, face, who, [words.replace("{group}", face.name), _quoted(why)], post_id)


async def reported(
    app: App, writes: Writes, face: Actor, who: Actor, links: list[str], why_: str, post_id: int
) -> None:  # fmt: skip
    """To who looks after a group from a server that shows no reports: that something in it was reported, and why."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("Something in the group {group} was reported to you who look after it:").replace(
        "{group}", face.name
    )
    await say(app, writes, face, who, [words, "\n".join(links), *why(why_)], post_id)


async def banned(
    app: App, writes: Writes, face: Actor, who: Actor, reason: str, until: int | None, post_id: int
) -> None:
    """That moderators have banned somebody, why, until when, and what they may still do."""
    words = words_of_ban(await tongue(app, who), face.name, reason, until, face.url)
    await say(app, writes, face, who, words, post_id)


async def ban_lifted(app: App, writes: Writes, face: Actor, who: Actor, post_id: int, *, member: bool) -> None:
    """That moderators have lifted the ban of somebody, who is a `member` again at once, or has to join."""
    await say(app, writes, face, who, words_of_end(await tongue(app, who), face.name, face.url, member), post_id)


async def warned(app: App, writes: Writes, face: Actor, who: Actor, link: str, reason: str, post_id: int) -> None:
    """That moderators warn somebody for something they wrote, and why."""
    await say(app, writes, face, who, words_of_warning(await tongue(app, who), face.name, link, reason), post_id)


def words_of_warning(tongue: NullTranslations, group: str, link: str, reason: str) -> list[str]:
    """What is said to who is warned; only they and who looks after the group know of it."""
    words = tongue.gettext("The moderators of the group {group} warn you because of this: {link}")
    then = tongue.gettext("Nothing else has been done. Only you and who looks after the group know of it.")
    return [words.replace("{link}", link).replace("{group}", group), *why(reason), then]


def words_of_ban(tongue: NullTranslations, group: str, reason: str, until: int | None, link: str) -> list[str]:
    """What is said to who is banned from a group; who looks after it stands on the page that `link` leads to."""
    gettext = tongue.gettext
    if until is None:
        words = gettext("The moderators of the group {group} have banned you, with no end set.")
    else:
        words = gettext("The moderators of the group {group} have banned you until {time}.")
    end = datetime.fromtimestamp((until or 0) / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    may = gettext(
        "While you are banned you cannot write, vote or join there. What is public you can still read, and what you"
        " have written is yours to change and delete. Whoever looks after the group can lift the ban; who that is"
        " stands here: {link}"
    )
    return [words.replace("{time}", end).replace("{group}", group), *why(reason), may.replace("{link}", link)]


def words_of_end(tongue: NullTranslations, group: str, link: str, member: bool) -> list[str]:
    """What is said to somebody whose ban from a group is lifted."""
    words = tongue.gettext("The moderators of the group {group} have lifted your ban.")
    if member:
        then = tongue.gettext("You are a member of it again.")
    else:
        then = tongue.gettext("You may join it again: {link}").replace("{link}", link)
    return [words.replace("{group}", group), then]


def words_of_report(tongue: NullTranslations, handle: str, outcome: str, answer: str) -> list[str]:
    """What is said about the end of a report of somebody; nothing says what was done, which is between others.

    `outcome` is acted, passed or none; other programs do not say it.
    """
    gettext = tongue.gettext
    said = {
        "acted": gettext("Something was done about it. Thank you for telling us."),
        "passed": gettext("It was passed on to others, who decide about it."),
        "none": gettext("It was looked at, and nothing had to be done."),
    }.get(outcome)
    words = gettext("Your report about {handle} was dealt with.").replace("{handle}", handle)
    return [words, *([said] if said else []), *why(answer)]


async def removed(
    app: App, writes: Writes, face: Actor, who: Actor, post: str, reason: str, link: str, post_id: int
) -> None:  # fmt: skip
    """That moderators have taken a post of somebody out of the group, why, and where they can appeal."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("The moderators of the group {group} have taken this out of it: {link}")
    then = gettext(
        "You still have it: you see it on your profile. If you think that this is wrong, say why here within 14 days,"
        " and somebody else decides about it: {link}"
    )
    said = [words.replace("{group}", face.name).replace("{link}", post), *why(reason), then.replace("{link}", link)]
    await say(app, writes, face, who, said, post_id)


async def moved(
    app: App, writes: Writes, face: Actor, who: Actor, new: Actor, link: str, reason: str, post_id: int
) -> None:  # fmt: skip
    """That moderators have moved a thread of somebody into another group, why, and where it is now."""
    words = words_of_move(await tongue(app, who), face.name, new.name, link, reason, new.url)
    await say(app, writes, face, who, words, post_id)


async def retitled(
    app: App, writes: Writes, face: Actor, who: Actor, told: tuple[str, str, str], reason: str, post_id: int
) -> None:  # fmt: skip
    """That moderators have given a thread of somebody another title; `told` are the old one, the new one, its link."""
    await say(app, writes, face, who, words_of_title(await tongue(app, who), face.name, told, reason), post_id)


def words_of_title(
    tongue: NullTranslations, group: str, told: tuple[str, str, str], reason: str
) -> list[str]:  # fmt: skip
    """What is said to who began a thread that has another title now."""
    old, new, link = told
    words = tongue.gettext("The moderators of the group {group} have changed the title of your thread: {link}")
    before, now = tongue.gettext("It was: “{title}”"), tongue.gettext("It is: “{title}”")
    then = tongue.gettext("What you wrote in it is as it was. You can give it another title when you edit it.")
    lines = [before.replace("{title}", old)] if old else []
    return [
        words.replace("{link}", link).replace("{group}", group),
        "\n".join([*lines, now.replace("{title}", new)]),
        *why(reason),
        then,
    ]


def words_of_move(
    tongue: NullTranslations, group: str, other: str, link: str, reason: str, there: str
) -> list[str]:  # fmt: skip
    """What is said to who began a thread that is in another group now; `there` is the page of that group."""
    words = tongue.gettext("The moderators of the group {group} have moved your thread into the group {other}: {link}")
    then = tongue.gettext(
        "It is yours as before, with all answers. Who answers in it from now on writes in that group: {link}"
    )
    said = words.replace("{link}", link).replace("{other}", other).replace("{group}", group)
    return [said, *why(reason), then.replace("{link}", there)]


async def appealed(app: App, writes: Writes, face: Actor, who: Actor, link: str, post_id: int) -> None:
    """To who decides: somebody appeals against that a post of theirs was taken out of the group by somebody else."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("Somebody appeals against that their post was taken out of the group {group}. You decide: {link}")
    await say(app, writes, face, who, [words.replace("{group}", face.name).replace("{link}", link)], post_id)


async def proposed(app: App, writes: Writes, face: Actor, who: Actor, by: Actor, link: str, post_id: int) -> None:
    """To who can agree: somebody takes very much out of a group, and more of it waits for a second pair of eyes."""
    gettext = (await tongue(app, who)).gettext
    words = gettext("@{handle} takes very much out of the group {group}.").replace("{handle}", by.acct)
    then = gettext(
        "What they take out from now on is hidden, until somebody else has looked at it as well. You can agree or show"
        " it again here: {link}"
    )
    await say(app, writes, face, who, [words.replace("{group}", face.name), then.replace("{link}", link)], post_id)


async def decided(
    app: App, writes: Writes, face: Actor, who: Actor, link: str, reason: str, post_id: int, *, put_back: bool
) -> None:  # fmt: skip
    """What came of an appeal, to who made it."""
    gettext = (await tongue(app, who)).gettext
    if put_back:
        words = gettext("Your appeal to the group {group} was right: this is in it again: {link}")
    else:
        words = gettext("Somebody else has looked at your appeal to the group {group}. This stays out of it: {link}")
    said = words.replace("{group}", face.name).replace("{link}", link)
    await say(app, writes, face, who, [said, *why(reason)], post_id)


async def many_votes(app: App, writes: Writes, face: Actor, who: Actor, host: str, link: str, post_id: int) -> None:
    """To who looks after a group: one server gives more votes to a post than count at once."""
    gettext = (await tongue(app, who)).gettext
    words = [
        gettext("Somebody may be stuffing votes in the group {group}.").replace("{group}", face.name),
        gettext(
            "In ten minutes more people of the server {host} voted on a post than are counted at once of one server."
            " The other votes count later, one after the other, so that you have the time to look: {link}"
        )
        .replace("{host}", host)
        .replace("{link}", link),
    ]
    await say(app, writes, face, who, words, post_id)


async def other_keys(app: App, writes: Writes, face: Actor, who: Actor, subject: Actor, post_id: int) -> None:
    """To who looks after a group: somebody who does as well has other keys, and may be somebody else now."""
    gettext = (await tongue(app, who)).gettext
    words = [
        gettext("@{handle}, who looks after the group {group}, has new keys all of a sudden.")
        .replace("{handle}", subject.acct)
        .replace("{group}", face.name),
        gettext(
            "Their server was set up anew, or somebody else has it. Unless you know that it is still the same person,"
            " please dismiss them: {link}"
        ).replace("{link}", f"{face.url}/moderate"),
    ]
    await say(app, writes, face, who, words, post_id)


async def stays_here(app: App, face: Actor, who: Actor) -> str:
    """The words that a group is for those alone who have an account here, for a member of it elsewhere."""
    gettext = (await tongue(app, who)).gettext
    words = gettext(
        "The group {group} is from now on only for people with an account on {host}, so you are no member of it any"
        " more. What you have written there stays on your own server."
    )
    return words.replace("{host}", app.host).replace("{group}", face.name)


async def not_shown(
    app: App, writes: Writes, face: Actor, who: Actor, link: str, fault: AppError, post_id: int
) -> None:
    """Why the group does not show a thread in which somebody has named it; what they wrote there is published."""
    gettext = (await tongue(app, who)).gettext
    words = gettext(
        "You have named the group {group} in a thread of another one. It does not show that thread ({link}); what you"
        " wrote is published in it all the same."
    )
    reason = gettext(fault.sentence).format(**fault.values) if fault.values else gettext(fault.sentence)
    await say(
        app, writes, face, who, [words.replace("{group}", face.name).replace("{link}", link), *why(reason)], post_id
    )


async def say(app: App, writes: Writes, face: Actor, who: Actor, words: list[str], post_id: int) -> None:
    """A direct message of one of ours to somebody who can hear it, in these paragraphs."""
    if await hears(who):
        await say_to_hearer(app, writes, face, who, words, post_id)


async def say_to_hearer(app: App, writes: Writes, face: Actor, who: Actor, words: list[str], post_id: int) -> None:
    """As `say`, where it is known that they hear it."""
    text = "\n\n".join([f"{speech.mention(app, who)} {words[0]}", *words[1:]])
    language = await _language(who)
    await speech.privately(app, writes, face, post_id, Saying(text=text, language=language, to=(who,)))


async def tongue(app: App, who: Actor) -> NullTranslations:
    """The language in which somebody is written to: their own, if they live here."""
    return app.translations(await _language(who))


async def _language(who: Actor) -> str:
    return (await storage.accounts.language_of(who.id) if who.local else "") or "en"


def why(reason: str) -> list[str]:
    """The paragraph with a reason, where one was given."""
    return [_quoted(reason)] if reason else []


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
