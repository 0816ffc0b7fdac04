"""What a group says of itself, who may join and post, and so on, as the form has it."""

import msgspec

import storage.directory
from fedcomm import group_profile, topics
from fedcomm.group_profile import Change
from web.pages import shown
from web.pages.looking_after import Place


class Settings(msgspec.Struct, frozen=True):
    """What the group says of itself as the form has it; `rules` one a line."""

    title: str = ""
    summary: str = ""
    rules: str = ""
    join_mode: str = "open"
    question: str = ""
    posting: str = "anyone"
    votes: str = "both"
    visibility: str = ""  # nothing said leaves it as it is
    topics: str = ""
    languages: str = ""
    listed: bool = False
    ladder: bool = False
    promotion: int = 0
    closed: bool = False
    csrf: str = ""


async def present(place: Place) -> Settings:
    """What the form begins with: the settings as they are."""
    rules = "\n".join(await group_profile.rules(place.group.id))
    group, face = place.group, place.face
    summary = shown.plain(face.summary)
    names, codes = (await storage.directory.about([group.id]))[group.id]
    return Settings(
        title=face.name,
        summary=summary,
        rules=rules,
        join_mode=group.join_mode,
        question=group.question,
        posting=group.posting,
        votes=group.votes,
        visibility=group.visibility,
        topics=" ".join(f"#{name}" for name in names),
        languages=" ".join(codes),
        listed=await topics.shown(group),
        ladder=bool(group.ladder),
        promotion=group.promotion,
        closed=group.closed_at is not None,
    )


async def wanted(place: Place, given: Settings) -> Change:
    """What a form asks for.

    Raises:
        Invalid: there are no such topics.
    """
    return Change(
        title=given.title,
        summary=given.summary,
        rules=tuple(given.rules.splitlines()),
        join_mode=given.join_mode,
        question=given.question,
        posting=given.posting,
        votes=given.votes,
        visibility=given.visibility or None,
        topics=topics.named(given.topics),
        languages=topics.spoken(given.languages),
        # What the reader did not touch is not said: it may be otherwise for another visibility.
        listed=None if given.listed == await topics.shown(place.group) else given.listed,
        ladder=given.ladder,
        promotion=given.promotion,
        closed=given.closed,
    )
