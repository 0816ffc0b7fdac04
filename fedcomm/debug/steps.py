"""Steps of an examination: what was looked at, whether it holds, why not, and what to do about it."""

from typing import Any

import msgspec

from activitypub.errors import BadSignature, Forbidden, Gone, Malformed, NotFound, Unreachable
from fedcomm import errors

_LATER = "ask again later; `fedcomm peer list` says how deliveries to that server go"
_FIXES: tuple[tuple[type[Exception], str], ...] = (
    (Unreachable, _LATER),
    (NotFound, "ask whoever gave you the address: its server says that nothing is there"),
    (Gone, "nothing can be done here: its server says that it was deleted"),
    (BadSignature, "whoever sends it has to sign it anew, with the key that its actor lists now"),
    (Forbidden, "its server has to serve it so that this rule is kept; nothing has to be changed here"),
    (Malformed, "whoever wrote it has to correct this; FEDERATION.md says what is understood here"),
    (errors.NotAllowed, "`fedcomm peer list` says what was decided; `fedcomm peer clear HOST` takes it back"),
)


class Step(msgspec.Struct, frozen=True):
    """One thing that was looked at; `holds` is None for what is only told."""

    what: str
    holds: bool | None
    said: str


class Steps:
    """Collects them; the first that does not hold says what to do."""

    def __init__(self) -> None:
        self.all: list[Step] = []
        self.fix = ""

    def yes(self, what: str, said: str) -> None:
        """It holds."""
        self.all.append(Step(what, True, said))

    def note(self, what: str, said: str) -> None:
        """Something to know."""
        self.all.append(Step(what, None, said))

    def no(self, what: str, said: str, fix: str) -> None:
        """It does not hold."""
        self.all.append(Step(what, False, said))
        self.fix = self.fix or fix

    def fault(self, what: str, fault: Exception, fix: str = "") -> None:
        """It does not hold, as this error says."""
        known = getattr(fault, "fix", "") or next((said for kind, said in _FIXES if isinstance(fault, kind)), "")
        self.no(what, str(fault), fix or known or "see the log of the server")

    def answer(self, **more: Any) -> dict[str, Any]:
        """What the command answers with."""
        return {
            "holds": all(step.holds is not False for step in self.all),
            "steps": [msgspec.structs.asdict(step) for step in self.all],
            "fix": self.fix,
            **more,
        }
