"""What a member's filters make of posts on pages: shown only when opened, or left out."""

from collections.abc import Iterable, Mapping, Sequence

from fedcomm import filtering
from storage.attachments import Attached
from storage.filters import Filter
from storage.posts import Post
from web.pages import shown
from web.pages.polls import Asked

HIDE, BLUR = "hide", "blur"
_STRICTNESS = (HIDE, "warn", BLUR)
_NO_FILES: Mapping[int, list[Attached]] = {}
_NO_POLLS: Mapping[int, Asked] = {}


async def of(
    viewer: int,
    posts: Iterable[Post],
    context: str,
    files: Mapping[int, list[Attached]] = _NO_FILES,
    polls: Mapping[int, Asked] = _NO_POLLS,
) -> dict[int, Filter]:
    """The strictest filter that finds something in each post, by post; nothing in what the viewer wrote.

    `context` is one of Mastodon's (API: "Filter"); '' where nothing is filtered.
    """
    active = [each for each in await filtering.active(viewer) if context in each.contexts] if viewer and context else []
    found: dict[int, Filter] = {}
    for post in posts if active else ():
        matches = filtering.matches(active, post.id, _text(post, files, polls)) if post.author_id != viewer else []
        if matches:
            found[post.id] = _strictest([match.filter for match in matches])
    return found


def folding(found: Filter | None) -> Filter | None:
    """The filter if all of the post is folded for it, and not its pictures alone."""
    return None if found is None or found.action == BLUR else found


def _strictest(filters: Sequence[Filter]) -> Filter:
    return min(filters, key=lambda each: _STRICTNESS.index(each.action))


def _text(post: Post, files: Mapping[int, list[Attached]], polls: Mapping[int, Asked]) -> str:
    poll = polls.get(post.id)
    answers = [option.title for option in poll.options] if poll else []
    described = [file.description for file in files.get(post.id, [])]
    return "\n".join((post.title, post.summary, shown.plain(post.content), *answers, *described))
