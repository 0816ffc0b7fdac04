"""Mail is handed to a real SMTP server, encrypted and with its certificate checked, or not at all."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fedcomm import commands, mail_message, smtp
from fedcomm.app import App
from fedcomm.config import Config, load
from fedcomm.config.problems import ConfigError
from fedcomm.errors import Conflict, Invalid
from fedcomm.mail_message import Letter
from tests.mail import MailServer
from tests.netns.certificates import Authority

pytestmark = pytest.mark.anyio

LETTER = Letter("ann@mail.example", "A subject", ["One paragraph.", "Another one, with ümläuts."])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who certifies the mail servers of these tests."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def plain() -> AsyncIterator[MailServer]:
    """A mail server on this machine that knows no encryption."""
    async with MailServer() as server:
        yield server


def config(url: str, **more: object) -> Config:
    """Settings with mail."""
    made = Config(base_url="https://here.example", host="here.example", **more)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, mail=msgspec.structs.replace(made.mail, url=url, sender="forum@here.example"))


async def deliver(settings: Config, letter: Letter = LETTER) -> list[str]:
    """Hand a letter in."""
    message = mail_message.message(settings, "Rye forum", letter, 7)
    return await smtp.deliver(settings, message, letter.to)


async def test_a_server_on_this_machine_gets_mail_as_it_is(plain: MailServer) -> None:
    await deliver(config(plain.url))

    [(sender, recipient, mail)] = plain.mails
    assert (sender, recipient) == ("forum@here.example", "ann@mail.example")
    assert (mail["From"], mail["To"]) == ("Rye forum <forum@here.example>", "ann@mail.example")
    assert (mail["Subject"], mail["Message-ID"]) == ("A subject", "<7@here.example>")
    assert (mail["Auto-Submitted"], mail.get_content_type()) == ("auto-generated", "text/plain")
    assert plain.words() == "One paragraph. Another one, with ümläuts." and mail["Date"] and not mail["Bcc"]


async def test_whether_the_mail_server_answers_is_told_without_a_mail(plain: MailServer) -> None:
    await smtp.reached(config(plain.url))

    assert plain.mails == []
    with pytest.raises(smtp.Unsent, match=r"127\.0\.0\.1:1"):
        await smtp.reached(config("smtp://127.0.0.1:1"))


@pytest.mark.attack("ADM-06", "XSS-17")
async def test_nothing_that_people_write_becomes_a_header(plain: MailServer) -> None:
    evil = "Hi\r\nBcc: all@mail.example\r\n\r\nBuy \u2028 this"
    settings = config(plain.url)
    letter = Letter("ann@mail.example", evil, [evil, ".", "Bcc: x@mail.example"], stop="https://here.example/settings")

    await smtp.deliver(settings, mail_message.message(settings, evil, letter, 8), letter.to)

    [(_, _, mail)] = plain.mails
    assert mail["Bcc"] is None and mail["Subject"] == "Hi Bcc: all@mail.example Buy this"
    assert mail["From"].addresses[0].addr_spec == "forum@here.example" and len(mail["From"].addresses) == 1
    assert mail["List-Unsubscribe"] == "<https://here.example/settings>"
    assert plain.words().endswith("Buy this . Bcc: x@mail.example")
    for address in ("a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", '"a b"@c.example,d@e.example'):
        with pytest.raises(ValueError, match="addr"):
            await deliver(settings, Letter(address, "s", ["p"]))
    assert len(plain.mails) == 1


@pytest.mark.parametrize("first", [True, False])
async def test_other_servers_are_spoken_to_only_with_encryption_that_holds(
    authority: Authority, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedcomm.config.mail_server.loopback", lambda _host: False)  # as if it were elsewhere
    scheme = "smtps" if first else "smtp"
    async with (
        MailServer(authority.serves("127.0.0.1"), first=first, login="ann s3cret") as good,
        MailServer(authority.serves("other.example"), first=first) as other,
        MailServer() as bare,
    ):
        talk = await deliver(config(f"{scheme}://ann:s3cret@127.0.0.1:{good.port}", extra_ca_file=authority.file))
        assert good.encrypted == [True] and good.logins == ["ann s3cret"]
        assert "> AUTH …" in talk and not any("s3cret" in line or "YW5u" in line for line in talk)
        wrong = f"{scheme}://ann:guess@127.0.0.1:{good.port}"
        with pytest.raises(smtp.Unsent, match="535") as refused:
            await deliver(config(wrong, extra_ca_file=authority.file))
        assert not isinstance(refused.value, smtp.Refused)  # an admin can put it right
        with pytest.raises(smtp.Unsent, match="only ASCII") as unsaid:
            await smtp.reached(config(wrong.replace("guess", "gue%C3%9F"), extra_ca_file=authority.file))
        assert "gue" not in str(unsaid.value)
        for url, trusted in (
            (f"{scheme}://127.0.0.1:{good.port}", None),
            (f"{scheme}://127.0.0.1:{other.port}", authority.file),
            (f"{scheme}://127.0.0.1:{bare.port}", authority.file),
        ):
            with pytest.raises(smtp.Unsent):
                await deliver(config(url, extra_ca_file=trusted))
        assert len(good.mails) == 1 and not other.mails and not bare.mails


async def test_what_is_refused_for_good_is_told_from_what_is_refused_for_now(plain: MailServer) -> None:
    for verb, answer, good in (
        ("RCPT", "550 5.1.1 no such user", True), ("DATA", "554 we think it is spam", True),
        ("RCPT", "450 greylisted", False), ("MAIL", "451 later", False), ("CONNECT", "421 busy", False),
    ):  # fmt: skip
        plain.refuses = {verb: answer}
        with pytest.raises(smtp.Unsent, match=answer[:3]) as refused:
            await deliver(config(plain.url))
        assert isinstance(refused.value, smtp.Refused) == good, answer
    with pytest.raises(smtp.Unsent, match="Connection refused"):
        await deliver(config("smtp://127.0.0.1:1"))


async def test_an_admin_can_try_it(app: App, plain: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = {"address": "me@mail.example"}
    with pytest.raises(Conflict, match="off"):
        await commands.run(app, "mail.test", ask)
    monkeypatch.setattr(app, "config", config(plain.url))

    done = await commands.run(app, "mail.test", ask)
    plain.refuses = {"RCPT": "550 no such user"}
    not_done = await commands.run(app, "mail.test", ask)

    assert done["sent"] and plain.mails[0][1] == "me@mail.example" and "here.example" in plain.words()
    assert not not_done["sent"] and not_done["talk"][-1] != "" and "< 550 no such user" in not_done["talk"]
    with pytest.raises(Invalid):
        await commands.run(app, "mail.test", {"address": '"a"@b@c.example'})


def test_settings_of_mail_that_cannot_work_are_refused(tmp_path: Path) -> None:
    base = {"FEDCOMM_DATA_DIR": str(tmp_path), "FEDCOMM_BASE_URL": "https://groups.example"}
    url, sender = "FEDCOMM_MAIL_URL", "FEDCOMM_MAIL_SENDER"

    assert load(base).mail.url == ""
    assert load(base | {url: "smtps://u:p%40x@mail.example"}).mail.sender == "no-reply@groups.example"
    assert load(base | {url: "smtp://mail.example", sender: "a@b.example"}).mail.sender == "a@b.example"
    for given, said in (
        ({url: "mail.example:25"}, "neither with smtps"), ({url: "smtp://"}, "no host"),
        ({url: "smtp://mail.example:99999"}, "cannot be read"), ({url: "smtps://u@mail.example"}, "without a password"),
        ({url: "smtps://u:a/b@mail.example"}, "cannot be read"), ({url: "smtps://mail.example/x"}, "follows the host"),
        ({url: "smtp://mail.example", sender: "Forum <a@b.example>"}, "is no address"),
        ({url: "smtp://mail.example", "FEDCOMM_BASE_URL": "", }, "this machine only"),
        ({url: "smtp://localhost", "FEDCOMM_BASE_URL": ""}, "mail.sender"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=said):
            load(base | given)
