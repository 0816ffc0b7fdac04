"""Who gets what is published: inboxes by host, and which form of a group's news."""

import msgspec
import pytest

import storage.outbox
from activitypub import quirks
from fedcomm.app import App
from fedcomm.peerbook import PeerBook
from storage.connect import Writes, apply
from storage.outbox import Audience, Entry
from tests import build

pytestmark = pytest.mark.anyio


async def entry(audience: Audience) -> Entry:
    """Something in the log for these."""
    writes = Writes()
    storage.outbox.publish(
        writes, uri="https://here.example/activities/1", actor_id=1, body=b"{}", audience=audience, now_ms=build.NOW,
        form="", thread_id=0, post_id=None,
    )  # fmt: skip
    await apply(writes)
    return (await storage.outbox.after(0, 10))[-1]


async def test_followers_on_one_server_are_reached_by_one_request(app: App) -> None:
    alice = await build.person("alice")
    for name in ("mona", "nina"):
        follower = await build.person(name, "there.test", shared_inbox="https://there.test/inbox")
        await build.follow(follower, alice)

    found = await app.reach.destinations(await entry(Audience(followers=(alice.id,))))

    assert found == {"there.test": ("https://there.test/inbox",)}


@pytest.mark.attack("ORI-25")
async def test_nobody_takes_by_their_inbox_what_is_for_others_on_their_server(app: App) -> None:
    alice = await build.person("alice")
    mona = await build.person("mona", "there.test", shared_inbox="https://there.test/inbox")
    mallory = await build.person("mallory", "there.test", shared_inbox="https://there.test/mallory")
    for follower in (mona, mallory):
        await build.follow(follower, alice)

    found = await app.reach.destinations(await entry(Audience(followers=(alice.id,))))

    assert sorted(found["there.test"]) == ["https://there.test/inbox", "https://there.test/mallory"]


async def test_whoever_has_asked_but_is_not_let_in_gets_nothing(app: App) -> None:
    alice, mona = await build.person("alice"), await build.person("mona", "there.test")
    await build.follow(mona, alice, "pending")

    assert await app.reach.destinations(await entry(Audience(followers=(alice.id,)))) == {}


async def test_followers_here_and_servers_that_are_left_out_get_no_request(app: App) -> None:
    alice, bob, mona = await build.person("alice"), await build.person("bob"), await build.person("mona", "there.test")
    for follower in (bob, mona):
        await build.follow(follower, alice)

    everybody = await app.reach.destinations(await entry(Audience(followers=(alice.id,))))
    without = await app.reach.destinations(await entry(Audience(followers=(alice.id,), without=("there.test",))))

    assert list(everybody) == ["there.test"]
    assert without == {}


async def test_an_inbox_that_is_named_and_followed_too_is_there_once(app: App) -> None:
    alice = await build.person("alice")
    mona = await build.person("mona", "there.test", shared_inbox="https://there.test/inbox")
    await build.follow(mona, alice)
    audience = Audience(followers=(alice.id,), inboxes=("https://there.test/inbox", "https://else.test/inbox"))

    found = await app.reach.destinations(await entry(audience))

    assert found == {"there.test": ("https://there.test/inbox",), "else.test": ("https://else.test/inbox",)}


async def test_new_followers_count_once_the_process_was_told_of_them(app: App) -> None:
    alice = await build.person("alice")
    published = await entry(Audience(followers=(alice.id,)))
    assert await app.reach.destinations(published) == {}

    await build.follow(await build.person("mona", "there.test"), alice)
    remembered = await app.reach.destinations(published)
    app.reach.forget(alice.id)

    assert remembered == {}
    assert list(await app.reach.destinations(published)) == ["there.test"]


@pytest.mark.parametrize(
    ("software", "forms"),
    [
        ("mastodon", ["plain", "beside", "by its author"]),
        ("Misskey", ["plain", "beside", "by its author"]),
        ("lemmy", ["wrapped", "begun", "by its group"]),
        ("piefed", ["wrapped", "relay", "beside", "begun", "by its group"]),
        ("nodebb", ["wrapped", "relay", "beside", "begun", "by its group"]),
        ("fedcomm", ["wrapped", "relay", "beside", "aside", "begun", "by its group"]),
        ("discourse", ["plain", "answer", "beside", "by its author"]),
        ("something new", ["wrapped", "plain", "relay", "beside", "by its author"]),
        ("", ["wrapped", "plain", "relay", "beside", "by its author"]),
    ],
)
def test_each_program_gets_one_form_of_each_thing_whether_it_is_known_or_not(software: str, forms: list[str]) -> None:
    book, both, places = PeerBook(allow_list=False), Audience(both=("bo",)), ("far.test", ("bo",))
    said = {form: published(form, Audience()) for form in ("", *FORMS)}
    said |= {
        "begun": published("wrapped", Audience(twin=True)),  # which is "plain" too
        "by its author": published("", both),
        "by its group": published("wrapped", both),
    }
    assert all(book.may_take(each)(*places) for each in said.values()), "it was not asked yet"

    book.learn("far.test", quirks.family(software) or "", software)

    got = [name for name, each in said.items() if book.takes(each)(*places)]
    assert got == ["", *forms] == [name for name, each in said.items() if book.may_take(each)(*places)]
    for each in (said["by its author"], said["by its group"]):
        assert "cy" in book.takes(each)("far.test", ("bo", "cy")) or software in ("mastodon", "Misskey", "discourse")


FORMS = ("wrapped", "plain", "answer", "relay", "beside", "aside")


def published(form: str, audience: Audience) -> Entry:
    """An entry of the log."""
    return Entry(1, "https://here.test/1", 1, b"{}", msgspec.json.encode(audience).decode(), form, 0, None, 0)


def test_groups_talk_to_people_on_programs_that_take_messages_of_groups() -> None:
    book, programs = PeerBook(allow_list=False), ("lemmy", "piefed", "mbin", "mastodon", "nodebb", "fedcomm", "")
    for software in programs:
        book.learn(f"{software}.test", quirks.family(software) or "", software)

    assert [name for name in programs if book.deaf(f"{name}.test")] == ["lemmy", "piefed", "mbin"]
