"""A server that was suspended finds no other way in or out: however it is spelled, whoever it lets speak for it."""

import pytest

from fedcomm import finding, peers
from storage.peers import Decision
from tests.fediverse import Fediverse
from tests.forger import Host, post, send

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.mark.attack("ADM-14")
@pytest.mark.parametrize(
    ("decided", "name", "spelled"),
    [
        (
            "named.test",
            "named.test",
            ("NAMED.test", "named.test.", "named.test:443", "x.named.test", "Named.Test.:443"),
        ),
        (" NAMED.Test. ", "named.test", ("named.TEST",)),
        ("bücher.test", "xn--bcher-kva.test", ("bücher.test", "BÜCHER.test", "XN--BCHER-KVA.test", "a.bücher.test")),
        ("XN--bcher-kva.test", "xn--bcher-kva.test", ("bücher.test",)),
    ],
)
async def test_no_spelling_of_a_suspended_server_is_another_server(
    fediverse: Fediverse, decided: str, name: str, spelled: tuple[str, ...]
) -> None:
    ours, theirs = await fediverse.instance("ours.test"), Host(fediverse, name)
    anna, mallory = await ours.person("anna"), theirs.actor("mallory")
    with ours.here():
        await peers.decide(ours.app, decided, Decision("suspend"))

    for number, host in enumerate((name, *spelled)):
        uri = mallory.uri.replace(name, host)
        fediverse.wire.hosts.setdefault(host, theirs._answer)  # the DNS does not tell them apart
        note = mallory.note(f"{number}", cc=[anna.actor.uri], attributedTo=uri)
        note["id"] = note["id"].replace(name, host)
        said = mallory.does("Create", note, actor=uri)
        said["id"] = said["id"].replace(name, host)
        answer = await post(ours, said, mallory, key_id=f"{uri}#main-key" if uri.isascii() else "")
        with ours.here():
            found = await finding.resolve(ours.app, uri)
            assert await finding.resolve(ours.app, f"@mallory@{host}") is None and found is None, host
        assert answer.status_code in (401, 403), host
        assert await ours.post(note["id"]) is None
    await fediverse.settle()
    assert (theirs.asked, theirs.received) == ([], [])


@pytest.mark.attack("ADM-14")
async def test_nobody_stands_in_for_a_suspended_server(fediverse: Fediverse) -> None:
    ours, theirs, fine = (
        await fediverse.instance("ours.test"),
        Host(fediverse, "named.test"),
        Host(fediverse, "fine.test"),
    )
    anna, mallory, carol = await ours.person("anna"), theirs.actor("mallory"), fine.actor("carol")
    inbox = "https://named.test/inbox"
    front = fine.actor("front", inbox=f"{inbox}/front", endpoints={"sharedInbox": inbox})
    with ours.here():
        await peers.decide(ours.app, "named.test", Decision("suspend"))
    moved, hidden = "https://fine.test/users/moved", theirs.actor("hidden").uri
    fine.redirect(moved, hidden)
    fine.redirect("https://fine.test/notes/1", "https://named.test/notes/1")
    theirs.serve("https://named.test/notes/1", mallory.note(1))
    borrowed = fine.actor("borrowed", publicKey={
        "id": mallory.key_id, "owner": mallory.uri, "publicKeyPem": "made up",
    })  # fmt: skip

    await anna.post("News")
    await send(fediverse, ours, carol, carol.does("Announce", "https://fine.test/notes/1"))
    await send(fediverse, ours, carol, carol.does("Announce", "https://named.test/notes/1"))
    answers = [
        await post(ours, front.does("Follow", anna.actor.uri), front),  # an inbox elsewhere is no inbox
        await post(ours, carol.does("Create", mallory.note(2), actor=mallory.uri), carol),
        await post(ours, borrowed.does("Like", anna.actor.uri), mallory),
        await post(ours, mallory.does("Create", mallory.note(3)), carol),
    ]
    await fediverse.settle()

    with ours.here():
        assert await finding.resolve(ours.app, moved) is None
    assert [answer.status_code for answer in answers if answer.status_code == 202] == []
    assert [await ours.post(f"https://named.test/notes/{number}") for number in (1, 2, 3)] == [None] * 3
    assert await ours.post("https://fine.test/notes/1") is None
    assert (theirs.asked, theirs.received) == ([], [])
