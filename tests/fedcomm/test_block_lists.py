"""Lists of servers to block in all forms that are about: what is read from them, and that others can read ours."""

import pytest

from fedcomm import block_lists
from fedcomm.errors import Invalid
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
