"""Which members here have to do with a post: those who passed it on, or took part in its poll."""

from storage.connect import rows

MOST = 1_000  # who are told of one thing


async def boosters_here(post_id: int) -> list[int]:
    """Ids of the actors of members who passed the post on."""
    sql = (
        "SELECT boost.actor_id FROM boost JOIN account ON account.actor_id = boost.actor_id"
        " WHERE boost.post_id = ? ORDER BY boost.actor_id LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (post_id, MOST))]


async def voters_here(post_id: int, author_id: int) -> list[int]:
    """Ids of the actors of members who voted in the poll of the post, and of its author if that is one."""
    sql = (
        "SELECT account.actor_id FROM account WHERE account.actor_id = ? OR account.actor_id IN"
        " (SELECT poll_vote.actor_id FROM poll_vote WHERE poll_vote.post_id = ?) ORDER BY account.actor_id LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (author_id, post_id, MOST))]
