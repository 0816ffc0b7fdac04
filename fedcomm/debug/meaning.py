"""What an activity means here: what in it is proven, what is asked for at its origin, and which rule it falls under."""

from collections.abc import Awaitable, Callable

from activitypub import authenticity, dispatch, verify
from activitypub.activities import Activity, Thing, id_of
from activitypub.errors import ProtocolError, Unreachable
from activitypub.objects import Note
from fedcomm import clock
from fedcomm.app import App
from fedcomm.debug.steps import Steps
from fedcomm.inbox.proofs import within
from fedcomm.inbox.rules import BY_SHAPE

Find = Callable[[App, str], Awaitable[verify.KnownKey]]


async def of_activity(app: App, steps: Steps, said: Activity, signer: str, find: Find) -> None:
    """What is believed of an activity, and what is done about it."""
    proven = await proofs(app, steps, said, find)
    if not signer:
        steps.note("sender", f"no signature vouches for it: looked at as if {said.actor} had sent it")
    try:
        activity = authenticity.reduce(said, signer or said.actor, proven)
    except ProtocolError as fault:
        steps.fault("sender", fault)
        return
    for before, after in zip(said.objects, activity.objects, strict=True):
        _reduced(steps, before, after)
    for part in dispatch.each(activity):
        shape = " ".join(dispatch.shape_of(part))
        rule = dispatch.find(BY_SHAPE, part)
        if rule is None:
            steps.no("rule", f"nothing is done about {shape}", "FEDERATION.md lists what is understood")
        else:
            who = rule.authority.__name__.replace("_", " ")
            steps.yes("rule", f"{shape}: may come from {who} (`fedcomm rules`)")


async def proofs(app: App, steps: Steps, value: object, find: Find) -> frozenset[str]:
    """The ids of what its owner has proven (FEP-8b32), each told as a step."""
    held = set()
    for thing, document in within(value, {}) if isinstance(value, Activity | Note) else ():
        try:
            key_id = verify.proof_key(document)
            if key_id is None:
                continue
            by = verify.proof(document, await find(app, key_id), clock.now())
        except (ProtocolError, Unreachable) as fault:
            steps.fault(f"proof of {thing.uri}", fault, "without it whoever signed the request has to vouch for it")
            continue
        steps.yes(f"proof of {thing.uri}", f"{by.actor} has proven it (FEP-8b32)")
        held.add(thing.uri or "")
    return frozenset(held)


def _reduced(steps: Steps, before: Thing, after: Thing) -> None:
    if isinstance(before, str | None):
        return
    uri = id_of(before)
    if after is before:
        steps.yes("object", f"{uri or 'what it carries'} counts as it came")
    elif isinstance(after, str | None):
        steps.note("object", f"nothing vouches for {uri} here: its origin is asked for it (FEP-fe34 §Embedding)")
    else:
        steps.note("object", f"of {uri} the statement counts, what it carries is asked for at its origin")
