"""What several lists of servers to block say together: how many agree, whose word counts, who is never blocked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from storage import peers
from storage.block_subscriptions import Said, Subscription
from storage.peers import Decision

_MILDER = {"limit": ("suspend", "limit")}  # what is taken for what, of a list from which at most this is taken


class Rules(msgspec.Struct, frozen=True):
    """How admins want the subscriptions to be taken.

    A server counts as named when `at_least` so many lists name it; one to which more than `most_cuts` follows lead is
    never decided about without a yes; the `never` are left alone.
    """

    at_least: int = 1
    most_cuts: int = 0
    never: tuple[str, ...] = ()


class Agreed(msgspec.Struct, frozen=True):
    """What the lists say together about one server; `automatic` when the one whose word counts may decide by itself."""

    decision: Decision
    automatic: bool
    adopt: bool


def agreed(lists: Sequence[Subscription], said: Iterable[Said], rules: Rules) -> dict[str, Agreed]:
    """What they say together, by server. Of lists that differ the highest in `lists` counts."""
    places = {each.id: place for place, each in enumerate(lists)}
    named: dict[str, list[tuple[int, Decision]]] = defaultdict(list)
    for each in said:
        if each.subscription_id in places:
            named[each.host].append((places[each.subscription_id], each.wanted))
    found = {}
    for host, words in named.items():
        if len(words) >= rules.at_least and not spared(host, rules.never):
            words.sort(key=lambda word: word[0])
            decision = capped(words[0][1], lists[words[0][0]].most)
            if decision.anything:
                found[host] = _together(lists, decision, [place for place, _ in words])
    return found


def capped(wanted: Decision, most: str) -> Decision:
    """No stricter than what is taken from that list."""
    taken, policy = _MILDER.get(most, ("", ""))
    return msgspec.structs.replace(wanted, policy=policy) if wanted.policy == taken else wanted


def spared(host: str, never: Iterable[str]) -> bool:
    """Whether a server is one that is never blocked, belongs to one, or has one among its sub-domains."""
    return any(each in peers.domains(host) or host in peers.domains(each) for each in never)


def _together(lists: Sequence[Subscription], decision: Decision, places: Sequence[int]) -> Agreed:
    names = "Named by " + ", ".join(lists[place].url for place in places)
    first = lists[places[0]]
    told = msgspec.structs.replace(decision, private_comment=names[:1_000], obfuscate=False)
    return Agreed(told, bool(first.automatic), any(lists[place].adopt for place in places))
