"""Who says this: from a request to its signer, and what the signer may say."""

from typing import Any

import pytest

from activitypub import verify
from activitypub.errors import BadSignature, Forbidden, Gone, Malformed, NotFound, ProtocolError, Unreachable
from activitypub.signatures.claim import MAX_HEADER
from activitypub.verify import KnownKey, Signer
from tests.activitypub import signed
from tests.activitypub.signed import ALICE, BOB, HOST, MALLORY, NOW, World, changed, header, key_of, note, signer_of

pytestmark = pytest.mark.anyio

SIGNED_BY_ALICE = Signer(ALICE, ALICE + "#main-key", "cavage")


# From a request to its signer


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_the_signer_is_the_owner_of_the_key(scheme: str) -> None:
    request = signed.cavage() if scheme == "cavage" else signed.rfc9421()

    assert await signer_of(request) == Signer(ALICE, ALICE + "#main-key", scheme)  # type: ignore[arg-type]


@pytest.mark.attack("SIG-23")
async def test_an_ed25519_key_of_the_assertion_methods_signs_too() -> None:
    key, key_id = signed.ed25519_of("alice"), ALICE + "#ed25519-key"

    assert (await signer_of(signed.rfc9421(key=key, key_id=key_id))).actor == ALICE
    assert (await signer_of(signed.cavage(key=key, key_id=key_id, algorithm="hs2019"))).actor == ALICE


@pytest.mark.attack("SIG-11")
def test_signature_headers_that_are_longer_than_any_are_not_parsed() -> None:
    request = signed.rfc9421()
    for name in ("signature_input", "signature"):
        value = header(request, name.replace("_", "-"))
        padding = ";x=1111111111" * 625
        assert len(padding) < MAX_HEADER < len(value) + len(padding)
        with pytest.raises(Malformed, match="too long"):
            signed.claimed(changed(request, **{name: value + padding}))


@pytest.mark.attack("SIG-01")
async def test_for_an_unsigned_or_hopeless_request_nobody_is_asked() -> None:
    world = World()

    for request in (
        changed(signed.cavage(), signature=None),
        signed.cavage(covered=("date",)),
        changed(signed.cavage(), body=b"{}"),
        signed.cavage(headers={"host": "other.example"}),
    ):
        with pytest.raises(BadSignature):
            await signer_of(request, world)
    assert world.asked == []


async def test_a_key_in_memory_says_so_at_once() -> None:
    claim = verify.claim(signed.cavage(), host=HOST, now=NOW)

    assert verify.known(claim, {ALICE + "#main-key": signed.known()}.get) == SIGNED_BY_ALICE
    assert verify.known(claim, {}.get) is None
    assert verify.known(claim, {ALICE + "#main-key": signed.known(key=key_of("other"))}.get) is None


@pytest.mark.attack("SIG-17")
async def test_a_new_key_is_fetched_once_when_the_kept_one_does_not_fit() -> None:
    world = World(kept={ALICE + "#main-key": signed.known(key=key_of("alices old one"))})

    assert (await signer_of(signed.cavage(), world)).actor == ALICE
    assert world.asked == [ALICE]
    assert (await signer_of(signed.cavage(), world)).actor == ALICE
    assert world.asked == [ALICE]


@pytest.mark.attack("SIG-17")
async def test_after_a_rotation_the_old_key_is_refused() -> None:
    world = World(kept={ALICE + "#main-key": signed.known(key=key_of("alices old one"))})
    await signer_of(signed.cavage(), world)

    with pytest.raises(BadSignature):
        await signer_of(signed.cavage(key=key_of("alices old one")), world)


@pytest.mark.attack("SIG-18")
async def test_a_bad_signature_causes_one_fetch_not_two() -> None:
    world = World()

    with pytest.raises(BadSignature):
        await signer_of(signed.cavage(key=key_of("mallory")), world)

    assert world.asked == [ALICE]


@pytest.mark.attack("SIG-19")
async def test_when_the_key_cannot_be_had_now_there_is_no_verdict() -> None:
    world = World({ALICE: (503, "text/plain", "busy")})

    with pytest.raises(Unreachable) as error:
        await signer_of(signed.cavage(), world)
    assert not isinstance(error.value, ProtocolError)

    world.pages = signed.world()
    assert (await signer_of(signed.cavage(), world)).actor == ALICE


@pytest.mark.attack("SIG-20", "SIG-21")
@pytest.mark.parametrize(("status", "error"), [(410, Gone), (404, NotFound)])
async def test_of_an_actor_who_is_gone_nothing_is_believed(status: int, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        await signer_of(signed.cavage(), World({ALICE: (status, "", None)}))


@pytest.mark.attack("SIG-20")
async def test_only_the_deletion_of_the_actor_himself_is_a_farewell() -> None:
    farewell = {"id": ALICE + "#delete", "type": "Delete", "actor": ALICE, "object": ALICE}

    assert verify.farewell(farewell, ALICE + "#main-key")
    assert verify.farewell({**farewell, "object": {"id": ALICE}}, ALICE + "#main-key")
    assert not verify.farewell(farewell, MALLORY + "#main-key")
    assert not verify.farewell({**farewell, "object": BOB}, ALICE + "#main-key")
    assert not verify.farewell({**farewell, "type": "Undo"}, ALICE + "#main-key")
    assert not verify.farewell({"type": "Delete"}, ALICE + "#main-key")


async def test_a_finder_that_brings_another_key_is_not_believed() -> None:
    claim = verify.claim(signed.cavage(key=key_of("mallory")), host=HOST, now=NOW)
    mallorys = signed.known(MALLORY)

    for found in (
        mallorys,
        KnownKey(ALICE + "#main-key", MALLORY, mallorys.key),
        KnownKey(ALICE + "#other", ALICE, mallorys.key),
    ):
        assert verify.known(claim, lambda _key_id, found=found: found) is None  # type: ignore[misc]


async def test_an_expired_key_signs_nothing() -> None:
    key = {**signed.ed25519_key(ALICE), "expires": "2026-10-31T23:59:59Z"}
    request = signed.rfc9421(key=signed.ed25519_of("alice"), key_id=ALICE + "#ed25519-key")
    pages = {ALICE: signed.actor(ALICE, key_of("alice"), assertionMethod=[key])}

    with pytest.raises(BadSignature, match="expired"):
        await signer_of(request, World(pages))

    key["expires"] = "2026-11-02T00:00:00Z"
    assert (await signer_of(request, World(pages))).actor == ALICE


# What the signer may say


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"actor": {"id": ALICE, "type": "Person"}},
        {"actor": [ALICE]},
        {"id": "HTTPS://Remote.example:443/a#x"},
    ],
)
def test_an_activity_is_its_signers_and_nobody_elses(said: dict[str, Any]) -> None:
    document = {**note(), **said}

    verify.activity(document, SIGNED_BY_ALICE)
    with pytest.raises(Forbidden):
        verify.activity(document, Signer(BOB, BOB + "#main-key", "cavage"))


@pytest.mark.attack("SIG-12", "SIG-13")
@pytest.mark.parametrize("actor", [MALLORY, BOB, ALICE + "/", ALICE.upper(), "https://remote.example"])
def test_an_activity_of_somebody_else_is_refused(actor: str) -> None:
    with pytest.raises(Forbidden):
        verify.activity({**note(), "actor": actor}, SIGNED_BY_ALICE)


@pytest.mark.attack("SIG-12", "ORI-01")
@pytest.mark.parametrize(
    "name",
    ["https://evil.example/1", "http://remote.example/1", "https://remote.example:8443/1", "https://x.remote.example/"],
)
def test_an_activity_whose_id_has_another_origin_is_refused(name: str) -> None:
    with pytest.raises(Forbidden):
        verify.activity({**note(), "id": name}, SIGNED_BY_ALICE)


@pytest.mark.attack("NET-43")
@pytest.mark.parametrize("name", ["actor", "id"])
@pytest.mark.parametrize(
    "value", [None, 1, "", "1", [], {}, [ALICE, MALLORY], [[ALICE]], {"id": None}, {"id": {"id": ALICE}}, True]
)
def test_without_one_actor_and_an_id_it_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(Malformed):
        verify.activity({**note(), name: value}, SIGNED_BY_ALICE)
    document = note()
    del document[name]
    with pytest.raises(Malformed):
        verify.activity(document, SIGNED_BY_ALICE)


# What a document may say of itself


def test_a_document_at_its_id_speaks_for_itself() -> None:
    assert verify.fetched({"id": ALICE}, ALICE) is None
    assert verify.fetched({"id": ALICE + "#me"}, ALICE) is None
    assert verify.fetched({"id": "HTTPS://REMOTE.example:443/users/alice"}, ALICE) is None
    assert verify.fetched({"id": "https://remote.example/é"}, "https://remote.example/%C3%A9") is None
    assert verify.fetched({"type": "Collection"}, ALICE + "/followers") is None


@pytest.mark.attack("ORI-05")
def test_a_document_elsewhere_on_its_origin_is_asked_for_at_its_id() -> None:
    assert verify.fetched({"id": ALICE}, "https://remote.example/@alice") == ALICE
    assert verify.fetched({"id": ALICE}, "https://remote.example/users/%61lice") == ALICE


@pytest.mark.attack("ORI-05", "ORI-06")
@pytest.mark.parametrize(
    "url",
    ["https://evil.example/users/alice", "http://remote.example/users/alice", "https://remote.example:444/users/alice"],
)
def test_a_document_from_another_origin_than_its_id_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        verify.fetched({"id": ALICE}, url)


@pytest.mark.parametrize(
    "name", [1, [ALICE], {"id": ALICE}, "", "tag:remote.example,2026:1", "https://a@remote.example/"]
)
def test_a_document_with_no_url_as_id_is_malformed(name: Any) -> None:
    with pytest.raises(Malformed):
        verify.fetched({"id": name}, ALICE)
