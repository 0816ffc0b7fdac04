"""What an answer to a delivery means: taken, refused for good, gone, or to be tried later."""

import enum
from email.utils import parsedate_to_datetime

from activitypub.transport import Reply
from fedcomm import clock

_LATER = frozenset((401, 403, 408, 425, 429))
_GONE = frozenset((404, 410))


class Verdict(enum.Enum):
    """How a delivery to one inbox ended."""

    TAKEN = "taken"
    REFUSED = "refused"  # noted; the cursor moves on
    GONE = "gone"  # the inbox answered that it is not there
    LATER = "later"  # the lane is held


def judge(status: int) -> Verdict:
    """The verdict on an HTTP status; 401 and 403 are first tried with the other signature scheme."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status in _GONE:
        return Verdict.GONE
    if status in _LATER or status >= 500:
        return Verdict.LATER
    return Verdict.REFUSED


def retry_after(answer: Reply) -> float | None:
    """The seconds a peer asks us to wait (RFC 9110 §10.2.3), None when it does not say."""
    asked = next((value for name, value in answer.headers if name == b"retry-after"), b"").decode("latin-1").strip()
    if not asked:
        return None
    if asked.isdigit():
        return float(asked[:9])
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - clock.now())
    except (ValueError, TypeError, OverflowError):
        return None
