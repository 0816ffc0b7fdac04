"""How much one asker may ask for: Mastodon's numbers and headers, counted in memory per window of time."""

from collections import OrderedDict
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedcomm import clock
from fedcomm.attempts import network
from fedcomm.errors import TooMany
from web.languages import later

STANDING = "fedcomm.standing"  # in the scope of a request that is counted
MAX_COUNTERS = 100_000
# Forms that may ask another server.
_ASKING = frozenset(
    {
        "/find",
        "/visit",
        "/intents/{act}",
        "/settings/blocks",
        "/settings/mutes",
        "/lists/{id}/people",
        "/invite/{token}/elsewhere",
    }
)
_LIMITED = ("/api/", "/oauth/")


class Rule(msgspec.Struct, frozen=True):
    """At most `limit` requests in `seconds`; counted by network address where `by_address`, else by account."""

    name: str
    limit: int
    seconds: int
    by_address: bool = False


class Standing(msgspec.Struct, frozen=True):
    """How far an asker has got with a rule."""

    limit: int
    remaining: int
    reset: float  # seconds since 1970


# Mastodon: "Rate limits"
TOKEN = Rule("token", 300, 300)
ACCOUNT = Rule("account", 1500, 300)
ADDRESS = Rule("address", 300, 300, by_address=True)
FORM = Rule("forms", 300, 300, by_address=True)  # of pages; reading them is free
FIND = Rule("finds", 60, 300, by_address=True)  # each may ask another server
SPECIAL = {
    ("POST", "/api/v1/apps"): Rule("apps", 5, 600, by_address=True),
    ("POST", "/api/v1/accounts"): Rule("sign-ups", 5, 1800, by_address=True),
    ("POST", "/api/v1/media"): Rule("media", 30, 1800),
    ("POST", "/api/v2/media"): Rule("media", 30, 1800),
    ("DELETE", "/api/v1/statuses/{id}"): Rule("deletions", 30, 1800),
    ("POST", "/api/v1/statuses/{id}/unreblog"): Rule("deletions", 30, 1800),
}


class Exceeded(TooMany):
    """A limit was reached."""

    def __init__(self, standing: Standing, retry_after: float) -> None:
        super().__init__(later("Too many requests. Please wait a little."), retry_after=retry_after)
        self.standing = standing


class Limits:
    """The counters of one process."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, object, int], int] = OrderedDict()

    def take(self, rule: Rule, who: object) -> Standing:
        """Count one request.

        Raises:
            Exceeded: the limit was reached before.
        """
        now = clock.now()
        window = int(now // rule.seconds)
        key = (rule.name, who, window)
        count = self._counts.get(key, 0) + 1
        reset = (window + 1) * rule.seconds
        if count > rule.limit:
            raise Exceeded(Standing(rule.limit, 0, reset), max(1.0, reset - now))
        self._counts[key] = count
        if count == 1:
            self._forget()
        return Standing(rule.limit, rule.limit - count, reset)

    def _forget(self) -> None:
        while len(self._counts) > MAX_COUNTERS:
            self._counts.popitem(last=False)


def check(
    limits: Limits, request: Request, method: str, pattern: str, token_id: int | None, account_id: int | None
) -> Standing | None:
    """Count the request under every rule that applies; the strictest standing, None where nothing is limited.

    The route decides, not how its path was written (attack OAU-17).

    Raises:
        Exceeded: one of the limits was reached.
    """
    address = network(request.client.host) if request.client else "?"
    if not pattern.startswith(_LIMITED):
        if method == "POST" and not pattern.endswith("/inbox"):
            limits.take(FIND if pattern in _ASKING else FORM, address)
        return None
    if token_id is None:
        standing = limits.take(ADDRESS, address)
    else:
        standing = limits.take(TOKEN, token_id)
        if account_id is not None:
            limits.take(ACCOUNT, account_id)
    rule = SPECIAL.get((method, pattern))
    if rule is None:
        return standing
    return limits.take(rule, address if rule.by_address or account_id is None else account_id)


def tell(response: Response, standing: Standing) -> None:
    """Add the headers that clients read."""
    reset = datetime.fromtimestamp(standing.reset, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    response.raw_headers += [
        (b"x-ratelimit-limit", b"%d" % standing.limit),
        (b"x-ratelimit-remaining", b"%d" % standing.remaining),
        (b"x-ratelimit-reset", reset.encode()),
    ]
