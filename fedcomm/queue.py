"""What waits: inbox items, deliveries, jobs; and whether anything does."""

from typing import Any

from fedcomm import clock
from fedcomm.app import App
from storage import bus, inbox, jobs, outbox, peers


async def state(app: App) -> dict[str, Any]:
    """Counts of what waits, and the peers that deliveries wait for. `idle` is True when nothing waits anywhere.

    Another process that delivers is asked to write down how far it has got; whoever asks again a moment later sees it.
    """
    now = clock.now_ms()
    head = await outbox.head()
    waiting, parked = await inbox.backlog()
    due, parked_jobs = await jobs.backlog(now)
    if app.sender is not None and app.sender.delivering:
        await app.sender.save_now()
    else:
        await bus.publish("cursors", "")
    unread = max(0, head - await outbox.read_up_to())  # published, and nobody has looked yet whom it goes to
    behind = [peer for peer in await peers.behind(head) if not app.peers.blocked(peer.host)]
    return {
        "inbox": waiting,
        "inbox_parked": parked,
        "jobs": due,
        "jobs_parked": parked_jobs,
        "unread": unread,
        "deliveries": len(behind),
        "peers": [
            {"host": p.host, "failures": p.failures, "next_attempt_at": p.next_attempt_at, "error": p.last_error}
            for p in behind
        ],
        "idle": not (waiting or due or behind or unread),
    }
