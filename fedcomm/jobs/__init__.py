"""What is done besides inbox and outbox: the tables `JOBS` and `SCHEDULE`."""

from collections.abc import Awaitable, Callable

import msgspec

from fedcomm import (
    acquainting,
    alerts,
    appeals,
    archives,
    backfill,
    block_imports,
    block_rounds,
    blocked_files,
    borrowing,
    catching,
    chaining,
    completing,
    copying,
    curation,
    elsewhere,
    erasing,
    expiring,
    farewells,
    featured,
    granting,
    greeters,
    guests,
    holding,
    home_verdicts,
    imports,
    indexing,
    introductions,
    lapses,
    leaders,
    mailing,
    mails,
    memberships,
    moving,
    orphans,
    partings,
    peers,
    polls,
    posts,
    purging,
    questions,
    rankings,
    reactions,
    refusals,
    retelling,
    rollback,
    scheduled,
    scouting,
    settling,
    severing,
    telling,
    terms,
    unattended,
    waiting,
    welcomes,
)
from fedcomm.app import App
from fedcomm.desk import afar, changing
from fedcomm.jobs import nightly
from fedcomm.media import clean_up, sweep

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds


class Job(msgspec.Struct, frozen=True):
    """How a kind of job is done: tries before it is set aside, and the seconds one try may take."""

    do: Callable[..., Awaitable[None]]
    attempts: int = 5
    seconds: float = 60


class Regular(msgspec.Struct, frozen=True):
    """Something done again and again, every so many seconds."""

    do: Callable[[App], Awaitable[None]]
    every: float


JOBS: dict[str, Job] = {
    acquainting.JOB: Job(acquainting.acquaint, attempts=6),
    "alert_keys": Job(alerts.keys),
    "alert_votes": Job(alerts.votes),
    "apply_blocks": Job(block_imports.work, attempts=10, seconds=600),
    block_rounds.JOB: Job(block_rounds.work, attempts=20, seconds=1_200),
    archives.JOB: Job(archives.make, attempts=5, seconds=1_800),
    "backfill": Job(backfill.work, seconds=180),
    blocked_files.ERASE: Job(blocked_files.erase, attempts=10, seconds=600),
    borrowing.KIND: Job(borrowing.fetch, seconds=120),
    "clear_media": Job(clean_up, attempts=10, seconds=600),
    elsewhere.KIND: Job(elsewhere.erase_unseen, attempts=10, seconds=600),
    elsewhere.COPY: Job(elsewhere.copy_all, attempts=6, seconds=180),
    "complete_thread": Job(completing.work, attempts=2),
    "import_file": Job(imports.work, attempts=10, seconds=120),
    "index_posts": Job(indexing.catch_up, attempts=10, seconds=600),
    "learn_featured": Job(featured.learn, attempts=2),
    "meet_leaders": Job(leaders.work, attempts=2),
    "learn_peer": Job(peers.learn, attempts=6),
    purging.JOB: Job(purging.work, attempts=10, seconds=600),
    erasing.JOB: Job(erasing.erase, attempts=10, seconds=600),
    "erase_actor": Job(farewells.erase, attempts=10, seconds=600),
    "publish_scheduled": Job(scheduled.publish, attempts=10),
    "publish_granted": Job(posts.publish_granted, attempts=10),
    "pass_on_like": Job(reactions.pass_on_granted, attempts=10),
    "show_limited": Job(granting.show, attempts=10),
    "show_granted": Job(granting.shown, attempts=10),
    mails.JOB: Job(mailing.send, attempts=8, seconds=120),
    "seek_groups": Job(scouting.seek, seconds=300),
    "tell_terms": Job(terms.tell, attempts=6),
    "mail_terms": Job(terms.mail, attempts=10),
    "tell_poll": Job(polls.tell),
    "weigh_group": Job(rankings.weigh_group, seconds=600),
    "tell_post": Job(telling.tell_post),
    "tell_edit": Job(telling.tell_edit),
    "tell_end": Job(telling.tell_end),
    "retell_thread": Job(retelling.retell),
    "unretell_answer": Job(retelling.unretell),  # as it was called before it was of threads too
    "unretell_post": Job(retelling.unretell),
    "roll_back": Job(rollback.work, attempts=10, seconds=600),
    "tell_greeters": Job(greeters.tell),
    "end_home_ban": Job(home_verdicts.end, attempts=10),
    "suspend_caught": Job(catching.suspend, attempts=10, seconds=600),
    "tell_cut": Job(severing.tell, seconds=600),
    "remind_greeters": Job(greeters.remind),
    "write_to_greeter": Job(greeters.write_to, attempts=10),
    "announce_early": Job(orphans.announce, attempts=10, seconds=600),
    "welcome": Job(welcomes.welcome, attempts=10),
    "ask_question": Job(questions.ask, attempts=10),
    "tell_answer": Job(questions.tell_answer),
    "tell_removal": Job(appeals.tell_removal, attempts=8),
    "send_guest_link": Job(guests.send, attempts=4),
    "tell_not_taken": Job(changing.tell),
    "let_go_picture": Job(afar.let_go),
    "tell_held": Job(holding.tell, attempts=10),
    "take_up_held": Job(holding.take_up),
    "take_up_cooled": Job(holding.take_up_cooled, attempts=10),
    "open_thread": Job(curation.open_again, attempts=10),
    "show_answer": Job(introductions.show),
    "unshow_answer": Job(introductions.unshow),
    "settle_shares": Job(settling.settle, attempts=10),
    "look_at_group": Job(refusals.look, attempts=3),
    "part_group": Job(partings.part, attempts=10, seconds=600),
    "follow_moved": Job(moving.take_followers_along, attempts=10, seconds=600),
}
SCHEDULE: dict[str, Regular] = {
    "nightly": Regular(nightly.run, DAY),
    "loose_media": Regular(clean_up, HOUR),
    "copies": Regular(copying.clean_up, HOUR),
    "files_of_nobody": Regular(sweep, DAY),
    "ask_again": Regular(waiting.ask_again, HOUR),
    "belong": Regular(memberships.catch_up, HOUR),
    "let_in": Regular(waiting.let_in, MINUTE),
    "suspended": Regular(expiring.end, HOUR),
    "archives": Regular(archives.end, HOUR),
    "erasures": Regular(erasing.go_on, HOUR),
    "unattended": Regular(unattended.look, HOUR),
    "allow_list": Regular(severing.look, MINUTE),
    "lapses": Regular(lapses.end, 5 * MINUTE),
    "block_lists": Regular(block_rounds.look, HOUR),
    "chain": Regular(chaining.catch_up, MINUTE),
    "orphans": Regular(orphans.adopt, MINUTE),
    "weigh_votes": Regular(rankings.weigh, 10 * MINUTE),
}
