"""What who looks after this server does about an account, here or elsewhere; all of it but deleting can be taken back.

Each act is one transaction: what changes, the line in the history of the account, the entry in the log, and what its
member is told. To do again what is so already changes nothing. What an act means for who reads is in
`storage/visible.py`, for what comes in in `admit.actor` and `admit.sender`.
"""

import storage.accounts
import storage.actors
from activitypub.contexts import PUBLIC
from fedcomm import actors, address_blocks, audit, banishing, casework, clock, farewells, mails, powers
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import bus, events, reports, sanctions, sessions, telling, tokens
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.ids import next_id
from storage.outbox import Audience
from storage.sanctions import Sanction

MOST_TEXT = 1_000  # characters
KEPT = 30 * 86_400_000  # ms: what was suspended for so long is deleted, as on Mastodon
NOTE, WARN, FREEZE, SENSITIVE, LIMIT, SUSPEND = "note", "warn", "freeze", "sensitive", "limit", "suspend"
UNDOES = {"unfreeze": FREEZE, "unsensitive": SENSITIVE, "unlimit": LIMIT, "restore": SUSPEND}
ACTS = (NOTE, WARN, FREEZE, SENSITIVE, LIMIT, SUSPEND, *UNDOES)
TOLD = (WARN, FREEZE, SENSITIVE, LIMIT, SUSPEND)
_COLUMNS = {SENSITIVE: "sensitive_at", LIMIT: "limited_at", SUSPEND: "suspended_at"}


async def act(
    app: App, target_id: int, what: str, by: Account | None, text: str = "", report_id: int | None = None, *,
    tell: bool = True,
) -> bool:  # fmt: skip
    """Do one of `ACTS` about somebody; False when it is so already, and nothing was changed.

    `text` is the reason, which a member of ours is told with what was done (unless not `tell`), or a note that they
    are not told. `report_id` names the report that led to it, which is dealt with then.

    Raises:
        NotAllowed: `by` may not, or not about them.
        NotFound: there is nobody like that, or no such report.
        Invalid: no such act, not for who lives elsewhere, or a text that is too long or missing.
        Conflict: the last admin, or a sign-up that waits.
    """
    powers.require(by, powers.SANCTION)
    text = _checked(what, text)
    async with transaction():
        hold(writes := Writes(), "actor", target_id)  # of two who do the same at once the second finds it done
        await write(writes)
        target = await storage.actors.by_id(target_id)
        if target is None or target.deleted_at is not None or target.kind == "Application":
            raise NotFound("There is no such account.")
        report = await reports.by_id(report_id) if report_id is not None else None
        if report_id is not None and report is None:
            raise NotFound("There is no such report.")
        account = await storage.accounts.of_actor(target.id) if target.local else None
        powers.over(by, account)
        changed = await _change(app, target, account, what)
        if not changed:
            return False
        if SUSPEND in (what, UNDOES.get(what)):
            await banishing.tell(app, writes := Writes(), target, by, on=what == SUSPEND)
            await write(writes)
        await _record(app, target, account, what, by, text, report_id, tell=tell)
        if what != NOTE and report is not None and by is not None:
            worker = await casework.of_server(by)
            await casework.close(app, worker, report.id, "acted")
    return True


def _checked(what: str, text: str) -> str:
    if what not in ACTS:
        raise Invalid("There is no such act.", field="act")
    text = text.strip()
    if len(text) > MOST_TEXT:
        raise Invalid("A reason may have {limit} characters.", field="reason", limit=MOST_TEXT)
    if what in (NOTE, WARN) and not text:
        raise Invalid("Please write what you want to say.", field="reason")
    return text


async def _change(app: App, target: Actor, account: Account | None, what: str) -> bool:
    """What is another way from now on; False when it is so already."""
    if what in (NOTE, WARN):
        return True
    if target.local and account is None:
        raise Invalid("This is a group: its moderators decide about it.", field="act")
    if account is not None and account.state in ("pending", "unconfirmed"):
        raise Conflict("This account waits for approval: approve or reject it.")
    kind, on = UNDOES.get(what, what), what not in UNDOES
    if account is not None and kind in (FREEZE, SUSPEND):
        return await _close(app, target, account, kind, on=on)
    if kind == FREEZE:
        raise Invalid("Only who has an account here signs in here.", field="act")
    if kind == SUSPEND and target.suspended_at is not None and not await sanctions.suspends(target.id):
        return await _as_at_home(target, on=on)
    if (getattr(target, _COLUMNS[kind]) is not None) is on:
        return False
    now = clock.now_ms()
    writes = Writes()
    if on or kind != SUSPEND or not await sanctions.hidden_at_home(target.id):
        storage.actors.change_later(writes, target.id, **{_COLUMNS[kind]: now if on else None})
    if kind != SENSITIVE and on:
        events.tell(writes, "hidden", target.id)
    if kind == SUSPEND:
        await _leave(app, writes, target)
        bus.add(writes, "silenced", f"{'+' if on else '-'}{target.uri}")
    await write(writes)
    return True


async def _as_at_home(target: Actor, *, on: bool) -> bool:
    """Whom their own server has suspended is suspended here as well, and stays so when that takes it back."""
    if not on:
        raise Conflict("Their own server has suspended this account, and that alone can take it back.")
    bus.add(writes := Writes(), "silenced", f"+{target.uri}")
    await write(writes)
    return True


async def _close(app: App, target: Actor, account: Account, kind: str, *, on: bool) -> bool:
    """Keep a member of ours from signing in, or let them; who is suspended is nobody to other servers as well.

    Their followers' servers learn the latter, as from Mastodon ("toot:suspended"). Browsers are signed out. Programs
    keep their tokens, as on Mastodon: they are refused (403) until it is taken back, and streams end at once. Who wants
    them to end for good has `maintenance.revoke`.
    """
    if on and account.role == "admin" and account.state == "active" and await storage.accounts.count_admins() == 1:
        raise Conflict("This is the only admin. Make somebody else an admin first.")
    closed = {FREEZE: "frozen", SUSPEND: "suspended"}[kind]
    before = account.state if on else closed
    if account.state != before or (on and account.state in (closed, "suspended")):
        return False
    await storage.accounts.set_state(account.id, before, closed if on else "active", clock.now_ms())
    await sessions.delete_all(account.id, None)
    await tokens.drop_codes(account.id)
    if kind == SUSPEND:
        await address_blocks.follow(account, suspended=on)
        changed = await storage.actors.by_id(target.id)
        assert changed is not None  # nobody deletes the row
        writes = Writes()
        await _leave(app, writes, changed)
        await _announce(app, writes, changed)
        await write(writes)
    return True


async def _announce(app: App, writes: Writes, changed: Actor) -> None:
    """Let followers' servers know that a member of ours is suspended, or no more: it is this server that says so."""
    update = activities.update(
        app.urls.activity(next_id()), changed.uri, await actors.document(app, changed), to=[PUBLIC],
        cc=[changed.followers],
    )  # fmt: skip
    publish(app, writes, changed, update, Audience(followers=(changed.id,)))


async def _leave(app: App, writes: Writes, target: Actor) -> None:
    """Whoever they follow has a follower less to write to, or one more again."""
    for followed in await storage.actors.followed_by(target.id):
        app.followers_changed(writes, followed)


async def _record(
    app: App, target: Actor, account: Account | None, what: str, by: Account | None, text: str, report_id: int | None,
    *, tell: bool,
) -> None:  # fmt: skip
    now = clock.now_ms()
    name = f"@{await storage.accounts.name_of(by.id)}" if by else audit.OPERATOR
    made = Sanction(next_id(), target.id, what, text, name, report_id, now)
    writes = Writes()
    sanctions.insert(writes, made)
    if tell and account is not None and what in TOLD:
        telling.tell(writes, next_id(), target.id, "moderation_warning", target.id, 0, now, made.id)
        mails.post(app, writes, "sanction", account=account.id, about=made.id)
    await write(writes)
    detail: dict[str, object] = {"report": report_id} if report_id is not None else {}
    if what != NOTE and text:
        detail["reason"] = text
    await audit.record(by, f"account.{what}", f"@{target.acct.lower()}", **detail)


def ends(actor: Actor) -> int:
    """When a suspended account of ours is deleted (ms since 1970), 0 for who is not suspended."""
    return actor.suspended_at + KEPT if actor.suspended_at is not None and actor.local else 0


async def erase_elsewhere(app: App, target_id: int, by: Account | None) -> None:
    """Erase all that is kept here of somebody elsewhere, who was suspended before, for good; bit by bit, in the jobs.

    Raises:
        NotAllowed: `by` may not.
        NotFound: there is nobody like that elsewhere.
        Conflict: they are not suspended.
    """
    powers.require(by, powers.DELETE)
    async with transaction():
        target = await storage.actors.by_id(target_id)
        if target is None or target.local or target.deleted_at is not None:
            raise NotFound("There is no such account.")
        if target.suspended_at is None:
            raise Conflict("Suspend the account first: that can be taken back.")
        farewells.record(app, writes := Writes(), target)
        await write(writes)
        await audit.record(by, "account.delete", f"@{target.acct.lower()}")
