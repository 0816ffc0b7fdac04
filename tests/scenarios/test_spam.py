"""A wave of strangers waits, nobody is told of it, and whoever is let in is known (acceptance C3 8)."""

import pytest

from fedcomm import catching, peers, settings, transparency
from storage import caught
from storage.caught import REFUSED
from storage.connect import rows, value
from storage.peers import Decision
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, followed, post, send

pytestmark = pytest.mark.anyio

TEXT = "<p>Cheap watches for everybody, {}, look at https://shop{}.test/{}</p>"
OFF = {"hold_same": 0}


class Case:
    """A server with two members, and a host of strangers."""

    def __init__(self, fediverse: Fediverse, ours: Instance, anna: Person, bert: Person) -> None:
        self.fediverse, self.ours, self.anna, self.bert = fediverse, ours, anna, bert
        self.host = Host(fediverse, "far.test")

    @classmethod
    async def begin(cls, fediverse: Fediverse, **rules: object) -> "Case":
        """With these rules, and no others."""
        ours = await fediverse.instance("ours.test")
        case = cls(fediverse, ours, await ours.person("anna"), await ours.person("bert"))
        with ours.here():
            await settings.change(ours.app, None, OFF | rules)
        await ours.agreed()
        return case

    def note(
        self, face: Face, slug: object = 1, content: str = "<p>Hello there</p>", *, names: int = 1, **more: object
    ):  # type: ignore[no-untyped-def]
        """A post that names one or two members."""
        return face.note(slug, content, cc=[who.actor.uri for who in (self.anna, self.bert)[:names]], **more)

    async def says(self, face: Face, slug: object, content: str = "<p>Hello there</p>", *, names: int = 1) -> bool:
        """Somebody writes to members; whether it is here."""
        note = self.note(face, slug, content, names=names)
        await send(self.fediverse, self.ours, face, face.does("Create", note))
        return await self.ours.post(note["id"]) is not None

    async def told(self) -> int:
        """How many notifications there are."""
        with self.ours.here():
            return int(await value("SELECT COUNT(*) FROM notification WHERE kind = 'mention'") or 0)

    async def waiting(self) -> int:
        with self.ours.here():
            return await caught.count()


async def test_a_wave_waits_in_one_cluster_and_a_newcomer_is_let_in_with_one_click(fediverse: Fediverse) -> None:
    case = await Case.begin(fediverse, hold_contact=True, hold_young=24)
    crowd = [case.host.actor(f"bot{number}") for number in range(12)]
    for number, face in enumerate(crowd):
        note = case.note(face, f"spam{number}", TEXT.format(number, number, number), names=2)
        await post(case.ours, face.does("Create", note), face)
    newcomer = case.host.actor("newcomer")
    assert not await case.says(newcomer, "hello", "<p>I read your post about rye bread</p>")
    await case.fediverse.settle()

    with case.ours.here():
        wave, single = await caught.clusters(10)
        posts_here = await value("SELECT COUNT(*) FROM post")
    assert (wave.posts, wave.people, wave.hosts, wave.kinds) == (12, 12, 1, "young")
    assert (single.posts, single.kinds) == (1, "contact") and "rye bread" in single.excerpt
    assert posts_here == 0 and await case.told() == 0
    with case.ours.here():
        ((who,),) = await rows("SELECT actor_id FROM caught WHERE text_key = ?", (single.text_key,))
        await catching.release(case.ours.app, None, who)
        assert await catching.refuse(case.ours.app, None, wave.text_key, suspend=True) == 12
    await case.fediverse.settle()

    assert await case.ours.post("https://far.test/notes/hello") is not None and await case.told() == 1
    assert await case.says(newcomer, "again", "<p>And about oats, both of you</p>", names=2)
    with case.ours.here():
        suspended = await value("SELECT COUNT(*) FROM actor WHERE suspended_at IS NOT NULL")
        acts = dict(await rows("SELECT act, COUNT(*) FROM audit GROUP BY act"))
        logged = await rows("SELECT subject, detail FROM audit")
        bodies = await value("SELECT COUNT(*) FROM caught WHERE state = ? AND body IS NOT NULL", (REFUSED,))
        (figures,) = [await transparency.of(case.ours.app, year) for year in await transparency.years()]
    assert (figures.automated["strangers_let_in"], figures.automated["strangers_posts_refused"]) == (1, 12)
    assert suspended == 12 and bodies == 0 and await case.waiting() == 0
    assert (acts["contact.release"], acts["contact.refuse"], acts["account.suspend"]) == (1, 1, 12)
    assert not [each for each in logged if wave.excerpt[:12] in f"{each[0]} {each[1]}"]  # the log is never erased
    again = case.note(crowd[0], "more", names=2)
    assert (await post(case.ours, crowd[0].does("Create", again), crowd[0])).status_code == 403


async def test_what_each_rule_holds_and_what_it_lets_through(fediverse: Fediverse) -> None:
    case = await Case.begin(fediverse)
    links = "<p>Look " + " ".join(f'<a href="https://shop.test/{n}">x</a>' for n in range(3)) + "</p>"
    number = 0

    async def held(content: str = "<p>Hello there</p>", names: int = 2, **document: object) -> str:
        """By which rule the post of somebody new is held, '' for none."""
        nonlocal number
        number += 1
        face = case.host.actor(f"bot{number}", **document)  # whose keys are made already
        here = await case.says(face, f"new{number}", content, names=names)
        with case.ours.here():
            found = await rows("SELECT kind, state FROM caught WHERE post_uri LIKE ?", (f"%/new{number}",))
        assert here == (not found or found[0][1] == caught.PASSED)
        return found[0][0] if found and not here else ""

    async def change(**rules: object) -> None:
        with case.ours.here():
            await settings.change(case.ours.app, None, rules)
        await case.ours.agreed()

    assert await held() == "" and await case.told() == 2
    await change(hold_young=24)
    assert await held() == "young" and await held(names=1) == ""
    assert await held(published="2020-01-01T00:00:00Z") == ""
    await change(hold_young=0, hold_links=3)
    assert await held(links, names=1) == "links" and await held("<p>No link</p>") == ""
    await change(hold_links=0, hold_same=3)
    said = [await held(f"<p>@anna Buy my   WATCHES today! https://x{n}.test {n}</p>", names=1) for n in range(4)]
    assert said == ["", "", "same", "same"]
    assert (
        await held("<p>Hi</p>") == await held("<p>Hi</p>") == await held("<p>Hi</p>") == ""
    )  # short words are no wave
    said = [await held(f"<p>@anna {word} https://x.test/now?1</p>", names=1) for word in ("Win", "Buy", "Go")]
    assert said == ["", "", "same"], "but where they lead to the same"
    assert await held("<p>Win https://y.test/now</p>", names=1) == ""
    seen = {"type": "Document", "mediaType": "image/png", "blurhash": "LKO2?U%2Tw=w]~RBVZRi};RPxuwH", "width": 640}
    for other, rule in (("", ""), ("", ""), ("", "same"), ("x", "")):
        number += 1
        face = case.host.actor(f"bot{number}")
        files = [seen | {"url": f"https://far.test/files/{number}.png", "blurhash": f"{seen['blurhash']}{other}"}]
        note = case.note(face, f"seen{number}", f"<p>@anna {number}</p>", attachment=files)
        await send(case.fediverse, case.ours, face, face.does("Create", note))
        assert (await case.ours.post(note["id"]) is None) == bool(rule), "nor do pictures alone, when they are the same"
    await change(hold_same=0)
    with case.ours.here():
        await peers.decide(case.ours.app, "far.test", Decision(hold_contact=True))
    await case.ours.agreed()
    assert await held(names=1) == "contact"


async def test_who_is_known_here_or_only_answers_waits_for_nothing(fediverse: Fediverse) -> None:
    case = await Case.begin(fediverse, hold_contact=True)
    friend, answering, named, stranger = [case.host.actor(n) for n in ("friend", "answering", "named", "stranger")]
    await followed(case.fediverse, case.anna, friend)
    root = await case.anna.post("Who bakes rye?")
    assert await case.says(friend, "f", names=2)
    answer = answering.note("a", inReplyTo=root.uri, cc=[case.anna.actor.uri])
    await send(case.fediverse, case.ours, answering, answering.does("Create", answer))
    assert await case.ours.post(answer["id"]) is not None
    dragged = answering.note("b", inReplyTo=root.uri, cc=[case.anna.actor.uri, case.bert.actor.uri])
    await send(case.fediverse, case.ours, answering, answering.does("Create", dragged))
    assert await case.ours.post(dragged["id"]) is None  # bert is a stranger to them
    said = named.note("m", inReplyTo=root.uri)
    await send(case.fediverse, case.ours, named, named.does("Create", said))
    await case.anna.reply(await case.ours.knows(said["id"]), "Thank you @named@far.test")
    await case.fediverse.settle()
    assert await case.says(named, "n", names=2)

    before = await case.told()
    unsaid = case.note(stranger, "only-its-id")
    case.host.serve(unsaid["id"], unsaid | {"published": None})
    await send(case.fediverse, case.ours, stranger, stranger.does("Create", unsaid["id"]))
    assert await case.told() == before
    assert not await case.says(stranger, "s")
    await send(case.fediverse, case.ours, stranger, stranger.does("Update", case.note(stranger, "s", "<p>Better</p>")))
    with case.ours.here():
        (kept,) = [each for key in await caught.clusters(9) for each in await caught.some(key.text_key)
                   if each.post_uri.endswith("/s")]  # fmt: skip
    assert kept.excerpt == "Better" and await case.told() == before
    await send(case.fediverse, case.ours, stranger, stranger.does("Delete", "https://far.test/notes/s"))
    assert await case.waiting() == 1
    quiet = stranger.note("q", to=["https://www.w3.org/ns/activitystreams#Public"], inReplyTo=root.uri)
    await send(case.fediverse, case.ours, stranger, stranger.does("Create", quiet))
    assert await case.ours.post(quiet["id"]) is not None
    worse = quiet | {"cc": [case.bert.actor.uri], "updated": "2026-11-21T13:00:00Z"}
    await send(case.fediverse, case.ours, stranger, stranger.does("Update", worse))
    assert await case.waiting() == 2 and await case.told() == before + 1  # of the answer alone
