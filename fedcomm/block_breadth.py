"""Entries of lists that reach far: what holds for a name holds for all below it.

Nobody decides about `co.uk` unasked (docs/decisions/0060-entries-that-reach-far.md).
"""

from collections.abc import Mapping

from storage import block_lists, peers

MANY = 5  # servers known here that belong to a name: more is no single service any more
# What registries of countries have in front of their own two letters: names are given out below it.
_REGISTRY = frozenset({
    "ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "ltd", "me", "mil", "ne", "net", "nhs", "nom", "or", "org",
    "plc", "sch",
})  # fmt: skip


def wide(host: str, known: Mapping[str, int]) -> bool:
    """Whether it looks like the end of names of many owners; `known` is how many servers belong to each domain."""
    labels = host.split(".")
    registry = len(labels) == 2 and labels[0] in _REGISTRY and len(labels[1]) == 2
    return registry or known.get(host, 0) > MANY


async def among(list_id: int) -> list[str]:
    """Those of all entries of a list, by name, that reach so far."""
    known = await known_below()
    return [host for host in await block_lists.hosts(list_id) if wide(host, known)]


async def known_below() -> dict[str, int]:
    """How many servers that are known here belong to each domain, that itself not counted."""
    found: dict[str, int] = {}
    for each in await peers.met():
        for domain in peers.domains(each):
            if domain not in (each, each.rpartition(":")[0]):
                found[domain] = found.get(domain, 0) + 1
    return found
