"""Posts as pages show them: lines of a list, and a thread as a tree."""

from collections.abc import Iterable, Sequence

import msgspec

import storage.actors
import storage.attachments
import storage.flairs
import storage.groups
import storage.pleas
import storage.posts
import storage.reactions
import storage.talks
import storage.threads
from fedcomm import admit, controls
from fedcomm.controls import Allowed
from storage import shown as overlay
from storage.actors import Actor
from storage.attachments import Attached
from storage.filters import Filter
from storage.flairs import Flair
from storage.groups import Group
from storage.pleas import Plea
from storage.posts import Post
from storage.timelines import Entry
from web.pages import filtered, polls, shown
from web.pages.gaps import Gap
from web.pages.polls import Asked

MOST = 500  # answers that are counted for a line


class Line(msgspec.Struct, frozen=True):
    """One thread in a list; `at` is its cursor, `group` the face of its group, `answers` how many its page shows."""

    post: Post
    author: Actor
    group: Actor | None
    answers: int
    filter: Filter | None = None  # of the viewer, that finds something in it
    at: int = 0
    newcomer: bool = False  # whether it is one of the first posts of its author in its group
    flairs: list[Flair] = []

    @property
    def id(self) -> int:
        """Of the post."""
        return self.post.id


class Posts(msgspec.Struct, frozen=True):
    """Everything that a thread shows, each by the id of its post."""

    posts: dict[int, Post]
    actors: dict[int, Actor]
    attached: dict[int, list[Attached]]
    polls: dict[int, Asked]
    votes: dict[int, str]  # like or dislike, of the viewer
    marks: dict[int, int]  # of the viewer (storage.shown.flags)
    filters: dict[int, Filter]  # of the viewer
    groups: dict[int, Group]
    newcomers: set[int]  # those that are among the first of their authors in a group
    flairs: dict[int, list[Flair]]
    allowed: dict[int, Allowed]  # what the viewer may do with those that limit it
    pleas: dict[int, Plea]  # of the viewer's own

    def node(self, post_id: int) -> "Node":
        """The post without its place."""
        post = self.posts.get(post_id)
        author = self.actors.get(post.author_id) if post else None
        post = shown.by(author, post) if post and author else post
        found = self.filters.get(post_id)
        return Node(
            post_id, post, author, 0, [], self.attached.get(post_id, []), self.polls.get(post_id),
            self.votes.get(post_id, ""), marks=self.marks.get(post_id, 0), filter=filtered.folding(found),
            blurred=found if found and found.action == filtered.BLUR else None,
            votes=self._votes(post) if post else frozenset(), newcomer=post_id in self.newcomers,
            flairs=self.flairs.get(post_id, []), allowed=self.allowed.get(post_id, controls.OPEN),
            plea=plea.state if (plea := self.pleas.get(post_id)) else "",
        )  # fmt: skip

    def _votes(self, post: Post) -> frozenset[str]:
        if post.group_id is None:
            return frozenset(("like",))
        group = self.groups.get(post.group_id)
        return admit.votes(group.votes) if group is not None else frozenset()


class Node(msgspec.Struct):
    """One post of a thread, with what answers it; `post` is missing where one was that is not shown (any more)."""

    id: int
    post: Post | None
    author: Actor | None
    level: int
    answers: "list[Node]"
    attached: list[Attached]
    poll: Asked | None
    vote: str  # of the viewer: like, dislike or none
    to: Actor | None = None  # whom it answers
    gone: str = ""  # why it, or what it answers, is not shown (storage.threads.gone)
    gaps: list[Gap] = []  # what is missing right before it, in the order of time
    hidden: int = 0  # answers below it that stand on its own page only
    by: Actor | None = None  # who passed it on into a list
    marks: int = 0  # of the viewer (storage.shown.flags)
    filter: Filter | None = None  # of the viewer, that finds something in it
    blurred: Filter | None = None  # as `filter`, of one for which its pictures alone are folded
    at: int = 0  # its cursor in a list
    votes: frozenset[str] = frozenset()  # that there are where it stands: like and dislike
    newcomer: bool = False  # whether it is one of the first posts of its author in its group
    flairs: list[Flair] = []
    allowed: Allowed = controls.OPEN  # what the viewer may do with it, as its author says
    plea: str = ""  # of an answer of the viewer's: what whom it answers has decided about it (storage.pleas)

    @property
    def pleads(self) -> bool:
        """Whether its author is asked before an answer of the viewer is there for others."""
        return self.post is not None and controls.pleads(self.allowed, "reply")

    @property
    def boosted(self) -> bool:
        """Whether the viewer has passed it on."""
        return bool(self.marks & overlay.REBLOGGED)

    @property
    def bookmarked(self) -> bool:
        """Whether the viewer has put it aside."""
        return bool(self.marks & overlay.BOOKMARKED)

    @property
    def pinned(self) -> bool:
        """Whether the viewer has pinned it to their profile."""
        return bool(self.marks & overlay.PINNED)

    @property
    def muted(self) -> bool:
        """Whether the viewer is told nothing of its thread."""
        return bool(self.marks & overlay.MUTED)

    @property
    def titled(self) -> bool:
        """Whether its title stands above it, where it is read without opening anything."""
        return bool(self.post and self.post.title and not self.filter and not shown.warned(self.post))


async def lines(viewer: int, entries: Sequence[Entry], context: str = "public") -> list[Line]:
    """The posts, which the viewer may see, as lines of a list in the same order; without what a filter hides."""
    posts = await storage.posts.by_ids([entry.post_id for entry in entries])
    groups = await storage.groups.by_ids(sorted({post.group_id for post in posts.values() if post.group_id}))
    wanted = {post.author_id for post in posts.values()} | {group.actor_id for group in groups.values()}
    actors = await storage.actors.by_ids(sorted(wanted))
    started = [post.id for post in posts.values() if post.thread_id == post.id]
    sizes = await storage.threads.sizes(viewer, started, MOST)
    filters = await filtered.of(viewer, posts.values(), context)
    new = await _newcomers(posts.values())
    labels = await storage.flairs.of_posts([post.id for post in posts.values() if post.starter and post.group_id])
    found = []
    for at, post in ((entry.id, posts[entry.post_id]) for entry in entries if entry.post_id in posts):
        filter_ = filters.get(post.id)
        group = groups.get(post.group_id or 0)
        author = actors.get(post.author_id)
        if author and not (filter_ and filter_.action == filtered.HIDE):
            face = actors.get(group.actor_id) if group else None
            size, fold = sizes.get(post.id, post.replies_count), filtered.folding(filter_)
            found.append(
                Line(shown.by(author, post), author, face, size, fold, at, post.id in new, labels.get(post.id, []))
            )
    return found


async def posts(viewer: int, entries: Sequence[Entry], context: str = "") -> list[Node]:
    """The posts of a list, which the viewer may see, whole and in the same order, with who passed them on.

    What a filter of the viewer hides in this `context` is left out.
    """
    listed = await storage.posts.by_ids([entry.post_id for entry in entries])
    found = await with_all(viewer, listed, context)
    boosters = await storage.actors.by_ids(sorted({entry.boosted_by for entry in entries if entry.boosted_by}))
    nodes = []
    for entry in entries:
        node = found.node(entry.post_id)
        hidden = node.filter is not None and node.filter.action == filtered.HIDE
        if node.post and node.author and not hidden:
            node.by, node.at = boosters.get(entry.boosted_by), entry.id
            nodes.append(node)
    return nodes


async def one(viewer: int, post: Post) -> Node:
    """A post by itself, which the viewer may see and has asked for."""
    return (await with_all(viewer, {post.id: post}, "thread")).node(post.id)


async def with_all(viewer: int, found: dict[int, Post], context: str) -> Posts:
    """Everything that these posts show; what a filter of the viewer finds in this `context` is marked."""
    files = await storage.attachments.of([post.id for post in found.values() if post.attachments_count])
    asked = await polls.of(viewer, [post.id for post in found.values() if post.kind == "question"])
    return Posts(
        found,
        await storage.actors.by_ids(sorted({post.author_id for post in found.values()})),
        files,
        asked,
        await storage.reactions.by(viewer, list(found)) if viewer else {},
        await overlay.flags(viewer, list(found)) if viewer else {},
        await filtered.of(viewer, found.values(), context, files, asked),
        await storage.groups.by_ids(sorted({post.group_id for post in found.values() if post.group_id})),
        await _newcomers(found.values()),
        await storage.flairs.of_posts([post.id for post in found.values() if post.starter and post.group_id]),
        await controls.of_posts(viewer, found.values()) if viewer else {},
        await storage.pleas.of_replies([each.id for each in found.values() if _pleads(each, viewer)]),
    )


def _pleads(post: Post, viewer: int) -> bool:
    return post.author_id == viewer and post.parent_id is not None and post.visibility == storage.posts.DIRECT


async def _newcomers(found: Iterable[Post]) -> set[int]:
    return await storage.talks.newcomers([post.id for post in found if post.group_id is not None])
