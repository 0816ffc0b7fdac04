"""A member as the client API sees them: an account, and a program with a token."""

from typing import Any

import httpx

from storage.actors import Actor
from tests import build
from tests.web.client import bearer


class Member:
    """Somebody with a program. `actor` is who they are; a path without a leading slash is below /api/v1."""

    def __init__(self, client: httpx.AsyncClient, actor: Actor, token: str) -> None:
        self.client = client
        self.actor = actor
        self.headers = bearer(token)
        self.id = str(actor.id)

    @classmethod
    async def of(cls, client: httpx.AsyncClient, actor: Actor, scopes: str = "read write follow push") -> "Member":
        """With a token of these scopes."""
        return cls(client, actor, await build.token(actor, scopes))

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """One request."""
        address = path if path.startswith(("/", "https://")) else f"/api/v1/{path}"
        return await self.client.request(method, address, headers=self.headers | (headers or {}), **more)

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET that succeeds."""
        answer = await self.ask("GET", path, params=parameters or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, path: str, method: str = "POST", **wish: Any) -> Any:
        """The JSON of a request with a JSON body that succeeds."""
        answer = await self.ask(method, path, json=wish)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, text: str, **wish: Any) -> dict[str, Any]:
        """Publish; gives the status."""
        found: dict[str, Any] = await self.do("statuses", status=text, **wish)
        return found

    async def refused(self, method: str, path: str, **wish: Any) -> tuple[int, str]:
        """Status and sentence of a request that fails."""
        answer = await self.ask(method, path, **({"params": wish} if method == "GET" else {"json": wish}))
        assert set(answer.json()) == {"error"}, answer.text
        return answer.status_code, answer.json()["error"]

    async def pages(self, path: str, **parameters: Any) -> list[list[Any]]:
        """Every page from the newest on, as clients follow `rel="next"`."""
        found = []
        answer = await self.ask("GET", path, params=parameters or None)
        while True:
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
            if "next" not in answer.links:
                return found
            assert len(found) < 100, "the pages never end"
            answer = await self.ask("GET", answer.links["next"]["url"])


def ids(found: list[dict[str, Any]]) -> list[str]:
    """Their ids in order."""
    return [each["id"] for each in found]
