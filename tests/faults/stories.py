"""What is asked of a server again and again while it dies, and all that this changes."""

import asyncio
import http.client
import json
import re
from concurrent.futures import Future
from typing import Any, Protocol
from urllib.parse import urlencode

from fedcomm.intake import mark
from tests.faults.asking import ask, eventually, follow_all, post
from tests.faults.crowd import Crowd
from tests.server.running import Instance, Reply


class Story(Protocol):
    """One thing after the other is asked of the server, each until it is acknowledged."""

    def effects(self) -> tuple[int, ...]:
        """Counts that each thing raises by one."""
        ...

    def go_on(self) -> "Future[Any]":
        """Ask the next thing."""
        ...

    def kept(self) -> bool:
        """Whether what was asked last is in the database."""
        ...

    def repeat(self) -> None:
        """Ask the same once more, and see it taken for that."""
        ...

    def over(self) -> bool:
        """Whether nothing follows any more from what was asked."""
        ...


class FromElsewhere:
    """Somebody on another server sends activities."""

    def __init__(self, server: Instance, crowd: Crowd) -> None:
        self._server, self._crowd = server, crowd
        self._sam, self._inbox = crowd.actor(crowd.hosts[0]), f"http://{server.host}/inbox"
        self._token = follow_all(server, crowd)
        self._told = 0
        self._last: dict[str, Any] = {}

    def go_on(self) -> "Future[Any]":
        self._told += 1
        self._last = self._crowd.note(self._sam, self._told, **self._more())
        return self._crowd.begin(self._insist())

    def kept(self) -> bool:
        sql = "SELECT COUNT(*) FROM inbox_item WHERE uri_hash = ?"
        return ask(self._server, sql, (mark(self._sam, self._last["id"]),)) == [(1,)]

    def repeat(self) -> None:
        self._crowd.run(self._insist())

    def over(self) -> bool:
        return ask(self._server, "SELECT COUNT(*) FROM inbox_item WHERE state IN (0, 2)") == [(0,)]

    def _more(self) -> dict[str, Any]:
        """What makes a note one of this story."""
        raise NotImplementedError

    async def _insist(self) -> int:
        return await self._crowd.insist(self._sam, self._inbox, self._last)


class Answers(FromElsewhere):
    """Somebody elsewhere answers a post of bob's and names him."""

    def __init__(self, server: Instance, crowd: Crowd) -> None:
        super().__init__(server, crowd)
        self._asked = post(server, self._token, "What grows in shade?").json["uri"]

    def effects(self) -> tuple[int, ...]:
        sql = (
            "SELECT (SELECT COUNT(*) FROM post), (SELECT replies_count FROM post WHERE uri = ?),"
            " (SELECT posts_count FROM actor WHERE uri = ?), (SELECT COUNT(*) FROM notification)"
        )
        (found,) = ask(self._server, sql, (self._asked, self._sam))
        return tuple(found)

    def _more(self) -> dict[str, Any]:
        bob = {"type": "Mention", "href": f"http://{self._server.host}/users/bob", "name": "@bob"}
        return {"inReplyTo": self._asked, "tag": [bob]}


class Threads(FromElsewhere):
    """Somebody elsewhere begins threads in a group here, which announces them to its members."""

    LADDER = "--no-ladder"

    def __init__(self, server: Instance, crowd: Crowd) -> None:
        super().__init__(server, crowd)
        made = server.command("group", "create", "shade", "--title", "Shade", "--steward", "bob", self.LADDER)
        assert made.returncode == 0, made.stderr
        self._group = f"http://{server.host}/c/shade"
        crowd.run(crowd.follow(self._group, f"{self._group}/inbox"))
        assert eventually(
            lambda: any(a.type == "Accept" and a.document["actor"] == self._group for a in crowd.arrivals)
        )

    def effects(self) -> tuple[int, ...]:
        sql = (
            "SELECT (SELECT COUNT(*) FROM post WHERE group_id IS NOT NULL),"
            " (SELECT posts_count FROM actor WHERE uri = ?),"
            " (SELECT COUNT(*) FROM outbox WHERE form = 'wrapped'), (SELECT COUNT(*) FROM outbox WHERE form = 'plain')"
        )
        (found,) = ask(self._server, sql, (self._sam,))
        return tuple(found)

    def over(self) -> bool:
        return super().over() and self._latest(1) == [self._last["object"]["id"]]  # nobody knows what runs there

    def announced(self) -> list[str]:
        """The ids of what the group's announcements were about, in their order."""
        announces = [arrival.document for arrival in self._crowd.arrivals if arrival.type == "Announce"]
        return [what["id"] if isinstance(what := each["object"], dict) else what for each in announces]

    def _latest(self, count: int) -> list[str]:
        """What was announced last, for the first time: who dies before noting that it was sent sends it again."""
        return list(dict.fromkeys(self.announced()))[-count:]

    def _more(self) -> dict[str, Any]:
        return {"cc": [self._group], "audience": self._group, "name": f"Thread {self._told}"}


class EarlyAnswers(Threads):
    """Somebody elsewhere begins threads in a group here, and each is overtaken by an answer."""

    def effects(self) -> tuple[int, ...]:
        sql = (
            "SELECT COUNT(*) FROM outbox JOIN post ON post.id = outbox.post_id"
            " WHERE outbox.form = 'wrapped' AND post.parent_id IS NOT NULL"
        )
        (found,) = ask(self._server, sql)
        return tuple(found)

    def over(self) -> bool:
        return FromElsewhere.over(self) and self._latest(2) == [self._last["object"]["id"], self._answer()["id"]]

    def _answer(self) -> dict[str, Any]:
        return self._crowd.note(self._sam, -self._told, inReplyTo=self._last["object"]["id"])

    async def _insist(self) -> int:
        await self._crowd.insist(self._sam, self._inbox, self._answer())
        return await super()._insist()


class Released(Threads):
    """Somebody elsewhere begins threads that wait, since they are new in the group, and its steward lets each in."""

    LADDER = "--ladder"
    PAGE = "/c/shade/held"

    def __init__(self, server: Instance, crowd: Crowd) -> None:
        super().__init__(server, crowd)
        form, self._cookies = server.get("/sign_in"), ""
        signed_in = self._sent("/sign_in", form, login="bob", password="correct horse battery staple")
        self._cookies = signed_in.headers["set-cookie"].partition(";")[0]

    def over(self) -> bool:
        return super().over() and ask(self._server, "SELECT DISTINCT state FROM held") == [("released",)]

    def _more(self) -> dict[str, Any]:
        links = " ".join(f'<a href="https://{number}.example/">{number}</a>' for number in range(3))
        return super()._more() | {"content": f"<p>{links}</p>"}

    async def _insist(self) -> int:
        attempts = await super()._insist()
        for _attempt in range(600):
            if await asyncio.to_thread(self._decided):
                return attempts
            await asyncio.sleep(0.05)
        raise AssertionError("never let in")

    def _decided(self) -> bool:
        """Whether it waits no more; if it does, it is let in."""
        sql = "SELECT id, state FROM held WHERE post_uri = ?"
        found = ask(self._server, sql, (self._last["object"]["id"],))
        if found and found[0][1] == "waiting":
            try:
                self._sent(self.PAGE, self._server.get(self.PAGE, cookie=self._cookies), act="release", id=found[0][0])
            except (OSError, http.client.HTTPException):
                return False
        return bool(found) and found[0][1] == "released"

    def _sent(self, path: str, page: Reply, **given: Any) -> Reply:
        """Send a form of a page."""
        secret = re.search(r'name="csrf" value="([^"]+)"', page.body.decode())
        assert secret is not None, page.body
        cookies = [self._cookies, page.headers.get("set-cookie", "").partition(";")[0]]
        fields = {"cookie": "; ".join(filter(None, cookies)), "content_type": "application/x-www-form-urlencoded"}
        return self._server.ask("POST", path, urlencode(given | {"csrf": secret[1]}).encode(), **fields)


class Thoughts:
    """Bob publishes a post, and somebody elsewhere who follows him gets it."""

    def __init__(self, server: Instance, crowd: Crowd) -> None:
        self._server, self._crowd = server, crowd
        self._token = follow_all(server, crowd)
        self._bob = f"http://{server.host}/users/bob"
        crowd.run(crowd.follow(self._bob, f"{self._bob}/inbox"))
        assert eventually(lambda: any(arrival.type == "Accept" for arrival in crowd.arrivals))
        self._told = 0
        self.published: list[str] = []  # ids of the posts that were acknowledged, in their order

    def effects(self) -> tuple[int, ...]:
        sql = (
            "SELECT (SELECT COUNT(*) FROM post), (SELECT posts_count FROM actor WHERE uri = ?),"
            " (SELECT COUNT(*) FROM home_entry), (SELECT COUNT(*) FROM outbox)"
        )
        (found,) = ask(self._server, sql, (self._bob,))
        return tuple(found)

    def go_on(self) -> "Future[Any]":
        self._told += 1
        return self._crowd.begin(self._insist())

    def kept(self) -> bool:
        return ask(self._server, "SELECT COUNT(*) FROM post WHERE uri = ?", (self.published[-1],)) == [(1,)]

    def repeat(self) -> None:
        before = self.published[-1]
        assert self._crowd.run(self._insist()) == before

    def over(self) -> bool:
        return self.published[-1] in self._crowd.posts(self._crowd.hosts[0])

    async def _insist(self) -> str:
        """The id of the post, which a client asks for under the same key as long as nobody answers."""
        for _attempt in range(600):
            uri = await asyncio.to_thread(self._ask)
            if uri is not None:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("never published")
        if uri not in self.published:
            self.published.append(uri)
        return uri

    def _ask(self) -> str | None:
        body = json.dumps({"status": f"Thought {self._told}"}).encode()
        fields = {"authorization": f"Bearer {self._token}", "content_type": "application/json"}
        try:
            answer = self._server.ask("POST", "/api/v1/statuses", body, idempotency_key=str(self._told), **fields)
        except (OSError, http.client.HTTPException):
            return None
        return str(answer.json["uri"]) if answer.status == 200 else None
