"""Posts: what a peer says becomes a row; a row of ours becomes a note."""

import html
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from activitypub.audience import visibility as visibility_of
from activitypub.contexts import PUBLIC
from activitypub.objects import Attachment as RemoteAttachment
from activitypub.objects import Audience, Emoji, Happening, Hashtag, Mention, Note, Option, Source
from activitypub.objects import Flair as RemoteFlair
from activitypub.objects import Poll as RemotePoll
from fedcomm import clock, passes, sanitise, writing
from fedcomm.mapping import articles
from fedcomm.urls import Urls
from storage import posts
from storage.actors import Actor
from storage.media import Media
from storage.posts import Attachment, Poll, Post

MAX_TITLE, MAX_SUMMARY = 300, 1_000  # characters
MAX_TAGS, MAX_ATTACHMENTS, MAX_OPTIONS = 50, 16, 20
MAX_OPTION = 200  # characters
_LEVELS = {"public": posts.PUBLIC, "unlisted": posts.UNLISTED, "followers": posts.FOLLOWERS, "direct": posts.DIRECT}
MAX_MARKDOWN = 10_000  # characters that are rendered; longer ones are shown as plain text
_IMAGES = ("Image", "Document")
_READ = ("Note", "Page", "Article", "Question")
_SUMMED_UP = ("Article", "Page", "Event")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a post stands: its number, what it answers, and the group it is in."""

    id: int
    parent: Post | None
    group_id: int | None
    truth: str
    entered_by: str
    create_uri: str
    app_id: int | None = None
    visibility: int | None = None  # None: as the note is addressed


def visibility(known: Post, written: Note, author: Actor) -> int:
    """Whom a post of another server is for after an edit: fewer people perhaps, never more (attacks ORI-12, PRI-14).

    In a group it stays for whom that is for; an edit that is addressed to nobody says nothing of it.
    """
    addressed = written.audience.to or written.audience.cc
    if known.group_id is not None or not addressed:
        return known.visibility
    return max(known.visibility, _level(written, author))


def confined(note: Note, author: Actor, face: Actor) -> bool:
    """Whether a post says that it is for the members of the group with this face (Lemmy: generate_to).

    Who knows no groups addresses their own followers and names the group, as with Mastodon; what is for the group's
    actor alone is a direct message.
    """
    everyone = note.audience.everyone
    if note.audience.public:
        return False
    if members_of(face) in everyone:
        return True
    if face.uri in note.audience.audience or (face.followers and face.followers in everyone):
        return True
    named = face.uri in everyone or any(mention.href == face.uri for mention in note.mentions)
    return named and bool(author.followers) and author.followers in everyone


def members_of(face: Actor) -> str:
    """The id of the collection of those who were let into a group of Mobilizon 5 (Mobilizon.Actors.Actor.build_url)."""
    return f"{face.uri}/members"


def level_among(note: Note, author: Actor, named: Iterable[Actor]) -> int | None:
    """For whom a post is that is confined to one of the groups that it names; None when it is not."""
    inside = any(actor.kind == "Group" and confined(note, author, actor) for actor in named)
    return posts.MEMBERS if inside else None


def _level(note: Note, author: Actor) -> int:
    return _LEVELS[visibility_of(note.audience, author.followers or None)]


def to_row(note: Note, author: Actor, place: Place, now_ms: int) -> Post:
    """The row of a post. What is dated in the future counts as written now (attack ORI-35)."""
    parent = place.parent
    local = author.local
    return Post(
        id=place.id,
        uri=note.uri,
        url=note.url or note.uri,
        kind=note.kind.lower(),
        local=int(local),
        author_id=author.id,
        group_id=place.group_id,
        parent_id=parent.id if parent else None,
        parent_uri=note.in_reply_to,
        thread_id=parent.thread_id if parent else place.id,
        context=note.context or "",
        title=title(note),
        content=note.content if local else shown(note),
        source=note.source.content if note.source else "",
        summary=summary(note),
        sensitive=int(note.sensitive),
        language=note.language or "",
        visibility=_level(note, author) if place.visibility is None else place.visibility,
        published=min(note.published or now_ms, now_ms),
        author_updated=min(note.updated, now_ms) if note.updated else None,
        edited_at=None,
        received_at=now_ms,
        create_uri=place.create_uri,
        truth=place.truth,
        entered_by=place.entered_by,
        app_id=place.app_id,
        removed_at=None,
        deleted_at=None,
        locked=int(not note.comments_enabled),
        attachments_count=min(len(note.attachments), MAX_ATTACHMENTS),
        replies_count=0,
        boosts_count=0,
        likes_count=0,
        dislikes_count=0,
        last_reply_at=None,
    )


def title(note: Note) -> str:
    """The title of a post as plain text in one line, '' when it has none.

    A name holds no HTML in Activity Streams, so "List<String>" stays whole; entities are read, since some write them.
    """
    return " ".join(html.unescape(note.name).replace("\0", "").split())[:MAX_TITLE] if note.name else ""


def summary(note: Note) -> str:
    """The content warning of a post as plain text, '' when it has none.

    The summary of an article is its preview, and no warning (FEP-b2b8 §`summary`); that of a Page repeats its title and
    tags (Mbin 1.10.1), that of an Event when and where it is (Mobilizon 5, Gancio).
    """
    if not note.summary or note.kind in _SUMMED_UP:
        return ""
    return sanitise.plain(note.summary)[:MAX_SUMMARY]


def shown(note: Note) -> str:
    """The text of a post from elsewhere as we show it: an event with its time and place, and whatever we cannot show
    itself, as a film or a kind nobody here knows, with a link to where it can be seen."""
    content = _happening(note.happening) + (_html(note) if note.content else "")
    if note.kind not in _READ and note.url and f'"{html.escape(note.url)}"' not in content:
        content += sanitise.clean(f'<p><a href="{html.escape(note.url)}">{html.escape(note.url)}</a></p>')
    links = [a.url for a in note.attachments if a.kind == "Link"]
    if note.kind == "Page" and links and links[0] not in content:
        content += sanitise.clean(f'<p><a href="{links[0]}">{links[0]}</a></p>')  # what Lemmy's link posts are about
    return content.removeprefix(sanitise.clean(_heading(title(note)))) if note.name else content


def _html(note: Note) -> str:
    if note.media_type == "text/markdown" and len(note.content) <= MAX_MARKDOWN:  # PeerTube 7
        return writing.write(note.content).html
    if note.media_type in ("text/markdown", "text/plain"):
        return sanitise.from_text(note.content)
    return sanitise.clean(note.content)


def _happening(found: Happening | None) -> str:
    if found is None:
        return ""
    when = " – ".join(_moment(time) for time in (found.starts, found.ends) if time)
    lines = [html.escape(line, quote=False) for line in (when, found.place) if line]
    return sanitise.clean(f"<p>{'<br>'.join(lines)}</p>")


def _moment(iso: str) -> str:
    """A time as its author's clock shows it, in no language."""
    moment = datetime.fromisoformat(iso)
    return f"{moment:%Y-%m-%d %H:%M}{f' ({moment.tzname()})' if moment.tzinfo else ''}"


def attachments(note: Note) -> list[Attachment]:
    """The files of a post from elsewhere; its links are in the text."""
    found = [_attachment(file) for file in note.attachments if file.kind != "Link"]
    return found[:MAX_ATTACHMENTS]


def _attachment(file: RemoteAttachment) -> Attachment:
    kind = file.media_type.partition("/")[0] or {"Image": "image", "Video": "video", "Audio": "audio"}.get(
        file.kind, ""
    )
    kind = kind if kind in ("image", "video", "audio") else "image" if file.kind in _IMAGES else "unknown"
    return Attachment(
        kind, file.media_type[:100], file.url, sanitise.plain(file.description)[:1_500], file.blurhash[:100],
        file.width, file.height, _meta(file),
    )  # fmt: skip


def _meta(file: RemoteAttachment) -> str:
    focus = {"focus": {"x": file.focus[0], "y": file.focus[1]}} if file.focus else {}
    return msgspec.json.encode(focus).decode()


def poll(post_id: int, note: Note, now_ms: int) -> Poll | None:
    """The poll of a post."""
    if note.poll is None:
        return None
    options = note.poll.options[:MAX_OPTIONS]
    closed = now_ms if note.poll.closed else None
    return Poll(
        post_id=post_id,
        multiple=int(note.poll.multiple),
        options=msgspec.json.encode([sanitise.plain(o.name)[:MAX_OPTION] for o in options]).decode(),
        votes=msgspec.json.encode([max(0, min(o.votes, 10**9)) for o in options]).decode(),
        voters_count=max(0, min(note.poll.voters or 0, 10**9)),
        ends_at=note.poll.ends,
        closed_at=closed,
        hide_totals=int(note.poll.hidden),
    )


def tags(note: Note) -> list[str]:
    """Names of the tags of a post, lower-case, without '#'."""
    names = [tag.name.lower()[:100] for tag in note.hashtags if tag.name]
    return list(dict.fromkeys(names))[:MAX_TAGS]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to a post of ours when it is written as a note."""

    author: Actor
    parent_uri: str | None = None
    group: Actor | None = None
    mentioned: tuple[Actor, ...] = ()
    tags: tuple[str, ...] = ()
    poll: Poll | None = None
    emojis: tuple[Emoji, ...] = ()
    flairs: tuple[RemoteFlair, ...] = ()
    files: tuple[Media, ...] = ()


def to_note(urls: Urls, post: Post, shown_with: Shown) -> Note:
    """One of our posts as a note."""
    with_ = shown_with
    article = articles.is_article(post)
    return Note(
        uri=post.uri,
        kind="Question" if with_.poll else "Article" if article else "Note",
        attributed_to=with_.author.uri,
        name=post.title,
        content=post.content,
        source=Source(post.source) if post.source else None,
        summary=post.summary,
        preview=articles.preview(post.content) if article else "",
        language=post.language or None,
        in_reply_to=with_.parent_uri,
        audience=audience_for(post.visibility, with_),
        context=post.context or urls.context(post.thread_id),
        replies=urls.replies(post.id),
        url=post.url,
        published=post.published,
        updated=post.edited_at,
        sensitive=bool(post.sensitive or post.summary or with_.author.sensitive_at),
        comments_enabled=not post.locked,
        attachments=to_attachments(urls, with_.files, post.visibility),
        mentions=tuple(Mention(actor.uri, urls.handle(actor.username, actor.host)) for actor in _named(with_)),
        hashtags=tuple(Hashtag(name, urls.tag(name)) for name in with_.tags),
        emojis=with_.emojis,
        flairs=with_.flairs,
        poll=to_poll(with_.poll) if with_.poll else None,
    )


def to_attachments(urls: Urls, files: Sequence[Media], visibility: int) -> tuple[RemoteAttachment, ...]:
    """Pictures and files as parts of a note of this visibility, in the form that Mastodon, Lemmy and PieFed read."""
    return tuple(_to_attachment(urls, file, visibility) for file in files if file.key or file.remote_url)


def _to_attachment(urls: Urls, file: Media, visibility: int) -> RemoteAttachment:
    point = msgspec.json.decode(file.meta).get("focus")
    return RemoteAttachment(
        kind="Document",
        url=passes.far(urls.file(file.key, file.mime), visibility) if file.key else file.remote_url,
        media_type=file.mime,
        description=file.description,
        width=file.width,
        height=file.height,
        blurhash=file.blurhash,
        focus=(point["x"], point["y"]) if point else None,
    )


def to_poll(found: Poll) -> RemotePoll:
    """One of our polls as part of a note."""
    names: list[str] = msgspec.json.decode(found.options)
    votes: list[int] = msgspec.json.decode(found.votes)
    return RemotePoll(
        options=tuple(Option(name, count) for name, count in zip(names, votes, strict=True)),
        multiple=bool(found.multiple),
        ends=found.ends_at,
        closed=found.closed_at is not None,
        voters=found.voters_count,
        hidden=found.hidden(clock.now_ms()),
    )


def on_the_wire(note: Note) -> Note:
    """As `note`, with its title in the text too: microblogs show nothing else of a note."""
    if not note.name or note.kind not in ("Note", "Question"):
        return note
    return msgspec.structs.replace(note, content=titled(note.name, note.content))


def titled(title: str, content: str) -> str:
    """The text of a post with its title before it, unless the text begins with it anyway."""
    beginning = sanitise.text_of(content[: 4 * MAX_TITLE])
    if beginning.startswith(title.removesuffix("…")):
        return content
    return _heading(title) + content


def untitled(title: str, content: str) -> str:
    """The text of a post without the title that `titled` wrote before it, for those who show the name themselves."""
    return content.removeprefix(_heading(title)) if title else content


def _heading(title: str) -> str:
    """A title as `titled` writes it into a text, and `shown` takes it out again."""
    return f"<p><strong>{html.escape(title)}</strong></p>"


def audience_for(visibility: int, shown_with: Shown) -> Audience:
    """To whom a post of ours goes. The group is first (Lemmy), and in `audience` (FEP-1b12 §Audience property)."""
    author, group = shown_with.author, shown_with.group
    people = tuple(actor.uri for actor in shown_with.mentioned if group is None or actor.id != group.id)
    ours = (group.uri,) if group else ()
    if visibility == posts.PUBLIC:
        return Audience(to=(*ours, PUBLIC), cc=(author.followers, *people), audience=ours)
    if visibility == posts.UNLISTED:
        return Audience(to=(*ours, author.followers), cc=(PUBLIC, *people), audience=ours)
    if visibility == posts.FOLLOWERS:
        return Audience(to=(author.followers,), cc=people)
    if visibility >= posts.MEMBERS and group is not None:  # as Lemmy addresses what is in a private community (1.0)
        return Audience(to=(group.uri, *filter(None, (group.followers,))), cc=people, audience=ours)
    return Audience(to=people)


def _named(shown_with: Shown) -> list[Actor]:
    named = list(shown_with.mentioned)
    if shown_with.group is not None and all(actor.id != shown_with.group.id for actor in named):
        named.append(shown_with.group)
    return named
