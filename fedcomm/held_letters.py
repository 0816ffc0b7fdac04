"""What a group says to those elsewhere whose posts wait for it, or were turned away (`holding.py`)."""

import re
from collections.abc import Callable

from fedcomm import assent, consents, members, speech, welcomes
from fedcomm.admit import LINKS, MENTIONS, PICTURES, REPLIES, THREADS
from fedcomm.app import App
from fedcomm.speech import Saying
from storage.actors import Actor
from storage.groups import Group


async def waits(app: App, group: Group, face: Actor, author: Actor, kind: str) -> Saying:
    """What somebody is told whose post waits, or is not in the group, for this reason; in the language of the group."""
    language = await _language(group)
    gettext = app.translations(language).gettext
    named = {
        "group": face.name or face.username, "url": app.urls.rules(face.username), "word": assent.word(language),
    }  # fmt: skip
    match kind:
        case "rules":
            rules = (await consents.of_group(group)).rules
            parts = [
                gettext("Your post for {group} waits until you accept its rules:"),
                "\n".join(f"{at}. {rule}" for at, rule in enumerate(rules, 1)),
                gettext(
                    "Answer this message with the word {word}, and your post is in the group. The rules are also here:"
                    " {url}"
                ),
            ]
        case "newcomer":
            named |= {
                "links": str(LINKS), "pictures": str(PICTURES), "mentions": str(MENTIONS), "threads": str(THREADS),
                "replies": str(REPLIES),
            }  # fmt: skip
            parts = [
                gettext(
                    "Your post for {group} waits until a moderator has looked at it. On their first day in the group,"
                    " new members may add {links} links, {pictures} picture and {mentions} mentions to a post, and"
                    " write {threads} threads and {replies} replies. You need not do anything: if you belong to the"
                    " group, your post is in it at the latest when that day is over, unless the moderators decide"
                    " otherwise."
                )
            ]
        case "open":
            named["handle"] = app.urls.handle(face.username)
            parts = _too_open(gettext, member=(await members.standing(group, author)).member)
        case _:
            parts = [_for_a_time(gettext, kind)]
    text = "\n\n".join([speech.mention(app, author), *(_filled(part, named) for part in parts)])
    return Saying(text=text, language=language, to=(author,))


async def refused(app: App, group: Group, face: Actor, author: Actor, post_uri: str, reason: str) -> Saying:
    """What somebody is told of whose post was turned away."""
    language = await _language(group)
    gettext = app.translations(language).gettext
    said = gettext("The moderators of {group} did not let your post in: {url}")
    named = {"group": face.name or face.username, "url": post_uri}
    why = [gettext("They say:"), reason] if reason else [gettext("They gave no reason.")]
    text = "\n\n".join([speech.mention(app, author), _filled(said, named), *why])
    return Saying(text=text, language=language, to=(author,))


def _for_a_time(gettext: Callable[[str], str], kind: str) -> str:
    match kind:
        case "promotion":
            return gettext(
                "Your announcement waits. In {group}, who announces something answers other people first. Answer"
                " some, and some minutes later it is in the group. A moderator may also let it through sooner."
            )
        case "cooldown":
            return gettext(
                "Your answer in {group} waits: moderators have closed its thread for a while, so that everybody can"
                " cool down. You need not do anything: it is in the group when the thread is open again, unless"
                " the moderators decide otherwise."
            )
        case "slow":
            return gettext(
                "Your post for {group} waits: between two posts of one person there is a pause in the group. You"
                " need not do anything: some minutes after the pause it is in the group, unless the moderators"
                " decide otherwise."
            )
    return gettext(
        "Your post for {group} waits, since many came at once. You need not do anything: if you belong to"
        " the group, or have written in it before, your post is in it some minutes later, unless the"
        " moderators decide otherwise. Else it waits until one of them has looked at it."
    )


def _too_open(gettext: Callable[[str], str], *, member: bool) -> list[str]:
    parts = [
        gettext(
            "Your post is not in the group {group}: everybody can read it, and what is written in the group is for its"
            " members alone. Nothing is lost, your post is where you published it. To write in the group, mention"
            " {handle} in a post that only your followers can read; the members of the group get it."
        )
    ]
    return parts if member else [*parts, gettext("Only members write in it. Follow {handle} to ask to join.")]


def _filled(sentence: str, named: dict[str, str]) -> str:
    """What moderators call their group cannot fill in anything else."""
    return re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], found[0]), sentence)


async def _language(group: Group) -> str:
    """What the group speaks to people elsewhere, of whom nobody knows what they read."""
    return next(iter((await welcomes.setting(group)).texts), "en")
