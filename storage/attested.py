"""What goes of a post that only its group vouched for, once its author says what they wrote."""

from storage.connect import Writes


def forget_poll(writes: Writes, post_id: int) -> None:
    """The poll that it was said to have, before the author's is kept."""
    writes.add("DELETE FROM poll WHERE post_id = ?", (post_id,))


def forget_revisions(writes: Writes, post_id: int) -> None:
    """What it was said to have said, after the author's own words are kept."""
    writes.add("DELETE FROM post_revision WHERE post_id = ?", (post_id,))
