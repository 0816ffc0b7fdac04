"""Starts a migration: the next number, the given name, one empty file for each dialect."""

import re
import sys
from pathlib import Path

MIGRATIONS = Path(__file__).parent.parent / "storage" / "migrations"
DIALECTS = ("sqlite", "postgres")


def main(name: str) -> int:
    """Exit code 0, or 2 when the name cannot be one."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,50}", name):
        print("A migration needs a name of small letters, digits and underscores.\nfix: make migration name=add_polls")
        return 2
    numbers = [int(path.name.split("_")[0]) for path in MIGRATIONS.glob("*/[0-9]*_*.sql")]
    for dialect in DIALECTS:
        path = MIGRATIONS / dialect / f"{max(numbers, default=0) + 1:04}_{name}.sql"
        path.write_text(f"-- {name.replace('_', ' ').capitalize()}.\n")
        print(path.relative_to(MIGRATIONS.parent.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
