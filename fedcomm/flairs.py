"""The flairs of a group of ours, and which a thread has, as far as moderators decide about it: acts as all others.

Authors choose among the flairs of a group when they begin a thread (`drafting.py`, `recording.py`).
"""

from collections.abc import Sequence

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import acts, clock, group_profile, groups, members, moderation, posts, rights
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.standing import Standing
from storage import actors, flairs, registers
from storage import groups as stored
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.flairs import Flair
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post

MOST, MAX_NAME = 20, 50  # of a group; characters
_DARK, _LIGHT = "#000000", "#ffffff"


class Wanted(msgspec.Struct, frozen=True):
    """A flair as moderators want it; `uri` is that of one which there is, '' for a new one."""

    uri: str
    name: str
    color: str  # #rrggbb, behind the name


async def change(app: App, group_name: str, wanted: Sequence[Wanted], by: Actor | None = None) -> None:
    """A group has these flairs from now on, in this order; `by` is a moderator, None whoever runs the server.

    Threads whose flair is not among them have it no more.

    Raises:
        NotFound: there is no such group.
        NotAllowed: `by` is no moderator of the group.
        Invalid: too many, two of a name, or what no flair can be.
    """
    group, face = await groups.named(group_name)
    actor_uri, uri = await members.who_acts(group, face, by, rights.FLAIR), app.urls.activity(next_id())
    made = _rows(group, face, checked(wanted))
    value = [{"id": flair.uri, "name": flair.name, "color": flair.background_color} for flair in made]
    if value == msgspec.json.decode(await registers.get(group.id, "flairs") or "[]"):
        return
    async with transaction():
        writes = Writes()
        act = acts.record(app, writes, group, face, "flairs", "", value or None, by=actor_uri, uri=uri)
        registers.take_effect(writes, act, "actor", face.id, updated_at=clock.now_ms())
        flairs.put(writes, group.id, made)
        await write(writes)
        teller = face.uri if by is not None and by.host else actor_uri  # who is elsewhere says nothing from here
        await group_profile.tell(app, group.id, await group_profile.update_of(app, group.id, uri, teller))


async def give(app: App, moderator: Actor | None, post_id: int, name: str) -> None:
    """A thread has this flair of its group and no other, whatever its author chose; '' takes all away.

    Servers of fedcomm hear of the act; others of the post as it reads now, when it was written here: in the name of an
    author elsewhere nobody here can speak, and Lemmy 1.0 hears of such a change from the server of the author alone.

    Raises:
        NotFound: there is no such thread in a group.
        NotAllowed: no moderator of the group, or its server takes that from nobody here.
        Invalid: the group has no such flair.
    """
    post = await rows.by_id(post_id)
    group, face = await stored.with_face(post.group_id if post is not None else None)
    if post is None or group is None or face is None or post.deleted_at is not None or not post.starter:
        raise NotFound("There is no such thread in a group.")
    if not group.local and (moderator is None or not changes(await members.standing(group, moderator), post)):
        raise NotAllowed("The flair of this thread is not for you to change.")
    actor_uri = await members.who_acts(group, face, moderator, rights.FLAIR)
    chosen = [flair for flair in await flairs.of_group(group.id) if flair.name == name] if name else []
    if name and not chosen:
        raise Invalid("The group has no such flair.", field="flair")
    before = (await flairs.of_posts([post.id])).get(post.id, [])
    if chosen == before:
        return
    writes, uri = Writes(), app.urls.activity(next_id())
    moderation.record_flair(app, writes, group, face, post, [flair.uri for flair in chosen], actor_uri, uri)
    change = activities.activity(
        "Add" if chosen else "Remove", uri, actor_uri, post.uri, to=[PUBLIC], cc=[face.uri], audience=face.uri,
        target=(chosen or before)[0].uri,
    )  # fmt: skip
    if group.local and not post.local:  # else they hear of it from its author
        groups.pass_on(app, writes, group, face, change, about=post)
    elif not group.local and moderator is not None and await stored.program(group.id) == "fedcomm":
        publish(app, writes, moderator, change, Audience(inboxes=(face.inbox,)), thread_id=post.thread_id)
    if post.local:
        await _tell(app, writes, group, face, post, chosen)
    await apply(writes)


def changes(standing: Standing, post: Post) -> bool:
    """Whether somebody changes the flair of a thread from here."""
    return standing.may(rights.FLAIR) and (standing.program in (None, "fedcomm") or bool(post.local))


async def _tell(app: App, writes: Writes, group: Group, face: Actor, post: Post, chosen: list[Flair]) -> None:
    """The author's post as it reads now, with its flairs."""
    author, now = await actors.by_id(post.author_id), clock.now_ms()
    if author is None or author.gone:
        return
    document = await posts.document_of(app, post, chosen) | {"updated": activities.timestamp(now)}
    update = activities.update(f"{post.uri}#updates/{now}", author.uri, document)
    if group.local:
        groups.pass_on(app, writes, group, face, update, about=post, post_id=post.id)
    else:
        publish(app, writes, author, update, Audience(inboxes=(face.inbox,)), thread_id=post.thread_id, post_id=post.id)


def checked(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Those that have a name, with single blanks in it.

    Raises:
        Invalid: too many, two of a name, or what no flair can be.
    """
    named = [msgspec.structs.replace(each, name=" ".join(each.name.split())) for each in wanted if each.name.strip()]
    if len(named) > MOST:
        raise Invalid("A group has at most {most} flairs.", field="flairs", most=MOST)
    if any(len(each.name) > MAX_NAME for each in named):
        raise Invalid("The name of a flair may have {limit} characters.", field="flairs", limit=MAX_NAME)
    keys = [flairs.key(each.name) for each in named]
    if not all(keys) or len(set(keys)) != len(keys):
        raise Invalid("Each flair needs a name of its own, with letters or digits.", field="flairs")
    if not all(_is_color(each.color) for each in named):
        raise Invalid("A colour is written as #rrggbb.", field="flairs")
    return named


def _is_color(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(digit in "0123456789abcdefABCDEF" for digit in text[1:])


def _rows(group: Group, face: Actor, wanted: list[Wanted]) -> list[Flair]:
    """Each as a row; one that there was keeps its id, whatever it is called now."""
    taken = {each.uri for each in wanted if each.uri}
    made = []
    for at, each in enumerate(wanted):
        key, color = flairs.key(each.name), each.color.lower()
        uri = each.uri if each.uri.startswith(f"{face.uri}/tag/") else _free(f"{face.uri}/tag/{key}", taken)
        taken.add(uri)
        made.append(Flair(next_id(), group.id, uri, each.name, key, _readable_on(color), color, at))
    return made


def _free(uri: str, taken: set[str]) -> str:
    return next(
        found for number in range(1, MOST + 2) if (found := f"{uri}-{number}" if number > 1 else uri) not in taken
    )


def _readable_on(color: str) -> str:
    """Black or white, whichever can be read better on a colour (WCAG relative luminance, simplified)."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _DARK if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.179 else _LIGHT
