"""What groups and their moderators say to others and hear from them: each form has its stories, none is only claimed.

The rows are those of the table of programs in the reference for groups on the wire, with which they are compared where
it is at hand.
"""

import importlib
import inspect
import json
import re

import msgspec
import pytest

from activitypub import documents, parse
from activitypub.dispatch import find
from fedcomm.inbox.rules import BY_SHAPE
from tests.corpus import ROOT, corpus

PAGE = ROOT.parent / "reference" / "groups-on-the-wire.md"


class Row(msgspec.Struct, frozen=True):
    """A form: the `types` in which it is told, the stories in which it is sent, taken, and refused from anybody else,
    and documents of other programs that have it."""

    types: tuple[str, ...]
    sent: tuple[str, ...]
    taken: tuple[str, ...]
    refused: tuple[str, ...]
    documents: tuple[str, ...] = ()


AFAR = "moderators.test_a_member_here_looks_after_a_group_elsewhere_and_every_server_follows"
OURS = "moderators.test_what_a_steward_elsewhere_does_has_its_effect_and_is_announced_as_it_came"
THEIRS = "moderators_elsewhere.test_what_a_group_elsewhere_passes_on_of_its_moderators_has_its_effect_here"
NOBODY = "moderators.test_what_somebody_says_who_is_no_moderator_changes_nothing"
UNLISTED = "moderators_elsewhere.test_what_it_passes_on_of_somebody_who_is_not_listed_has_none"
BELOW = "locked_answers.test_nobody_answers_below_an_answer_that_moderators_here_or_elsewhere_have_locked"
PIEFED, LEMMY = "recorded/piefed/", "lemmy/lemmy/activities/"


def by_all(*types: str, documents: tuple[str, ...] = ()) -> Row:
    """A form that the stories of moderators on any server tell."""
    return Row(types, (AFAR, OURS), (OURS, THEIRS), (NOBODY, UNLISTED), documents)


ROWS = {
    "Announce{Delete+summary} mod removal": by_all(
        "Delete", documents=(f"{PIEFED}post-remove-mod-0.json", f"{LEMMY}deletion/remove_note.json")
    ),
    "Undo{Delete}": by_all("Undo", "Delete", documents=(f"{PIEFED}post-restore-mod-0.json",)),
    "Add/Remove moderators": by_all(
        "Add", "Remove",
        documents=(f"{LEMMY}community/add_mod.json", f"{PIEFED}mod-add-0.json", f"{PIEFED}mod-remove-0.json"),
    ),
    "Add/Remove featured": by_all(
        "Add", "Remove",
        documents=(f"{LEMMY}community/remove_featured_post.json", f"{PIEFED}out-mod-feature-remote-0.json"),
    ),
    "Block from group": Row(
        ("Block",),
        (AFAR, OURS, "moderators.test_a_ban_with_an_end_is_announced_with_both_names_for_it"),
        (THEIRS, "moderators.test_a_ban_ends_when_it_says_by_either_name_and_is_lifted_by_itself"),
        (NOBODY, UNLISTED),
        (f"{PIEFED}user-ban-0.json", f"{LEMMY}block/undo_block_user.json"),
    ),
    "Block from site": Row(
        ("Block", "Undo"),
        ("site_bans.test_whom_we_suspend_servers_hear_of_that_know_bans_from_a_site_as_they_take_it",),
        ("site_bans.test_whom_their_own_site_bans_nothing_is_taken_of_until_it_takes_that_back",
         "site_bans.test_whom_another_site_bans_is_banned_from_its_groups_alone",
         "site_bans.test_a_ban_from_a_site_ends_when_it_says"),
        ("site_bans.test_who_does_not_run_a_site_bans_nobody_from_it",),
    ),
    "removeData in Block": Row(
        ("Block",), (AFAR,), (AFAR, "moderators.test_a_ban_ends_when_it_says_by_either_name_and_is_lifted_by_itself"),
        (NOBODY,),
    ),
    "Lock/Undo post": by_all(
        "Lock", "Undo",
        documents=(f"{PIEFED}out-mod-lock-remote-0.json", f"{PIEFED}post-unlock-0.json"),
    ),
    "Lock/Undo comment": Row(
        ("Lock", "Undo"), (BELOW,), (BELOW,), (BELOW,), (f"{PIEFED}comment-lock-0.json",)
    ),
    "Update{Group}": Row(
        ("Update",),
        ("peers_settings.test_who_moderates_a_community_of_lemmy_changes_from_here_what_lemmy_takes",),
        (OURS, "peers_settings.test_a_steward_on_lemmy_changes_what_our_group_is_called"),
        (NOBODY,),
        (f"{LEMMY}community/update_community.json", f"{PIEFED}group-update-0.json"),
    ),
    "Flag": Row(
        ("Flag",),
        ("group_reports.test_a_report_in_a_group_reaches_who_looks_after_it_wherever_they_live_and_names_nobody",),
        ("group_reports.test_lemmy_reports_is_answered_and_its_moderators_end_reports_in_its_groups",),
        ("group_reports.test_what_others_say_about_reports_counts_only_of_their_own_groups_and_as_far_as_it_is_taken",),
        (f"{LEMMY}community/report_page.json", f"{PIEFED}out-report-0.json"),
    ),
    "Resolve (report), Warn": Row(
        ("Resolve", "Warn"),
        ("group_reports.test_lemmy_reports_is_answered_and_its_moderators_end_reports_in_its_groups",
         "cautions.test_who_is_warned_hears_it_once_and_nobody_else_does"),
        ("group_reports.test_lemmy_reports_is_answered_and_its_moderators_end_reports_in_its_groups",
         "cautions.test_a_moderator_of_a_group_elsewhere_warns_a_member_here"),
        ("group_reports.test_who_may_not_end_a_report_does_not",
         "cautions.test_who_is_warned_hears_it_once_and_nobody_else_does"),
        (f"{LEMMY}community/resolve_report_page.json",),
    ),
    "Move of post between groups": Row(
        ("Move",),
        ("moving_threads.test_a_moderator_moves_a_thread_into_another_group_and_back",),
        ("moving_threads.test_a_thread_goes_with_its_answers_where_its_server_says",
         "moving_threads.test_moderators_elsewhere_move_threads_of_ours_and_nobody_else"),
        ("moving_threads.test_nobody_else_says_where_a_thread_is",),
        ("recorded/nodebb/mod-move-topic-0.json",),
    ),
    "`tag` flairs (CommunityPostTag / tagsForPosts)": Row(
        (),
        ("flairs.test_a_group_tells_its_flairs_in_the_words_of_lemmy_and_of_piefed",
         "flairs.test_moderators_change_the_flair_of_a_thread_and_nobody_else"),
        ("flairs.test_threads_from_elsewhere_have_those_flairs_that_the_group_has",),
        ("flairs.test_moderators_change_the_flair_of_a_thread_and_nobody_else",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_each_form_has_stories_both_ways_and_one_of_somebody_else(name: str) -> None:
    row = ROWS[name]

    for story in (*row.sent, *row.taken, *row.refused):
        module, _, test = story.partition(".")
        told = importlib.import_module(f"tests.scenarios.test_{module}")
        assert callable(getattr(told, test, None)), f"there is no story {story}"
    for side in (row.sent, row.taken, row.refused):
        text = "".join(
            inspect.getsource(importlib.import_module(f"tests.scenarios.test_{story.partition('.')[0]}"))
            for story in side
        )
        assert side, "a form that nobody tells is only claimed"
        assert [kind for kind in row.types if not re.search(rf'"{kind}"', text)] == []


@pytest.mark.parametrize("path", [path for row in ROWS.values() for path in row.documents])
def test_what_other_programs_have_said_of_it_is_understood(path: str) -> None:
    found = json.loads(corpus(path).read_bytes())
    said = found.get("body", found) if "body" in found or "headers" in found else found
    raw = documents.read(said.encode() if isinstance(said, str) else json.dumps(said).encode())

    assert find(BY_SHAPE, parse.activity(raw)) is not None


def test_no_row_of_the_reference_is_left_out() -> None:
    if not PAGE.exists():
        pytest.skip("../shared/reference is not there")
    table = PAGE.read_text().partition("### 2.2")[2].partition("### 2.3")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    told = {name: rest[-1] for name, *rest in cells}
    names = list(told)
    moderation = names[names.index("Announce{Delete+summary} mod removal") : names.index("Question / poll vote")]
    others = ("Move of post between groups", "`tag` flairs (CommunityPostTag / tagsForPosts)")
    of_members = ("Announce{Like}/Undo", "Dislike/Undo", "EmojiReact")  # votes: other stories

    left = {*moderation, *others} - {*of_members}

    assert left == set(ROWS)
    assert [name for name in left if "A" in told[name] and not ROWS[name].taken] == []
    assert [name for name in left if "S" in told[name] and not ROWS[name].sent] == []
