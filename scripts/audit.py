"""Asks the OSV database whether a version in the lock files has a known hole; `.ci/run` does so too.

Exit code 0: none is known, or the database cannot be reached, which is said. 1: some are known, with where to read of
them. FEDCOMM_AUDIT_URL names another copy of the database.
"""

import os
import re
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
DATABASE = "https://api.osv.dev/v1/querybatch"
SECONDS = 20.0


def locked(root: Path = ROOT) -> list[tuple[str, str]]:
    """Every package of the locks with its version."""
    texts = [(root / lock).read_text() for lock in LOCKS]
    return sorted({found for text in texts for found in re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", text, re.M)})


def holes(packages: list[tuple[str, str]], database: str) -> list[str]:
    """A line for each known hole.

    Raises:
        httpx.HTTPError: the database does not answer.
    """
    queries = [{"package": {"name": n, "ecosystem": "PyPI"}, "version": v} for n, v in packages]
    answer = httpx.post(database, json={"queries": queries}, timeout=SECONDS).raise_for_status().json()
    return [
        f"{name} {version}: {known['id']}, see https://osv.dev/vulnerability/{known['id']}"
        for (name, version), result in zip(packages, answer["results"], strict=True)
        for known in result.get("vulns", ())
    ]


def main() -> int:
    """The exit code."""
    packages = locked()
    try:
        found = holes(packages, os.environ.get("FEDCOMM_AUDIT_URL", DATABASE))
    except httpx.HTTPError as fault:
        print(f"not audited: the database of known holes could not be asked ({fault!r})")
        return 0
    print("\n".join(found) or f"{len(packages)} packages, no known holes")
    if found:
        print("fix: make lock UPGRADE=1", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
