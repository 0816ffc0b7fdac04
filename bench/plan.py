"""What every scenario is given, and how large its work is."""

from pathlib import Path

import msgspec

from activitypub.keys import PrivateKey


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How much of each work is done."""

    servers: int = 200  # that a post goes to
    hanging: int = 10  # of them
    rounds: int = 5  # of which the median counts
    items: int = 2_000  # taken in in one round
    posts: int = 4  # to all servers in one round
    own_posts: int = 60  # to local followers in one round
    outage_posts: int = 12
    starts: int = 5
    onlookers: int = 500
    thread: int = 200  # posts
    library: int = 100_000  # posts that one looks through
    community: int = 500  # servers with members of a large group
    members: int = 10_000  # of it here, and as many elsewhere
    votes: int = 2_000  # at once
    talk: int = 5_000  # answers in a long thread


FULL = Sizes()
QUICK = Sizes(servers=40, hanging=4, rounds=2, items=400, posts=2, own_posts=10, outage_posts=6, starts=2,
              onlookers=100, thread=50, library=20_000,
              community=100, members=2_000, votes=400, talk=1_000)  # fmt: skip
TINY = Sizes(servers=6, hanging=2, rounds=1, items=60, posts=1, own_posts=3, outage_posts=4, starts=1, onlookers=10,
             thread=5, library=1_000, community=6, members=60, votes=30, talk=300)  # fmt: skip


class Plan(msgspec.Struct, frozen=True):
    """One run of the bench."""

    folder: Path  # for everything that it makes
    key: PrivateKey  # of every simulated peer
    pem: str  # its public half
    yardsticks: dict[str, float]  # µs
    sizes: Sizes
    postgres: str = ""  # URL of a server's maintenance database; '' is SQLite
