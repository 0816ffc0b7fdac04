"""The bench runs, on hardly any work, and says of each figure what it is, what it should be and whether it is right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.crowd import Delivery
from bench.figures import Figure
from bench.loads import disordered, unlike
from bench.report import table
from bench.scenarios import SCENARIOS

ROOT = Path(__file__).parent.parent.parent
YARDSTICKS = {"rsa_sign", "rsa_verify", "ed25519_sign", "ed25519_verify", "nh3_700", "empty_request"}


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def delivery(host: int, at: float, post: str) -> Delivery:
    body = json.dumps({"type": "Create", "object": {"id": f"https://a.test/statuses/{post}"}}).encode()
    return Delivery(host, at, "/inbox", {}, body)


@pytest.mark.thorough
def test_a_run_measures_real_servers_and_keeps_what_it_found(tmp_path: Path) -> None:
    names = ["start", "inbox", "posting", "fanout", "distance", "community", "talking"]

    done = bench(*names, "--tiny", "--results", str(tmp_path))

    assert done.returncode == 0, done.stderr
    (kept,) = tmp_path.glob("*.json")
    assert str(kept) in done.stdout
    run = json.loads(kept.read_text())
    assert set(run) == {"made_at", "command", "machine", "yardsticks_us", "figures"}
    assert run["machine"]["database"] == "sqlite"
    assert set(run["yardsticks_us"]) == YARDSTICKS
    assert all(cost > 0 for cost in run["yardsticks_us"].values())
    figures = {figure["name"]: figure for figure in run["figures"]}
    assert not [figure for figure in figures.values() if figure["wrong"]], done.stdout
    assert {
        "start to the first answer",
        "inbox item to the 202",
        "inbox item with its effect",
        "post to 20 local followers",
        "delivery (fan-out of a post)",
        "last of 6 servers, each 100 ms away",
        "post to 120 members on 6 servers",
        "vote of 30 at once",
        "page of a thread of 300",
    } <= set(figures)
    assert all(figure["value"] > 0 for figure in figures.values())
    assert set(figures["inbox item to the 202"]["ratios"]) == YARDSTICKS
    assert figures["last of 6 servers, each 100 ms away"]["value"] >= 0.1


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do() -> None:
    done = bench("outbox")

    assert done.returncode == 2
    assert "outbox" in done.stderr
    assert all(name in done.stderr for name in SCENARIOS)


def test_a_fast_wrong_answer_is_shown_as_wrong() -> None:
    figure = Figure(name="delivery", value=1.0, unit="µs", aim=90.0, wrong="3 servers did not get each post once")

    shown = table(dict.fromkeys(YARDSTICKS, 10.0), [figure])

    assert "WRONG" in shown
    assert "3 servers did not get each post once" in shown
    assert "reached" not in shown


def test_an_aim_that_is_missed_says_by_how_much() -> None:
    figure = Figure(name="delivery", value=180.0, unit="µs", aim=90.0)

    shown = table(dict.fromkeys(YARDSTICKS, 10.0), [figure])

    assert "missed, 2.00 times the aim" in shown


@pytest.mark.parametrize(
    "got",
    [
        pytest.param([(0, "1"), (1, "1"), (1, "2")], id="one is missing"),
        pytest.param([(0, "1"), (0, "2"), (0, "2"), (1, "1"), (1, "2")], id="one came twice"),
        pytest.param([(0, "1"), (0, "2"), (1, "1"), (1, "2"), (2, "1")], id="one went where it should not"),
    ],
)
def test_posts_that_did_not_arrive_once_everywhere_are_noticed(got: list[tuple[int, str]]) -> None:
    deliveries = [delivery(host, float(at), post) for at, (host, post) in enumerate(got)]

    amiss = unlike(deliveries, ["1", "2"], [0, 1], pem="")

    assert "did not get each post once" in amiss


def test_posts_in_another_order_are_noticed() -> None:
    deliveries = [delivery(0, 1.0, "1"), delivery(0, 2.0, "2"), delivery(1, 2.0, "1"), delivery(1, 1.0, "2")]

    assert disordered(deliveries[:2], ["1", "2"]) == ""
    assert disordered(deliveries, ["1", "2"]) == "1 servers got them in another order"
