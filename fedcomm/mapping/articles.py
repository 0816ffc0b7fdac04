"""Long threads as articles: with a preview for those who show no more than that (FEP-b2b8)."""

from fedcomm import sanitise
from storage.posts import Post

LONG = 2_000  # characters of text; what is longer is read on its page, and not in a timeline
_PREVIEW = 500  # characters


def is_article(post: Post) -> bool:
    """Whether one of our posts is told as an article.

    With a warning it is a note: the summary of an article is its preview, so that a warning would be none there.
    """
    return post.kind == "article" and not post.summary and not post.sensitive


def is_long(html: str) -> bool:
    """Whether a new thread with this text is an article."""
    return len(html) > LONG and len(sanitise.text_of(html)) > LONG


def preview(html: str) -> str:
    """The beginning of a long text, as HTML; it ends between two words (FEP-b2b8 §Preview)."""
    text = sanitise.text_of(html)
    if len(text) <= _PREVIEW:
        return sanitise.from_text(text)
    beginning, _, _rest = text[:_PREVIEW].rpartition(" ")
    return sanitise.from_text(f"{beginning or text[:_PREVIEW]} …")
