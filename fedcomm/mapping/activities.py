"""Activities of ours as JSON: what was done, by whom, to what, for whom."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from activitypub.contexts import ACTIVITYSTREAMS, PUBLIC, context_for

Json = dict[str, Any]

_HIDDEN = frozenset(("bto", "bcc"))


def timestamp(ms: int) -> str:
    """A time as ActivityStreams writes it, in UTC."""
    second, rest = divmod(ms, 1000)
    return f"{_second(second)}.{rest:03d}Z"


def activity(
    kind: str, uri: str, actor: str, object_: Any, *, to: Iterable[str] = (), cc: Iterable[str] = (), **more: Any
) -> Json:
    """Any activity; an embedded object loses its own `@context`, which the activity's stands for.

    What is for somebody says with an empty `cc`, too, that it is for nobody else: Lemmy 1.0 reads no other.
    """
    said = {name: value for name, value in more.items() if value is not None}
    if isinstance(object_, dict):
        context = object_.get("@context", ACTIVITYSTREAMS)
        object_ = {name: value for name, value in object_.items() if name != "@context"}
    else:
        context = context_for({kind, *said})
    built = {"@context": context, "id": uri, "type": kind, "actor": actor, "object": object_}
    to, cc = list(to), list(cc)
    if to:
        built["to"] = to
    if to or cc:
        built["cc"] = cc
    return built | said


def create(uri: str, note: Json) -> Json:
    """The activity that published a note, addressed as the note is."""
    more = {"audience": note["audience"]} if note.get("audience") else {}
    return activity(
        "Create", uri, note["attributedTo"], note, to=_list(note.get("to")), cc=_list(note.get("cc")),
        published=note.get("published"), **more,
    )  # fmt: skip


def ballot(uri: str, voter: str, name: str, question: str, asker: str) -> Json:
    """A vote in a poll elsewhere: a note with the name of an answer, for its author's eyes (FEP-9967 §Voting)."""
    note = {"id": uri, "type": "Note", "name": name, "attributedTo": voter, "inReplyTo": question, "to": [asker]}
    return activity("Create", f"{uri}/activity", voter, note, to=[asker])


def update(
    uri: str, actor: str, document: Json, *, to: Iterable[str] | None = None, cc: Iterable[str] | None = None
) -> Json:
    """A changed note, addressed as the note is, or a changed profile."""
    to = _list(document.get("to")) if to is None else to
    cc = _list(document.get("cc")) if cc is None else cc
    more = {"audience": document["audience"]} if document.get("audience") else {}
    return activity("Update", uri, actor, document, to=to, cc=cc, **more)


def delete(uri: str, actor: str, object_uri: str, *, to: Iterable[str], cc: Iterable[str] = (), **more: Any) -> Json:
    """Something is no more; a moderator's `summary` is the reason (Lemmy 0.19)."""
    return activity("Delete", uri, actor, object_uri, to=to, cc=cc, **more)


def block(
    uri: str, actor: str, subject: str, face: str, until: int | None = None, reason: str = "", *, remove: bool = False
) -> Json:
    """A ban from a group until a time, or for good: Lemmy reads `endTime`, Mbin `expires`, PieFed both.

    With `remove` all that they wrote in the group goes out of it.
    """
    ends = timestamp(until) if until is not None else None
    return activity(
        "Block", uri, actor, subject, to=[PUBLIC], cc=[face], target=face, audience=face, endTime=ends, expires=ends,
        summary=reason or None, removeData=remove,
    )  # fmt: skip


def announce(uri: str, face: str, followers: str, inner: Any, at_ms: int, *, public: bool = True) -> Json:
    """What a group passes on: an activity as it came (FEP-1b12 §The Announce activity), or the id of an object.

    What is not `public` is for its followers alone.
    """
    if isinstance(inner, dict):
        inner = without_hidden(inner)
    to, cc = ([PUBLIC], [followers]) if public else ([followers], [])
    return activity("Announce", uri, face, inner, to=to, cc=cc, published=timestamp(at_ms))


def for_followers(said: Json, followers: str) -> Json:
    """An activity of ours with the followers of a group in place of everybody; what is proven stays as it is."""
    if "proof" in said:
        return said
    addressed = [name for name in ("to", "cc") if name in said]
    changed = {name: [followers if uri == PUBLIC else uri for uri in _list(said[name])] for name in addressed}
    inner = said.get("object")
    return said | changed | ({"object": for_followers(inner, followers)} if isinstance(inner, dict) else {})


def without_hidden(document: Any) -> Any:
    """The document without `bto` and `bcc` at any depth (AP §6)."""
    if isinstance(document, dict):
        return {
            name: value if type(value) is str else without_hidden(value)
            for name, value in document.items()
            if name not in _HIDDEN
        }
    if isinstance(document, list):
        return [without_hidden(value) for value in document]
    return document


def undo(uri: str, actor: str, undone: Json, *, to: Iterable[str] = (), cc: Iterable[str] = ()) -> Json:
    """Something that was done is taken back."""
    return activity("Undo", uri, actor, undone, to=to, cc=cc)


@lru_cache(maxsize=64)  # 4 µs, and what is passed on in one second bears one time
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _list(value: Any) -> list[str]:
    return [] if value is None else value if isinstance(value, list) else [value]
