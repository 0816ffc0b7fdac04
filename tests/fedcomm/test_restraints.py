"""What a group asks for before a post is in it: each limit by itself (attacks GRP-02 and GRP-13)."""

from typing import Any

import msgspec
import pytest

from activitypub.objects import Mention, Note
from fedcomm import admit, assent, limits, measuring
from fedcomm.mapping import rules
from fedcomm.standing import Author, Standing, Wait, Written
from storage.circumstances import DAY, Circumstances
from storage.groups import Group
from web import languages

NOW = 1_800_000_000_000
GROUP = Group(
    id=1, actor_id=2, local=1, genesis=None, join_mode="open", posting="anyone", fold_version=1, members_count=0,
    threads_count=0, last_active_at=None, created_by=None, created_at=0, closed_at=None, ladder=1, promotion=3, ruled=1,
)  # fmt: skip
MEMBER = Standing(member=True)
KNOWN = Circumstances(rules="v2", agreed=True, since=NOW - 3_600_000)
SHOP = frozenset(("shop.example",))


def why(
    known: dict[str, Any] | None = None, standing: Standing = MEMBER, who: Author = Author(), **written: Any
) -> str:
    """Why a post waits; '' when nothing is in its way."""
    post = Written(**{"starter": True} | written)
    found = admit.waits(GROUP, standing, msgspec.structs.replace(KNOWN, **known or {}), who, post, NOW)
    return found.kind if found else ""


@pytest.mark.parametrize(
    ("known", "written", "kind"),
    [
        ({}, {}, ""),
        ({"agreed": False}, {}, "rules"),
        ({"agreed": False}, {"starter": False}, "rules"),
        ({"agreed": False, "rules": ""}, {}, ""),
        ({}, {"links": 2, "pictures": 1, "mentions": 2}, ""),
        ({}, {"links": 3}, "links"),
        ({}, {"pictures": 2}, "pictures"),
        ({}, {"mentions": 3}, "mentions"),
        ({"threads": 2}, {}, ""),
        ({"threads": 3}, {}, "threads"),
        ({"threads": 3}, {"starter": False}, ""),
        ({"replies": 9}, {"starter": False}, ""),
        ({"replies": 10}, {"starter": False}, "replies"),
        ({"replies": 10}, {}, ""),
        ({"since": None}, {"links": 3}, "links"),
        ({"since": NOW - DAY + 1}, {"links": 3}, "links"),
        ({"since": NOW - DAY}, {"links": 3}, ""),
        ({"answered": 2}, {"links": 3}, "links"),
        ({"answered": 3}, {"links": 3}, ""),
        ({"trusted": True, "agreed": False}, {"links": 3}, ""),
    ],
)
def test_newcomers_and_those_who_have_not_agreed_wait(
    known: dict[str, Any], written: dict[str, Any], kind: str
) -> None:
    assert why(known, **written) == kind
    assert why(known, Standing(role="moderator"), **written) == ""


def test_the_end_of_the_first_day_is_told() -> None:
    found = admit.waits(GROUP, MEMBER, KNOWN, Author(), Written(starter=True, links=9), NOW)

    assert found == Wait("links", 2, NOW - 3_600_000 + DAY)


def test_who_cannot_be_asked_agrees_by_joining() -> None:
    owed = {"agreed": False}

    assert why(owed, who=Author(deaf=True)) == "" and why(owed, Standing(), Author(deaf=True)) == "rules"


def test_who_is_trusted_and_lives_here_accepts_the_rules_all_the_same() -> None:
    trusted = {"trusted": True, "agreed": False}

    assert why(trusted, who=Author(here=True)) == "rules"
    assert why(trusted | {"agreed": True}, who=Author(here=True), links=9) == ""


BEGUN = ((NOW - 1_000, SHOP), (NOW - 2_000, frozenset(("other.example",))), (NOW - 3_000, SHOP))


@pytest.mark.parametrize(
    ("known", "written", "kind"),
    [
        ({"begun": BEGUN}, {"domains": SHOP}, "promotion"),
        ({"begun": BEGUN}, {"domains": SHOP, "starter": False}, ""),
        ({"begun": BEGUN}, {"domains": frozenset(("other.example",))}, ""),
        ({"begun": BEGUN}, {}, ""),
        ({"begun": BEGUN[:2]}, {"domains": SHOP}, ""),  # half of them is not most
        ({"begun": BEGUN[:1]}, {"domains": SHOP}, ""),
        ({"begun": BEGUN, "spoken": (NOW, NOW)}, {"domains": SHOP}, "promotion"),
        ({"begun": BEGUN, "spoken": (NOW, NOW, NOW - 1_500)}, {"domains": SHOP}, "promotion"),
        ({"begun": BEGUN, "spoken": (NOW, NOW, NOW - 500)}, {"domains": SHOP}, ""),
    ],
)
def test_who_announces_owes_answers_to_three_people_since_the_last(
    known: dict[str, Any], written: dict[str, Any], kind: str
) -> None:
    assert why(known, **written) == kind


def test_a_program_announces_with_each_thread() -> None:
    bot = Author(bot=True)

    assert [why({}, who=bot), why({"begun": BEGUN[:1]}, who=bot)] == ["", "promotion"]
    assert why({"begun": BEGUN[:1], "spoken": (NOW,) * 3}, who=bot) == ""


def test_who_is_marked_as_promotional_announces_with_each_thread_and_by_edits_that_link() -> None:
    marked = {"promotional": True, "begun": BEGUN[:1]}
    edited = [
        admit.changes(GROUP, MEMBER, msgspec.structs.replace(KNOWN, **marked), Written(starter=True, domains=to), NOW)
        for to in (frozenset(), SHOP)
    ]

    assert [why(marked), why(marked, starter=False), why({"promotional": True})] == ["promotion", "", ""]
    assert why(marked | {"spoken": (NOW,) * 3}) == why(marked | {"trusted": True}) == ""
    assert edited == [None, Wait("promotion", 3)]


def test_links_that_are_dressed_up_as_mentions_are_counted() -> None:
    html = (
        '<p><a href="https://home.test/@mo" class="mention">@mo</a> <a href="https://far.test/@joe" class="mention">'
        '@joe</a> <a href="https://far.test/tags/rye" class="mention hashtag">#rye</a>'
        '<a href="https://shop.example/1" class="mention">@you</a> <a href="https://www.shop.example/2">2</a>'
        '<a href="https://far.test/page">3</a></p>'
    )
    note = Note(
        uri="https://far.test/1", kind="Note", content=html,
        mentions=(Mention("https://home.test/users/mo"), Mention("https://far.test/users/joe")),
    )  # fmt: skip

    found = measuring.arrived(note, own_host="home.test", without=("https://home.test/users/mo",))

    assert (found.links, found.mentions, found.pictures, found.starter) == (3, 1, 0, True)
    assert found.domains == {"shop.example", "far.test"}


def test_floods_are_counted_by_author_by_server_and_by_words() -> None:
    limit = limits.PostLimit()
    ones = [limit.allows(1, "https://a.test/u/x", "", str(number)) for number in range(limits.POSTS + 1)]
    hosts = [limit.allows(2, f"https://a.test/{n}", "a.test", "") for n in range(limits.POSTS_OF_HOST + 1)]
    words = measuring.words('<p><a href="https://x.test/@mo">@mo</a> Buy our <b>watches</b> today, all</p>')
    same = measuring.words("<p>@joe@far.test Buy our watches  today, all</p>")
    copies = [limit.allows(3, f"https://{n}.test/u", f"{n}.test", words) for n in range(limits.COPIES + 1)]

    assert ones.count(False) == hosts.count(False) == copies.count(False) == 1
    assert words == same and limit.allows(4, "https://a.test/u/x", "", words)


@pytest.mark.parametrize("said", ["agree", "@rye I agree!", "<p>@<span>rye</span> AGREE.</p>", "Ich bin einverstanden"])
def test_one_word_is_yes(said: str) -> None:
    assert assent.says_yes(said)


@pytest.mark.parametrize(
    "said", ["", "I do not agree", "disagree", "agree?? no", "yes, I agree with Bob that", "x" * 5000]
)
def test_anything_else_is_no_yes(said: str) -> None:
    assert not assent.says_yes(said)


def test_there_is_a_word_in_every_language() -> None:
    assert set(assent.YES) == set(languages.AVAILABLE) and all(map(assent.says_yes, assent.YES.values()))


def test_rules_are_below_the_summary_and_come_off_again() -> None:
    whole = rules.with_rules("<p>All about <b>rye</b></p>", ["Be kind & fair.", "1 < 2"], "Rules:")

    assert whole.endswith("<p>Rules:</p><ol><li>Be kind &amp; fair.</li><li>1 &lt; 2</li></ol>")
    assert rules.without_rules(whole, ["Be kind & fair.", "1 < 2"]) == "<p>All about <b>rye</b></p>"
    assert rules.without_rules(whole, ["Others"]) == whole and rules.with_rules("x", [], "Rules:") == "x"
