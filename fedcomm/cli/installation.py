"""Is what would be imported really ours? Other distributions use the names of our packages too."""

from importlib.util import find_spec
from pathlib import Path

import fedcomm
from fedcomm.config import ConfigError, Problem

ROOMS = ("activitypub", "storage", "web")
_MARK = "__fedcomm__ = True"
_FIX = (
    "install fedcomm in an environment of its own: `pipx install fedcomm`,"
    " or in a clone `rm -r .venv` and `make run`"
)  # fmt: skip


def check_installation() -> None:
    """Nothing happens when the packages that would be imported are the ones that belong to this fedcomm.

    Looked at without importing: `pip install web.py` writes its own code into ours, and pip finds nothing wrong.

    Raises:
        ConfigError: one is missing or another's.
    """
    home = Path(fedcomm.__file__).resolve().parent.parent
    for name in ROOMS:
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None:
            raise ConfigError(Problem(f"the package '{name}' of fedcomm is missing", _FIX))
        if origin.parent.parent != home or _MARK not in origin.read_text(errors="replace"):
            raise ConfigError(Problem(f"the package '{name}' here is not ours but another's ({origin.parent})", _FIX))
