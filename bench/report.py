"""A run as a table for people and as JSON for programs."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.figures import Figure

NAMES = {
    "rsa_sign": "RSA-2048 signature",
    "rsa_verify": "RSA-2048 verification",
    "ed25519_sign": "Ed25519 signature",
    "ed25519_verify": "Ed25519 verification",
    "nh3_700": "nh3 on 700 bytes of HTML",
    "empty_request": "empty request (uvicorn)",
}
_IN_MICROSECONDS = {"µs": 1.0, "ms": 1e3, "s": 1e6}


def table(yardsticks: Mapping[str, float], figures: Sequence[Figure]) -> str:
    """Everything in lines of text."""
    lines = ["", "Yardsticks of this run (CPU)"]
    lines += [f"  {NAMES[name]:<44}{value:>10.1f} µs" for name, value in yardsticks.items()]
    lines += ["", f"{'Figures (c: CPU time, w: by the clock)':<46}{'value':>10}{'aim':>12}   verdict"]
    for figure in figures:
        aim = "" if figure.aim is None else f"{_short(figure.aim)} {figure.unit}"
        value = f"{_short(figure.value)} {figure.unit}"
        kind = "c" if figure.cpu else " " if figure.unit == "MB" else "w"
        lines.append(f"{kind} {figure.name:<44}{value:>10}{aim:>12}   {figure.verdict}")
        if figure.wrong:
            lines.append(f"      wrong: {figure.wrong}")
        more = [figure.note] if figure.note else []
        if figure.spread is not None and figure.spread[0] != figure.spread[1]:
            more.append(f"rounds: {_short(figure.spread[0])} to {_short(figure.spread[1])}")
        if figure.beside:
            ratio = ratios(figure, yardsticks)[figure.beside]
            more.append(f"{ratio:.1f} times the {NAMES[figure.beside]}")
        if more:
            lines.append(f"      {'; '.join(more)}")
    return "\n".join(lines)


def document(
    machine: Mapping[str, Any], command: str, yardsticks: Mapping[str, float], figures: Sequence[Figure]
) -> dict[str, Any]:
    """The same for programs, with the ratios of every figure of CPU time to every yardstick."""
    return {
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": command,
        "machine": dict(machine),
        "yardsticks_us": dict(yardsticks),
        "figures": [
            msgspec.to_builtins(figure)
            | {"verdict": figure.verdict, "ratios": ratios(figure, yardsticks) if figure.cpu else {}}
            for figure in figures
        ],
    }


def write(folder: Path, run: Mapping[str, Any]) -> Path:
    """Keep a run; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n")
    return path


def ratios(figure: Figure, yardsticks: Mapping[str, float]) -> dict[str, float]:
    """How many times each yardstick a figure is."""
    value = figure.value * _IN_MICROSECONDS[figure.unit]
    return {name: round(value / each, 2) for name, each in yardsticks.items()}


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
