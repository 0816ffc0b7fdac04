"""`fedcomm group`: the groups that live here."""

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from fedcomm import rights
from fedcomm import topics as subjects
from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say
from fedcomm.group_profile import SLOW

_JOIN_MODES = click.Choice(["open", "approval", "invite"])
_POSTING = click.Choice(["anyone", "members", "moderators"])
_PROMOTION = click.Choice(["0", "3", "9"])
_SLOW = click.Choice([str(seconds) for seconds in SLOW])
_VOTES = click.Choice(["both", "up", "none"])
_VISIBILITY = click.Choice(["public", "members", "local"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOST_BYTES = 700_000  # of a picture
_LADDER = partial(click.option, "--ladder/--no-ladder", help="Whether newcomers write with limits on their first day.")


@click.group()
def group() -> None:
    """Make groups, say who looks after them, and keep somebody out."""


def _of_a_group(act: Callable[[str, str], None]) -> click.Command:
    """The command `fedcomm group ACT GROUP ACTOR`."""
    return group.command()(click.argument("group")(click.argument("actor")(act)))


@group.command()
@click.argument("name")
@click.option("--title", required=True, help="What it is called.")
@click.option("--summary", default="", help="What it is about.")
@click.option("--steward", default="", metavar="ACCOUNT", help="Who is its first steward.")
@click.option("--join-mode", type=_JOIN_MODES, default="open", help="Who can join.")
@click.option("--visibility", type=_VISIBILITY, default="public", help="For whom is what is written.")
@_LADDER(default=True)
def create(name: str, title: str, summary: str, steward: str, join_mode: str, visibility: str, ladder: bool) -> None:
    """Make a group."""
    made = ask(
        "group.create", name=name, title=title, summary=summary, steward=steward, join_mode=join_mode,
        visibility=visibility, ladder=ladder,
    )  # fmt: skip
    say(f"{made['handle']} is there: {made['url']}")
    if ladder:
        say("Newcomers write with limits on their first day, unless moderators trust them on the page of members.")
        say(f"Without limits for anybody: fedcomm group change {name} --no-ladder")


@group.command()
@click.argument("group")
@click.option("--title", help="What it is called.")
@click.option("--summary", help="What it is about.")
@click.option("--join-mode", type=_JOIN_MODES, help="Who can join.")
@click.option("--question", help="What those are asked who ask to join.")
@click.option("--posting", type=_POSTING, help="Who can write.")
@click.option("--visibility", type=_VISIBILITY, help="For whom is what is written from now on.")
@click.option("--votes", type=_VOTES, help="Which votes there are: likes and votes against, likes, none.")
@click.option("--topics", help="What it is about, in tags: 'bread baking'.")
@click.option("--languages", help="Which languages are spoken in it, by their codes: 'de en'.")
@_LADDER(default=None)
@click.option("--promotion", type=_PROMOTION, help="Answers owed before each thread that promotes; 0 is none.")
@click.option("--slow", type=_SLOW, help="Seconds between two posts of one person; 0 is no pause.")
def change(
    group: str, topics: str | None, languages: str | None, promotion: str | None, slow: str | None,
    **wanted: str | bool | None,
) -> None:  # fmt: skip
    """Change the settings of GROUP that are named."""
    changes: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
    changes |= {} if promotion is None else {"promotion": int(promotion)}
    changes |= {} if slow is None else {"slow": int(slow)}
    changes |= {} if topics is None else {"topics": subjects.named(topics)}
    changes |= {} if languages is None else {"languages": subjects.spoken(languages)}
    ask("group.change", group=group, changes=changes)
    say(f"{group} is changed.")


@group.command()
@click.argument("group")
@click.option("--picture", type=_FILE, help="The picture of the group; it is cut to a square.")
@click.option("--picture-words", metavar="TEXT", help="What it shows, for those who cannot see it.")
@click.option("--header", type=_FILE, help="The picture at the top of its page, three times as wide as high.")
@click.option("--header-words", metavar="TEXT", help="What that shows.")
@click.option("--no-picture", is_flag=True, help="Take the picture away.")
@click.option("--no-header", is_flag=True, help="Take the picture at the top away.")
def pictures(
    group: str, picture: Path | None, picture_words: str | None, header: Path | None, header_words: str | None,
    no_picture: bool, no_header: bool,
) -> None:  # fmt: skip
    """Give GROUP pictures, of at most 700 kB each; larger ones are sent on its page."""
    sent = {place: _content(path) for place, path in (("icon", picture), ("image", header)) if path is not None}
    words = {place: text for place, text in (("icon", picture_words), ("image", header_words)) if text is not None}
    gone = [place for place, flag in (("icon", no_picture), ("image", no_header)) if flag]
    ask("group.pictures", group=group, sent=sent, words=words, gone=gone)
    say(f"The pictures of {group} are changed.")


def _content(path: Path) -> str:
    """A file as it goes through the socket, which takes a megabyte at once."""
    if path.stat().st_size > _MOST_BYTES:
        raise click.UsageError(f"{path} has more than 700 kB. Make it smaller, or send it on the page of the group.")
    return base64.b64encode(path.read_bytes()).decode()


@_of_a_group
def ban(group: str, actor: str) -> None:
    """Keep ACTOR (a handle or an address) out of GROUP."""
    banned = ask("group.ban", group=group, actor=actor)
    say(f"{banned['handle']} is banned from {group}.")


@_of_a_group
def unban(group: str, actor: str) -> None:
    """Let ACTOR into GROUP again."""
    lifted = ask("group.unban", group=group, actor=actor)
    say(f"{lifted['handle']} is not banned from {group} any more.")


@group.command()
@click.argument("group")
@click.argument("actor")
@click.option("--steward", is_flag=True, help="Also to change the settings of the group and to appoint others.")
def appoint(group: str, actor: str, steward: bool) -> None:
    """Make ACTOR (here or elsewhere) a moderator of GROUP, or its steward."""
    role = rights.STEWARD if steward else rights.MODERATOR
    appointed = ask("group.appoint", group=group, actor=actor, role=role)
    say(f"{appointed['handle']} {'is steward of' if steward else 'moderates'} {group}.")


@_of_a_group
def dismiss(group: str, actor: str) -> None:
    """Let ACTOR look after GROUP no more."""
    dismissed = ask("group.dismiss", group=group, actor=actor)
    say(f"{dismissed['handle']} does not look after {group} any more.")


@_of_a_group
def mark(group: str, actor: str) -> None:
    """Take each thread of ACTOR in GROUP for an announcement; it counts where announcements are limited."""
    marked = ask("group.mark", group=group, actor=actor)
    say(f"Each thread of {marked['handle']} in {group} is an announcement now.")
    say(f"How many answers are owed before each: fedcomm group change {group} --promotion 3")


@_of_a_group
def unmark(group: str, actor: str) -> None:
    """Take threads of ACTOR in GROUP for announcements no more."""
    unmarked = ask("group.unmark", group=group, actor=actor)
    say(f"Threads of {unmarked['handle']} in {group} are as those of everybody.")


@group.command()
@click.argument("group")
@click.argument("actor")
@click.option("--hours", type=click.IntRange(1, 8_760), default=24, show_default=True, help="How far back.")
def undo(group: str, actor: str, hours: int) -> None:
    """Undo all that ACTOR did as a moderator of GROUP in the last hours; dismiss or ban them first.

    What others decided afterwards stays. Each act is undone by one of its own, in the log and at other servers.
    """
    undone = ask("group.undo", group=group, actor=actor, hours=hours)
    say(f"What {undone['handle']} did for {group} in the last {hours} hours is being undone.")


commands = {"group": group}
