"""What is done about an account holds on every way by which something of it could come in or be seen."""

from typing import Any

import httpx
import pytest

from fedcomm import fetching, sanctions
from fedcomm.errors import AppError, Conflict
from storage import follows
from storage.connect import value
from tests import build
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, followed, get, post, send

pytestmark = pytest.mark.anyio

ALL = frozenset({
    "home of a follower", "public timeline", "public timeline, follower", "post", "post, follower", "post, nobody",
    "profile", "profile, follower", "found", "found by a follower", "notification", "boosted", "page",
    "speaks", "follows at once",
})  # fmt: skip
FOLLOWERS_SEE = frozenset({
    "home of a follower", "public timeline, follower", "post, follower", "profile, follower", "found by a follower",
    "profile", "speaks", "asks to follow",
})  # fmt: skip
OPEN = {
    "": ALL,
    "sensitive": ALL | {"behind a warning", "folded on the page", "sensitive to other servers"},
    "limit": FOLLOWERS_SEE,
    "suspend": frozenset[str](),
    "freeze": ALL - {"speaks"},
}


class Case:
    """Somebody about whom something is done: mallory, whom anna follows, and carol elsewhere has boosted."""

    def __init__(self, fediverse: Fediverse, ours: Instance) -> None:
        self.fediverse, self.ours = fediverse, ours
        self.anna: Person
        self.bert: Person
        self.host = Host(fediverse, "far.test")
        self.face: Face | None = None  # of mallory, elsewhere
        self.member: Person | None = None  # or here
        self.count = 0
        self.post_id = self.actor_id = 0
        self.handle = ""

    @classmethod
    async def begin(cls, fediverse: Fediverse, *, local: bool) -> "Case":
        """mallory has written to bert; anna follows them."""
        case = cls(fediverse, await fediverse.instance("ours.test"))
        case.anna, case.bert = await case.ours.person("anna"), await case.ours.person("bert")
        if local:
            case.member = await case.ours.person("mallory")
            await case.anna.follow("mallory")
            written = await case.member.post("Unmistakable @bert")
        else:
            case.face = case.host.actor("mallory")
            await followed(fediverse, case.anna, case.face)
            note = case.face.note(1, "<p>Unmistakable</p>", cc=[case.bert.actor.uri, case.face.followers])
            await send(fediverse, case.ours, case.face, case.face.does("Create", note))
            written = await case.ours.knows(note["id"])
        case.post_id, case.actor_id = written.id, written.author_id
        case.handle = "mallory" if local else "mallory@far.test"
        with case.ours.here():
            booster = await build.person("booster", "fine.test")
            await build.boost(booster, written, home=[case.bert.actor])
            await build.follow(case.bert.actor, booster)
        return case

    async def do(self, what: str) -> None:
        """Somebody who runs the server does something about mallory."""
        with self.ours.here():
            assert await sanctions.act(self.ours.app, self.actor_id, what, None, "Why")
            assert what == "warn" or not await sanctions.act(self.ours.app, self.actor_id, what, None, "Why")
        await self.ours.agreed()

    async def ask(self, person: Person | None, path: str, **params: str) -> Any:
        """What the client API answers."""
        headers = {}
        if person is not None:
            with self.ours.here():
                headers["authorization"] = f"Bearer {await build.token(person.actor)}"
        async with httpx.AsyncClient(transport=self.ours.asgi, base_url="https://ours.test") as client:
            answer = await client.get(path, params=params, headers=headers)
        return (
            (answer.json() if "json" in answer.headers["content-type"] else answer.text) if answer.is_success else None
        )

    async def open(self) -> set[str]:
        """The ways that are open now."""
        anna, bert, post_ = self.anna, self.bert, f"/api/v1/statuses/{self.post_id}"
        account = f"/api/v1/accounts/{self.actor_id}"
        home = await self.ask(bert, "/api/v1/timelines/home")
        seen = {
            "home of a follower": self._shows(await self.ask(anna, "/api/v1/timelines/home")),
            "public timeline": self._shows(await self.ask(bert, "/api/v1/timelines/public")),
            "public timeline, follower": self._shows(await self.ask(anna, "/api/v1/timelines/public")),
            "post": await self.ask(bert, post_), "post, follower": await self.ask(anna, post_),
            "post, nobody": await self.ask(None, post_), "profile": await self.ask(bert, account),
            "profile, follower": await self.ask(anna, account),
            "found": (await self.ask(bert, "/api/v2/search", q="mallory"))["accounts"],
            "found by a follower": (await self.ask(anna, "/api/v2/search", q="mallory"))["accounts"],
            "notification": await self.ask(bert, "/api/v1/notifications"),
            "boosted": self._shows([each["reblog"] for each in home if each["reblog"]]),
            "page": (page := await self.ask(None, f"/@{self.handle}/{self.post_id}")),
            "folded on the page": page and "Sensitive content" in page, "sensitive to other servers": await self.told(),
            "behind a warning": (await self.ask(anna, post_) or {}).get("sensitive"),
            "speaks": await self.speaks(),
        }  # fmt: skip
        seen[{"accepted": "follows at once", "pending": "asks to follow"}.get(await self.follows(), "")] = True
        return {way for way, found in seen.items() if found and way}

    async def told(self) -> bool:
        """Whether other servers are told that the post is sensitive; of somebody elsewhere, that is their server's."""
        if self.member is None:
            return bool((await self.ask(self.anna, f"/api/v1/statuses/{self.post_id}") or {}).get("sensitive"))
        answer = await get(self.ours, f"/posts/{self.post_id}", self.host.actor("carol"))
        return answer.status_code == 200 and bool(answer.json().get("sensitive"))

    def _shows(self, found: list[Any] | None) -> bool:
        return any("Unmistakable" in each["content"] for each in found or ())

    async def speaks(self) -> bool:
        """Whether something new of theirs is taken."""
        self.count += 1
        if self.member is not None:
            with self.ours.here():
                token = await build.token(self.member.actor, "write")
            async with httpx.AsyncClient(transport=self.ours.asgi, base_url="https://ours.test") as client:
                said = await client.post("/api/v1/statuses", json={"status": f"More {self.count}"},
                                         headers={"authorization": f"Bearer {token}"})  # fmt: skip
            return said.status_code == 200
        assert self.face is not None
        note = self.face.note(f"more{self.count}")
        answer = await post(self.ours, self.face.does("Create", note), self.face)
        await self.fediverse.settle()
        assert (await self.ours.post(note["id"]) is not None) == (answer.status_code == 202)
        return answer.status_code == 202

    async def follows(self) -> str:
        """How a new member is followed by them: accepted, pending or not at all."""
        whom = await self.ours.person(f"new{self.count}")
        if self.member is not None:
            try:
                await self.member.follow(f"new{self.count}")
            except AppError:
                return ""
        else:
            assert self.face is not None
            await post(self.ours, self.face.does("Follow", whom.actor.uri), self.face)
            await self.fediverse.settle()
        with self.ours.here():
            found = await follows.of(self.actor_id, whom.actor.id)
        return found.state if found else ""


@pytest.mark.parametrize(
    ("dialect", "where", "what"),
    [("sqlite", where, what) for where in ("here", "elsewhere") for what in OPEN
     if (where, what) != ("elsewhere", "freeze")]
    + [("postgres", *each) for each in (("here", "suspend"), ("elsewhere", "limit"), ("elsewhere", "suspend"))],
)  # fmt: skip
@pytest.mark.attack("PRI-11", "SIG-21")
async def test_what_is_done_about_an_account_holds_everywhere_until_it_is_taken_back(
    fediverse: Fediverse, where: str, what: str
) -> None:
    case = await Case.begin(fediverse, local=where == "here")
    if what:
        await case.do(what)

    assert await case.open() == OPEN[what]

    if what:
        await case.do(next((back for back, of in sanctions.UNDOES.items() if of == what)))
        assert await case.open() == ALL


async def test_other_servers_learn_that_a_member_is_suspended_and_is_no_more(fediverse: Fediverse) -> None:
    case = await Case.begin(fediverse, local=True)
    carol = case.host.actor("carol")
    await send(fediverse, case.ours, carol, carol.does("Follow", f"{case.ours.app.base_url}/users/mallory"))
    case.host.received.clear()

    await case.do("suspend")
    await fediverse.settle()

    (told,) = [body for body in case.host.received if body["type"] == "Update"]
    assert told["object"]["suspended"] is True and "summary" not in told["object"]
    assert told["object"]["publicKey"]["owner"] == told["actor"]
    document = (await get(case.ours, "/users/mallory", carol)).json()
    assert document["suspended"] is True and document["name"] == "mallory"
    assert document["@context"][-1]["suspended"] == "toot:suspended"
    assert (await get(case.ours, f"/users/mallory/posts/{case.post_id}", carol)).status_code == 404
    await case.do("restore")
    await fediverse.settle()
    (*_, told) = [body for body in case.host.received if body["type"] == "Update"]
    assert "suspended" not in told["object"]


async def test_whoever_is_suspended_elsewhere_gets_nothing_more(fediverse: Fediverse) -> None:
    case = await Case.begin(fediverse, local=False)
    assert case.face is not None
    await send(fediverse, case.ours, case.face, case.face.does("Follow", case.anna.actor.uri))
    case.host.received.clear()

    await case.do("suspend")
    await case.anna.post("News")
    await fediverse.settle()
    assert case.host.received == []
    await case.do("restore")
    await case.anna.post("More news")
    await fediverse.settle()

    assert len(case.host.received) == 1
    with case.ours.here():
        assert await value("SELECT COUNT(*) FROM follow") == 3  # nothing of it was cut


class AtHome(Case):
    """The server of mallory says that it has suspended them."""

    async def says(self, *, suspended: bool, **more: Any) -> None:
        """It tells so, as Mastodon does: without what they say of themselves while they are."""
        assert self.face is not None
        blank = {"name": "mallory", "summary": "", "suspended": True} if suspended else {}
        document = self.face.document(**(more | blank))
        self.host.serve(self.face.uri, document)
        await send(self.fediverse, self.ours, self.face, self.face.does("Update", document))
        await self.ours.agreed()

    async def speaks(self) -> bool:
        """Whether something new of theirs is taken, whatever their server is answered."""
        assert self.face is not None
        self.count += 1
        await post(self.ours, self.face.does("Create", note := self.face.note(f"more{self.count}")), self.face)
        await self.fediverse.settle()
        return await self.ours.post(note["id"]) is not None


@pytest.mark.thorough("postgres")
async def test_who_is_suspended_at_home_is_so_here_until_home_takes_it_back(fediverse: Fediverse) -> None:
    case = await AtHome.begin(fediverse, local=False)
    assert isinstance(case, AtHome) and case.face is not None
    await case.says(suspended=False, name="Mall", summary="<p>Hello</p>")
    second = case.face.note(2, "<p>Second</p>")
    await send(fediverse, case.ours, case.face, case.face.does("Create", second))

    await case.says(suspended=True)

    assert await case.open() == frozenset()
    account = await case.ask(case.anna, "/api/v1/accounts/relationships", **{"id[]": str(case.actor_id)})
    assert account[0]["following"], "no tie is cut"
    await send(fediverse, case.ours, case.face, case.face.does("Delete", second["id"]))
    assert await case.ours.lacks(second["id"]), "what they delete is deleted"
    with case.ours.here():
        with pytest.raises(Conflict, match="Their own server"):
            await sanctions.act(case.ours.app, case.actor_id, "restore", None)
    await case.says(suspended=False, name="Mall", summary="<p>Hello</p>")
    assert await case.open() == ALL

    await case.says(suspended=True)
    await case.do("suspend")
    case.host.serve(case.face.uri, case.face.document())
    with case.ours.here():
        await fetching.actor(case.ours.app, case.face.uri, fresh=True)
    assert await case.open() == frozenset(), "who is suspended here as well stays so"
    await case.do("restore")
    assert await case.open() == ALL
