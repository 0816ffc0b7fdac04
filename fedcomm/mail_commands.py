"""What the command line asks about mail (`fedcomm mail`); `commands.COMMANDS` takes these in."""

from collections.abc import Awaitable, Callable
from typing import Any

from fedcomm import emails, mail_message, settings, smtp
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid
from fedcomm.mail_message import Letter
from storage.ids import next_id


async def _test(app: App, address: str) -> dict[str, Any]:
    """Send one mail now, and say what the mail server said."""
    if not app.config.mail.url:
        fix = 'name a mail server, for example [mail] url = "smtps://user:password@mail.example", and start again'
        raise Conflict("Mail is off: no mail server is named in the settings.", fix=fix)
    to = emails.check(address)
    if not to:
        raise Invalid("A test needs an address.", field="email", fix="fedcomm mail test you@example.org")
    letter = Letter(to, f"Mail from {app.host} works", [
        f"Somebody who runs {app.base_url} has tried whether it can send mail. It can.",
    ])  # fmt: skip
    name = (await settings.current(app)).name or app.host
    try:
        talk = await smtp.deliver(app.config, mail_message.message(app.config, name, letter, next_id()), to)
    except smtp.Unsent as unsent:
        return {"sent": False, "why": str(unsent), "talk": unsent.talk, "sender": app.config.mail.sender}
    return {"sent": True, "why": "", "talk": talk, "sender": app.config.mail.sender}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {"mail.test": _test}
