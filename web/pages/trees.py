"""What answers a post, on its page: as a tree, or one after the other in the order of time; never more than a page."""

from collections.abc import Sequence

import msgspec

import storage.actors
import storage.posts
import storage.threads
from storage.actors import Actor
from storage.posts import Post
from storage.threads import Branches
from web.pages import gaps, threads
from web.pages.threads import Node, Posts

DEEPEST = 8  # levels of a page; what is deeper stands on the page of the answer above it
MOST = 40  # answers of a page of a tree, so that it weighs less than 100 kB with what a member can do about each
FLAT = 40  # answers of a page in the order of time
ABOVE = 3  # posts above an answer that are shown with it


class Tree(msgspec.Struct, frozen=True):
    """A post with what answers it, as far as this page shows it.

    `total` is how many answers there are, `newest` the latest of them and who wrote it, `next` the answer behind which
    the next page begins (0 on the last one).
    """

    top: Node
    total: int
    newest: tuple[Post, Actor] | None
    next: int


class Plan(msgspec.Struct):
    """Which answers stand on a page: (answer, what it answers), each behind what it answers; how many are `hidden`."""

    order: list[tuple[int, int]] = []
    hidden: dict[int, int] = {}
    next: int = 0


async def tree(viewer: int, start: Post, after: int = 0) -> Tree:
    """A post, which the viewer may see, with its answers below each other; those to it come behind `after`."""
    branches = await storage.threads.branches(viewer, start.id)
    sizes = below(branches, start.id)
    found = plan(branches, sizes, start.id, after)
    shown = [post_id for post_id, _parent in found.order if post_id in branches.seen]
    listed, newest = await _loaded(viewer, start, branches, sizes, shown)
    gone = await storage.threads.gone(viewer, [post_id for post_id, _parent in found.order if post_id not in shown])
    nodes = {start.id: listed.node(start.id)}
    for post_id, parent in found.order:
        nodes[post_id] = node = listed.node(post_id)  # without a post where one is not shown (any more)
        above = nodes[parent]
        node.level, node.to, node.hidden = above.level + 1, above.author, found.hidden.get(post_id, 0)
        node.gone = gone.get(post_id, "")
        above.answers.append(node)
    return Tree(nodes[start.id], sizes[start.id], newest, found.next)


async def flat(viewer: int, start: Post, after: int = 0) -> Tree:
    """As `tree`, with all answers one after the other, the oldest first."""
    branches = await storage.threads.branches(viewer, start.id)
    sizes = below(branches, start.id)
    ids = sorted(post_id for post_id in sizes if post_id in branches.seen and post_id > after and post_id != start.id)
    page = ids[:FLAT]
    listed, newest = await _loaded(viewer, start, branches, sizes, page)
    parents, there = _answered(listed, page), branches.seen | {start.id}
    answered = await storage.posts.by_ids(sorted(parents & there))
    missing = {each for each in sizes if each not in branches.seen and after < each < max(page, default=0)}
    gone = await storage.threads.gone(viewer, sorted(((parents - there) | missing) - {start.id}))
    between = gaps.before(page, {each: kind for each, kind in gone.items() if each in missing})
    people = await storage.actors.by_ids(sorted({post.author_id for post in answered.values()}))
    top = listed.node(start.id)
    for node in (listed.node(post_id) for post_id in page):
        above = answered.get(node.post.parent_id or 0) if node.post else None
        node.level, node.to = 1, people.get(above.author_id) if above else None
        node.gone = gone.get(node.post.parent_id or 0, "") if node.post else ""
        node.gaps = between.get(node.id, [])
        top.answers.append(node)
    return Tree(top, sizes[start.id], newest, page[-1] if len(ids) > FLAT else 0)


async def above(viewer: int, post: Post) -> list[Node]:
    """The posts that led to an answer, as far as the viewer may see them, the nearest ones."""
    ids = await storage.threads.above(viewer, post.id, ABOVE)
    listed = await threads.with_all(viewer, await storage.posts.by_ids(ids), "thread")
    return [node for node in map(listed.node, ids) if node.post and node.author]


def below(branches: Branches, start: int) -> dict[int, int]:
    """How many answers for the viewer are below each post of a branch, itself not counted; by the post."""
    order, waiting = [], [start]
    sizes: dict[int, int] = {}
    while waiting:
        post_id = waiting.pop()
        if post_id not in sizes:
            sizes[post_id] = 0
            order.append(post_id)
            waiting += branches.answers.get(post_id, ())
    for post_id in reversed(order):
        children = branches.answers.get(post_id, ())
        sizes[post_id] = sum((child in branches.seen) + sizes[child] for child in children if child != start)
    return sizes


def plan(branches: Branches, sizes: dict[int, int], start: int, after: int = 0) -> Plan:
    """What a page of a tree shows: branch by branch, until it is full or too deep.

    What is not shown is counted at the nearest answer above it, on whose page it is.
    """
    found, shown, top = Plan([], {}), 0, 0
    holder = {start: start}
    waiting = [(child, start, 1) for child in reversed(branches.answers.get(start, ())) if child > after]
    while waiting:
        post_id, parent, level = waiting.pop()
        seen = post_id in branches.seen
        weight = seen + sizes[post_id]
        if not weight or post_id in holder:
            continue
        if shown >= MOST:
            if level == 1:
                found.next = top
                break
            found.hidden[holder[parent]] = found.hidden.get(holder[parent], 0) + weight
            continue
        top = post_id if level == 1 else top
        found.order.append((post_id, parent))
        shown += seen
        holder[post_id] = post_id if seen else holder[parent]
        if seen and level >= DEEPEST:
            found.hidden[post_id] = sizes[post_id]
        else:
            waiting += ((child, post_id, level + 1) for child in reversed(branches.answers.get(post_id, ())))
    return found


async def _loaded(
    viewer: int, start: Post, branches: Branches, sizes: dict[int, int], shown: Sequence[int]
) -> tuple[Posts, tuple[Post, Actor] | None]:
    """Everything that the page shows, and the newest answer."""
    newest = max((post_id for post_id in sizes if post_id in branches.seen and post_id != start.id), default=0)
    found = await storage.posts.by_ids(list({*shown, *([newest] if newest else [])}))
    listed = {start.id: start} | {post_id: found[post_id] for post_id in shown if post_id in found}
    last = found.get(newest)
    author = await storage.actors.by_id(last.author_id) if last else None
    return await threads.with_all(viewer, listed, "thread"), (last, author) if last and author else None


def _answered(listed: Posts, page: list[int]) -> set[int]:
    return {post.parent_id for post_id in page if (post := listed.posts.get(post_id)) and post.parent_id}
