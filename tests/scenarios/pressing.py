"""A member's browser, as far as a story needs one: signed in, it presses buttons."""

import asyncio
import re
from urllib.parse import urlencode

from tests.scenarios.neighbours import Member
from tests.server.running import Reply

_SECRET = re.compile(r'name="csrf" value="([^"]+)"')


class Browser:
    """What a member does on the pages of their server."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._cookie = ""

    async def press(self, path: str, **fields: str) -> str:
        """Send a form of the page there; gives the page that it leads to."""
        await self._sign_in()
        answer = await self._ask("POST", path, **fields, csrf=await self._secret("/settings"))
        assert answer.status == 303, f"{path} {fields}: {answer.status} {answer.body.decode()}"
        return await self.page(answer.headers["location"])

    async def page(self, path: str) -> str:
        """A page, which must be there."""
        await self._sign_in()
        answer = await self._ask("GET", path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer.body.decode()

    async def _sign_in(self) -> None:
        if not self._cookie:
            fields = {"login": self.member.name, "password": "correct horse battery"}
            answer = await self._ask("POST", "/sign_in", **fields, csrf=await self._secret("/sign_in"))
            assert answer.status == 303, answer.body.decode()

    async def _secret(self, path: str) -> str:
        found = _SECRET.search((await self._ask("GET", path)).body.decode())
        assert found, f"{path} has no form"
        return found[1]

    async def _ask(self, method: str, path: str, **form: str) -> Reply:
        home, fields = self.member.home, {"accept": "text/html", "cookie": self._cookie}
        fields |= {"host": home.host, "x_forwarded_proto": "https"}
        body = urlencode(form).encode() if form else None
        if body is not None:
            fields["content_type"] = "application/x-www-form-urlencoded"
        answer = await asyncio.to_thread(home.instance.ask, method, path, body, 20.0, **fields)
        self._cookie = answer.headers.get("set-cookie", self._cookie).partition(";")[0]
        return answer
