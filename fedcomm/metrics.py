"""Figures for Prometheus: what waits and how long, which servers fail, how fast what comes in has its effect.

Text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). A handful of queries, whatever there
is; what is counted as it happens is counted in each process by itself, and has its number as a label.
"""

import os
from collections.abc import Iterable, Iterator, Sequence

from fedcomm import clock, queue
from fedcomm.app import App
from fedcomm.counted import COUNTS
from storage import inbox, jobs, peers

TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_PEERS = 500  # with a line of their own; of more only the number is told

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
Sample = tuple[dict[str, str], float]


async def text(app: App) -> str:
    """All figures, as they are now."""
    now = clock.now_ms()
    waits = await queue.state(app)
    came, ran = await inbox.oldest_waiting(), await jobs.oldest_due(now)
    failing = await peers.failing(MOST_PEERS)
    process = {"process": str(os.getpid())}
    seconds, took = COUNTS.latency_ms / 1000, COUNTS.taken_in
    families: tuple[tuple[str, str, str, Sequence[Sample]], ...] = (
        ("inbox_waiting", "gauge", "Activities that wait to be taken in.", _one(waits["inbox"])),
        ("inbox_parked", "gauge", "Activities set aside after a fault.", _one(waits["inbox_parked"])),
        ("inbox_oldest_seconds", "gauge", "How long the oldest of them waits.", _one(_age(now, came))),
        ("inbox_latency_seconds_sum", "counter", "From arrival until taken up, of all of them.", [(process, seconds)]),
        (
            "inbox_latency_seconds_count",
            "counter",
            "Activities taken up; some ask other servers first.",
            [(process, took)],
        ),
        ("jobs_due", "gauge", "Jobs that are due.", _one(waits["jobs"])),
        ("jobs_parked", "gauge", "Jobs set aside after their last try.", _one(waits["jobs_parked"])),
        ("jobs_oldest_seconds", "gauge", "For how long the oldest is due.", _one(_age(now, ran))),
        ("outbox_unread", "gauge", "Published, and not yet looked at for whom.", _one(waits["unread"])),
        ("peers_behind", "gauge", "Servers that have not got everything yet.", _one(waits["deliveries"])),
        ("peers_failing", "gauge", "Servers to which deliveries fail.", _one(await peers.count_failing())),
        ("peer_failures", "gauge", "Failures in a row, by server.", [({"host": host}, n) for host, n in failing]),
        ("too_many_requests_total", "counter", "Requests answered with 429.", [(process, COUNTS.too_many)]),
    )
    return "".join(line for family in families for line in _lines(*family))


def _lines(name: str, kind: str, words: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP fedcomm_{name} {words}\n# TYPE fedcomm_{name} {kind}\n"
    for labels, value in samples:
        told = ",".join(f'{label}="{said.translate(_ESCAPES)}"' for label, said in labels.items())
        yield f"fedcomm_{name}{f'{{{told}}}' if told else ''} {value}\n"


def _one(value: float) -> list[Sample]:
    return [({}, value)]


def _age(now: int, since: int | None) -> float:
    return max(0, now - since) / 1000 if since else 0.0
