"""What was held back of people elsewhere whom nobody here knows: looked through, let in, or refused.

Which posts that are, `inbox/contacts.py` says. Whoever is let in is known from then on: nothing of theirs waits again.
"""

from fedcomm import audit, clock, intake, powers, sanctions
from fedcomm.app import App
from fedcomm.errors import AppError, NotFound
from storage import accounts, actors, bus, caught, jobs
from storage.accounts import Account
from storage.connect import Writes, transaction, write
from storage.ids import next_id


async def release(app: App, by: Account | None, actor_id: int) -> None:
    """Let in all that waits of somebody, who is known from now on.

    Raises:
        NotAllowed: `by` may not.
        NotFound: there is nobody like that.
    """
    powers.require(by, powers.SPAM)
    async with transaction():
        author = await actors.by_id(actor_id)
        if author is None or author.local:
            raise NotFound("There is no such account.")
        writes = Writes()
        for each in await caught.of_actor(author.id):
            caught.take_up(writes, each, next_id(), intake.mark(each.signer, f"{each.post_uri} {each.id}"))
        caught.trust(writes, author.id, clock.now_ms())
        if not app.intake.alone:
            bus.add(writes, "inbox", "")
        await write(writes)
        await audit.record(by, "contact.release", f"@{author.acct.lower()}")
    app.intake.more()


async def release_all(app: App, by: Account | None, text_key: str) -> int:
    """Let in everybody whose posts with a text wait; how many people that are.

    Raises:
        NotAllowed: `by` may not.
    """
    powers.require(by, powers.SPAM)
    people = await caught.people(text_key, caught.WAITING)
    for actor_id in people:
        await release(app, by, actor_id)
    return len(people)


async def refuse(app: App, by: Account | None, text_key: str, *, suspend: bool = False) -> int:
    """All that waits with a text comes to nobody; how many posts that are. With `suspend` its authors are suspended.

    Raises:
        NotAllowed: `by` may not.
        NotFound: nothing waits with it.
    """
    powers.require(by, powers.SPAM)
    async with transaction():
        posts = await caught.refuse(text_key)
        if not posts:
            raise NotFound("Nothing waits there any more.")
        if suspend:
            args: dict[str, object] = {"text": text_key, "by": by.id if by else 0, "reason": ""}
            jobs.add(writes := Writes(), next_id(), "suspend_caught", args, clock.now_ms())
            app.jobs_added(writes)
            await write(writes)
        # Without the text: what is in the log is never erased, and spam may tell of somebody (docs/decisions/0048).
        await audit.record(by, "contact.refuse", text_key, posts=posts, suspend=suspend)
    return posts


async def suspend(app: App, text: str, by: int, reason: str) -> None:
    """The job: suspend everybody whose posts with that text were refused; who is so already stays so."""
    admin = await accounts.by_id(by) if by else None
    for actor_id in await caught.people(text, caught.REFUSED):
        try:
            await sanctions.act(app, actor_id, sanctions.SUSPEND, admin, reason)
        except AppError:  # gone meanwhile
            continue
