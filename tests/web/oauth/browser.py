"""A person with a browser, and the program they let in: what the tests of OAuth speak with."""

import base64
import hashlib
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

import storage.accounts
from fedcomm import sessions
from fedcomm.app import App
from tests import build

OOB = "urn:ietf:wg:oauth:2.0:oob"
BACK = "https://app.test/back"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Form(msgspec.Struct):
    """The form of a page: where it goes, and what its fields hold."""

    action: str
    fields: dict[str, str]


class Program(msgspec.Struct, frozen=True):
    """A registered program."""

    client: httpx.AsyncClient
    client_id: str
    client_secret: str

    def asking(self, **changed: str | None) -> str:
        """The address it sends people to; None leaves a parameter out."""
        usual: dict[str, str | None] = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": BACK, "scope": "read write",
        }  # fmt: skip
        return "/oauth/authorize?" + urlencode({key: value for key, value in (usual | changed).items() if value})

    async def exchange(self, code: str, **changed: str | None) -> httpx.Response:
        """Ask for the token."""
        usual: dict[str, str | None] = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": self.client_id,
            "client_secret": self.client_secret,
        }  # fmt: skip
        wish = {key: value for key, value in (usual | changed).items() if value is not None}
        return await self.client.post("/oauth/token", data=wish)


async def register(client: httpx.AsyncClient, **changed: Any) -> Program:
    """A new program."""
    usual = {"client_name": "A program", "redirect_uris": BACK, "scopes": "read write follow push"}
    answer = await client.post("/api/v1/apps", json=usual | changed)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return Program(client, found["client_id"], found["client_secret"])


class Browser:
    """Keeps cookies, follows no redirect by itself, fills in forms."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = httpx.AsyncClient(
            transport=client._transport, base_url=build.BASE, headers={"accept": "text/html"}
        )  # fmt: skip

    async def signed_in(self, app: App, name: str) -> "Browser":
        """With a session of somebody, as after they signed in."""
        account = await storage.accounts.by_name(name)
        assert account is not None
        self.client.cookies.set("__Host-session", await sessions.open(app, account.id, "Test"), domain="home.test")
        return self

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def send(self, form: Form, headers: Mapping[str, str] | None = None, **fields: str) -> httpx.Response:
        """Send a form with some fields filled in."""
        return await self.client.post(form.action, data=form.fields | fields, headers=dict(headers or {}))

    async def allow(self, address: str, decision: str = "allow") -> httpx.Response:
        """Read the page at the address and decide."""
        page = await self.get(address)
        assert page.status_code == 200, page.text
        return await self.send(form_of(page), decision=decision)

    async def code(self, address: str) -> str:
        """What the program gets from a person who says yes."""
        return told(await self.allow(address))["code"]


def told(answer: httpx.Response) -> dict[str, str]:
    """What a redirect back to the program says."""
    assert answer.status_code in (302, 303), answer.text
    return {key: value[0] for key, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def form_of(page: httpx.Response) -> Form:
    """The first form of a page that is its own: on each one can sign out, and do something with a post."""
    reader = _Reader()
    reader.feed(page.text)
    return next(form for form in reader.forms if form.action not in ("/sign_out", "/mark/0"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and found.get("method", "").lower() == "post":
            self.forms.append(Form(found["action"], {}))
        elif tag == "input" and self.forms and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
