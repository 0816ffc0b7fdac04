"""`python -m bench`: run the scenarios, print the table, keep the figures as JSON. Exit code 0 whatever they are."""

import argparse
import shlex
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from activitypub import keys
from bench import machine, report, yardsticks
from bench.figures import Figure
from bench.plan import FULL, QUICK, TINY, Plan, Sizes
from bench.scenarios import SCENARIOS

RESULTS = Path(__file__).parent / "results"


def main(words: list[str]) -> int:
    """Run what was asked for."""
    asked = _parser().parse_args(words)
    unknown = [name for name in asked.scenarios if name not in SCENARIOS]
    if unknown:
        print(f"There is no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}.", file=sys.stderr)
        return 2
    sizes = TINY if asked.tiny else QUICK if asked.quick else FULL
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # and so nothing is left behind
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="fedcomm-bench-"))
    try:
        described = machine.described()
        print(f"{described['cores']} cores, {described['cpu']}, Python {described['python']}, load {described['load']}")
        measured = yardsticks.measure(quick=sizes is not FULL)
        figures = _figures(asked.scenarios or list(SCENARIOS), folder, sizes, measured, asked.postgres)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(report.table(measured, figures))
    shown = [word.replace(asked.postgres or "\0", "…") for word in words]  # the URL may hold a password
    described["database"] = "postgres" if asked.postgres else "sqlite"
    run = report.document(described, shlex.join(["python", "-m", "bench", *shown]), measured, figures)
    print(f"\n{time.monotonic() - begun:.0f} s; written to {report.write(asked.results, run)}")
    return 0


def _figures(names: list[str], folder: Path, sizes: Sizes, measured: dict[str, float], postgres: str) -> list[Figure]:
    key = keys.make_rsa()
    plan = Plan(folder, key, keys.public_pem(key.public), measured, sizes, postgres)
    figures: list[Figure] = []
    for name in names:
        begun = time.monotonic()
        print(f"{name} …", end=" ", flush=True)
        try:
            figures += SCENARIOS[name](plan)
        except Exception as fault:  # one scenario that cannot be run does not hide the others
            figures.append(Figure(name=name, value=0.0, unit="s", wrong=repr(fault)))
        print(f"{time.monotonic() - begun:.1f} s", flush=True)
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what things cost; fails nothing.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"one of {', '.join(SCENARIOS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="a fifth of the work, for a first look")
    parser.add_argument("--tiny", action="store_true", help="hardly any work: only to see that everything runs")
    parser.add_argument("--postgres", default="", metavar="URL", help="keep the data in databases made at this server")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON is kept")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
