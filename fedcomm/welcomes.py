"""How a group welcomes who joins: one message with its rules and what its moderators want to say, once for ever.

Whom it greets, in which words and who is told of newcomers are acts of moderators as all others (`acts.py`).
"""

from collections.abc import Mapping

import msgspec

import storage.accounts
from fedcomm import acts, assent, clock, consents, groups, letters, members, rights, speech
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.speech import Saying
from storage import actors, held, posts, registers, welcomes
from storage import groups as stored
from storage import members as stored_members
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post

MAX_TEXT = 2_000  # characters of one language
_TEXTS = msgspec.json.Decoder(dict[str, str])


class Setting(msgspec.Struct, frozen=True):
    """What moderators have set: the text in some languages, who greets, and where newcomers introduce themselves.

    `named` says whether they named who greets.
    """

    texts: dict[str, str] = {}
    greeter: Actor | None = None
    named: bool = False
    thread: Post | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; None leaves a thing as it is, '' takes it away."""

    texts: Mapping[str, str] | None = None  # by language, such as "de"
    greeter: str | None = None  # a name here, or the handle of somebody elsewhere
    thread: str | None = None  # address of a thread of the group


async def setting(group: Group) -> Setting:
    """How the group welcomes people now; whoever set it up greets, unless somebody was named."""
    texts = await registers.get(group.id, "welcome")
    greeter, named = await _greeter(group)
    return Setting(_TEXTS.decode(texts) if texts else {}, greeter, named, await thread(group))


async def thread(group: Group) -> Post | None:
    """The thread of newcomers, as long as it can be answered."""
    uri = await registers.get(group.id, "introductions")
    post = await posts.by_uri(msgspec.json.decode(uri, type=str)) if uri else None
    there = post is not None and post.deleted_at is None and post.removed_at is None and not post.locked
    return post if there and post is not None and post.group_id == group.id else None


async def change(app: App, group_name: str, change_: Change, by: Actor | None = None) -> None:
    """Set how one of our groups welcomes people; `by` is a moderator, None whoever runs the server.

    Raises:
        NotFound: there is no such group.
        NotAllowed: `by` is no moderator of the group.
        Invalid: a text that is too long, a greeter who does not belong to the group, or no thread of it.
    """
    group, face = await groups.named(group_name)
    actor_uri = await members.who_acts(group, face, by, rights.WELCOME)
    wanted: dict[str, acts.Value] = {}
    if change_.texts is not None:
        wanted["welcome"] = _texts(change_.texts) or None
    if change_.greeter is not None:
        wanted["greeter"] = await _named(app, group, change_.greeter)
    if change_.thread is not None:
        wanted["introductions"] = await _begun(app, group, change_.thread.strip())
    async with transaction():
        writes = Writes()
        for property_, value in wanted.items():
            present = await registers.get(group.id, property_)
            if value != (msgspec.json.decode(present) if present is not None else None):
                uri = app.urls.activity(next_id())
                acts.record(app, writes, group, face, property_, "", value, by=actor_uri, uri=uri)
        if writes:
            await write(writes)


async def welcome(app: App, group: int, actor: int) -> None:
    """Say the welcome to somebody who has joined, whatever happened since it fell due; never a second time.

    Raises:
        Unreachable: it is not known yet what their server runs (`letters.learn`).
    """
    stored_group, face = await stored.with_face(group)
    member = await actors.by_id(actor)
    if stored_group is None or face is None or face.gone or member is None:
        return
    await letters.learn(app, member)
    async with transaction():
        saying = await _saying(app, stored_group, face, member) if await _listens(stored_group, member) else None
        if saying is None:
            return await welcomes.put_off(group, actor)
        post_id = next_id()
        if await welcomes.take(group, actor, post_id):
            writes = Writes()
            await speech.privately(app, writes, face, post_id, saying)
            if version := (await consents.of_group(stored_group)).version:  # to these they may say yes by an answer
                held.put_told(writes, held.Asked(group, actor, "welcome", version), post_id, clock.now_ms())
            await write(writes)


async def _listens(group: Group, member: Actor) -> bool:
    """Whether somebody is (still) a member, and one to talk to."""
    known = await stored_members.of(group.id, member.id) if group.closed_at is None else None
    return known is not None and known.state == "joined" and await letters.hears(member)


async def _saying(app: App, group: Group, face: Actor, member: Actor) -> Saying | None:
    """The message in the language of the member, as far as there is one; None when there is nothing to say."""
    texts = (await setting(group)).texts
    shown = await consents.of_group(group)
    rules = shown.rules
    if not texts and not rules:
        return None
    wanted = await storage.accounts.language_of(member.id) if member.local else ""
    language = wanted if wanted in texts else next(iter(texts), wanted or "en")
    gettext = app.translations(language).gettext
    text = texts.get(language) or gettext("Welcome to the group {group}!").replace("{group}", face.name)
    parts = [f"{speech.mention(app, member)} {text}"]
    if rules:
        parts += [gettext("The rules of the group:"), "\n".join(f"{at}. {rule}" for at, rule in enumerate(rules, 1))]
    if await consents.owed(member, shown):
        agree = gettext("Answer with the word {word} if you accept the rules; that is not shown to anybody.")
        parts.append(agree.replace("{word}", assent.word(language)))
    parts.append(gettext(
        "Answer this message to introduce yourself. Your answer will be public: everybody can read it, under your name,"
        " in the thread of the group for newcomers. That is so for your first answer alone, and if it names nobody but"
        " the group. Nobody reads further answers to this message; please write in the group instead."
    ))  # fmt: skip
    return Saying(text="\n\n".join(parts), language=language, to=(member,))


async def _greeter(group: Group) -> tuple[Actor | None, bool]:
    """Who is told of newcomers: the one who was named, else who set the welcome up, else the first moderator here."""
    named = await registers.get(group.id, "greeter")
    set_up = await registers.winner(group.id, "welcome")
    uris = [msgspec.json.decode(named, type=str)] if named else []
    uris += [set_up.actor_uri] if set_up is not None else []
    uris += await members.leading(group)
    found = await actors.by_uris(uris)
    people = [found[uri] for uri in uris if uri in found]
    chosen = uris[0] if named else ""  # who lives elsewhere greets when they were named, and not by themselves
    greeters = (who for who in people if (who.local or who.uri == chosen) and who.kind == "Person" and not who.gone)
    greeter = next(greeters, None)
    return greeter, greeter is not None and greeter.uri == chosen


def _texts(given: Mapping[str, str]) -> dict[str, str]:
    texts = {language: text.replace("\r\n", "\n").strip() for language, text in given.items()}
    if any(len(text) > MAX_TEXT for text in texts.values()):
        raise Invalid("The welcome may have {limit} characters.", field="texts", limit=MAX_TEXT)
    return {language: text for language, text in texts.items() if text}


async def _named(app: App, group: Group, name: str) -> str | None:
    name, _, host = name.strip().removeprefix("@").partition("@")
    if not name:
        return None
    who = await actors.by_handle(name, "" if host == app.host else host)
    member = await stored_members.of(group.id, who.id) if who is not None and not who.gone else None
    belongs = member is not None and member.state == "joined"
    if who is None or who.gone or not (belongs or (host and who.uri in await members.leading(group))):
        raise Invalid("Only a member of the group can greet, or who looks after it.", field="greeter")
    return who.uri


async def _begun(app: App, group: Group, address: str) -> str | None:
    """The id of the thread at an address: its id, or its page."""
    if not address:
        return None
    post = await posts.by_uri(address) or await posts.by_id(app.urls.post_id(address) or 0)
    if post is None or post.group_id != group.id or not post.starter or post.deleted_at is not None:
        raise Invalid("There is no thread of this group at that address.", field="thread")
    return post.uri
