"""What a group of ours is about, in which languages, and whether directories show it: registers like its profile."""

from fedcomm import acts, clock, tags
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.follows import is_language
from storage import directory, registers
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.registers import Act

MOST = 10  # topics, and languages, of a group


def named(words: str) -> tuple[str, ...]:
    """The topics in a line: tags with or without `#`, with blanks or commas between them.

    Raises:
        Invalid: one cannot be a tag.
    """
    try:
        return tuple(dict.fromkeys(tags.named(word) for word in words.replace(",", " ").split()))
    except Invalid:
        raise Invalid("A topic is one word, like a tag: #bread. Put a blank between two.", field="topics") from None


def spoken(words: str) -> tuple[str, ...]:
    """The codes of languages in a line, with blanks or commas between them."""
    return tuple(dict.fromkeys(word.strip() for word in words.replace(",", " ").split()))


async def record(
    app: App, writes: Writes, group: Group, face: Actor, topics: tuple[str, ...] | None,
    languages: tuple[str, ...] | None, listed: bool | None, visibility: str | None = None, *, by: str, uri: str,
) -> bool:  # fmt: skip
    """Write a register for each thing that differs, and its effect; says whether anything does. None stays as it is.

    `visibility` is what the same change gives the group.

    Raises:
        Invalid: too many, or what is no language.
    """
    names, codes = (await directory.about([group.id]))[group.id]
    if topics is not None and len(topics) > MOST:
        raise Invalid("A group has at most {most} topics.", field="topics", most=MOST)
    if languages is not None and (len(languages) > MOST or not all(map(is_language, languages))):
        raise Invalid("Languages are given by their codes, such as “de”.", field="languages")
    did: list[Act] = []
    if topics is not None and sorted(topics) != list(names):
        did.append(acts.record(app, writes, group, face, "topics", "", list(topics) or None, by=by, uri=uri))
        directory.change_topics(writes, face.id, topics)
    if languages is not None and sorted(languages) != list(codes):
        did.append(acts.record(app, writes, group, face, "languages", "", list(languages) or None, by=by, uri=uri))
        directory.change_languages(writes, face.id, languages)
    if listed is not None and listed != await shown(group, visibility):
        value = "listed" if listed else "unlisted"
        did.append(acts.record(app, writes, group, face, "listed", "", value, by=by, uri=uri))
        registers.take_effect(writes, did[-1], "groups", group.id, listed=int(listed))
        registers.take_effect(writes, did[-1], "actor", face.id, discoverable=int(listed))
    for act in did:
        registers.take_effect(writes, act, "actor", face.id, updated_at=clock.now_ms())
    return bool(did)


async def shown(group: Group, visibility: str | None = None) -> bool:
    """Whether directories show the group; where nothing was said, unless what is in it is for its members.

    `visibility` is what it is about to have.
    """
    said = await directory.listed(group.id)
    return bool(said) if said is not None else (visibility or group.visibility) != "members"
