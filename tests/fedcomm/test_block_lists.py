"""Lists of servers to block in all forms that are about: what is read from them, and that others can read ours."""

import json

import pytest

from fedcomm import block_lists, fires
from fedcomm.block_agreement import Rules, agreed
from fedcomm.errors import Invalid
from storage.block_subscriptions import Said, Subscription
from storage.peers import Decided, Decision

MASTODON = """#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate
bad.example,suspend,false,false,"Spam, and worse",true
Loud.Example,silence,TRUE,True,,false
pics.example,noop,true,false,,false
*.wild.example,suspend,,,,
nothing.example,noop,false,false,,false
odd.example,explode,false,false,,false
b**.example,suspend,false,false,,false
"""
FEDIBLOCKHOLE = """domain,severity,private_comment,public_comment,reject_media,reject_reports,obfuscate
bad.example,suspend,Ask carol,Spam,True,False,False
"""
SUSPEND, LIMIT = Decision("suspend"), Decision("limit")


def read(text: str) -> dict[str, Decision]:
    """What a list says, by server."""
    return {entry.host: entry.decision for entry in block_lists.read(text.encode()).entries}


def test_mastodons_export_is_read_and_what_says_nothing_is_told() -> None:
    listed = block_lists.read(b"\xef\xbb\xbf" + MASTODON.replace("\n", "\r\n").encode())

    assert {entry.host: entry.decision for entry in listed.entries} == {
        "bad.example": Decision("suspend", public_comment="Spam, and worse", obfuscate=True),
        "loud.example": Decision("limit", True, True), "pics.example": Decision("", True), "wild.example": SUSPEND,
    }  # fmt: skip
    assert listed.unread == ["nothing.example", "odd.example", "b**.example"]


def test_other_forms_are_read_as_well() -> None:
    assert read(FEDIBLOCKHOLE) == {
        "bad.example": Decision("suspend", True, public_comment="Spam", private_comment="Ask carol")
    }
    assert read("domain\nbad.example\n") == {"bad.example": SUSPEND}
    assert read("bad.example\n# why\n\nhttps://worse.example/about # note\n") == {
        "bad.example": SUSPEND, "worse.example": SUSPEND
    }  # fmt: skip
    assert read('[{"domain":"bad.example","digest":"x","severity":"silence","comment":"Loud"}, "worse.example"]') == {
        "bad.example": Decision("limit", public_comment="Loud"), "worse.example": SUSPEND
    }  # fmt: skip
    assert read('[{"domain":"bad.example","suspended_at":"2026-01-01T00:00:00Z","public_comment":"Spam"}]') == {
        "bad.example": Decision("suspend", public_comment="Spam")
    }
    assert read("bücher.example") == {"xn--bcher-kva.example": SUSPEND}
    assert read("bad.example\nbad.example\n") == {"bad.example": SUSPEND}


@pytest.mark.parametrize(
    "content",
    [b"", b"\n#\n", b"\xff\xfe", b"{}", b'{"domain":', b"[" * 100_000, b"no name\n", b'[{"domain":5},null,[]]',
     b"domain\n\"open", b"x.example\n" * (block_lists.MAX_LINES + 1), b"x" * (block_lists.MAX_BYTES + 1)],
)  # fmt: skip
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        block_lists.read(content)


def test_a_list_never_makes_milder_and_leaves_alone_who_is_allowed() -> None:
    before = Decision("suspend", False, True, "ours", "note")

    assert block_lists.stricter(before, Decision("limit", True, False, "theirs")) == Decision(
        "suspend", True, True, "ours", "note"
    )
    assert block_lists.stricter(LIMIT, SUSPEND) == SUSPEND
    assert block_lists.stricter(Decision("allow"), SUSPEND) == Decision("allow")


def test_what_is_written_is_read_as_it_was() -> None:
    decisions = {
        "bad.example": Decision("suspend", public_comment='Said "no", twice', obfuscate=True),
        "loud.example": Decision("limit", True, True), "pics.example": Decision("", True),
    }  # fmt: skip
    decided = [Decided(at, host, each) for at, (host, each) in enumerate(decisions.items())]
    allowed = Decided(9, "good.example", Decision("allow"))
    formula = Decided(8, "bad.example", Decision("suspend", public_comment="=1+1"))

    assert read(block_lists.to_csv([*decided, allowed])) == decisions
    assert read(block_lists.to_json([*decided, allowed])) == decisions
    assert read(block_lists.to_text([*decided, allowed])) == {"bad.example": SUSPEND}
    assert "'=1+1" in block_lists.to_csv([formula])  # no spreadsheet calculates it (attack ADM-24)


def recommends(name: str, policy: str, **more: str) -> dict[str, object]:
    """One line of a snapshot of FIRES, in the later spelling."""
    said = {"type": "Recommendation", "entityKind": "domain", "entityKey": name, "recommendedPolicy": policy}
    return said | more


def test_a_snapshot_of_fires_is_read_in_all_its_spellings() -> None:
    items = [
        recommends("bad.example", "drop", comment="Spam"), recommends("rude.example", "reject"),
        recommends("loud.example", "filter"), recommends("good.example", "accept"),
        recommends("https://a.example/users/eve", "drop", entityKind="actor"),
        {"type": "Recommendation", "entity": {"type": "Domain", "value": "old.example"}, "recommended_policy": "drop"},
        {"type": "Recommendation", "entity_kind": "domain", "entity_key": "old2.example", "recommended_policy": "drop"},
        {"type": "Retraction", "entityKind": "domain", "entityKey": "was.example"}, {"type": "Tombstone"}, 7,
    ]  # fmt: skip

    for place in ("items", "orderedItems"):
        assert read(json.dumps({"type": "OrderedCollection", place: items})) == {
            "bad.example": Decision("suspend", public_comment="Spam"), "rude.example": SUSPEND, "loud.example": LIMIT,
            "old.example": SUSPEND, "old2.example": SUSPEND,
        }  # fmt: skip
    data_set = {"type": "Dataset", "endpoints": {"snapshot": "https://fires.example/snapshot"}}
    assert fires.snapshot_of(json.dumps(data_set).encode()) == "https://fires.example/snapshot"
    for other in (b"domain\n", b"{", b'{"type":"Dataset","endpoints":[]}', b'{"type":"Collection"}'):
        assert fires.snapshot_of(other) == ""
    for empty in ('{"type":"OrderedCollection","items":7}', '{"type":"OrderedCollection"}'):
        with pytest.raises(Invalid):
            read(empty)


def subscription(number: int, priority: int, most: str = "suspend", automatic: int = 0) -> Subscription:
    """A list."""
    return Subscription(number, f"https://l{number}.example/", priority, most, automatic, 0, "@ada")


def test_what_lists_say_together_depends_on_how_many_agree_and_whose_word_counts() -> None:
    lists = [subscription(2, 9, automatic=1), subscription(1, 5, "limit"), subscription(3, 0)]
    said = [
        Said(1, "one.example", SUSPEND), Said(1, "all.example", SUSPEND), Said(2, "all.example", LIMIT),
        Said(3, "all.example", SUSPEND), Said(3, "near.example", SUSPEND), Said(1, "near.example", SUSPEND),
        Said(9, "one.example", SUSPEND), Said(1, "a.friend.example", LIMIT), Said(2, "a.friend.example", LIMIT),
        Said(1, "example", SUSPEND), Said(2, "example", SUSPEND),
    ]  # fmt: skip

    two = agreed(lists, said, Rules(at_least=2, never=("friend.example",)))
    one = agreed(lists, said, Rules(never=("friend.example",)))

    assert {host: (each.decision.policy, each.automatic) for host, each in two.items()} == {
        "all.example": ("limit", True), "near.example": ("limit", False)
    }  # fmt: skip
    assert two["all.example"].decision.private_comment.count("https://l") == 3
    assert set(one) == {"all.example", "near.example", "one.example"} and one["one.example"].decision.policy == "limit"
    assert agreed(lists, said, Rules(at_least=4)) == {}
