"""toot signs in, joins a group, posts, reads, votes, boosts, searches and deletes."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.toot import Toot
from tests.pictures import located, opened, picture
from tests.server.running import Instance

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def alice(server: Instance, tmp_path_factory: pytest.TempPathFactory) -> Toot:
    """alice's toot, signed in, in the group."""
    return _member(server, tmp_path_factory.mktemp("alice"), "alice")


@pytest.fixture(scope="module")
def bob(server: Instance, tmp_path_factory: pytest.TempPathFactory) -> Toot:
    """bob's toot, signed in, in the group."""
    return _member(server, tmp_path_factory.mktemp("bob"), "bob")


def _member(server: Instance, folder: Path, name: str) -> Toot:
    toot = Toot(server, folder)
    toot.login(name, PASSWORD)
    toot("follow", "gardening")
    return toot


def ids(found: list[dict[str, Any]]) -> list[str]:
    """Their ids, of boosts those of the posts in them."""
    return [(each["reblog"] or each)["id"] for each in found]


def test_toot_signs_in_through_the_browser_and_knows_who_it_is(server: Instance, tmp_path: Path) -> None:
    toot = Toot(server, tmp_path)

    said = toot.login("alice", PASSWORD)

    assert "Successfully logged in" in said.output
    assert toot.json("whoami")["acct"] == "alice"
    assert "alice" in toot("auth") and (tmp_path / "toot" / "config.json").exists()


def test_toot_tells_which_server_this_is(alice: Toot, server: Instance) -> None:
    found = alice.json("instance")

    assert found["uri"] == server.host and found["version"].startswith("4.4.0 (compatible; fedcomm ")
    assert "gardening" in alice("whois", "gardening")


@pytest.mark.attack("OAU-02")
def test_a_code_that_toot_has_used_opens_nothing_and_ends_what_it_brought(server: Instance, tmp_path: Path) -> None:
    toot = Toot(server, tmp_path)
    code = toot.login("bob", PASSWORD).code
    kept = json.loads((tmp_path / "toot" / "config.json").read_text())
    (app,) = kept["apps"].values()

    wish = {
        "grant_type": "authorization_code", "code": code, "client_id": app["client_id"],
        "client_secret": app["client_secret"], "redirect_uri": "urn:ietf:wg:oauth:2.0:oob",
    }  # fmt: skip
    answer = server.ask("POST", "/oauth/token", json.dumps(wish).encode(), content_type="application/json")

    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert "revoked" in toot.run("whoami").stderr


def test_a_joined_group_is_a_list_with_what_begins_threads_in_it(alice: Toot, bob: Toot) -> None:
    begun = alice.json("post", "@gardening Which soil for tomatoes?")
    answer = bob.json("post", "Not too wet", "--reply-to", begun["id"])

    (joined,) = bob.json("lists", "list")
    listed = bob.json("timelines", "list", joined["id"])
    by_title = bob.json("timelines", "list", "Gardening")
    thread = alice.json("thread", begun["id"])

    assert joined["title"] == "Gardening"
    assert ids(listed)[0] == begun["id"] and answer["id"] not in ids(listed) and ids(by_title) == ids(listed)
    assert ids(thread["descendants"]) == [answer["id"]] and thread["ancestors"] == []
    assert begun["id"] in ids(bob.json("timelines", "home"))
    assert "Which soil for tomatoes?" in bob("thread", begun["id"])


def test_a_long_list_is_read_page_by_page_to_its_end(alice: Toot) -> None:
    begun = [alice.json("post", f"@gardening Bed {number}")["id"] for number in range(5)]

    said = alice.turning_pages("timelines", "list", "Gardening", "--limit", "2")

    places = [said.find(f"ID {each} ") for each in reversed(begun)]
    assert -1 not in places and places == sorted(places)


def test_posts_are_voted_for_boosted_and_put_aside(alice: Toot, bob: Toot) -> None:
    post = alice.json("post", "Look at my beans")

    for verb in ("favourite", "reblog", "bookmark"):
        bob(verb, post["id"])
    seen = bob.json("status", post["id"])
    favourites, bookmarks = bob.json("timelines", "favourites"), bob("bookmarks", "--once")
    boosters, told = alice.json("reblogged-by", post["id"]), alice.json("notifications")
    for verb in ("unfavourite", "unreblog", "unbookmark"):
        bob(verb, post["id"])
    after = bob.json("status", post["id"])

    assert (seen["favourited"], seen["reblogged"], seen["bookmarked"]) == (True, True, True)
    assert (seen["favourites_count"], seen["reblogs_count"]) == (1, 1)
    assert post["id"] in ids(favourites) and post["id"] in bookmarks
    assert [each["acct"] for each in boosters] == ["bob"]
    assert {"favourite", "reblog"} <= {each["type"] for each in told if each["status"]["id"] == post["id"]}
    assert (after["favourites_count"], after["reblogs_count"], after["bookmarked"]) == (0, 0, False)


def test_a_picture_is_posted_looked_at_and_gone(alice: Toot, bob: Toot, tmp_path: Path) -> None:
    (tmp_path / "bed.jpg").write_bytes(located())

    post = alice.json("post", "My bed", "--media", str(tmp_path / "bed.jpg"), "--description", "Seven beans")
    (seen,) = bob.json("status", post["id"])["media_attachments"]
    served = httpx.get(seen["url"], trust_env=False)
    alice("delete", post["id"])

    assert (seen["type"], seen["description"], seen["meta"]["original"]["size"]) == ("image", "Seven beans", "30x40")
    assert served.headers["content-type"] == "image/jpeg" and b"Camera" not in served.content
    assert httpx.get(seen["url"], trust_env=False).status_code == 404


def test_somebody_shows_a_face(alice: Toot, bob: Toot, tmp_path: Path) -> None:
    (tmp_path / "face.png").write_bytes(picture("PNG"))

    alice("update_account", "--avatar", str(tmp_path / "face.png"), "--header", str(tmp_path / "face.png"))

    seen = bob.json("whois", "alice")
    sizes = [opened(httpx.get(seen[name], trust_env=False).content).size for name in ("avatar", "header")]
    assert sizes == [(400, 400), (1500, 500)]


def test_a_deleted_post_is_gone_for_everybody(alice: Toot, bob: Toot) -> None:
    post = alice.json("post", "@gardening Never mind")

    refused = bob.run("delete", post["id"])
    alice("delete", post["id"])

    assert refused.returncode != 0 and "somebody else" in refused.stderr
    assert bob.run("status", post["id"]).returncode != 0
    assert post["id"] not in ids(bob.json("timelines", "list", "Gardening"))


def test_people_groups_tags_and_posts_are_found(alice: Toot, bob: Toot) -> None:
    post = alice.json("post", "Red ones #Tomatoes")

    people, groups = bob.json("search", "ali"), bob.json("search", "garden")
    tags, posts = bob.json("search", "#tomatoes"), bob.json("search", post["url"], "--resolve")

    assert [each["acct"] for each in people["accounts"]] == ["alice"]
    assert [(each["acct"], each["group"]) for each in groups["accounts"]] == [("gardening", True)]
    assert [each["name"] for each in tags["hashtags"]] == ["tomatoes"]
    assert ids(posts["statuses"]) == [post["id"]]
    assert post["id"] in ids(bob.json("timelines", "tag", "tomatoes"))
    assert post["id"] in ids(bob.json("timelines", "public"))
    assert post["id"] in ids(bob.json("timelines", "account", "alice"))


def test_people_are_followed_blocked_and_left(alice: Toot, bob: Toot) -> None:
    alice("follow", "bob")
    followers = [each["acct"] for each in bob.json("followers", "bob")]
    bob("block", "alice")
    refused = alice.run("follow", "bob")
    bob("unblock", "alice")
    again = alice.run("follow", "bob")
    alice("unfollow", "bob")

    assert followers == ["alice"] and refused.returncode != 0 and again.returncode == 0
    assert bob.json("followers", "bob") == []


def test_who_leaves_a_group_loses_its_list(server: Instance, alice: Toot, tmp_path: Path) -> None:
    server.person("carol")
    carol = Toot(server, tmp_path)
    carol.login("carol", PASSWORD)
    before = carol.json("lists", "list")
    carol("follow", "gardening")
    joined = carol.json("lists", "list")

    carol("unfollow", "gardening")

    assert before == [] and len(joined) == 1 and carol.json("lists", "list") == []
    assert carol.run("timelines", "list", joined[0]["id"]).returncode != 0
    assert len(alice.json("lists", "list")) == 1


def test_a_list_is_made_of_whom_one_follows_and_that_of_a_group_is_not_changed(alice: Toot, bob: Toot) -> None:
    alice("follow", "bob")
    alice("lists", "create", "Friends")
    alice("lists", "add", "Friends", "bob")
    post = bob.json("post", "For my friends")
    (group,) = [each for each in alice.json("lists", "list") if each["title"] == "Gardening"]

    assert [each["acct"] for each in alice.json("lists", "accounts", "Friends")] == ["bob"]
    assert ids(alice.json("timelines", "list", "Friends")) == [post["id"]]
    assert alice.run("lists", "add", group["id"], "bob").returncode != 0
    alice("lists", "delete", "Friends")
    assert [each["title"] for each in alice.json("lists", "list")] == ["Gardening"]
