"""What a password costs whoever has stolen the database; the other tests have cheaper ones (tests/conftest.py)."""

import subprocess
import sys

HASH = "import asyncio; from fedcomm import passwords; print(asyncio.run(passwords.hashed('correct horse battery')))"


def test_a_hash_costs_19_mib_and_two_rounds() -> None:
    done = subprocess.run([sys.executable, "-c", HASH], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
