"""What docs/host/peers.md says of each program is what the stories show: no cell without a story, and none too few."""

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/host/peers.md").read_text()
ACTS = {
    "joining": "join",
    "threads": "post",
    "answers": "answer",
    "votes": "vote",
    "edits": "edit",
    "deletions": "delete",
}
NAMES = {
    "Lemmy 0.19": "lemmy", "Lemmy 1.0": "lemmy1", "PieFed": "piefed", "Mbin": "mbin", "NodeBB": "nodebb",
    "Friendica": "friendica", "Discourse": "discourse", "Mastodon": "mastodon", "GoToSocial": "gotosocial",
    "Misskey": "misskey", "PeerTube": "peertube", "WordPress": "wordpress", "Mobilizon": "mobilizon",
}  # fmt: skip
# By which calls a story does it: who does it is somebody there, or a member here.
DONE = {
    ("theirs", "join"): r"\.(join|follow|ask)\(|ours\(|in_our_group\(|joined\(",
    ("theirs", "post"): r"\.(post|publish|topic|write)\(",
    ("theirs", "answer"): r"\.(comment|reply|answer|write)\(|answering=",
    ("theirs", "vote"): r"\.(vote|like)\(",
    ("theirs", "edit"): r"\.(edit|change|reword)\(",
    ("theirs", "delete"): r"\.(delete|erase|take_out|unsay)\(",
    ("ours", "join"): r"\.follow\(|theirs\(|world\.alice",
    ("ours", "post"): r"\.(write|show)\(",
    ("ours", "answer"): r"\.write\([^\n]*answering=",
    ("ours", "vote"): r"\.act\(\"favourite\"",
    ("ours", "edit"): r"\.edit\(",
    ("ours", "delete"): r"\.delete\(",
}
Cell = tuple[str, str, str]


def told() -> tuple[set[Cell], set[Cell]]:
    """The cells of the page: those that say yes, and those that say no."""
    yes: set[Cell] = set()
    no: set[Cell] = set()
    for whose, title in (("theirs", "What people there do"), ("ours", "What members here do")):
        table = PAGE.partition(f"## {title}")[2].partition("\n## ")[0]
        head, _line, *rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
        assert head[1:] == list(ACTS)
        for program, *cells in rows:
            for act, cell in zip(ACTS.values(), cells, strict=True):
                assert cell in ("yes", "no")
                (yes if cell == "yes" else no).add((NAMES[program], whose, act))
    return yes, no


def stories() -> list[ModuleType]:
    """The modules with stories of programs."""
    found = sorted(
        path.stem for path in Path(__file__).parent.glob("test_peers_*.py") if path.stem != "test_peers_table"
    )
    return [importlib.import_module(f"tests.scenarios.{name}") for name in found]


def shown() -> dict[Cell, str]:
    """The cells that stories claim to show, and which does; none claims what it does nowhere."""
    found: dict[Cell, str] = {}
    for module in stories():
        for name, story in inspect.getmembers(module, inspect.isfunction):
            for mark in getattr(story, "pytestmark", []):
                if mark.name != "shows":
                    continue
                source, parameters = inspect.getsource(story), inspect.signature(story).parameters
                assert "program" not in parameters or {*mark.args} <= {*module.PROGRAMS}
                for whose, acts in mark.kwargs.items():
                    for act in acts.split():
                        assert re.search(DONE[whose, act], source), f"{name}: {whose} {act}"
                        found |= {(program, whose, act): name for program in mark.args}
    return found


def test_the_page_says_yes_where_a_story_shows_it_and_no_nowhere_else() -> None:
    yes, no = told()

    assert {*shown()} == yes
    assert len(yes | no) == len(NAMES) * 2 * len(ACTS)


def test_each_no_is_explained() -> None:
    explained = PAGE.partition("## What cannot be said")[2].partition("\n## ")[0]
    programs = {name for name, key in NAMES.items() for program, _, _ in told()[1] if program == key}

    assert programs == {*re.findall(r"^- \*\*(\w+)\*\*", explained, re.MULTILINE)}
