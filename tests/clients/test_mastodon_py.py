"""Mastodon.py signs in, posts, reads, boosts, searches, joins a group, edits, deletes, blocks, and is told of things.

Most bots and many programs speak to a server through this library.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError, StreamListener

from tests.clients.toot import code_for
from tests.server.running import Instance

PASSWORD = "correct horse battery staple"
SCOPES = ["read", "write", "follow"]
SECONDS = 10.0


@pytest.fixture(scope="module")
def alice(server: Instance) -> Mastodon:
    """alice's program, signed in."""
    return signed_in(server, "alice")


@pytest.fixture(scope="module")
def bob(server: Instance) -> Mastodon:
    """bob's program, signed in."""
    return signed_in(server, "bob")


@pytest.fixture(scope="module")
def group(alice: Mastodon, bob: Mastodon) -> Any:
    """The group, which both have joined."""
    found = alice.account_lookup("gardening")
    for member in (alice, bob):
        member.account_follow(found.id)
    return found


def signed_in(server: Instance, name: str) -> Mastodon:
    """Somebody's program: registered, let in by them in their browser, with a token."""
    url = f"http://{server.host}"
    client_id, secret = Mastodon.create_app("Gardener", scopes=SCOPES, api_base_url=url)
    program = Mastodon(client_id, secret, api_base_url=url)
    address = program.auth_request_url(scopes=SCOPES, force_login=True, allow_http=True)
    program.log_in(code=code_for(address, name, PASSWORD), scopes=SCOPES, allow_http=True)
    return program


def ids(found: Any) -> list[Any]:
    """Their ids, of boosts those of the posts in them."""
    return [(each.reblog or each).id for each in found]


def soon(what: Callable[[], Any]) -> Any:
    """The first answer that is something."""
    end = time.monotonic() + SECONDS
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return found


def test_it_knows_who_it_is_and_what_server_this_is(server: Instance, alice: Mastodon) -> None:
    me, instance = alice.account_verify_credentials(), alice.instance()

    assert (me.username, me.acct, me.source.privacy) == ("alice", "alice", "public")
    assert instance.domain == server.host and "fedcomm" in instance.version
    assert alice.verify_minimum_version("4.0.0")


def test_a_post_is_read_in_every_timeline_it_belongs_to(alice: Mastodon, bob: Mastodon) -> None:
    bob.account_follow(alice.me().id)
    post = alice.status_post("Red ones #Tomatoes", language="en", spoiler_text="Food")

    found = bob.status(post.id)
    timelines = [bob.timeline_home(), bob.timeline_local(), bob.timeline_hashtag("tomatoes")]

    assert (found.language, found.spoiler_text, found.visibility) == ("en", "Food", "public")
    assert all(post.id in ids(timeline) for timeline in timelines)
    assert post.id in ids(bob.account_statuses(alice.me().id))
    assert bob.status_context(post.id).descendants == []


def test_a_long_timeline_is_read_to_its_end_and_back(alice: Mastodon, bob: Mastodon) -> None:
    posts = [alice.status_post(f"Number {number} #pages") for number in range(5)]

    first = bob.timeline_hashtag("pages", limit=2)
    everything = bob.fetch_remaining(first)
    second = bob.fetch_next(first)
    back = bob.fetch_previous(second)

    assert ids(everything) == [post.id for post in reversed(posts)]
    assert ids(second) == [posts[2].id, posts[1].id] and ids(back) == ids(first)


def test_a_post_is_voted_for_boosted_and_put_aside(alice: Mastodon, bob: Mastodon) -> None:
    post = alice.status_post("Look at my beans")

    boost = bob.status_reblog(post.id)
    favoured, kept = bob.status_favourite(post.id), bob.status_bookmark(post.id)
    told = soon(lambda: [each for each in alice.notifications() if each.status and each.status.id == post.id])

    assert boost.reblog.id == post.id and favoured.favourited and kept.bookmarked
    assert post.id in ids(bob.favourites()) and post.id in ids(bob.bookmarks())
    assert [each.acct for each in alice.status_reblogged_by(post.id)] == ["bob"]
    assert [each.acct for each in alice.status_favourited_by(post.id)] == ["bob"]
    assert {each.type for each in told} == {"favourite", "reblog"}
    after = [bob.status_unreblog(post.id), bob.status_unfavourite(post.id), bob.status_unbookmark(post.id)][-1]
    assert not (after.favourited or after.reblogged or after.bookmarked)


def test_a_joined_group_is_a_list_with_what_begins_threads_in_it(alice: Mastodon, bob: Mastodon, group: Any) -> None:
    begun = alice.status_post("@gardening Which soil?")
    answer = bob.status_reply(begun, "Not too wet")

    (joined,) = [each for each in bob.lists() if each.title == "Gardening"]
    listed = bob.timeline_list(joined.id)

    assert group.group and [each.acct for each in bob.list_accounts(joined.id)] == ["gardening"]
    assert begun.id in ids(listed) and answer.id not in ids(listed)
    assert ids(alice.status_context(begun.id).descendants) == [answer.id]
    mention = soon(lambda: [each for each in alice.notifications(types=["mention"]) if each.status.id == answer.id])
    assert mention[0].account.acct == "bob"


def test_an_edited_post_says_what_it_said_before(alice: Mastodon, bob: Mastodon) -> None:
    post = alice.status_post("Beens")

    alice.status_update(post.id, "Beans")

    assert alice.status_source(post.id).text == "Beans"
    assert [version.content for version in bob.status_history(post.id)] == ["<p>Beens</p>", "<p>Beans</p>"]
    with pytest.raises(MastodonAPIError):
        bob.status_update(post.id, "Weeds")
    assert bob.status(post.id).content == "<p>Beans</p>"


def test_a_deleted_post_is_gone_and_gives_back_its_text(alice: Mastodon, bob: Mastodon) -> None:
    post = alice.status_post("Never mind")

    gone = alice.status_delete(post.id)

    assert gone.text == "Never mind"
    with pytest.raises(MastodonNotFoundError):
        bob.status(post.id)


def test_people_groups_tags_and_posts_are_found(alice: Mastodon, bob: Mastodon, group: Any) -> None:
    post = alice.status_post("Green ones #Cucumbers")

    assert [each.acct for each in bob.search("alic").accounts] == ["alice"]
    assert group.id in [each.id for each in bob.account_search("garden")]
    assert [each.name for each in bob.search("#cucumbers", result_type="hashtags").hashtags] == ["cucumbers"]
    assert ids(bob.search(post.url, resolve=True).statuses) == [post.id]


def test_somebody_who_is_blocked_is_seen_no_more(server: Instance, alice: Mastodon) -> None:
    server.person("mallory")
    mallory = signed_in(server, "mallory")
    post = mallory.status_post("@alice Hello!")
    assert soon(lambda: [each for each in alice.notifications() if each.account.acct == "mallory"])

    relation = alice.account_block(mallory.me().id)

    assert relation.blocking and [each.acct for each in alice.blocks()] == ["mallory"]
    assert not [each for each in alice.notifications() if each.account.acct == "mallory"]
    assert post.id not in ids(alice.timeline_local())
    with pytest.raises(MastodonAPIError):
        mallory.account_follow(alice.me().id)


def test_what_somebody_is_told_is_put_away(alice: Mastodon, bob: Mastodon) -> None:
    bob.status_post("@alice One")
    bob.status_post("@alice Two")
    first, *rest = soon(lambda: [*alice.notifications(mentions_only=True)])

    alice.notifications_dismiss(first.id)
    after = [each.id for each in alice.notifications()]
    alice.notifications_clear()

    assert rest and first.id not in after and rest[0].id in after and alice.notifications() == []


class Looking(StreamListener):  # type: ignore[misc]
    """Keeps what a stream tells: the name of each event, and what it is about."""

    def __init__(self) -> None:
        self.heard: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def on_update(self, status: Any) -> None:
        self.heard.put(("update", status))

    def on_status_update(self, status: Any) -> None:
        self.heard.put(("status.update", status))

    def on_delete(self, status_id: Any) -> None:
        self.heard.put(("delete", status_id))

    def on_notification(self, notification: Any) -> None:
        self.heard.put(("notification", notification))

    def next(self, seconds: float = SECONDS) -> tuple[str, Any]:
        """What comes next."""
        return self.heard.get(timeout=seconds)


def test_it_is_told_of_what_happens(alice: Mastodon, bob: Mastodon) -> None:
    bob.account_follow(alice.me().id)
    assert bob.stream_healthy()
    looking = Looking()
    stream = bob.stream_user(looking, run_async=True)
    soon(stream.is_receiving)

    post = alice.status_post("@bob The rye is inn")
    first = dict([looking.next(), looking.next()])
    alice.status_update(post.id, "@bob The rye is in")
    edited = looking.next()
    alice.status_delete(post.id)
    deleted = looking.next()
    bob.account_follow(alice.me().id, notify=True)
    begun = time.monotonic()
    other = alice.status_post("For whoever wants all of it")
    news = dict([looking.next(), looking.next()])
    seconds = time.monotonic() - begun
    stream.close()
    bob.account_follow(alice.me().id, notify=False)

    assert first["update"].id == post.id and first["update"].account.acct == "alice"
    assert (first["notification"].type, first["notification"].status.id) == ("mention", post.id)
    assert (edited[0], edited[1].id) == ("status.update", post.id) and "is in<" in edited[1].content
    assert deleted == ("delete", post.id)
    assert news["update"].id == other.id
    assert (news["notification"].type, news["notification"].status.id) == ("status", other.id)
    assert seconds < 1.5  # a job tells of it, and jobs are looked for without a word every five seconds


def test_every_stream_it_can_ask_for_tells_of_a_post(alice: Mastodon, bob: Mastodon, group: Any) -> None:
    looking = Looking()
    streams = [
        bob.stream_public(looking, run_async=True),
        bob.stream_local(looking, run_async=True),
        bob.stream_hashtag("Beans", looking, run_async=True),
        bob.stream_hashtag("beans", looking, local=True, run_async=True),
        bob.stream_list(group.id, looking, run_async=True),
    ]
    for stream in streams:
        soon(stream.is_receiving)

    post = alice.status_post("@gardening All about #Beans")

    told = [looking.next() for _ in streams]
    with ThreadPoolExecutor() as all_at_once:  # each waits for the next sign of life
        list(all_at_once.map(lambda stream: stream.close(), streams))
    assert [(event, status.id) for event, status in told] == [("update", post.id)] * len(streams)


@pytest.mark.attack("OAU-07")
def test_a_token_that_was_given_back_opens_nothing(server: Instance) -> None:
    program = signed_in(server, "alice")
    token = program.access_token
    assert program.me().acct == "alice"

    program.revoke_access_token(allow_http=True)

    again = Mastodon(access_token=token, api_base_url=f"http://{server.host}")
    with pytest.raises(MastodonUnauthorizedError):
        again.account_verify_credentials()
