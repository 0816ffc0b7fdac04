"""Who may have an account, and what ends when."""

import asyncio
from pathlib import Path

import msgspec
import pytest

import storage.accounts
import storage.actors
import storage.audit
from activitypub import documents
from fedcomm import accounts, audit, commands, invites, maintenance, passwords, sessions, settings, tokens
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooMany
from storage.connect import rows, transaction, value

pytestmark = pytest.mark.anyio

GOOD = "correct horse battery"


async def alive(token: str) -> bool:
    """Whether a program can still act with the token."""
    sql = "SELECT 1 FROM oauth_token WHERE token_hash = ? AND revoked_at IS NULL"
    return await value(sql, (tokens.hash_of(token),)) is not None


async def test_an_account_made_by_the_operator_can_sign_in_by_name_and_by_address(app: App) -> None:
    made = await accounts.create(app, "Ann", GOOD, "Ann@Mail.example")

    for login in ("ann", "@Ann", "ANN", "ann@here.example", "ann@mail.example", " ann "):
        assert (await accounts.authenticate(app, login, GOOD)).id == made.id
    actor = await storage.actors.by_id(made.actor_id)
    assert actor and actor.username == "ann" and not actor.gone


@pytest.mark.attack("ADM-03")
async def test_whatever_is_wrong_the_answer_is_the_same(app: App) -> None:
    await accounts.create(app, "ann", GOOD, "ann@mail.example")
    answers = set()

    for login, password in [
        ("ann", "wrong password"),
        ("ann@mail.example", "wrong password"),
        ("nobody", GOOD),
        ("nobody@mail.example", GOOD),
        ("", ""),
        ("\0", GOOD),
        ("ann", "x" * 2000),
        ("ann", "\ud800" * 9),
        ("a" * 1000, GOOD),
    ]:
        with pytest.raises(NotAllowed) as error:
            await accounts.authenticate(app, login, password)
        answers.add(str(error.value))

    assert len(answers) == 1


@pytest.mark.attack("ADM-03")
async def test_an_unknown_name_costs_as_much_work_as_a_known_one(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await accounts.create(app, "ann", GOOD)
    hashed: list[str] = []
    real = passwords._hasher.verify
    counting = type(
        "Counting", (), {"verify": lambda _self, stored, given: (hashed.append(stored), real(stored, given))}
    )
    monkeypatch.setattr(passwords, "_hasher", counting())

    for login in ("ann", "nobody"):
        with pytest.raises(NotAllowed):
            await accounts.authenticate(app, login, "wrong password")

    assert (
        len(hashed) == 2
        and hashed[0].rpartition("$")[0].rpartition("$")[0] == hashed[1].rpartition("$")[0].rpartition("$")[0]
    )


@pytest.mark.attack("ADM-01")
async def test_guessing_from_one_address_ends_after_25_tries(app: App) -> None:
    for number in range(25):
        with pytest.raises(NotAllowed):
            await accounts.authenticate(app, f"name{number}", GOOD, "2001:db8::1")

    with pytest.raises(TooMany):
        await accounts.authenticate(app, "other", GOOD, "2001:db8::ffff:2")  # the same /64
    with pytest.raises(NotAllowed):
        await accounts.authenticate(app, "other", GOOD, "2001:db8:0:1::1")


@pytest.mark.attack("ADM-01")
async def test_guessing_at_one_account_from_everywhere_ends_but_does_not_lock_its_owner_out(
    app: App, pass_time
) -> None:
    await accounts.create(app, "ann", GOOD)
    await accounts.authenticate(app, "ann", GOOD, "192.0.2.1")
    for number in range(25):
        with pytest.raises(NotAllowed):
            await accounts.authenticate(app, "ann", "a guess", f"198.51.100.{number}")

    with pytest.raises(TooMany):
        await accounts.authenticate(app, "Ann", GOOD, "198.51.100.200")
    with pytest.raises(TooMany):
        await accounts.authenticate(app, "@ann@here.example", GOOD, "198.51.100.201")
    assert await accounts.authenticate(app, "ann", GOOD, "192.0.2.1")

    pass_time(3601)
    assert await accounts.authenticate(app, "ann", GOOD, "198.51.100.200")


@pytest.mark.attack("ADM-01")
async def test_many_tries_at_once_are_counted_like_tries_one_by_one(app: App) -> None:
    await accounts.create(app, "ann", GOOD)

    tries = [accounts.authenticate(app, "ann", f"a guess {n}", f"198.51.100.{n}") for n in range(40)]
    results = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(result, TooMany) for result in results) == 15


@pytest.mark.attack("ADM-02")
async def test_the_whole_password_counts_and_long_ones_are_refused(app: App) -> None:
    long = "x" + "ü\0ab" * 100
    await accounts.create(app, "ann", long)

    assert await accounts.authenticate(app, "ann", long)
    for wrong in (long[:-1], long[:72], long + "x", long.replace("\0", "")):
        with pytest.raises(NotAllowed):
            await accounts.authenticate(app, "ann", wrong)
    for refused in ("short 7", "ann", "ANN", "x" * 1001, "aaaaaaaaaa", "x" * 1_000_000, "abcdefgh\ud800"):
        with pytest.raises(Invalid):
            await accounts.create(app, "bob", refused)


@pytest.mark.attack("ADM-02")
async def test_it_does_not_matter_how_a_keyboard_composes_accents(app: App) -> None:
    await accounts.create(app, "ann", "Grüße aus Köln")

    assert await accounts.authenticate(app, "ann", "Gru\u0308ße aus Ko\u0308ln")


@pytest.mark.attack("ADM-02")
async def test_an_old_hash_is_renewed_at_sign_in(app: App) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415 - stands for an older version of fedcomm

    account = await accounts.create(app, "ann", GOOD)
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    await storage.accounts.set_password(account.id, old)

    await accounts.authenticate(app, "ann", GOOD)

    renewed = await storage.accounts.by_id(account.id)
    assert renewed and renewed.password_hash != old and not passwords.outdated(renewed.password_hash)
    assert await accounts.authenticate(app, "ann", GOOD)


@pytest.mark.attack("ADM-21")
@pytest.mark.parametrize(
    "name",
    ["admin", "Root", "api", ".well-known", "here.example", "here_example", "adm1n", "r00t", "m0derator", "_admin_",
     "", "a" * 31, "ann bob", "аnn", "ann\u200b", "ann\0", "a.b", "a-b", "inbox", "../x", "actor", "ａｎｎ"],
)  # fmt: skip
async def test_names_that_mislead_or_are_reserved_are_refused(app: App, name: str) -> None:
    with pytest.raises(Invalid):
        await accounts.create(app, name, GOOD)


@pytest.mark.attack("ADM-21")
async def test_of_two_sign_ups_for_one_name_one_wins(app: App) -> None:
    signing_up = [accounts.sign_up(app, name, GOOD) for name in ("Ann", "ann", "ANN")]
    results = await asyncio.gather(*signing_up, return_exceptions=True)

    assert sorted(isinstance(result, AppError) for result in results) == [False, True, True], results


@pytest.mark.attack("ADM-11")
async def test_nobody_comes_in_unasked(app: App) -> None:
    asked = await accounts.sign_up(app, "ann", GOOD, "ann@mail.example", "I garden")

    assert asked.state == "pending" and asked.role == "member"
    with pytest.raises(NotAllowed, match="waiting"):
        await accounts.authenticate(app, "ann", GOOD)
    with pytest.raises(NotAllowed):
        await tokens.issue(app, "ann", "read")
    actor = await storage.actors.local("ann")
    assert actor and actor.gone  # nobody finds who is not here yet

    await accounts.approve(app, "ann")
    actor = await storage.actors.local("ann")
    assert actor and not actor.gone
    assert await accounts.authenticate(app, "ann", GOOD)
    with pytest.raises(Conflict):
        await accounts.approve(app, "ann")


@pytest.mark.attack("ADM-11")
async def test_where_one_needs_an_invitation_nobody_comes_in_without(app: App) -> None:
    await settings.change(app, None, {"registration": "invite"})

    for invite in ("", "x", "y" * 43, "z" * 10_000):
        with pytest.raises((NotAllowed, NotFound)):
            await accounts.sign_up(app, "ann", GOOD, invite=invite)
    assert await storage.actors.local("ann") is None


async def test_a_server_may_be_opened_to_everybody(app: App) -> None:
    await settings.change(app, None, {"registration": "open"})

    assert (await accounts.sign_up(app, "ann", GOOD)).state == "active"


async def test_in_tests_sign_ups_can_be_confirmed_at_once(app: App) -> None:
    app.config = msgspec.structs.replace(app.config, confirm_signups=True)

    assert (await accounts.sign_up(app, "ann", GOOD)).state == "active"


@pytest.mark.attack("ADM-03", "PRI-23")
async def test_signing_up_does_not_tell_whose_address_is_known_here(app: App) -> None:
    await accounts.create(app, "ann", GOOD, "ann@mail.example")

    second = await accounts.sign_up(app, "eve", "another password", "ANN@mail.example")

    assert second.state == "pending"
    assert (await accounts.authenticate(app, "ann@mail.example", GOOD)).id != second.id
    (waiting,) = await storage.accounts.waiting()
    assert waiting.email_shared
    with pytest.raises(Conflict):  # the operator is told
        await accounts.create(app, "bob", GOOD, "Ann@mail.example")


@pytest.mark.attack("ADM-06")
@pytest.mark.parametrize(
    "email",
    ['"a@evil"@good.example', "a@b@c.example", "a(comment)@b.example", "a b@c.example", "a@[192.0.2.1]", "a@b",
     "@b.example", "a@-b.example", "a..b@c.example", "a@b.example\r\nBcc: x@y.example", "ä@b.example",
     "a@b.example,c@d.example",
     "<a@b.example>", "a@b..example", "a" * 65 + "@b.example", "a@" + "b" * 64 + ".example", "a\0@b.example"],
)  # fmt: skip
async def test_addresses_that_programs_read_differently_are_refused(app: App, email: str) -> None:
    with pytest.raises(Invalid):
        await accounts.sign_up(app, "ann", GOOD, email)


async def test_sign_ups_from_one_address_are_limited(app: App) -> None:
    for number in range(5):
        await accounts.sign_up(app, f"ann{number}x", GOOD, address="192.0.2.1")

    with pytest.raises(TooMany):
        await accounts.sign_up(app, "ann", GOOD, address="192.0.2.1")
    assert await accounts.sign_up(app, "ann", GOOD, address="192.0.2.2")


async def test_a_sign_up_that_is_turned_away_leaves_nothing_behind(app: App) -> None:
    await accounts.sign_up(app, "ann", GOOD)

    await accounts.reject(app, "ann")

    assert await storage.actors.local("ann") is None
    assert await accounts.create(app, "ann", "another password")
    with pytest.raises(Conflict):
        await accounts.reject(app, "ann")


@pytest.mark.attack("OAU-07", "ADM-04", "ADM-23")
async def test_a_new_password_ends_every_session_and_token(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    cookie = await sessions.open(app, account.id, "A browser")
    token = await tokens.issue(app, "ann", "read write")

    await accounts.set_password(app, "ann", "another password")

    assert await sessions.find(app, cookie) is None
    assert not await alive(token)
    with pytest.raises(NotAllowed):
        await accounts.authenticate(app, "ann", GOOD)
    assert await accounts.authenticate(app, "ann", "another password")


@pytest.mark.attack("OAU-07", "ADM-04")
async def test_changing_ones_own_password_keeps_only_the_session_it_is_done_in(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    here, stolen = [await sessions.open(app, account.id, "A browser") for _ in range(2)]
    token = await tokens.issue(app, "ann", "read")
    session = await sessions.find(app, here)
    assert session

    with pytest.raises(NotAllowed):
        await accounts.change_password(app, account, "wrong password", "another password", session.id)
    assert await sessions.find(app, stolen)
    await accounts.change_password(app, account, GOOD, "another password", session.id)

    assert await sessions.find(app, here)
    assert await sessions.find(app, stolen) is None
    assert not await alive(token)


@pytest.mark.attack("ADM-01")
async def test_the_present_password_cannot_be_guessed_from_a_stolen_session(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    for _ in range(25):
        with pytest.raises(NotAllowed):
            await accounts.change_password(app, account, "a guess", "another password")

    with pytest.raises(TooMany):
        await accounts.change_password(app, account, GOOD, "another password")


@pytest.mark.attack("OAU-07", "OAU-14")
async def test_browsers_of_who_is_suspended_are_signed_out_and_tokens_kept_but_for_those_that_are_ended(
    app: App,
) -> None:
    account = await accounts.create(app, "ann", GOOD)
    cookie, token = await sessions.open(app, account.id, ""), await tokens.issue(app, "ann", "read")

    await accounts.set_suspended(app, "ann", True)

    assert await sessions.find(app, cookie) is None and await alive(token)  # web/auth.py refuses it meanwhile
    with pytest.raises(NotAllowed, match="suspended"):
        await accounts.authenticate(app, "ann", GOOD)
    with pytest.raises(NotAllowed):
        await tokens.issue(app, "ann", "read")
    await maintenance.revoke(app, "ann")
    await accounts.set_suspended(app, "ann", False)
    assert await accounts.authenticate(app, "ann", GOOD) and not await alive(token)
    assert await sessions.find(app, cookie) is None


@pytest.mark.attack("ORI-28", "ADM-22")
async def test_a_deleted_account_leaves_nothing_but_its_name_which_nobody_gets_again(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD, "ann@mail.example")
    cookie, token = await sessions.open(app, account.id, ""), await tokens.issue(app, "ann", "read")

    await accounts.delete(app, "ann")

    assert await sessions.find(app, cookie) is None and not await alive(token)
    assert await storage.accounts.by_id(account.id) is None
    for name in ("ann", "ANN"):
        with pytest.raises(Conflict):
            await accounts.create(app, name, GOOD)
        with pytest.raises(Conflict):
            await accounts.sign_up(app, name, GOOD)
    ((body,),) = await rows("SELECT body FROM outbox")  # the Delete for other servers
    delete = documents.read(bytes(body))
    assert (delete["type"], delete["object"]) == ("Delete", "https://here.example/users/ann")
    assert delete["removeData"] is True  # else Lemmy keeps the posts
    assert delete["@context"][1]["removeData"] == "lemmy:removeData"


async def test_the_last_admin_stays(app: App) -> None:
    await accounts.create(app, "ann", GOOD, role="admin")

    for attempt in (
        accounts.delete(app, "ann"),
        accounts.promote(app, "ann", "member"),
        accounts.set_suspended(app, "ann", True),
        commands.run(app, "account.purge", {"name": "ann", "media": True, "dry_run": True}),
    ):
        with pytest.raises(Conflict):
            await attempt
    await accounts.create(app, "bob", GOOD, role="admin")
    counted = asyncio.Event()

    async def first() -> None:
        async with transaction():
            await accounts.promote(app, "ann", "member")
            counted.set()
            await asyncio.sleep(0.1)

    async def second() -> None:
        await counted.wait()
        await accounts.promote(app, "bob", "member")

    assert [type(each) for each in await asyncio.gather(first(), second(), return_exceptions=True)] == [
        type(None), Conflict,
    ]  # fmt: skip
    await accounts.promote(app, "ann", "admin")
    await accounts.delete(app, "ann")


@pytest.mark.attack("ADM-10")
async def test_only_who_has_the_right_acts_on_accounts(app: App) -> None:
    await accounts.create(app, "boss", GOOD, role="admin")
    await accounts.sign_up(app, "new", GOOD)
    bob, mia = await accounts.create(app, "bob", GOOD), await accounts.create(app, "mia", GOOD, role="moderator")

    for by in (bob, mia):
        attempts = [
            accounts.create(app, "eve", GOOD, by=by),
            accounts.promote(app, "bob", "admin", by),
            accounts.set_suspended(app, "boss", True, by),
            accounts.set_password(app, "boss", "another password", by),
            accounts.delete(app, "boss", by),
            settings.change(app, by, {"registration": "open"}),
            invites.create(app, by),
        ]
        if by is bob:
            attempts += [accounts.approve(app, "new", by), accounts.reject(app, "new", by)]
        for attempt in attempts:
            with pytest.raises(NotAllowed):
                await attempt
    await accounts.approve(app, "new", mia)
    await accounts.delete(app, "bob", by=bob)  # oneself one may


@pytest.mark.attack("OAU-11")
async def test_no_secret_is_in_the_database(app: App, dialect: str) -> None:
    if dialect != "sqlite":
        pytest.skip("looks into the file of SQLite")
    account = await accounts.create(app, "ann", GOOD)
    secrets = [GOOD, await sessions.open(app, account.id, ""), await tokens.issue(app, "ann", "read")]
    secrets.append((await invites.create(app, None)).rpartition("/")[2])
    path = app.db.path
    assert path
    kept = b"".join(file.read_bytes() for file in Path(path).parent.glob(f"{path.name}*"))

    assert b"ann" in kept
    for secret in secrets:
        assert secret.encode() not in kept


async def test_every_act_of_an_admin_is_in_the_log(app: App) -> None:
    boss = await accounts.create(app, "boss", GOOD, role="admin")
    await accounts.sign_up(app, "ann", GOOD)
    await accounts.sign_up(app, "bob", GOOD)
    await accounts.approve(app, "ann", boss)
    await accounts.reject(app, "bob", boss)
    await accounts.promote(app, "ann", "moderator", boss)
    await accounts.set_password(app, "ann", "another password", boss)
    await accounts.delete(app, "ann", boss)

    entries = [(entry.actor, entry.act, entry.subject) for entry in reversed(await storage.audit.newest())]

    assert entries == [
        (audit.OPERATOR, "account.create", "@boss"),
        ("@boss", "account.approve", "@ann"),
        ("@boss", "account.reject", "@bob"),
        ("@boss", "account.role", "@ann"),
        ("@boss", "account.password", "@ann"),
        ("@boss", "account.delete", "@ann"),
    ]
    assert await storage.audit.first_broken() is None
