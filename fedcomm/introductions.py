"""Members elsewhere who answer their welcome: the group shows what they said in the thread of newcomers.

Their answer is a direct message that nobody else could fetch, so it cannot be in the group as it is. The group quotes
it, with its author's name, and takes that away when the author deletes it (docs/decisions/0021-welcome.md).
"""

from fedcomm import admit, members, newcomers, posts, speech
from fedcomm.app import App
from fedcomm.errors import NotAllowed, NotFound
from fedcomm.speech import Saying
from storage import actors, welcomes
from storage import groups as stored
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post

MOST = 20_000  # characters of HTML that a group quotes


async def show(app: App, answer: int) -> None:
    """Show the first answer to a welcome, by its number, as it is at that moment; never twice."""
    async with transaction():
        hold(writes := Writes(), "post", answer)  # which nobody deletes meanwhile
        await write(writes)
        said, found = await rows.by_id(answer), await welcomes.by_answer(answer)
        author = await actors.by_id(said.author_id) if said else None
        group, face = await stored.with_face(found.group_id if found else None)
        if said is None or author is None or said.deleted_at is not None or len(said.content) > MOST:
            return
        if group is None or face is None or not await _heard(app, group, author):
            return
        thread, shown_id = await newcomers.thread_of(app, group, face), next_id()
        if await welcomes.show(said.id, shown_id):
            writes = Writes()
            saying = await _quoted(app, said, author, thread)
            await newcomers.tell_greeter(
                writes, group, await speech.publicly(app, writes, group, face, shown_id, saying)
            )
            await write(writes)


async def unshow(app: App, answer: int = 0, group: int = 0, actor: int = 0) -> None:
    """Take away what a group shows of an answer: its author deleted it, or was banned with all they wrote."""
    found = await (welcomes.by_answer(answer) if answer else welcomes.of(group, actor))
    if found is None or found.shown_id is None or found.answer_id in (None, found.shown_id):
        return
    _group, face = await stored.with_face(found.group_id)
    if face is not None:
        try:
            await posts.delete(app, face, found.shown_id)
        except NotFound:
            pass  # it is away
    await welcomes.forget_shown(found.answer_id or 0)


async def _heard(app: App, group: Group, author: Actor) -> bool:
    try:
        admit.actor(author)
        admit.server(app.peers, author.host)
        admit.voting(group, standing := await members.standing(group, author))
        admit.belated(group, standing)
    except NotAllowed:
        return False
    return True


async def _quoted(app: App, said: Post, author: Actor, thread: Post) -> Saying:
    gettext = app.translations(thread.language).gettext
    text = gettext("{name} is new here, and says:").replace("{name}", speech.mention(app, author))
    return Saying(
        text=text, quote=said.content, summary=said.summary, language=said.language, to=(author,), parent=thread
    )
