"""Bulletins: what admins tell everybody here (Mastodon API: "Announcement"), and what members answer with emojis."""

from datetime import UTC, datetime
from unicodedata import category

import msgspec

import storage.bulletins as rows
from fedcomm import audit, clock, emojis
from fedcomm.errors import Invalid, NotAllowed, NotFound
from storage import events
from storage.accounts import Account
from storage.bulletins import Bulletin
from storage.connect import Writes, transaction, write
from storage.ids import next_id

LONGEST = 5_000  # characters
MOST_REACTIONS = 8  # different ones to one bulletin (Mastodon: reaction_validator.rb)
MISSING = "There is no such announcement."

_LONGEST_EMOJI = 12  # code points of one that is drawn of several
_JOINING = frozenset({0x200D, 0x20E3, 0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)})
_KEYS = frozenset("0123456789#*")  # of which a keycap is drawn


async def publish(by: Account | None, text: str, starts: str = "", ends: str = "") -> Bulletin:
    """Tell everybody something; `starts` and `ends` are days or moments in UTC that it is about, or ''.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: it says nothing, or too much, or its end is not after its beginning.
    """
    now = clock.now_ms()
    return await _kept(
        by, "bulletin.publish", Bulletin(next_id(), "", None, None, 0, now, now, None), text, starts, ends
    )


async def change(by: Account | None, bulletin_id: int, text: str, starts: str = "", ends: str = "") -> Bulletin:
    """Say it differently.

    Raises:
        NotFound: there is none with this id.
        NotAllowed, Invalid: as `publish`.
    """
    return await _kept(by, "bulletin.change", await _known(bulletin_id), text, starts, ends)


async def end(by: Account | None, bulletin_id: int) -> None:
    """Show it no more.

    Raises:
        NotAllowed: `by` is no admin.
        NotFound: there is none with this id.
    """
    _admin(by)
    async with transaction():
        known, writes = await _known(bulletin_id), Writes()
        rows.put(writes, msgspec.structs.replace(known, ended_at=clock.now_ms()))
        events.tell(writes, "announcement.gone", known.id)
        await write(writes)
        await audit.record(by, "bulletin.end", str(known.id))


async def put_away(actor_id: int, bulletin_id: int) -> None:
    """A member has read it and does not want to see it again.

    Raises:
        NotFound: it is not shown.
    """
    async with transaction():
        known, writes = await _shown(bulletin_id), Writes()
        rows.put_away(writes, known.id, actor_id)
        await write(writes)


async def react(actor_id: int, bulletin_id: int, name: str) -> None:
    """A member answers with an emoji, a character or the name of one of ours.

    Raises:
        NotFound: it is not shown.
        Invalid: that is no emoji, or there are too many different ones.
    """
    async with transaction():
        known = await _shown(bulletin_id)
        if not _pictogram(name) and name not in await emojis.ours():
            raise Invalid("Answer with an emoji.", field="name")
        present = {each.name for each in (await rows.around(actor_id, [known.id]))[1]}
        if name not in present and len(present) >= MOST_REACTIONS:
            raise Invalid("There can be at most {most} different answers.", most=MOST_REACTIONS)
        writes = Writes()
        rows.react(writes, known.id, name, actor_id, clock.now_ms())
        events.tell(writes, "announcement.reaction", known.id, name)
        await write(writes)


async def take_back(actor_id: int, bulletin_id: int, name: str) -> None:
    """A member answers with this no more.

    Raises:
        NotFound: it is not shown, or they had not.
    """
    async with transaction():
        known = await _shown(bulletin_id)
        if not any(each.name == name and each.me for each in (await rows.around(actor_id, [known.id]))[1]):
            raise NotFound(MISSING)
        writes = Writes()
        rows.take_back(writes, known.id, name, actor_id)
        events.tell(writes, "announcement.reaction", known.id, name)
        await write(writes)


def written(ms: int | None, whole_day: bool) -> str:
    """A moment as `publish` understands it, '' for none."""
    if ms is None:
        return ""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):{'%Y-%m-%d' if whole_day else '%Y-%m-%dT%H:%M'}}"


async def _kept(by: Account | None, act: str, known: Bulletin, text: str, starts: str, ends: str) -> Bulletin:
    _admin(by)
    text = "".join(c for c in text.replace("\r\n", "\n").strip() if c == "\n" or c.isprintable())
    if not text or len(text) > LONGEST:
        raise Invalid("An announcement has from 1 to {most} characters.", field="text", most=LONGEST)
    first, last = _moment(starts, "starts"), _moment(ends, "ends")
    if first and last and last < first:
        raise Invalid("It cannot end before it begins.", field="ends")
    whole_days = bool(first or last) and all(len(each) == 10 for each in (starts.strip(), ends.strip()) if each)
    made = msgspec.structs.replace(
        known, text=text, starts_at=first, ends_at=last, all_day=int(whole_days), updated_at=clock.now_ms()
    )  # fmt: skip
    async with transaction():
        writes = Writes()
        rows.put(writes, made)
        events.tell(writes, "announcement", made.id)
        await write(writes)
        await audit.record(by, act, str(made.id))
    return made


async def _known(bulletin_id: int) -> Bulletin:
    found = await rows.by_id(bulletin_id)
    if found is None:
        raise NotFound(MISSING, fix="use the number that was told when it was made")
    return found


async def _shown(bulletin_id: int) -> Bulletin:
    for found in await rows.shown(clock.now_ms()):
        if found.id == bulletin_id:
            return found
    raise NotFound(MISSING)


def _admin(by: Account | None) -> None:
    if by and by.role != "admin":
        raise NotAllowed("Only admins can announce something.")


def _moment(text: str, field: str) -> int | None:
    """`2026-11-21` or `2026-11-21T10:00` as ms."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid("A day is written like 2026-11-21, a moment like 2026-11-21T10:00.", field=field) from None


def _pictogram(name: str) -> bool:
    """Whether it is drawn as one picture: symbols, what joins and colours them, and keycaps."""
    drawn = [c for c in name if ord(c) not in _JOINING]
    keycap = len(drawn) == 1 and drawn[0] in _KEYS and name.endswith("\u20e3")
    symbols = bool(drawn) and all(category(c) in ("So", "Sm") and ord(c) > 0xA8 for c in drawn)
    return len(name) <= _LONGEST_EMOJI and (keycap or symbols)
