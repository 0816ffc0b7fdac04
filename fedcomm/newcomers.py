"""Newcomers introduce themselves by answering their welcome: where that answer goes, and who is told of it.

The first answer of a member here is a post of theirs in the thread of newcomers; docs/decisions/0021-welcome.md says
why it may be public though direct messages are answered by direct messages.
"""

import msgspec

from fedcomm import acts, admit, assent, clock, members, speech
from fedcomm import welcomes as service
from fedcomm.app import App
from fedcomm.drafting import Draft, Prepared
from fedcomm.errors import NotAllowed
from fedcomm.speech import Saying
from storage import groups as stored
from storage import jobs, telling, welcomes
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.posts import DIRECT, Post
from storage.welcomes import Welcome


async def answered(prepared: Prepared) -> Welcome | None:
    """The welcome that a draft answers for the first time; None for everything that stays what it is.

    An answer that names anybody else is a talk among those, and one that says yes to the rules is just that. Nothing
    goes into a group that takes nothing in.
    """
    parent, by = prepared.parent, prepared.parent_author
    if parent is None or by is None or parent.visibility != DIRECT or by.kind != "Group" or not by.local:
        return None
    if any(named.id != by.id for named in prepared.mentioned) or assent.says_yes(prepared.written.html):
        return None
    return await open_to(prepared.author, parent.id)


async def open_to(author: Actor, welcome_id: int) -> Welcome | None:
    """The welcome that was said by that post, if it was said to the author and they have not answered it yet."""
    found = await welcomes.by_post(welcome_id)
    if found is None or found.actor_id != author.id or found.answer_id is not None:
        return None
    group, face = await stored.with_face(found.group_id)
    if group is None or face is None or face.gone:
        return None
    try:
        admit.voting(group, await members.standing(group, author))
    except NotAllowed:
        return None
    return found


async def placed(app: App, found: Welcome, draft: Draft) -> Draft:
    """The draft as an answer in the thread of newcomers, for everybody."""
    group, face = await stored.with_face(found.group_id)
    assert group is not None and face is not None  # `answered` has seen both
    thread = await thread_of(app, group, face)
    return msgspec.structs.replace(draft, in_reply_to_id=thread.id, visibility="public")


async def record(writes: Writes, found: Welcome, post: Post) -> None:
    """A member here has introduced themselves by this post."""
    welcomes.answer_here(writes, found.post_id or 0, post.id)
    group = await stored.by_id(found.group_id)
    assert group is not None  # a foreign key
    await tell_greeter(writes, group, post)


async def tell_greeter(writes: Writes, group: Group, post: Post) -> None:
    """Who greets in the group is told as if they had begun the thread: somebody has answered."""
    greeter = (await service.setting(group)).greeter
    if greeter is None or greeter.id == post.author_id:
        return
    if greeter.local:
        telling.tell(writes, next_id(), greeter.id, "mention", post.author_id, post.id, clock.now_ms())
    else:
        jobs.add(writes, next_id(), "write_to_greeter", {"post": post.id, "greeter": greeter.id}, clock.now_ms())


async def thread_of(app: App, group: Group, face: Actor) -> Post:
    """The thread of newcomers; the group begins one where there is none that can be answered."""
    if (found := await service.thread(group)) is not None:
        return found
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        if (found := await service.thread(group)) is not None:  # of two at once, one begins it
            return found
        writes = Writes()
        post = await speech.publicly(app, writes, group, face, next_id(), await _beginning(app, group))
        uri = app.urls.activity(next_id())
        acts.record(app, writes, group, face, "introductions", "", post.uri, by=face.uri, uri=uri)
        await write(writes)
    return post


async def _beginning(app: App, group: Group) -> Saying:
    language = next(iter((await service.setting(group)).texts), "en")
    gettext = app.translations(language).gettext
    text = gettext("Here newcomers say who they are. Welcome, and good talks!")
    return Saying(title=gettext("New here: say hello"), text=text, language=language)
