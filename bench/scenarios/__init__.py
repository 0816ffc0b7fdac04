"""The scenarios, in the order in which they run: each gives figures and says itself whether the work was done."""

from collections.abc import Callable

from bench.figures import Figure
from bench.plan import Plan
from bench.scenarios import (
    community,
    distance,
    fanout,
    inbox,
    memory,
    outage,
    posting,
    reading,
    searching,
    start,
    streaming,
    talking,
)

Scenario = Callable[[Plan], list[Figure]]

SCENARIOS: dict[str, Scenario] = {
    "start": start.run,
    "inbox": inbox.run,
    "posting": posting.run,
    "reading": reading.run,
    "talking": talking.run,
    "searching": searching.run,
    "streaming": streaming.run,
    "fanout": fanout.run,
    "community": community.run,
    "distance": distance.late,
    "hanging": distance.hanging,
    "outage": outage.run,
    "memory": memory.run,
}
