"""The HTTP working group's tests of structured fields, for the parser behind Signature-Input and Content-Digest.

All of them concern us as far as parsing goes: any item may stand as a parameter of a signature. Serialising matters for
what @signature-params is written as; the tokens of `serialisation-tests` are tried with `http_sf.ser` as well.
"""

from pathlib import Path
from typing import Any

import http_sf
import pytest

from activitypub.errors import ProtocolError
from activitypub.signatures import rfc9421
from tests.corpus import ROOT, corpus

FOLDER = "vectors/structured-fields"


def files() -> list[str]:
    folder = ROOT / FOLDER
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.json")) or ["absent.json"]


def cases(name: str) -> list[dict[str, Any]]:
    file: Path = corpus(f"{FOLDER}/{name}")
    found: list[dict[str, Any]] = http_sf.from_json(file.read_text())
    assert found
    return found


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize("name", [name for name in files() if "/" not in name])
def test_fields_are_read_as_the_working_group_says(name: str) -> None:
    for case in cases(name):
        raw = ", ".join(case["raw"]).encode("latin-1", "replace")
        try:
            value = http_sf.parse(raw, tltype=case["header_type"])
        except http_sf.StructuredFieldError:
            assert case.get("must_fail") or case.get("can_fail"), case["name"]
            continue
        assert not case.get("must_fail"), case["name"]
        assert value == case["expected"], case["name"]
        if value:  # an empty list or dictionary is not sent at all
            canonical = ", ".join(case.get("canonical", case["raw"]))
            assert http_sf.ser(value) == canonical, case["name"]


@pytest.mark.parametrize("name", [name for name in files() if "/" in name] or ["absent.json"])
def test_what_is_no_token_is_not_written(name: str) -> None:
    for case in cases(name):
        with pytest.raises(ValueError):
            http_sf.ser(case["expected"])


@pytest.mark.attack("SIG-11")
@pytest.mark.parametrize("name", [name for name in files() if "/" not in name])
def test_in_a_signature_input_none_of_them_is_more_than_an_error(name: str) -> None:
    for case in cases(name):
        raw = ", ".join(case["raw"]).encode("latin-1", "replace")
        for field in (raw, b"sig1=" + raw, b'sig1=("@method");a=' + raw):
            try:
                described = rfc9421.read_input(field)
            except ProtocolError:
                continue
            assert described.written == http_sf.ser(http_sf.parse(b"%s" % described.written.encode(), tltype="list"))
