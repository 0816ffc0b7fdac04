"""Stories of warnings in groups: who hears of them, in which form, and who may give them."""

import pytest

from fedcomm import cautions, members
from fedcomm.errors import Invalid, NotAllowed
from storage import registers
from storage.connect import rows
from tests.fediverse import Fediverse
from tests.forger import Host, send
from tests.scenarios.test_holding import person_of
from tests.scenarios.test_moderators_elsewhere import Elsewhere, elsewhere

__all__ = ["elsewhere"]  # the fixture
pytestmark = pytest.mark.anyio


@pytest.mark.thorough("postgres")
async def test_who_is_warned_hears_it_once_and_nobody_else_does(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, anna, bob = await a.person("greta"), await a.person("anna"), await b.person("bob")
    face, far, lemmy = await a.group("club", moderator=greta), Host(fediverse, "far.test"), Host(fediverse, "lem.test")
    lemmy.runs("lemmy")
    eve, lea = far.actor("eve"), lemmy.actor("lea")
    await fediverse.join(face, anna, bob)
    theirs = await bob.post("@club@a.test Rude\n\nwords")
    for who in (eve, lea):
        note = who.note("rude", cc=[face.uri])
        await send(fediverse, a, who, who.does("Create", note, cc=[face.uri]))
    own = await anna.post("@club Rude\n\nwords")
    await fediverse.settle()
    before, posted = len(far.received), len(fediverse.wire.posted)

    with a.here():
        for by, reason, refusal in ((anna, "Rude", NotAllowed), (greta, " ", Invalid)):
            with pytest.raises(refusal):
                await cautions.warn(a.app, by.actor, own.id, reason)
        for post in (own.uri, theirs.uri, "https://far.test/notes/rude", "https://lem.test/notes/rude"):
            await cautions.warn(a.app, greta.actor, (await a.knows(post)).id, "(1) Be kind.")
    await fediverse.settle()

    (told,), (heard,) = await anna.letters(), await bob.letters()
    assert "warn you because of this" in told and own.url in told and "Be kind." in told
    assert "warn you because of this" in heard and theirs.url in heard and "!club@a.test" in heard
    letter = [each["object"]["content"] for each in far.received[before:] if each["type"] == "Create"]
    assert len(letter) == 1 and "Be kind." in letter[0]
    (warning,) = [each for each in lemmy.received if each["type"] == "Warn"]
    assert warning["to"] == [lea.uri] and warning["audience"] == face.uri and warning["summary"] == "(1) Be kind."
    assert warning["object"] == "https://lem.test/notes/rude" and warning["actor"] == greta.actor.uri
    assert not [each for each in lemmy.received if "Be kind." in str(each) and each["type"] != "Warn"]
    assert len([body for _host, body in fediverse.wire.posted[posted:] if b"Warn" in body]) == 3
    with a.here():
        log = await rows("SELECT subject, summary FROM act WHERE property = 'warned' ORDER BY id")
    assert log == [(uri, "(1) Be kind.") for uri in (anna.actor.uri, bob.actor.uri, eve.uri, lea.uri)]

    claim = eve.does("Warn", own.uri, to=[anna.actor.uri], audience=face.uri, summary="No")
    await send(fediverse, a, eve, claim)
    assert len(await anna.letters()) == 1
    with a.here():
        await members.appoint(a.app, "club", await person_of(a, lea.uri))
    await send(fediverse, a, lea, lea.does("Warn", own.uri, to=[anna.actor.uri], audience=face.uri, summary="Kinder"))
    assert len(await anna.letters()) == 2
    with a.here():
        act = await registers.winner((await a.knows(own.uri)).group_id or 0, "warned", anna.actor.uri)
    assert act is not None and (act.actor_uri, act.summary) == (lea.uri, "Kinder")


async def test_a_moderator_of_a_group_elsewhere_warns_a_member_here(elsewhere: Elsewhere) -> None:
    ann, wine = elsewhere.ann, elsewhere.wine
    post = await ann.post("@wine@g.test Rude\n\nwords")
    await elsewhere.announce(ann_created(post.uri, ann.actor.uri))

    for by in (elsewhere.eve, elsewhere.mo):
        said = by.does("Warn", post.uri, to=[ann.actor.uri], audience=wine.uri, summary="Be kind.")
        await send(elsewhere.fediverse, elsewhere.a, by, said)

    (told,) = await ann.letters()
    assert "warn you because of this" in told and "Be kind." in told and "wine@g.test" in told


def ann_created(uri: str, by: str) -> dict[str, str]:
    """The act by which a member here published that, as a group passes it on."""
    return {"id": f"{uri}/create", "type": "Create", "actor": by, "object": uri}
