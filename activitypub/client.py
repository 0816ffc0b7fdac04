"""Asks peers for documents and hands them activities: redirects, content types, signatures, what their answers mean."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx
import msgspec

from activitypub import documents, signatures, verify
from activitypub.errors import Forbidden, Gone, Malformed, NotFound, Unreachable
from activitypub.keys import PrivateKey
from activitypub.origins import Origin, check_id, origin
from activitypub.policy import Policy, Refused, check_origin
from activitypub.versions import Text, Version

MAX_REDIRECTS = 3
MAX_ATTEMPTS = 3  # at one URL, when it wants to be asked with another signature
MOST_MISSED = 12  # documents that a domain did not have, more than it had: then it is left alone on that occasion
MAX_REMARK_BYTES = 65_536  # kept of an answer to POST
MAX_RETRY_AFTER = 6 * 3600.0  # seconds that a peer may ask to wait

ACTIVITY = "application/activity+json"
LINKED_DATA = "application/ld+json"
PROFILE = "https://www.w3.org/ns/activitystreams"
ACCEPT = f'{ACTIVITY}, {LINKED_DATA}; profile="{PROFILE}"'  # AP §3.2

_UNCHANGED = 304
_MOVED = (301, 302, 303, 307, 308)
_WANTS_SIGNATURE = (401, 403)
_LATER = (408, 425, 429)
_JSON = re.compile(r"application/(?:[a-z0-9.-]+\+)?json")
_PARAMETER = re.compile(r';\s*([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s;"]+))\s*', re.IGNORECASE)

# What to add to a GET of a URL, at the first attempt (0), at the next when the peer said 401 or 403 …; None: give up.
Sign = Callable[[str, int], Mapping[str, str] | None]
# At which attempt (0, 1 …) the peer gave what was asked for at a URL.
Took = Callable[[str, int], None]


class Document(msgspec.Struct, frozen=True):
    """A document that speaks for itself, and where it was found in the end."""

    raw: dict[str, Any]
    url: str


class Answer(msgspec.Struct, frozen=True):
    """What a peer said to a POST; names of headers are lower-case, the body is cut off at `MAX_REMARK_BYTES`."""

    status: int
    headers: dict[str, str]
    body: bytes


class Exhausted(Forbidden):
    """What one occasion may cause in requests has been used up."""


class Allowance:
    """How many requests may be made on one occasion, say one activity; redirects and second attempts count.

    `per_domain` bounds what goes to one domain with all its sub-domains, which cost a stranger nothing. `most_bytes` is
    how much all documents together may have; the one with which it becomes more is the last. `weighed` is how much
    they had. A domain that has little of what it is asked for is asked no more: whoever made up a list of addresses
    there must not have it flooded by us.
    """

    def __init__(self, requests: int = 20, per_domain: int = 15, most_bytes: int | None = None) -> None:
        self.left = requests
        self.weighed = 0
        self._most_bytes = most_bytes
        self._per_domain = per_domain
        self._spent: dict[str, int] = {}
        self._missed: dict[str, int] = {}  # how much more often than not a domain did not have what it was asked for

    @property
    def used_up(self) -> bool:
        """Whether nothing can be asked for any more, whoever has it."""
        return self.left <= 0 or (self._most_bytes is not None and self.weighed > self._most_bytes)

    def weigh(self, size: int) -> None:
        """Count the bytes of a document."""
        self.weighed += size

    def spend(self, host: str) -> None:
        """Count one request.

        Raises:
            Exhausted: it would be one too many.
        """
        domain = domain_of(host)
        spent = self._spent.get(domain, 0)
        if self.used_up or spent >= self._per_domain or self._missed.get(domain, 0) >= MOST_MISSED:
            raise Exhausted("This would take more requests than one occasion may cause.")
        self.left -= 1
        self._spent[domain] = spent + 1

    def heard(self, host: str, *, found: bool) -> None:
        """Whether what was asked for was there."""
        domain = domain_of(host)
        self._missed[domain] = self._missed.get(domain, 0) + (-1 if found else 1)


class Client:
    """Speaks to peers in this server's name.

    `sign` is how a GET is signed when the caller does not say; `took` hears which attempt of it was taken.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        user_agent: str,
        policy: Policy,
        *,
        sign: Sign | None = None,
        took: Took | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._user_agent = user_agent
        self._policy = policy
        self._sign = sign or unsigned
        self._took = took
        self._clock = clock

    async def get_document(
        self, url: str, sign: Sign | None = None, *, allowance: Allowance | None = None, plain: bool = False
    ) -> Document:
        """An ActivityPub document from its home: its id is the URL where it was found, or was asked at its id again.

        With `plain` it may be served as JSON of any kind, as uploads are too: then it vouches for nothing in it.

        Raises:
            NotFound, Gone: there is none any more, or only a tombstone.
            Forbidden: the peer or a rule says no: a redirect, origin or address that is not followed or believed.
            Unreachable: no answer, or "later".
            Malformed: no such document.
        """
        found = await self._document(url, sign, allowance, plain)
        name = verify.fetched(found.raw, found.url)
        if name is not None:
            found = await self._document(name, sign, allowance, plain)
            if verify.fetched(found.raw, found.url) is not None:
                raise Forbidden("The document is not found at its id.")
        if found.raw.get("type") == "Tombstone":
            raise Gone("Nothing but a tombstone is left.")
        return found

    async def get_json(
        self, url: str, accept: str = "application/json", *, allowance: Allowance | None = None
    ) -> dict[str, Any]:
        """A JSON object of any kind, asked for without a signature: WebFinger, NodeInfo.

        Raises:
            NotFound, Gone, Forbidden, Unreachable, Malformed: as `get_document`.
        """
        return documents.expect_object(await self.get_value(url, accept, allowance=allowance))

    async def get_value(self, url: str, accept: str = "application/json", *, allowance: Allowance | None = None) -> Any:
        """As `get_json`, a value of any kind: some APIs answer with a list."""
        _, response = await self._get(url, accept, unsigned, allowance)
        if not _JSON.fullmatch(_content_type(response)[0]):
            raise Malformed("The answer is no JSON.")
        return documents.decode(await _weighed(response, allowance))

    async def get_file(self, url: str, most: int, *, signed: bool = False) -> bytes:
        """What is at that address, of at most so many bytes; asked for as a stranger, or `signed` for what is for few.

        Raises:
            NotFound, Gone, Forbidden, Unreachable, Malformed: as `get_document`.
        """
        _, response = await self._get(url, "image/*", self._sign if signed else unsigned, None, most)
        return await response.aread()

    async def get_text(self, url: str, accept: str, most: int, known: Version | None = None) -> Text | None:
        """As `get_file`, of any kind; None when it is still the version that is `known` (RFC 9110 §13.1).

        Raises:
            NotFound, Gone, Forbidden, Unreachable, Malformed: as `get_document`.
        """
        condition = (known or Version()).condition

        def conditional(_url: str, attempt: int) -> Mapping[str, str] | None:
            return condition if attempt == 0 else None

        _, response = await self._get(url, accept, conditional, None, most, unchanged=bool(condition))
        if response.status_code == _UNCHANGED:
            return None
        return Text(await response.aread(), Version.told(response.headers))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What a peer says to a POST, whatever it is (see `failure`); redirects are not followed.

        Raises:
            Forbidden: it is not asked: the policy is against it.
            Unreachable: no answer.
            Malformed: no such URL, or no HTTP.
        """
        self._check(origin(url))
        response = await self._send("POST", url, {**headers, "user-agent": self._user_agent}, body)
        said = (await response.aread())[:MAX_REMARK_BYTES]
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, said)

    async def _document(self, url: str, sign: Sign | None, allowance: Allowance | None, plain: bool) -> Document:
        host = origin(check_id(url)).host
        try:
            document = await self._read_document(url, sign, allowance, plain)
        except (NotFound, Gone, Forbidden, Malformed):
            if allowance is not None:
                allowance.heard(host, found=False)
            raise
        if allowance is not None:
            allowance.heard(host, found=True)
        return document

    async def _read_document(self, url: str, sign: Sign | None, allowance: Allowance | None, plain: bool) -> Document:
        final, response = await self._get(url, ACCEPT, sign or self._sign, allowance)
        fits = is_activity_json(response.headers.get_list("content-type"))
        if not fits and not (plain and _JSON.fullmatch(_content_type(response)[0])):
            raise Malformed("The answer is no ActivityPub document.")
        return Document(await _read(response, allowance), final)

    async def _get(
        self, url: str, accept: str, sign: Sign, allowance: Allowance | None, most: int = 0, *, unchanged: bool = False
    ) -> tuple[str, httpx.Response]:
        here = check_id(url).partition("#")[0]
        asked = origin(here)
        seen = {here}
        for _ in range(MAX_REDIRECTS + 1):
            there = origin(here)
            self._check(there)
            # A signature is for the host it was made for: where a redirect leads elsewhere, one asks as a stranger.
            response = await self._ask(here, accept, sign if there == asked else unsigned, allowance, most)
            if response.status_code not in _MOVED:
                if not (unchanged and response.status_code == _UNCHANGED):
                    _raise_for(response, self._clock())
                return here, response
            here = _target(here, response)
            if here in seen:
                raise Malformed("The redirects lead in a circle.")
            seen.add(here)
        raise Malformed(f"More than {MAX_REDIRECTS} redirects are not followed.")

    async def _ask(self, url: str, accept: str, sign: Sign, allowance: Allowance | None, most: int) -> httpx.Response:
        own = {"accept": accept, "user-agent": self._user_agent}
        extra: Mapping[str, str] | None = sign(url, 0) or {}
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if allowance is not None:
                allowance.spend(origin(url).host)
            response = await self._send("GET", url, {**own, **(extra or {})}, most=most)
            if response.status_code not in _WANTS_SIGNATURE:
                if response.is_success and self._took is not None and sign is self._sign:
                    self._took(url, attempt - 1)
                break
            extra = sign(url, attempt)
            if extra is None:
                break
        return response

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", most: int = 0
    ) -> httpx.Response:
        try:
            request = httpx.Request(method, url, headers=dict(headers), content=body if method == "POST" else None)
            if most:
                request.extensions["limit"] = most
        except (httpx.InvalidURL, ValueError) as error:
            raise Malformed("The request cannot be written.") from error
        return await self._transport.handle_async_request(request)

    def _check(self, there: Origin) -> None:
        check_origin(there, self._policy)
        if self._policy.blocked(there.authority):
            raise Refused(f"{there.authority} is blocked.")


def unsigned(_url: str, attempt: int) -> Mapping[str, str] | None:
    """Ask as a stranger, once."""
    return {} if attempt == 0 else None


def signed(
    key: PrivateKey,
    key_id: str,
    clock: Callable[[], float] = time.time,
    order: Iterable[Literal["cavage", "rfc9421", "unsigned"]] = ("cavage", "rfc9421"),
) -> Sign:
    """Ask by a key, usually the application actor's; what comes later in the order is tried when the peer says no."""
    schemes = tuple(order)

    def sign(url: str, attempt: int) -> Mapping[str, str] | None:
        if attempt >= len(schemes):
            return None
        scheme = schemes[attempt]
        if scheme == "unsigned":
            return {}
        return signatures.sign(scheme, key, key_id, "GET", url, {}, None, clock())

    return sign


def failure(status: int, retry_after: str | None, now: float) -> Exception | None:
    """What the status of an answer means, as the error to raise, else None (2xx). `retry_after` is that header."""
    if 200 <= status < 300:
        return None
    if status == 404:
        return NotFound("There is nothing at this URL.")
    if status == 410:
        return Gone("There is nothing at this URL any more.")
    if status in _WANTS_SIGNATURE:
        return Forbidden("The peer does not want to say it.")
    if status >= 500 or status in _LATER:
        return Unreachable(f"The peer answers with status {status}.", _seconds(retry_after, now))
    return Malformed(f"The peer answers with status {status}.")


def is_activity_json(content_types: list[str]) -> bool:
    """Whether a `Content-Type` is one that only ActivityPub documents have (AP §3.2); uploads and pages have others."""
    if len(content_types) != 1:
        return False
    kind, parameters = _media_type(content_types[0])
    return kind == ACTIVITY or (kind == LINKED_DATA and PROFILE in parameters.get("profile", "").split())


async def _read(response: httpx.Response, allowance: Allowance | None) -> dict[str, Any]:
    return documents.read(await _weighed(response, allowance))


async def _weighed(response: httpx.Response, allowance: Allowance | None) -> bytes:
    body = await response.aread()
    if allowance is not None:
        allowance.weigh(len(body))
    return body


def _raise_for(response: httpx.Response, now: float) -> None:
    error = failure(response.status_code, response.headers.get("retry-after"), now)
    if error is not None:
        raise error


def _target(here: str, response: httpx.Response) -> str:
    locations = response.headers.get_list("location")
    if len(locations) != 1:
        raise Malformed("A redirect leads nowhere.")
    try:
        there = check_id(str(httpx.URL(here).join(locations[0]))).partition("#")[0]
    except (httpx.InvalidURL, ValueError) as error:
        raise Malformed("A redirect leads nowhere.") from error
    if origin(here).scheme == "https" and origin(there).scheme != "https":
        raise Refused("A redirect leads from https to http.")
    return there


def _content_type(response: httpx.Response) -> tuple[str, dict[str, str]]:
    values = response.headers.get_list("content-type")
    return _media_type(values[0]) if len(values) == 1 else ("", {})


def _media_type(value: str) -> tuple[str, dict[str, str]]:
    kind, semicolon, rest = value.partition(";")
    found = _PARAMETER.findall(semicolon + rest)
    return kind.strip().lower(), {name.lower(): quoted or plain for name, quoted, plain in found}


def _seconds(retry_after: str | None, now: float) -> float | None:
    if retry_after is None:
        return None
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return MAX_RETRY_AFTER if len(value) > 6 else min(float(value), MAX_RETRY_AFTER)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - now, 0.0), MAX_RETRY_AFTER)
    except (ValueError, OverflowError):
        return None


def domain_of(host: str) -> str:
    """The domain that a host is counted with, whose sub-domains cost a stranger nothing: its last two labels.

    Under co.uk too many are counted together, which is the safe side.
    """
    return host if ":" in host else ".".join(host.split(".")[-2:])
