"""The job that writes a mail in the language of who gets it, and hands it to the mail server."""

import logging

from fedcomm import mail_message, mail_texts, mails, settings, smtp
from fedcomm.app import App
from fedcomm.mails import Mail

LOG = logging.getLogger("fedcomm.mail")


async def send(
    app: App, id: int, letter: str, account: int = 0, address: str = "", about: int = 0, language: str = ""
) -> None:
    """The job: send a mail, unless there is nothing to say any more.

    Raises:
        Unsent: the mail server does not take it now.
        Refused: it never will.
    """
    if not mails.on(app):  # since it was written down
        return
    written = await mail_texts.LETTERS[letter](app, Mail(id, letter, account, address, about, language))
    if written is None:
        return
    name = (await settings.current(app)).name or app.host
    await smtp.deliver(app.config, mail_message.message(app.config, name, written, id), written.to)
    LOG.info("mail letter=%s id=%d sent", letter, id)
