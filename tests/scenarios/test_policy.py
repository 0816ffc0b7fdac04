"""What is decided about a server holds on every way by which something of it could come in or be seen."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from fedcomm import finding, peers
from fedcomm.config.definitions import Federation
from storage.connect import value
from storage.peers import Decision
from tests import build
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import PUBLIC, Face, Host, followed, get, post, send
from tests.pictures import picture

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

# Which of the surfaces are open to a server of which this was decided.
DECISIONS = ("nothing", "limit", "suspend", "not on the list", "on the list", "no media", "no reports")
UNHEARD = ("suspend", "not on the list")
UNLISTED = (*UNHEARD, "limit")
POLICIES = {"limit": "limit", "suspend": "suspend", "on the list": "allow"}
NAMES = ("named.test", "below.named.test", "named.test:8443")


class Case:
    """One server of which something was decided, another that is fine, and two members here; anna follows both."""

    def __init__(self, fediverse: Fediverse, decision: str, name: str) -> None:
        self.fediverse, self.decision, self.name = fediverse, decision, name
        self.ours: Instance
        self.anna: Person
        self.bert: Person
        self.theirs, self.fine = Host(fediverse, name), Host(fediverse, "fine.test")
        self.mallory, self.carol = self.theirs.actor("mallory"), self.fine.actor("carol")
        self.heard, self.listed = decision not in UNHEARD, decision not in UNLISTED

    async def begin(self) -> None:
        """Open the instance; in allow-list mode the fine server is on the list."""
        by_list = self.decision in ("on the list", "not on the list")
        self.ours = await self.fediverse.instance("ours.test", federation=Federation(allow_list_mode=by_list))
        self.anna, self.bert = await self.ours.person("anna"), await self.ours.person("bert")
        if by_list:
            await self._set("fine.test", "allow")

    async def decide(self) -> None:
        """Make the decision, about the domain above; what is asked of the server is counted from here."""
        self.theirs.asked.clear()
        policy = POLICIES.get(self.decision, "")
        rejects = {"reject_media": self.decision == "no media", "reject_reports": self.decision == "no reports"}
        await self._set("named.test", policy, **rejects)

    async def _set(self, host: str, policy: str, **rejects: bool) -> None:
        with self.ours.here():
            await peers.decide(self.ours.app, host, Decision(policy, **rejects))
        await self.ours.agreed()

    async def ask(self, person: Person | None, path: str, **params: str) -> Any:
        """What the client API answers."""
        headers = {}
        if person is not None:
            with self.ours.here():
                headers["authorization"] = f"Bearer {await build.token(person.actor)}"
        async with httpx.AsyncClient(transport=self.ours.asgi, base_url="https://ours.test") as client:
            answer = await client.get(path, params=params, headers=headers)
        return answer.json() if answer.status_code == 200 else None

    def asked(self) -> list[str]:
        """The documents that were asked of the server since the decision."""
        return [url for url in self.theirs.asked if "well-known" not in url and "nodeinfo" not in url]


Surface = Callable[[Case], Awaitable[None]]


async def _inbox(case: Case) -> None:
    """Nothing is taken in, and no key is fetched for it."""
    await case.decide()

    note = case.mallory.note(1, cc=[case.anna.actor.uri])
    answer = await post(case.ours, case.mallory.does("Create", note), case.mallory)
    await case.fediverse.settle()

    assert answer.status_code == (202 if case.heard else 403)
    assert (await case.ours.post(note["id"]) is not None) == case.heard
    assert bool(case.asked()) == case.heard


async def _key(case: Case) -> None:
    """Who asks is told nothing, and its key is not fetched."""
    await case.decide()
    public = await case.anna.post("For all")

    answer = await get(case.ours, public.uri.removeprefix("https://ours.test"), case.mallory)

    assert answer.status_code == (200 if case.heard else 403)
    assert bool(case.asked()) == case.heard


async def _actor(case: Case) -> None:
    """Nobody there is looked up."""
    await case.decide()

    with case.ours.here():
        found = await finding.resolve(case.ours.app, case.mallory.uri)

    assert (found is not None) == case.heard
    assert bool(case.asked()) == case.heard


async def _boosted(case: Case) -> None:
    """What somebody else boosts of it is neither fetched nor shown."""
    await followed(case.fediverse, case.anna, case.carol)
    note = case.mallory.note(1)
    case.theirs.serve(note["id"], note)
    await case.decide()

    await send(case.fediverse, case.ours, case.carol, case.carol.does("Announce", note["id"]))

    assert (await case.ours.post(note["id"]) is not None) == case.heard
    assert bool(case.asked()) == case.heard


async def _passed_on(case: Case) -> None:
    """What a group elsewhere passes on of its people, posts and votes, does not get in."""
    cats = case.fine.actor("cats", "Group")
    await followed(case.fediverse, case.anna, cats)
    thread = case.carol.note("thread", audience=cats.uri)
    case.fine.serve(thread["id"], thread)
    await send(case.fediverse, case.ours, cats, cats.does("Announce", case.carol.does("Create", thread)))
    note = case.mallory.note(1, inReplyTo=thread["id"])
    case.theirs.serve(note["id"], note)
    await case.decide()

    created = cats.does("Announce", case.mallory.does("Create", note))
    liked = cats.does("Announce", case.mallory.does("Like", thread["id"]))
    await send(case.fediverse, case.ours, cats, created, liked)

    assert (await case.ours.post(note["id"]) is not None) == case.heard
    assert (await case.ours.knows(thread["id"])).likes_count == int(case.heard)


async def _members(case: Case) -> None:
    """Nobody from there joins or posts to a group of ours."""
    club = await case.ours.group("club", moderator=case.anna)
    await case.decide()

    follow = case.mallory.does("Follow", club.uri)
    note = case.mallory.note(1, to=[club.uri, PUBLIC], audience=club.uri)
    for said in (follow, case.mallory.does("Create", note)):
        await post(case.ours, said, case.mallory, "/c/club/inbox")
    await case.fediverse.settle()

    with case.ours.here():
        members = await value("SELECT COUNT(*) FROM member WHERE state = 'joined'")
    assert members == int(case.heard)
    assert (await case.ours.post(note["id"]) is not None) == case.heard
    assert bool(case.theirs.received) == case.heard  # the Accept


async def _reports(case: Case) -> None:
    """What somebody there reports reaches no admin."""
    public = await case.anna.post("For all")
    await case.decide()

    answer = await post(case.ours, case.mallory.does("Flag", [case.anna.actor.uri, public.uri]), case.mallory)
    await case.fediverse.settle()

    with case.ours.here():
        assert await value("SELECT COUNT(*) FROM report") == int(case.heard and case.decision != "no reports")
    assert answer.status_code == (202 if case.heard else 403)


async def _delivered(case: Case) -> None:
    """Nothing is delivered there."""
    await followed_by(case, case.mallory)
    case.theirs.received.clear()
    await case.decide()

    await case.anna.post("News")
    await case.fediverse.settle()

    assert bool(case.theirs.received) == case.heard


async def followed_by(case: Case, face: Face) -> None:
    """A forger's actor follows anna; before anything was decided."""
    if case.ours.app.peers.allow_list:
        await case._set("named.test", "allow")
    await send(case.fediverse, case.ours, face, face.does("Follow", case.anna.actor.uri))


async def _known_post(case: Case) -> dict[str, Any]:
    """A public post of there that came in before anything was decided; anna follows its author."""
    await followed(case.fediverse, case.anna, case.mallory)
    note = case.mallory.note(1, "<p>Unmistakable</p>", cc=[case.bert.actor.uri, case.mallory.followers])
    await send(case.fediverse, case.ours, case.mallory, case.mallory.does("Create", note))
    return note


async def _timelines(case: Case) -> None:
    """What is known already is out of sight: for everybody, or for those who do not follow it."""
    await _known_post(case)
    await case.decide()

    seen = {
        "follower's home": await case.ask(case.anna, "/api/v1/timelines/home"),
        "public, nobody": await case.ask(None, "/api/v1/timelines/public"),
        "public, another": await case.ask(case.bert, "/api/v1/timelines/public"),
        "public, follower": await case.ask(case.anna, "/api/v1/timelines/public"),
    }

    assert {place: bool(found) for place, found in seen.items()} == {
        "follower's home": case.heard, "public, nobody": case.listed, "public, another": case.listed,
        "public, follower": case.heard,
    }  # fmt: skip


async def _by_id(case: Case) -> None:
    """A post or profile that is known already is not shown by its number either."""
    note = await _known_post(case)
    known = await case.ours.knows(note["id"])
    await case.decide()

    for person, sees in ((case.anna, case.heard), (case.bert, case.listed), (None, case.listed)):
        assert (await case.ask(person, f"/api/v1/statuses/{known.id}") is not None) == sees
    assert bool(await case.ask(case.bert, "/api/v1/notifications")) == case.listed
    assert (await case.ask(case.anna, f"/api/v1/accounts/{known.author_id}") is not None) == case.heard


async def _search(case: Case) -> None:
    """Nothing of it is found by searching."""
    await _known_post(case)
    await case.decide()

    mine = await case.ask(case.anna, "/api/v2/search", q="mallory")
    another = await case.ask(case.bert, "/api/v2/search", q="mallory")
    by_address = await case.ask(case.bert, "/api/v2/search", q=case.mallory.uri, resolve="true")

    assert bool(mine["accounts"]) == case.heard
    assert bool(another["accounts"]) == case.listed
    assert case.heard or by_address["accounts"] == []


async def _pictures(case: Case) -> None:
    """Nothing that its people attached, and no picture of themselves, is shown or fetched; where it is, is said."""
    face, cat = (f"https://{case.name}/{name}.png" for name in ("face", "cat"))
    for url in (face, cat):
        case.theirs.serve(url, picture("PNG"), content_type="image/png")
    image = {"type": "Image", "mediaType": "image/png", "url": face}
    case.theirs.serve(case.mallory.uri, case.mallory.document() | {"icon": image, "image": image})
    await followed(case.fediverse, case.anna, case.mallory)
    note = case.mallory.note(1, attachment=[{"type": "Image", "mediaType": "image/png", "url": cat, "name": "A cat"}])
    await send(case.fediverse, case.ours, case.mallory, case.mallory.does("Create", note))
    known = await case.ours.knows(note["id"])
    before = await case.ask(case.anna, f"/api/v1/statuses/{known.id}")
    await case.decide()

    shown = await case.ask(case.anna, f"/api/v1/statuses/{known.id}")
    (file,), author = before["media_attachments"], before["account"]
    addresses = [file["url"], author["avatar"], author["header"], author["avatar_static"]]
    async with httpx.AsyncClient(transport=case.ours.asgi, base_url="https://ours.test") as client:
        answers = [(await client.get(address)).status_code for address in addresses]
        page = await client.get(f"/@mallory@{case.name}/{known.id}", headers={"accept": "text/html"})

    allowed = case.heard and case.decision != "no media"
    assert all("/media/elsewhere/" in address for address in addresses)
    assert answers == [200 if allowed else 404] * 4
    assert bool(case.asked()) == allowed
    if case.heard:
        (after,) = shown["media_attachments"]
        assert (after["type"], after["url"]) == (("image", file["url"]) if allowed else ("unknown", None))
        assert (after["remote_url"], after["description"]) == (cat, "A cat")
        assert ("/media/elsewhere/" in shown["account"]["avatar"]) == allowed
    if case.listed:
        assert ("/media/elsewhere/" in page.text) == allowed and "A cat" in page.text


INCOMING: tuple[Surface, ...] = (_inbox, _key, _actor, _boosted, _passed_on, _members, _delivered, _reports)
SEEN: tuple[Surface, ...] = (_timelines, _by_id, _search, _pictures)


@pytest.mark.parametrize("surface", INCOMING, ids=lambda surface: surface.__name__.strip("_"))
@pytest.mark.parametrize(
    ("dialect", "decision", "name"),
    [("sqlite", decision, NAMES[0]) for decision in DECISIONS]
    + [("sqlite", "suspend", name) for name in NAMES[1:]]
    + [("postgres", decision, NAMES[1]) for decision in ("suspend", "on the list", "no reports")],
)
@pytest.mark.attack("ORI-27", "SIG-33", "ADM-14", "ADM-15")
async def test_a_decision_about_a_server_holds_for_what_comes_in(
    fediverse: Fediverse, decision: str, name: str, surface: Surface
) -> None:
    case = Case(fediverse, decision, name)
    await case.begin()

    await surface(case)

    assert case.heard or case.asked() == []


@pytest.mark.parametrize("surface", SEEN, ids=lambda surface: surface.__name__.strip("_"))
@pytest.mark.parametrize(
    ("decision", "name"),
    [(decision, NAMES[0]) for decision in ("nothing", "limit", "suspend", "no media", "no reports")]
    + [(decision, NAMES[1]) for decision in ("limit", "suspend", "no media")]
    + [(decision, NAMES[2]) for decision in ("suspend", "no media")],
)
@pytest.mark.attack("ADM-14")
async def test_a_decision_about_a_server_holds_for_what_is_known_already(
    fediverse: Fediverse, decision: str, name: str, surface: Surface
) -> None:
    case = Case(fediverse, decision, name)
    await case.begin()

    await surface(case)

    assert case.heard or case.asked() == []


async def test_what_was_decided_is_taken_back_with_the_decision(fediverse: Fediverse) -> None:
    case = Case(fediverse, "suspend", "below.named.test")
    await case.begin()
    note = await _known_post(case)
    known = await case.ours.knows(note["id"])
    await case.decide()
    hidden = await case.ask(case.bert, f"/api/v1/statuses/{known.id}")

    case.decision = "nothing"
    await case.decide()

    assert hidden is None
    assert await case.ask(case.bert, f"/api/v1/statuses/{known.id}") is not None


async def test_a_decision_about_a_sub_domain_goes_before_one_about_its_domain(fediverse: Fediverse) -> None:
    case = Case(fediverse, "suspend", "below.named.test")
    await case.begin()
    note = await _known_post(case)
    await case.decide()

    with case.ours.here():
        await peers.set_policy(case.ours.app, "below.named.test", "limit")
        await peers.set_policy(case.ours.app, "named.test", "suspend")

    assert await case.ask(case.anna, "/api/v1/timelines/home")
    assert await case.ask(case.bert, "/api/v1/timelines/public") == []
    answer = await post(case.ours, case.mallory.does("Like", note["id"]), case.mallory)
    assert answer.status_code == 202


@pytest.mark.attack("ADM-15")
async def test_where_only_servers_on_the_list_are_heard_people_still_find_what_they_need(fediverse: Fediverse) -> None:
    case = Case(fediverse, "not on the list", "named.test")
    await case.begin()
    public = await case.anna.post("For all")
    program = {"client_name": "Tusky", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read"}

    async with httpx.AsyncClient(transport=case.ours.asgi, base_url="https://ours.test") as client:
        pages = [await client.get(path, headers={"accept": "text/html"}) for path in ("/", "/about", "/sign_in")]
        told = [await client.get(path) for path in ("/api/v2/instance", "/api/v1/instance", "/nodeinfo/2.1")]
        registered = await client.post("/api/v1/apps", data=program)
        unsigned = await client.get(public.uri, headers={"accept": "application/activity+json"})
    refused = await get(case.ours, public.uri.removeprefix("https://ours.test"), case.mallory)

    assert [answer.status_code for answer in (*pages, *told, registered)] == [200] * 7
    assert told[0].json()["configuration"]["limited_federation"] is True
    assert await case.ask(case.anna, "/api/v1/timelines/home")
    for words in ("@mallory@named.test", case.mallory.uri, "https://named.test/notes/1"):
        found = await case.ask(case.anna, "/api/v2/search", q=words, resolve="true")
        assert (found["accounts"], found["statuses"]) == ([], []), words
    assert case.theirs.asked == []  # not even by WebFinger
    assert (unsigned.status_code, refused.status_code) == (403, 403)
    assert "only with servers it knows" in unsigned.json()["error"] and "For all" not in unsigned.text + refused.text
