#!/bin/sh
# Makes .venv and installs into it what the given lock file lists, each file checked against its hash.
set -eu
lock=$1

supported() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(find_python)
    if [ -z "$python" ]; then
        echo "fedcomm needs Python 3.11 or newer, and there is none here." >&2
        echo "fix: sudo apt install python3 python3-venv" >&2
        exit 2
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$("$python" --version) is here, but not the part of it that makes environments." >&2
        echo "fix: sudo apt install python3-venv" >&2
        exit 2
    fi
    "$python" -m venv --clear .venv
fi

echo "Setting up .venv from $lock …"
.venv/bin/python -m pip install -qq --disable-pip-version-check --only-binary :all: --require-hashes -r "$lock"
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
