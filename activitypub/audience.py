"""Turns `to`, `cc` and `audience` into a visibility, and back."""

from collections.abc import Callable, Iterable
from typing import Literal

from activitypub.contexts import PUBLIC
from activitypub.objects import Audience

Visibility = Literal["public", "unlisted", "followers", "direct"]


def visibility(audience: Audience, followers: str | None) -> Visibility:
    """Who may see what was addressed so; `followers` is the collection of its *author*, never one that it names.

    Public in `to` is listed everywhere, in `cc` it is not listed (Mastodon's reading of AP §5.6). A collection that is
    not known to be the author's followers opens it to nobody.
    """
    if PUBLIC in audience.to:
        return "public"
    if PUBLIC in audience.cc:
        return "unlisted"
    if followers is not None and (followers in audience.to or followers in audience.cc):
        return "followers"
    return "direct"


def address(
    visibility: Visibility,
    *,
    followers: str | None = None,
    mentions: Iterable[str] = (),
    group: str | None = None,
) -> Audience:
    """The addresses that say this visibility.

    A post for a group names it first in `to` and in `audience`: Lemmy takes the first address that is a group, PieFed
    and Mbin read `audience` (FEP-1b12 §Audience property).
    """
    named = tuple(dict.fromkeys(mentions))
    readers = () if followers is None else (followers,)
    to: tuple[str, ...]
    cc: tuple[str, ...]
    if visibility == "public":
        to, cc = (PUBLIC,), (*readers, *named)
    elif visibility == "unlisted":
        to, cc = readers, (PUBLIC, *named)
    elif visibility == "followers":
        to, cc = readers, named
    else:
        to, cc = named, ()
    if group is None:
        return Audience(to=to, cc=cc)
    return Audience(to=(group, *to), cc=tuple(uri for uri in cc if uri != group), audience=(group,))


def group_of(audience: Audience, is_group: Callable[[str], bool]) -> str | None:
    """The group something is addressed to: the first that is one, in `audience`, then `to`, then `cc`."""
    return next((uri for uri in (*audience.audience, *audience.to, *audience.cc) if is_group(uri)), None)
