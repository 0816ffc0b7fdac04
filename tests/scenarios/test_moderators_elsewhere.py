"""Groups elsewhere with moderators anywhere: whose acts count here, and how often."""

from typing import Any

import pytest

from fedcomm import fetching
from storage import groups as stored
from storage import registers
from storage.connect import rows
from tests import forger
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, Json

pytestmark = pytest.mark.anyio


class Elsewhere:
    """`wine@g.test`, a group of another server with a moderator on a third one, which ann@a.test has joined."""

    def __init__(self, fediverse: Fediverse, a: Instance, ann: Person) -> None:
        self.fediverse, self.a, self.ann = fediverse, a, ann
        home, third = Host(fediverse, "g.test"), Host(fediverse, "m.test")
        uri = "https://g.test/c/wine"
        self.mo, self.eve, self.bo = third.actor("mo"), third.actor("eve"), third.actor("bo")
        self.wine = home.actor(
            "wine",
            "Group",
            attributedTo=f"{uri}/moderators",
            moderators=f"{uri}/moderators",
            featured=f"{uri}/featured",
        )
        self.listed = [self.mo.uri]
        self.home = home
        self.appoint()
        self.note = self.bo.note("rye", to=[uri, forger.PUBLIC], audience=uri)
        third.serve(self.note["id"], self.note)

    def appoint(self, *more: Face) -> None:
        """The group lists these as its moderators too."""
        self.listed += [face.uri for face in more]
        self.home.serve("https://g.test/c/wine/moderators", self._moderators())

    async def announce(self, activity: Json) -> None:
        """The group passes an activity on."""
        activity = {name: value for name, value in activity.items() if name != "@context"}
        await forger.send(self.fediverse, self.a, self.wine, self.wine.does("Announce", activity))

    async def state(self) -> tuple[Any, ...]:
        """What ann's server thinks of the thread and of people in the group."""
        with self.a.here():
            group = await stored.by_face(self.wine.uri)
            assert group
            post = await self.a.knows(self.note["id"])
            return (
                post.locked, post.removed_at is not None,
                *[
                    await registers.get(group.id, name, subject)
                    for name, subject in (
                        ("pinned", post.uri), ("ban", self.bo.uri), ("role", self.bo.uri), ("role", self.mo.uri)
                    )
                ],
            )  # fmt: skip

    def acts(self, by: Face) -> dict[str, Json]:
        """Everything that a moderator can do."""
        uri, post = self.wine.uri, self.note["id"]
        lock, delete = by.does("Lock", post), by.does("Delete", post, summary="spam")
        block = by.does("Block", self.bo.uri, target=uri)
        return {
            "lock": lock,
            "unlock": by.does("Undo", lock),
            "remove": delete,
            "restore": by.does("Undo", delete),
            "pin": by.does("Add", post, target=f"{uri}/featured"),
            "unpin": by.does("Remove", post, target=f"{uri}/featured"),
            "ban": block,
            "unban": by.does("Undo", block),
            "appoint": by.does("Add", self.bo.uri, target=f"{uri}/moderators", cc=[uri]),
            "dismiss": by.does("Remove", self.bo.uri, target=f"{uri}/moderators", cc=[uri]),
        }

    def _moderators(self) -> Json:
        return {
            "@context": forger.AS, "id": "https://g.test/c/wine/moderators", "type": "OrderedCollection",
            "orderedItems": self.listed, "totalItems": len(self.listed),
        }  # fmt: skip


MODERATOR = '{"role":"moderator"}'
AFTER = {
    "lock": (1, False, None, None, None, MODERATOR),
    "unlock": (0, False, None, None, None, MODERATOR),
    "remove": (0, True, None, None, None, MODERATOR),
    "restore": (0, False, None, None, None, MODERATOR),
    "pin": (0, False, '{"pinned":true}', None, None, MODERATOR),
    "unpin": (0, False, None, None, None, MODERATOR),
    "ban": (0, False, None, "{}", None, MODERATOR),
    "unban": (0, False, None, None, None, MODERATOR),
    "appoint": (0, False, None, None, MODERATOR, MODERATOR),
    "dismiss": (0, False, None, None, None, MODERATOR),
}


@pytest.fixture
async def elsewhere(fediverse: Fediverse) -> Elsewhere:
    """The group is joined and its thread known."""
    a = await fediverse.instance("a.test")
    made = Elsewhere(fediverse, a, await a.person("ann"))
    await forger.followed(fediverse, made.ann, made.wine)
    await made.announce(made.bo.does("Create", made.note))
    return made


async def test_what_a_group_elsewhere_passes_on_of_its_moderators_has_its_effect_here(elsewhere: Elsewhere) -> None:
    said = elsewhere.acts(elsewhere.mo)
    for name, state in AFTER.items():
        await elsewhere.announce(said[name])

        assert await elsewhere.state() == state, name


@pytest.mark.attack("GRP-05")
@pytest.mark.attack("GRP-21")
async def test_an_act_that_was_undone_stays_undone_however_often_it_is_passed_on(elsewhere: Elsewhere) -> None:
    said = elsewhere.acts(elsewhere.mo)
    for name in ("lock", "unlock", "remove", "restore", "ban", "unban"):
        await elsewhere.announce(said[name])
    before = await elsewhere.state()

    for name in ("lock", "remove", "ban"):
        await elsewhere.announce(said[name])

    assert await elsewhere.state() == before == AFTER["unban"]


@pytest.mark.attack("GRP-05")
@pytest.mark.attack("GRP-06")
@pytest.mark.parametrize("who", ["eve", "bo", "pat"])
async def test_what_it_passes_on_of_somebody_who_is_not_listed_has_none(elsewhere: Elsewhere, who: str) -> None:
    said = elsewhere.acts({"eve": elsewhere.eve, "bo": elsewhere.bo, "pat": elsewhere.home.actor("pat")}[who])
    theirs = elsewhere.acts(elsewhere.mo)
    await elsewhere.announce(theirs["unlock"])  # so that the list of moderators is known
    before = await elsewhere.state()

    for name in AFTER:
        if not (who == "bo" and name == "remove"):  # its author may delete it
            await elsewhere.announce(said[name])
            assert await elsewhere.state() == before, name
    appoint = () if who == "bo" else ("appoint",)  # else he is listed
    for name in ("lock", "pin", "remove", "ban", *appoint):
        await elsewhere.announce(theirs[name] | {"id": f"{theirs[name]['id']}/again"})
    done = await elsewhere.state()
    assert done == (1, True, '{"pinned":true}', "{}", MODERATOR if appoint else None, MODERATOR)
    for name in ("unlock", "unpin", "restore", "unban", "dismiss"):
        await elsewhere.announce(said[name] | {"id": f"{said[name]['id']}/again"})
        assert await elsewhere.state() == done, name


@pytest.mark.attack("GRP-05")
@pytest.mark.attack("GRP-11")
async def test_it_passes_on_no_votes_about_what_is_not_in_it_and_takes_back_none_of_others(
    elsewhere: Elsewhere,
) -> None:
    mine, vote = await elsewhere.ann.post("Mine"), elsewhere.eve.does("Like", elsewhere.note["id"])
    await elsewhere.announce(vote)

    for said in (elsewhere.eve.does("Like", mine.uri), elsewhere.bo.does("Dislike", mine.uri)):
        await elsewhere.announce(said)
    for by in (elsewhere.bo, elsewhere.mo, elsewhere.wine):
        for inner in (vote, vote | {"actor": by.uri}, vote["id"]):
            await elsewhere.announce(by.does("Undo", inner))

    there, about = await elsewhere.a.knows(mine.uri), await elsewhere.a.knows(elsewhere.note["id"])
    assert (there.likes_count, there.dislikes_count, about.likes_count) == (0, 0, 1)


@pytest.mark.attack("GRP-06")
async def test_a_moderator_of_a_group_elsewhere_acts_through_that_group_only(elsewhere: Elsewhere) -> None:
    said = elsewhere.acts(elsewhere.mo)
    before = await elsewhere.state()

    for name in AFTER:
        await forger.send(elsewhere.fediverse, elsewhere.a, elsewhere.mo, said[name])

    assert await elsewhere.state() == before


async def test_a_moderator_who_lives_on_its_server_acts_for_it_directly_too(elsewhere: Elsewhere) -> None:
    """Mbin 1.10.1 tells followers so what moderators of a magazine do."""
    mia, pat = elsewhere.home.actor("mia"), elsewhere.home.actor("pat")
    elsewhere.appoint(mia)
    by_mia, by_pat = elsewhere.acts(mia), elsewhere.acts(pat)
    for name, state in AFTER.items():
        await forger.send(elsewhere.fediverse, elsewhere.a, mia, by_mia[name])

        assert await elsewhere.state() == state, name
    before = await elsewhere.state()

    for name in AFTER:
        await forger.send(elsewhere.fediverse, elsewhere.a, pat, by_pat[name])

        assert await elsewhere.state() == before, name


async def test_a_group_elsewhere_that_changed_is_read_anew_at_its_home(elsewhere: Elsewhere) -> None:
    changed = elsewhere.wine.document(name="Wines of all kinds")
    elsewhere.home.serve(elsewhere.wine.uri, changed)
    lie = elsewhere.wine.document(name="Something else")

    await elsewhere.announce(elsewhere.mo.does("Update", lie))

    with elsewhere.a.here():
        face = await fetching.actor(elsewhere.a.app, elsewhere.wine.uri)
    assert face.name == "Wines of all kinds"


async def test_who_was_made_a_moderator_while_nobody_here_followed_is_one_on_joining_again(
    elsewhere: Elsewhere,
) -> None:
    """As groups of other programs do it, it told its followers alone; its threads are not asked for again so soon."""
    ann = elsewhere.ann
    await ann.unfollow(elsewhere.wine.uri)
    elsewhere.listed.append(ann.actor.uri)
    elsewhere.appoint()
    with elsewhere.a.here():
        group = await stored.by_face(elsewhere.wine.uri)
        assert group and await registers.get(group.id, "role", ann.actor.uri) is None

    await forger.followed(elsewhere.fediverse, ann, elsewhere.wine)

    with elsewhere.a.here():
        assert await registers.get(group.id, "role", ann.actor.uri) == MODERATOR


@pytest.mark.attack("GRP-06")
async def test_a_group_that_nobody_follows_makes_ours_its_moderators_and_says_nothing_else(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    ann = await a.person("ann")
    alone = Elsewhere(fediverse, a, ann)
    uri, listed = alone.wine.uri, f"{alone.wine.uri}/moderators"

    async def added(subject: str, by: Face, passes_on: Face) -> str | None:
        """What ann's server holds of somebody's role, when it is passed on that they were appointed."""
        said = by.does("Add", subject, target=listed, cc=[uri])
        said.pop("@context")
        await forger.send(fediverse, a, passes_on, passes_on.does("Announce", said))
        with a.here():
            group = await stored.by_face(uri)
            assert group  # as whose key was asked for
            return await registers.get(group.id, "role", subject)

    assert await added(alone.bo.uri, alone.mo, alone.wine) is None  # nobody here
    assert await added(ann.actor.uri, alone.mo, alone.eve) is None  # it is no group that says so
    assert await added(ann.actor.uri, alone.eve, alone.wine) is None  # who may not appoint anybody
    assert await added(ann.actor.uri, alone.mo, alone.wine) == MODERATOR
    await alone.announce(alone.bo.does("Create", alone.note))
    await alone.announce(alone.mo.does("Block", alone.bo.uri, target=uri))
    with a.here():
        group = await stored.by_face(uri)
        assert group and await registers.get(group.id, "ban", alone.bo.uri) is None
        assert await rows("SELECT 1 FROM post") == []
    dismissal = alone.mo.does("Remove", ann.actor.uri, target=listed, cc=[uri])
    await alone.announce(dismissal)
    with a.here():
        assert await registers.get(group.id, "role", ann.actor.uri) is None
