"""Every command as its users run it: while the server runs, and when it does not."""

import base64
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest

from activitypub.jcs import canonical
from fedcomm import cli
from tests.server.forking import ForkedInstance
from tests.server.running import Instance

PASSWORD = "correct horse battery staple\n"
VOLATILE = ("process_slot", "lease", "meta")  # what running itself writes


@pytest.fixture(params=["running", "alone"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """An instance with an admin, anna, and a group, rye; with a server that runs, or without."""
    made = ForkedInstance(tmp_path)
    if request.param == "running":
        made.start()
    else:
        assert command(made, "queue").stderr == f"a new instance begins in {made.data}: http://{made.host}\n"
    done(made, "account", "create", "anna", "--password-stdin", "--role", "admin", "--email", "a@x.test")
    words = ("--title", "Rye bread", "--summary", "All of it.", "--steward", "anna")
    assert "fedcomm group change rye --no-ladder" in done(made, "group", "create", "rye", *words)
    if request.param == "running":
        done(made, "queue", "--wait", "10")  # what follows from that has been done
    yield made
    made.kill()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Instance]:
    """Another instance, which runs."""
    (tmp_path / "other").mkdir()
    made = ForkedInstance(tmp_path / "other").start()
    yield made
    made.kill()


def command(instance: Instance, *arguments: str, given: str = PASSWORD) -> "subprocess.CompletedProcess[str]":
    """A command with the environment of the instance; in this process, since starting Python takes longer than most."""
    said, complaint = io.StringIO(), io.StringIO()
    surroundings = mock.patch.dict(os.environ, instance.environment(), clear=True)
    with (
        surroundings,
        redirect_stdout(said),
        redirect_stderr(complaint),
        mock.patch.object(sys, "stdin", io.StringIO(given)),
    ):
        try:
            code = cli.exit_code(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), complaint.getvalue())


def done(instance: Instance, *arguments: str, given: str = PASSWORD) -> str:
    """What a command says that is carried out."""
    answer = command(instance, *arguments, given=given)
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return answer.stdout.strip()


def kept(instance: Instance) -> list[str]:
    """Everything in its database, but what running itself writes."""
    with sqlite3.connect(f"file:{instance.data}/fedcomm.db?mode=ro", uri=True) as opened:
        return [line for line in opened.iterdump() if not any(f'INTO "{name}"' in line for name in VOLATILE)]


def lookup(instance: Instance, acct: str) -> int:
    """The status with which the server answers who somebody is; it is started for that."""
    if instance.process is None:
        instance.start()
    return instance.get(f"/api/v1/accounts/lookup?acct={acct}").status


def test_an_account_is_made_changed_and_deleted(instance: Instance) -> None:
    assert (
        done(instance, "account", "create", "bob", "--password-stdin") == f"@bob@{instance.host} can sign in (member)."
    )
    assert done(instance, "account", "promote", "bob", "moderator") == "bob is moderator."
    old = done(instance, "account", "token", "bob", "--scopes", "read write follow push")
    changed = done(instance, "account", "password", "bob", "--password-stdin", given="another password 1\n")
    assert "signed out everywhere" in changed
    new = done(instance, "account", "token", "@bob")
    assert done(instance, "account", "create", "carol", "--password-stdin")
    assert "carol is deleted" in done(instance, "account", "delete", "carol")

    assert lookup(instance, "bob") == 200
    assert lookup(instance, "carol") == 404
    who = "/api/v1/accounts/verify_credentials"
    assert instance.get(who, authorization=f"Bearer {new}").json["role"]["name"] == "Moderator"
    assert instance.get(who, authorization=f"Bearer {old}").status == 401  # CVE-2025-62174: revoked with the password
    again = command(instance, "account", "create", "carol", "--password-stdin", given=PASSWORD)
    assert (again.returncode, "taken" in again.stderr) == (2, True)


@pytest.mark.attack("ADM-23")
def test_a_sign_up_waits_until_it_is_approved(instance: Instance) -> None:
    if instance.process is None:
        instance.start()
    instance.stop()
    with sqlite3.connect(instance.data / "fedcomm.db") as opened:
        opened.execute("UPDATE account SET state = 'pending'")
    refused = command(instance, "account", "token", "anna")

    assert done(instance, "account", "approve", "anna") == "anna can sign in."
    assert refused.returncode == 2
    assert "fix: let it in first: fedcomm account approve NAME" in refused.stderr
    assert len(done(instance, "account", "token", "anna")) == 43


def test_a_group_is_made_joined_and_somebody_kept_out_of_it(instance: Instance) -> None:
    done(instance, "account", "create", "bob", "--password-stdin")

    assert done(instance, "follow", "bob", "rye") == "bob follows @rye."
    assert done(instance, "follow", "anna", f"http://{instance.host}/@bob") == "anna follows @bob."
    assert done(instance, "group", "ban", "rye", "bob") == "@bob is banned from rye."
    if instance.process is None:
        assert "unread: " in command(instance, "queue").stdout  # nobody works, so what was published waits
        instance.start()
    assert done(instance, "queue", "--wait", "20").startswith("Nothing waits.")
    assert json.loads(done(instance, "queue", "--json"))["idle"] is True

    refused = command(instance, "follow", "bob", "rye")
    assert refused.returncode == 2
    assert "banned" in refused.stderr
    assert lookup(instance, "rye") == 200


def test_moderators_are_appointed_and_dismissed_and_bans_are_lifted(instance: Instance) -> None:
    done(instance, "account", "create", "bob", "--password-stdin")

    assert done(instance, "group", "appoint", "rye", "bob") == "@bob moderates rye."
    assert done(instance, "group", "appoint", "rye", "bob", "--steward") == "@bob is steward of rye."
    assert done(instance, "group", "change", "rye", "--votes", "up", "--title", "Rye") == "rye is changed."
    assert done(instance, "group", "dismiss", "rye", "anna") == "@anna does not look after rye any more."
    assert done(instance, "group", "ban", "rye", "anna") == "@anna is banned from rye."
    assert done(instance, "group", "unban", "rye", "anna") == "@anna is not banned from rye any more."
    assert done(instance, "follow", "anna", "rye") == "anna follows @rye."

    assert lookup(instance, "rye") == 200
    assert instance.get("/c/rye", accept="application/activity+json").json["name"] == "Rye"
    listed = instance.get("/c/rye/moderators", accept="application/activity+json").json
    assert listed["orderedItems"] == [f"http://{instance.host}/users/bob"]


def test_somebody_elsewhere_is_followed_and_banned(instance: Instance, other: Instance) -> None:
    done(other, "account", "create", "bob", "--password-stdin")
    assert "ladder" not in done(other, "group", "create", "oats", "--title", "Oats", "--no-ladder")

    followed = done(instance, "follow", "anna", f"@bob@{other.host}")
    joined = done(instance, "follow", "anna", f"http://{other.host}/c/oats")
    banned = done(instance, "group", "ban", "rye", f"bob@{other.host}")
    waiting = command(instance, "queue")
    if instance.process is None:
        instance.start()
    for asked in (instance, other, instance):  # the request goes out, is granted, and the answer is taken in
        done(asked, "queue", "--wait", "20")

    assert followed == f"anna has asked to follow @bob@{other.host}."
    assert joined == f"anna has asked to follow @oats@{other.host}."
    assert banned == f"@bob@{other.host} is banned from rye."
    assert waiting.returncode in (0, 1) and "fix:" not in waiting.stderr
    assert done(instance, "follow", "anna", f"@bob@{other.host}") == f"anna follows @bob@{other.host}."
    assert other.get("/api/v1/accounts/lookup?acct=bob").json["followers_count"] == 1
    assert f"{other.host}: nothing decided, fedcomm 0." in done(instance, "peer", "list")


def test_a_server_is_suspended_limited_allowed_and_forgiven(instance: Instance, other: Instance) -> None:
    done(other, "account", "create", "bob", "--password-stdin")

    assert f"{other.host} is suspended" in done(instance, "peer", "suspend", other.host, "--reason", "spam")
    refused = command(instance, "follow", "anna", f"@bob@{other.host}")
    assert json.loads(done(instance, "peer", "list", "--json"))[0]["policy"] == "suspend"
    assert f"{other.host} has" in done(instance, "peer", "purge", other.host, "--dry-run")
    assert "--yes" in command(instance, "peer", "purge", other.host).stderr
    assert "media are not taken" in done(instance, "peer", "reject", other.host, "--media")
    assert "wait on the page" in done(instance, "peer", "hold", other.host)
    assert "is limited" in done(instance, "peer", "limit", other.host, "--reason", "noise", "--hide-name")
    told = done(instance, "peer", "show", other.host)
    assert (
        f"{other.host}: limit, no media, first words held" in told
        and "reason: noise" in told
        and "part of its name" in told
    )
    assert "media and reports are taken" in done(instance, "peer", "reject", other.host, "--no-media")
    assert "come through" in done(instance, "peer", "hold", other.host, "--no")
    assert "tried now" in done(instance, "peer", "retry", other.host)
    assert "is allowed" in done(instance, "peer", "allow", other.host)
    assert "Nothing is decided" in done(instance, "peer", "clear", other.host)
    assert "Nothing new is taken in" in done(instance, "maintenance", "on", "--reason", "New disk")
    assert "taken in again" in done(instance, "maintenance", "off")
    assert "192.0.2.0/24 is closed" in done(instance, "network", "block", "192.0.2.9/24", "--reason", "Bots")
    assert "192.0.2.0/24: no_access, for ever. Bots" in done(instance, "network", "list")
    assert "192.0.2.0/24 is open" in done(instance, "network", "unblock", "192.0.2.0/24")
    assert done(instance, "network", "list") == "Nothing is decided about any network."
    assert "has new keys" in done(instance, "account", "rotate", "rye")
    assert "anna is signed out" in done(instance, "account", "revoke", "anna")
    assert "0 tokens and 0 sessions" in done(instance, "account", "revoke", "--all")
    assert done(instance, "queue", "list") == "Nothing was given up."
    assert "came in and not looked at yet: 0" in done(instance, "queue", "stats")
    assert "0 copies would go" in done(instance, "media", "prune")

    assert refused.returncode == 2
    assert done(instance, "follow", "anna", f"@bob@{other.host}") == f"anna has asked to follow @bob@{other.host}."


def test_a_list_of_servers_is_brought_in_applied_undone_and_passed_on(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("#domain,#severity\nspam.example,suspend\nnoisy.example,silence\n")

    shown = done(instance, "peer", "import", str(tmp_path / "list.csv"))
    number = shown.partition(":")[0].removeprefix("List ")
    before = done(instance, "peer", "export")
    applied = done(instance, "peer", "apply", number)
    if instance.process is None:
        instance.start()  # whose worker does it
    done(instance, "queue", "--wait", "20")

    assert "2 new, 0 stricter" in shown and "Nothing is decided yet." in shown and "spam" not in before
    assert f"peer undo {number}" in applied
    assert "spam.example,suspend" in done(instance, "peer", "export")
    assert done(instance, "peer", "export", "--form", "txt") == "spam.example"
    again = command(instance, "peer", "import", str(tmp_path / "list.csv"))
    assert again.returncode == 2 and "decided here already" in again.stderr
    done(instance, "peer", "undo", number)
    assert "as number" in done(instance, "peer", "subscribe", "https://10.0.0.1/a", "--priority", "3")
    assert done(instance, "peer", "never-block", "friend.example") == "friend.example"
    assert "may block every" in done(instance, "peer", "never-block", "--remove", "friend.example")
    assert "when 2 of them name it" in (said := done(instance, "peer", "subscriptions", "--at-least", "2"))
    assert "priority 3, drafts" in said
    assert "in a moment" in done(instance, "peer", "fetch", "https://10.0.0.1/a")
    assert "read no more" in done(instance, "peer", "unsubscribe", "https://10.0.0.1/a")
    done(instance, "queue", "--wait", "20")
    assert "spam" not in done(instance, "peer", "export")


def test_the_log_of_admins_is_taken_along_and_shows_what_was_done_to_it(instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    done(instance, "audit", "verify")  # what was done for groups is in it then
    done(instance, "peer", "limit", "far.example")
    file.write_text(done(instance, "audit", "export") + "\n")
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    done(instance, "peer", "limit", "near.example")

    for number, entry in enumerate(entries, 1):  # as others check it
        fields = [entry[name] for name in ("id", "at", "actor", "act", "subject", "detail", "previous")]
        assert entry["id"] == number and base64.b64decode(entry["hash"]) == sha256(canonical(fields)).digest()
        assert number == 1 or entry["previous"] == entries[number - 2]["hash"]
    assert [entry["act"] for entry in entries] == ["account.create", "group.create", "moderate.role", "peer.policy"]
    assert done(instance, "audit", "verify", str(file)).startswith("5 entries, all as they were written.")

    with sqlite3.connect(instance.data / "fedcomm.db") as opened:
        opened.execute("DROP TRIGGER audit_is_not_deleted")
        opened.execute("DELETE FROM audit WHERE id > 3")
    cut = command(instance, "audit", "verify", str(file))
    assert cut.returncode == 2 and "differ from entry 4 on" in cut.stderr and "fix: " in cut.stderr
    assert done(instance, "audit", "verify").startswith("3 entries")  # alone it cannot know

    with sqlite3.connect(instance.data / "fedcomm.db") as opened:
        opened.execute("DROP TRIGGER audit_is_not_changed")
        opened.execute("UPDATE audit SET actor = '@bob'")
    changed = command(instance, "audit", "verify")
    assert (
        changed.returncode == 2 and "Entry 1 is not as it was written" in changed.stderr and "fix: " in changed.stderr
    )


def test_an_invitation_is_printed_and_works(instance: Instance) -> None:
    link = done(instance, "invite", "--group", "rye", "--uses", "2")

    assert lookup(instance, "anna") == 200
    assert link.startswith(f"http://{instance.host}/invite/")
    assert instance.get(link.removeprefix(f"http://{instance.host}")).status == 200
    assert instance.get("/invite/another").status == 404


WRONG = [
    (("account", "create", "anna", "--password-stdin"), "taken"),
    (("account", "create", "ANNA", "--password-stdin"), "taken"),
    (("account", "create", "rye", "--password-stdin"), "taken"),
    (("account", "create", "b b", "--password-stdin"), "1 to 30 characters"),
    (("account", "create", "", "--password-stdin"), "1 to 30 characters"),
    (("account", "create", "../x", "--password-stdin"), "1 to 30 characters"),
    (("account", "create", "admin", "--password-stdin"), "reserved"),
    (("account", "create", "bob", "--password-stdin", "--email", "a@evil@x.test"), "no"),
    (
        ("account", "create", "bob", "--password-stdin", "--email", "a@x.test"),
        "Another account has this e-mail address",
    ),
    (("account", "create", "bob", "--password-stdin", "--role", "king"), "king"),
    (("account", "create", "bob"), "--password-stdin"),
    (("account", "approve", "nobody"), "no account called nobody"),
    (("account", "approve", "anna"), "does not wait"),
    (("account", "approve", "rye"), "no account called rye"),
    (("account", "password", "nobody", "--password-stdin"), "no account called nobody"),
    (("account", "promote", "nobody"), "no account called nobody"),
    (("account", "promote", "anna", "member"), "the only admin"),
    (("account", "delete", "nobody"), "no account called nobody"),
    (("account", "delete", "anna"), "the only admin"),
    (("account", "token", "nobody"), "no account called nobody"),
    (("account", "token", "anna", "--scopes", "read fly"), "no scope fly"),
    (("account", "token", "anna", "--scopes", ""), "needs a scope"),
    (("group", "create", "rye", "--title", "Rye"), "taken"),
    (("group", "create", "anna", "--title", "Anna"), "taken"),
    (("group", "create", "r/ye", "--title", "Rye"), "1 to 30 characters"),
    (("group", "create", "oats", "--title", " "), "needs a title"),
    (("group", "create", "oats", "--title", "x" * 101), "at most 100"),
    (("group", "create", "oats", "--title", "x", "--summary", "x" * 5001), "5000"),
    (("group", "create", "oats", "--title", "x", "--steward", "nobody"), "no member called nobody"),
    (("group", "create", "oats", "--title", "x", "--steward", "rye"), "no member called rye"),
    (("group", "create", "oats"), "--title"),
    (("group", "ban", "nothing", "anna"), "no group called nothing"),
    (("group", "ban", "rye", "nobody"), "nobody"),
    (("group", "ban", "rye", "bob@nowhere.invalid"), "nowhere.invalid"),
    (("group", "ban", "rye", "http://127.0.0.1:1/users/bob"), "127.0.0.1"),
    (("group", "unban", "rye", "anna"), "is not banned"),
    (("group", "appoint", "rye", "rye"), "Only people"),
    (("group", "appoint", "rye", "nobody"), "nobody"),
    (("group", "appoint", "nothing", "anna"), "no group called nothing"),
    (("group", "dismiss", "rye", "nobody"), "nobody"),
    (("follow", "anna", "nobody"), "nobody"),
    (("follow", "anna", "anna"), "Nobody follows themselves"),
    (("follow", "nobody", "rye"), "no account called nobody"),
    (("follow", "rye", "anna"), "no account called rye"),
    (("follow", "anna", "bob@nowhere.invalid"), "nowhere.invalid"),
    (("follow", "anna", "https://nowhere.invalid/bob"), "nowhere.invalid"),
    (("follow", "anna", "https://"), "https:// was not found"),
    (("follow", "anna", "ftp://x.test/bob"), "ftp://x.test/bob was not found"),
    (("follow", "anna", "no handle at all"), "no handle at all"),
    (("follow", "anna"), "HANDLE|URL"),
    (("peer", "suspend", "no name"), "not the name of a server"),
    (("peer", "suspend", "127.0.0.1"), "this server itself"),
    (("peer", "suspend", "http://127.0.0.1/about"), "this server itself"),
    (("peer", "suspend"), "HOST"),
    (("peer", "reject", "far.example"), "--media or --reports"),
    (("peer", "apply", "7"), "no such list"),
    (("peer", "subscribe", "nowhere"), "no address of a list"),
    (("peer", "unsubscribe", "7"), "no such subscription"),
    (("peer", "never-block", "no name"), "not the name of a server"),
    (("peer", "import", "pyproject.toml"), "This is no list of servers"),
    (("peer", "purge", "unmet.example"), "Suspend the server first"),
    (("settings", "registrations", "never"), "approval"),
    (("mail-domain", "close", "no domain"), "This is no domain"),
    (("mail-domain", "open", "x.example"), "no such domain"),
    (("post", "receipt", "7"), "no such post"),
    (("post", "move", "7", "rye"), "no such post"),
    (("post", "purge", "7", "--yes"), "no such post"),
    (("post", "purge", "7"), "nobody to ask"),
    (("actor", "refresh", "nobody@nowhere.invalid"), "was not found"),
    (("actor", "fetch", "anna"), "was not found"),
    (("media", "refresh", "no name"), "not the name of a server"),
    (("media", "lookup", "nowhere"), "no such picture"),
    (("peer", "retry", "unmet.example"), "is not known here"),
    (("peer", "show", "unmet.example"), "is not known here"),
    (("network", "block", "nowhere"), "no address and no network"),
    (("network", "unblock", "192.0.2.0/24"), "no such network"),
    (("account", "revoke"), "--all for everybody"),
    (("account", "revoke", "nobody"), "no account called nobody"),
    (("account", "rotate", "nobody"), "Nobody called nobody"),
    (("queue", "retry"), "--peer HOST"),
    (("queue", "hold", "unmet.example"), "is not known here"),
    (("queue", "release", "no name"), "not the name of a server"),
    (("queue", "retry", "job:7"), "not there any more"),
    (("queue", "drop", "what"), "names nothing that waits"),
    (("queue", "drop", "--peer", "unmet.example"), "Nothing waits for"),
    (("invite", "--uses", "0"), "1 to 1000"),
    (("invite", "--days", "9999"), "1 to 365"),
    (("invite", "--group", "nothing"), "no group called nothing"),
    (("queue", "--wait", "-1"), "--wait"),
    (("queue", "--wait", "long"), "--wait"),
]


def test_what_is_asked_wrongly_is_refused_with_a_sentence_and_changes_nothing(instance: Instance) -> None:
    before = kept(instance)

    for arguments, said in WRONG:
        answer = command(instance, *arguments)
        lines = answer.stderr.splitlines()
        assert (answer.returncode, answer.stdout) == (2, ""), arguments
        assert said in answer.stderr and lines[-1].startswith("fix: ") and len(lines) == 2, (arguments, lines)
    for given in ("", "\n", "short\n", "a" * 2000 + "\n", "abababab\n"):
        assert command(instance, "account", "create", "bob", "--password-stdin", given=given).returncode == 2, given

    assert kept(instance) == before


def test_an_emoji_and_an_announcement_are_made_and_ended(instance: Instance, tmp_path: Path) -> None:
    picture = tmp_path / "oven.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10")

    assert ":oven: can be used" in done(instance, "emoji", "add", "oven", str(picture), "--category", "Bakery")
    assert done(instance, "emoji", "list").startswith(":oven:")
    assert command(instance, "emoji", "add", "oven", str(picture)).returncode != 0
    assert ":oven: can be used" in done(instance, "emoji", "add", "oven", str(picture), "--replace")
    assert done(instance, "emoji", "remove", "oven") == ":oven: is deleted."
    assert done(instance, "emoji", "list") == ""
    said = done(instance, "announce", "make", "Hello", "--ends", "2126-01-01")
    number = said.split()[1]
    assert said == f"Announcement {number} is shown."
    assert "is changed" in done(instance, "announce", "edit", number, "Hello again")
    assert "not shown any more" in done(instance, "announce", "end", number)
    assert command(instance, "announce", "end", "7").returncode != 0
