"""From what a member typed to a post: who is named, which group it is for, how it reads. Peers may be asked here."""

import msgspec

import storage.media
import storage.members
from activitypub.errors import ProtocolError, Unreachable
from activitypub.objects import Emoji, Hashtag, Mention, Note, Option, Source
from activitypub.objects import Poll as NotePoll
from fedcomm import admit, controls, emojis, errors, fetching, media, members, memberships, titles, ways, writing
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.groups import LEVELS as GROUP_LEVELS
from fedcomm.mapping import articles
from fedcomm.mapping.actors import to_flair
from fedcomm.mapping.posts import Shown, audience_for, to_attachments
from fedcomm.standing import Standing
from storage import actors, blocks, flairs, groups, locks, posts, visible
from storage.actors import Actor
from storage.flairs import Flair
from storage.groups import Group
from storage.media import Media
from storage.posts import Post

LEVELS = {"public": posts.PUBLIC, "unlisted": posts.UNLISTED, "private": posts.FOLLOWERS, "direct": posts.DIRECT}
MAX_SUMMARY = 500  # characters
MAX_OPTIONS, MAX_OPTION = 20, 200  # answers of a poll; characters of one
# Without it a post for followers would stay with them, though who names a group means it. It is not opened to everybody
# either: who chose followers does not want that.
_FOR_ALL = (
    "What is said in a group is for everybody who reads it. Make the post public or unlisted, or do not name the group."
)
_ASIDE = "What is said in {group} is not for everybody. Begin a thread there, or do not name it."
MIN_SECONDS, MAX_SECONDS = 300, 365 * 86_400  # that a poll is open


class PollDraft(msgspec.Struct, frozen=True):
    """A poll as a member makes it; it is open for `seconds`."""

    options: tuple[str, ...]
    multiple: bool = False
    seconds: int = 86_400
    hide_totals: bool = False  # until it is over


class Words(msgspec.Struct, frozen=True):
    """What an edit says anew of a picture; None leaves it as it is."""

    media_id: int
    description: str | None = None
    focus: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a member wants to say. `visibility` is public, unlisted, private or direct."""

    text: str
    summary: str = ""
    visibility: str = "public"
    sensitive: bool = False
    language: str = ""
    in_reply_to_id: int | None = None
    poll: PollDraft | None = None
    media_ids: tuple[int, ...] | None = None  # None: none, or at an edit those that are there
    media_words: tuple[Words, ...] = ()
    flair: str | None = None  # the name of one that the group has; at an edit '' for none, None leaves it as it is
    app_id: int | None = None
    scheduled_id: int | None = None  # under which it waited for its time


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A draft with everything known that it needs."""

    draft: Draft
    author: Actor
    visibility: int
    parent: Post | None
    parent_author: Actor | None
    group: Group | None
    face: Actor | None  # of the group
    way: ways.Way | None = None  # another group, through which its author is in the thread
    mentioned: tuple[Actor, ...]
    written: writing.Written
    title: str
    files: tuple[Media, ...] = ()
    emojis: tuple[Emoji, ...] = ()
    flairs: tuple[Flair, ...] = ()
    pleads: bool = False  # whom it answers is asked first (`pleas.py`)
    polite: bool = False  # by a request

    def note(self, app: App, post_id: int, now_ms: int) -> Note:
        """The post as a note."""
        draft = self.draft
        shown = Shown(author=self.author, group=self.face, mentioned=self.mentioned)
        root = self.parent.thread_id if self.parent else post_id
        plain = bool(draft.poll or draft.summary or draft.sensitive) or not self.title
        article = not plain and articles.is_long(self.written.html)
        return Note(
            uri=app.urls.post(post_id),
            kind="Question" if draft.poll else "Article" if article else "Note",
            attributed_to=self.author.uri,
            name=self.title,
            content=self.written.html,
            source=Source(draft.text),
            summary=draft.summary,
            preview=articles.preview(self.written.html) if article else "",
            language=draft.language or None,
            in_reply_to=self.parent.uri if self.parent else None,
            audience=audience_for(self.visibility, shown),
            context=self.parent.context if self.parent and self.parent.context else app.urls.context(root),
            replies=app.urls.replies(post_id),
            url=app.urls.post_page(self.author.username, post_id),
            published=now_ms,
            sensitive=draft.sensitive or bool(draft.summary),
            mentions=tuple(Mention(actor.uri, app.urls.handle(actor.username, actor.host)) for actor in self.mentioned),
            hashtags=tuple(Hashtag(name, app.urls.tag(name)) for name in self.written.tags),
            emojis=self.emojis,
            flairs=tuple(map(to_flair, self.flairs)),
            poll=_poll(draft.poll, now_ms) if draft.poll else None,
            attachments=to_attachments(app.urls, self.files, self.visibility),
        )


async def prepare(app: App, author: Actor, draft: Draft, replaced: Post | None = None) -> Prepared:
    """Look at a draft and get to know everybody it names; `replaced` is the post as it is before an edit.

    Whatever an edit names, its post stays in its group, or outside of all (attack ORI-12).

    Raises:
        Invalid: empty, too long, not to be understood, or a flair that the group does not have.
        NotFound: what it answers is not there for the author.
        NotAllowed: the group does not let the author post.
    """
    files = await _files(author, draft, replaced)
    _check(app, draft, files)
    parent = await _parent(author, draft.in_reply_to_id)
    allowed = await controls.check(author, parent, "reply") if parent and replaced is None else controls.OPEN
    parent_author = await actors.by_id(parent.author_id) if parent else None
    named = await _named(app, author, draft.text)
    inside = replaced if replaced is not None else parent
    if inside is not None:
        group, face = await groups.with_face(inside.group_id)
    else:
        group, face = await _first_group(tuple(named.values()))
    visibility = replaced.visibility if replaced is not None else _visibility(draft, parent, group)
    if inside is None and visibility != posts.DIRECT and await _discusses(author, group, face, draft):
        visibility = posts.MEMBERS
    if visibility in (posts.FOLLOWERS, posts.DIRECT):  # also an answer to what is not for everybody (attack PRI-05)
        if replaced is None and draft.visibility == "private" and face is not None and face in named.values():
            raise Invalid(_FOR_ALL, field="visibility")
        group, face = None, None
    title, body = titles.split(draft.text) if group is not None and parent is None else ("", draft.text)
    if replaced is None and visibility != posts.DIRECT:
        await _not_aside(named, group)
    way = await _way(author, group, parent)
    known = {handle: (actor.url or actor.uri, _acct(app, actor)) for handle, actor in named.items()}
    written = writing.write(body, known, app.base_url)
    if title:  # its tags count, though it is plain text
        written = msgspec.structs.replace(written, tags=_once((*writing.write(title).tags, *written.tags)))
    labels = await _flairs(draft, group, replaced, written.tags) if group is not None and parent is None else ()
    mentioned = _together(named, parent_author if parent and parent.author_id != author.id else None, face)
    if visibility >= posts.MEMBERS and group is not None and face is not None:
        mentioned = await _inside(group, face, mentioned, visibility)
    if visibility == posts.DIRECT and (parent_author is None or parent_author.kind != "Group"):
        mentioned = await _with_moderators(author, mentioned)
    return Prepared(
        draft=draft,
        author=author,
        visibility=visibility,
        parent=parent,
        parent_author=parent_author,
        group=group,
        face=face,
        way=way,
        mentioned=mentioned,
        written=written,
        title=title,
        files=files,
        flairs=labels,
        emojis=await emojis.told(app.urls, draft.text, draft.summary, *(draft.poll.options if draft.poll else ())),
        pleads=visibility < posts.DIRECT and controls.pleads(allowed, "reply"),
        polite="reply" in allowed.polite,
    )


async def _discusses(author: Actor, group: Group | None, face: Actor | None, draft: Draft) -> bool:
    """Whether a new thread is a discussion of the members of a group of Mobilizon, whatever its author chose.

    Raises:
        NotAllowed, Invalid: as `memberships.begins`, or it asks something.
    """
    if group is None or face is None:
        return False
    if not await memberships.begins(await members.standing(group, author), face, titles.split(draft.text)[0]):
        return False
    if draft.poll is not None:
        raise Invalid("Discussions of this group have no polls.", field="poll")
    return True


async def _way(author: Actor, group: Group | None, parent: Post | None) -> ways.Way | None:
    """Through which other group the author is in the thread that they answer in, if the group lets them.

    Raises:
        NotAllowed: it does not.
    """
    root = await posts.by_id(parent.thread_id) if parent else None
    if group is None:
        if root is not None:
            await ways.from_afar(None, Standing(), root, author)
        return None
    standing = await members.standing(group, author)
    ways.beneath(standing, locked=parent is not None and bool(await locks.closed([parent.id])))
    way = await ways.of(group, standing, root, author) if root is not None else None
    if way is not None and root is not None:
        ways.through(group, standing, way, root)
        return way
    (admit.posting if group.local else admit.elsewhere)(group, standing, root)
    if root is not None:
        await ways.from_afar(group, standing, root, author)
    return None


async def still_answers(author: Actor, group: Group | None, parent: Post | None) -> bool:
    """Whether somebody may say something in the thread of a post, in its group if it is in one."""
    if parent is None or parent.deleted_at is not None:
        return False
    try:
        admit.acting(author)
        await _way(author, group, parent)
    except (NotAllowed, Invalid):
        return False
    return True


async def _files(author: Actor, draft: Draft, replaced: Post | None) -> tuple[Media, ...]:
    """The pictures of the post, as they are described from now on."""
    if draft.media_ids is None:
        found = await storage.media.of_post(replaced.id) if replaced is not None else []
    else:
        found = list(await media.chosen(author, draft.media_ids, replaced, draft.scheduled_id))
    said = {words.media_id: words for words in draft.media_words}
    for at, file in enumerate(found):
        if words := said.get(file.id):
            found[at] = msgspec.structs.replace(file, **media.changes(file, words.description, words.focus))
    return tuple(found)


def _check(app: App, draft: Draft, files: tuple[Media, ...]) -> None:
    if not draft.text.strip() and not draft.poll and not files:
        raise Invalid("A post cannot be empty.", field="status")
    limit = app.config.limits.post_characters
    if writing.length(draft.text) + len(draft.summary) > limit:
        raise Invalid("A post may have {limit} characters.", field="status", limit=limit)
    if len(draft.summary) > MAX_SUMMARY:
        raise Invalid("A content warning may have {limit} characters.", field="spoiler_text", limit=MAX_SUMMARY)
    if draft.visibility not in LEVELS:
        raise Invalid("Visibility is public, unlisted, private or direct.", field="visibility")
    if draft.poll is not None:
        _check_poll(draft.poll)


def _check_poll(poll: PollDraft) -> None:
    options = [option.strip() for option in poll.options]
    if not 2 <= len(options) <= MAX_OPTIONS or len(set(options)) != len(options) or not all(options):
        raise Invalid("A poll has 2 to {most} different answers.", field="poll", most=MAX_OPTIONS)
    if any(len(option) > MAX_OPTION for option in options):
        raise Invalid("An answer of a poll may have {limit} characters.", field="poll", limit=MAX_OPTION)
    if not MIN_SECONDS <= poll.seconds <= MAX_SECONDS:
        raise Invalid("A poll is open for five minutes to a year.", field="poll")


async def _parent(author: Actor, parent_id: int | None) -> Post | None:
    if parent_id is None:
        return None
    parent = await posts.by_id(parent_id)
    if parent is None or not await visible.sees(author.id, parent.id):
        raise NotFound("The post that this answers is not there.")
    if await blocks.between(author.id, parent.author_id):
        raise NotAllowed("You cannot answer an account that you block or that blocks you.")
    return parent


async def _named(app: App, author: Actor, text: str) -> dict[str, Actor]:
    """handle -> actor of everybody a text names; whom nobody knows stays text."""
    found: dict[str, Actor] = {}
    for name in writing.mentions(text):
        try:
            actor = await fetching.handle(app, name)
        except (ProtocolError, Unreachable, errors.AppError):
            continue
        if actor.kind != "Application" and actor.id != author.id:
            found[name] = actor
    return found


async def _first_group(named: tuple[Actor, ...]) -> tuple[Group | None, Actor | None]:
    """The group that a new thread is for: the first that it names, before all one that is not for everybody."""
    found = [
        (group, actor)
        for actor in named
        if actor.kind == "Group" and (group := await groups.by_actor(actor.id)) is not None
    ]
    return min(found, key=lambda each: each[0].visibility == "public", default=(None, None))


async def _not_aside(named: dict[str, Actor], group: Group | None) -> None:
    """Who names a group that is not for everybody means what they say for that, and must not say it to others."""
    for actor in named.values():
        other = await groups.by_actor(actor.id) if actor.kind == "Group" else None
        if other is not None and other.visibility != "public" and (group is None or group.visibility == "public"):
            raise Invalid(_ASIDE, field="status", group=f"@{actor.acct}")


async def _inside(group: Group, face: Actor, named: tuple[Actor, ...], visibility: int) -> tuple[Actor, ...]:
    """Those of the named who may read what is said in a group; who belongs to one elsewhere, that group knows."""
    if visibility == posts.LOCAL:
        return tuple(actor for actor in named if actor.local)
    if not group.local:
        return named
    joined = await storage.members.joined(group.id, [actor.id for actor in named])
    return tuple(actor for actor in named if actor.id in joined or actor.id == face.id)


async def _flairs(draft: Draft, group: Group, replaced: Post | None, tags: tuple[str, ...]) -> tuple[Flair, ...]:
    """Those of a thread: as chosen, else as it had before an edit, else those whose names its tags are.

    What moderators have decided about, the author does not change.
    """
    there = await flairs.of_group(group.id)
    if replaced is not None and (replaced_ones := await flairs.decided(replaced.id)):
        return tuple(flair for flair in there if flair.uri in replaced_ones)
    if draft.flair:
        chosen = tuple(flair for flair in there if flair.name == draft.flair)
        if not chosen:
            raise Invalid("The group has no such flair.", field="flair")
        return chosen[:1]
    if replaced is not None and draft.flair is not None:
        return ()
    before = (await flairs.of_posts([replaced.id])).get(replaced.id, []) if replaced is not None else []
    keys = {flairs.key(name) for name in tags}
    return tuple(before) or tuple(flair for flair in there if flair.name_key in keys)


async def _with_moderators(author: Actor, named: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """A direct message to groups of ours is one to those who look after them."""
    looking_after = [
        who for face in named if face.local and face.kind == "Group" for who in await members.leaders(face)
    ]
    return tuple({who.id: who for who in (*named, *looking_after) if who.id != author.id}.values())


def _visibility(draft: Draft, parent: Post | None, group: Group | None) -> int:
    """As the author says, but an answer is never open to more people than what it answers, nor a post than its group.

    What is said in a group that is not for everybody is for those of the group, but for a direct message.
    """
    wanted = LEVELS[draft.visibility]
    answered = parent.visibility if parent is not None else posts.PUBLIC
    if posts.DIRECT in (wanted, answered):
        return posts.DIRECT
    inside = GROUP_LEVELS[group.visibility] if group is not None else posts.PUBLIC
    return answered if answered >= posts.MEMBERS else max(wanted, answered if answered > posts.UNLISTED else 0, inside)


def _together(named: dict[str, Actor], answered: Actor | None, face: Actor | None) -> tuple[Actor, ...]:
    everybody = [*named.values(), *([answered] if answered else []), *([face] if face else [])]
    return tuple({actor.id: actor for actor in everybody}.values())


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[: writing.MOST_TAGS]


def _acct(app: App, actor: Actor) -> str:
    return actor.acct if actor.host else f"{actor.username}@{app.host}"


def _poll(draft: PollDraft, now_ms: int) -> NotePoll:
    return NotePoll(
        options=tuple(Option(option.strip()) for option in draft.options),
        multiple=draft.multiple,
        ends=now_ms + draft.seconds * 1000,
        voters=0,
        hidden=draft.hide_totals,
    )
