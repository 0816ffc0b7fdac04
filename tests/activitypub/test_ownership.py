"""Whose key it is: the actor must list it, it must name the actor, and both must be of one origin."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from activitypub import keys, render, verify
from activitypub.errors import BadSignature, Forbidden, Malformed, ProtocolError
from tests.activitypub import signed
from tests.activitypub.signed import ALICE, BOB, MALLORY, World, actor, key_of, signer_of, world
from tests.activitypub.test_keys import pem_of

pytestmark = pytest.mark.anyio

KEY_ID = ALICE + "#main-key"


def entry(owner: str, key_id: str, key: str) -> dict[str, Any]:
    """A key of a `publicKey`."""
    return render.public_key(owner, key_id, keys.public_pem(key_of(key).public))


def alice(**changed: Any) -> dict[str, Any]:
    return {**actor(ALICE, key_of("alice")), **changed}


def test_the_key_that_an_actor_lists_is_his() -> None:
    found = verify.key_from(alice(), KEY_ID, ALICE)

    assert (found.key_id, found.owner, found.key) == (KEY_ID, ALICE, key_of("alice").public)
    assert found.fetched


@pytest.mark.attack("SIG-23")
@pytest.mark.parametrize(
    "listed",
    [
        [entry(ALICE, ALICE + "#old", "old"), entry(ALICE, KEY_ID, "alice")],
        [None, 1, "x", {}, entry(ALICE, KEY_ID, "alice")],
        {name: value for name, value in entry(ALICE, KEY_ID, "alice").items() if name != "owner"},
        {**entry(ALICE, KEY_ID, "alice"), "owner": {"id": ALICE}},
        {**entry(ALICE, KEY_ID, "alice"), "controller": ALICE},
    ],
)
def test_keys_are_found_in_every_form_that_peers_list_them_in(listed: Any) -> None:
    assert verify.key_from(alice(publicKey=listed), KEY_ID, ALICE).key == key_of("alice").public


@pytest.mark.attack("SIG-23")
def test_the_bare_id_of_an_actor_stands_for_his_only_key() -> None:
    assert verify.key_from(alice(), ALICE, ALICE).key == key_of("alice").public
    with_multikey = alice(assertionMethod=[signed.ed25519_key(ALICE)])
    assert verify.key_from(with_multikey, ALICE, ALICE).key == key_of("alice").public

    two = alice(publicKey=[entry(ALICE, ALICE + "#old", "old"), entry(ALICE, KEY_ID, "alice")])
    with pytest.raises(Malformed, match="two keys"):
        verify.key_from(two, ALICE, ALICE)


@pytest.mark.attack("SIG-23")
async def test_the_key_document_of_gotosocial_is_the_actor_again() -> None:
    key_id = ALICE + "/main-key"
    document = alice(publicKey=entry(ALICE, key_id, "alice"))
    stub = {name: document[name] for name in ("id", "type", "publicKey")}

    found = await signer_of(signed.cavage(key_id=key_id), World({ALICE: document, key_id: stub}))

    assert found.actor == ALICE


async def test_a_key_document_of_its_own_counts_when_the_actor_lists_it() -> None:
    key_id = "https://remote.example/keys/1"
    document = {**entry(ALICE, key_id, "alice"), "@context": "https://w3id.org/security/v1"}

    for listed in (key_id, [key_id], entry(ALICE, key_id, "alice")):
        world = World({ALICE: alice(publicKey=listed), key_id: document})
        assert (await signer_of(signed.cavage(key_id=key_id), world)).actor == ALICE
        assert world.asked == [key_id, ALICE]


async def test_a_multikey_with_a_document_of_its_own_counts_as_well() -> None:
    key_id = "https://remote.example/keys/1"
    document = render.multikey(ALICE, key_id, keys.multikey(signed.ed25519_of("alice").public))
    found = World({ALICE: alice(assertionMethod=[key_id]), key_id: document})
    request = signed.cavage(key_id=key_id, key=signed.ed25519_of("alice"), algorithm="hs2019")

    assert (await signer_of(request, found)).actor == ALICE


@pytest.mark.attack("SIG-14")
@pytest.mark.parametrize("listed", ["https://remote.example/keys/2", None, entry(ALICE, KEY_ID, "alice")])
async def test_a_key_document_counts_nothing_when_the_actor_does_not_list_it(listed: Any) -> None:
    key_id = "https://remote.example/keys/1"
    pages = {ALICE: alice(publicKey=listed), key_id: entry(ALICE, key_id, "mallory")}

    with pytest.raises(BadSignature, match="does not list"):
        await signer_of(signed.cavage(key_id=key_id, key=key_of("mallory")), World(pages))


@pytest.mark.attack("SIG-14")
async def test_a_key_document_elsewhere_that_names_a_victim_is_refused_without_asking_the_victim() -> None:
    key_id = "https://evil.example/keys/1"
    found = World({**world(), key_id: entry(ALICE, key_id, "mallory")})

    with pytest.raises(Forbidden):
        await signer_of(signed.cavage(key_id=key_id, key=key_of("mallory")), found)

    assert found.asked == [key_id]
    assert found.kept == {}


@pytest.mark.attack("SIG-14")
async def test_an_actor_elsewhere_who_lists_the_key_of_mallory_does_not_make_it_his() -> None:
    key_id = "https://evil.example/keys/1"
    pages = {ALICE: alice(publicKey=[key_id]), key_id: entry(ALICE, key_id, "mallory")}

    with pytest.raises(Forbidden):
        await signer_of(signed.cavage(key_id=key_id, key=key_of("mallory")), World(pages))


@pytest.mark.attack("SIG-15")
@pytest.mark.parametrize("name", ["https://remote.example/keys/2", "https://evil.example/keys/1#x", None, 1, ALICE])
async def test_a_key_document_with_another_id_than_asked_for_is_refused(name: Any) -> None:
    key_id = "https://evil.example/keys/1"
    pages = {**world(), key_id: {**entry(MALLORY, key_id, "mallory"), "id": name}}

    with pytest.raises(ProtocolError):
        await signer_of(signed.cavage(key_id=key_id, key=key_of("mallory")), World(pages))


@pytest.mark.attack("SIG-15", "ORI-06")
async def test_a_redirect_from_elsewhere_to_an_actor_does_not_make_the_key_his() -> None:
    key_id = "https://evil.example/keys/1"
    found = World({**world(), key_id: (302, "", ALICE)})

    with pytest.raises(Forbidden):
        await signer_of(signed.cavage(key_id=key_id), found)


@pytest.mark.attack("SIG-15", "ORI-05")
async def test_a_document_at_mallorys_place_with_the_id_of_the_victim_is_refused() -> None:
    key_id = "https://evil.example/alice#main-key"
    found = World({**world(), "https://evil.example/alice": actor(ALICE, key_of("mallory"))})

    with pytest.raises(Forbidden):
        await signer_of(signed.cavage(key_id=key_id, key=key_of("mallory")), found)
    with pytest.raises(Forbidden):
        verify.key_from(actor(ALICE, key_of("mallory")), KEY_ID, "https://evil.example/alice")


@pytest.mark.attack("SIG-16")
async def test_listing_the_key_id_of_the_victim_makes_nobody_its_owner() -> None:
    poisoned = actor(MALLORY, key_of("mallory"), publicKey=entry(MALLORY, KEY_ID, "mallory"))
    found = World({**world(), MALLORY: poisoned})

    with pytest.raises(Forbidden):
        verify.key_from(poisoned, KEY_ID, MALLORY)
    with pytest.raises(BadSignature):
        await signer_of(signed.cavage(key=key_of("mallory")), found)
    with pytest.raises(BadSignature):
        await signer_of(signed.cavage(key=key_of("mallory"), key_id=MALLORY + "#main-key"), found)

    assert (await signer_of(signed.cavage(), found)).actor == ALICE


@pytest.mark.attack("SIG-16")
async def test_a_neighbour_cannot_take_a_key_id_either() -> None:
    neighbour = actor(BOB, key_of("bob"), publicKey=entry(BOB, KEY_ID, "bob"))
    found = World({**world(), BOB: neighbour})

    with pytest.raises(BadSignature):
        await signer_of(signed.cavage(key=key_of("bob")), found)


@pytest.mark.attack("SIG-14")
@pytest.mark.parametrize("name", ["owner", "controller"])
@pytest.mark.parametrize("owner", [MALLORY, BOB, "", None, 1, [], [ALICE, MALLORY], {"id": MALLORY}])
def test_a_listed_key_of_somebody_else_is_refused(name: str, owner: Any) -> None:
    document = alice(publicKey={**entry(ALICE, KEY_ID, "mallory"), name: owner})

    with pytest.raises((Forbidden, Malformed)):
        verify.key_from(document, KEY_ID, ALICE)


def test_two_keys_under_one_id_are_refused_and_one_key_listed_twice_is_not() -> None:
    twice = [entry(ALICE, KEY_ID, "alice"), entry(ALICE, KEY_ID, "mallory")]

    with pytest.raises(Malformed, match="two keys"):
        verify.key_from(alice(publicKey=twice), KEY_ID, ALICE)

    same = {**entry(ALICE, KEY_ID, "alice")}
    multikey = render.multikey(ALICE, KEY_ID, keys.multikey(key_of("alice").public))
    assert verify.key_from(alice(publicKey=same, assertionMethod=[multikey]), KEY_ID, ALICE).owner == ALICE


def test_only_so_many_keys_are_looked_at() -> None:
    many = [entry(ALICE, f"{ALICE}#{number}", "old") for number in range(verify.MAX_KEYS)]

    with pytest.raises(BadSignature):
        verify.key_from(alice(publicKey=[*many, entry(ALICE, KEY_ID, "alice")]), KEY_ID, ALICE)


@pytest.mark.attack("SIG-22")
async def test_weak_slow_and_broken_keys_are_refused_in_less_than_50_ms() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    modulus = (1 << 16383) + 12345
    huge = rsa.RSAPublicNumbers(modulus - 2, modulus).public_key()
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pems = [pem_of(weak), pem_of(huge), pem_of(curve), "not PEM", "", None, 7, [], {}, {"id": 1}, True]

    for pem in pems:
        document = alice(publicKey={"id": KEY_ID, "owner": ALICE, "publicKeyPem": pem})
        started = time.thread_time()
        with pytest.raises(Malformed):
            await signer_of(signed.cavage(), World({ALICE: document}))
        assert time.thread_time() - started < 0.05


@pytest.mark.parametrize("value", [None, 1, "z", "z6Mk", [], {}, "m" * 50])
def test_a_broken_multikey_is_malformed(value: Any) -> None:
    document = alice(assertionMethod=[{**signed.ed25519_key(ALICE), "publicKeyMultibase": value}])

    with pytest.raises(Malformed):
        verify.key_from(document, ALICE + "#ed25519-key", ALICE)
    assert verify.key_from(document, KEY_ID, ALICE).owner == ALICE


@pytest.mark.parametrize("expires", ["soon", 1, [], "2026-13-01T00:00:00Z"])
def test_a_key_whose_end_cannot_be_read_is_malformed(expires: Any) -> None:
    document = alice(assertionMethod={**signed.ed25519_key(ALICE), "expires": expires})

    with pytest.raises(Malformed):
        verify.key_from(document, ALICE + "#ed25519-key", ALICE)


@pytest.mark.parametrize("name", [None, 1, [], {}, "", "alice", "did:key:z6Mk"])
def test_an_actor_without_an_id_owns_nothing(name: Any) -> None:
    with pytest.raises(ProtocolError):
        verify.key_from(alice(id=name), KEY_ID, ALICE)


@pytest.mark.parametrize("owner", [None, 1, [], {}, MALLORY])
def test_a_key_document_must_name_an_owner_of_its_origin(owner: Any) -> None:
    key_id = "https://remote.example/keys/1"

    with pytest.raises((Forbidden, Malformed)):
        verify.key_owner({**entry(ALICE, key_id, "alice"), "owner": owner}, key_id, key_id)


@pytest.mark.attack("SIG-15")
@pytest.mark.parametrize(("name", "url"), [("keys/2", "keys/1"), ("keys/1", "keys/2"), ("keys/2", "keys/2")])
def test_a_key_document_is_the_one_asked_for_and_found_where_it_was_asked_for(name: str, url: str) -> None:
    home = "https://remote.example/"
    key_id = f"{home}keys/1"
    assert verify.key_owner(entry(ALICE, key_id, "alice"), key_id, key_id) == ALICE

    with pytest.raises(Forbidden):
        verify.key_owner(entry(ALICE, home + name, "alice"), key_id, home + url)
