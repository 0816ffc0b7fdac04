"""Canonical JSON: the bytes of RFC 8785, by the quick way and by the other."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from activitypub import jcs
from activitypub.errors import Malformed

WHOLE = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"": {}, "a": []}, '{"":{},"a":[]}'),
        ('\b\t\n\f\r"\\/\x00\x1f\x7f é 😀', '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\x7f é 😀"'),
        ({"\ue000": 1, "😀": 2}, '{"😀":2,"\ue000":1}'),  # by UTF-16, not by code point (RFC 8785 §3.2.3)
        (
            [1.0, -0.0, 4.50, 2e-3, 1e-27, 333333333.33333329, 1e30, 25.273962],
            "[1,0,4.5,0.002,1e-27,333333333.3333333,1e+30,25.273962]",
        ),
    ],
)
def test_the_form_is_the_one_of_rfc_8785(value: Any, expected: str) -> None:
    assert jcs.canonical(value) == expected.encode()


@given(PLAIN)
def test_the_quick_way_writes_the_same_bytes(value: Any) -> None:
    assert jcs.canonical(value) == rfc8785.dumps(value)


@given(PLAIN)
def test_what_is_written_is_read_as_the_same_value(value: Any) -> None:
    assert json.loads(jcs.canonical(value)) == value


def test_the_order_of_keys_does_not_matter() -> None:
    assert jcs.canonical({"a": 1, "é": 2, "b": {"d": 1, "c": 2}}) == jcs.canonical(
        {"é": 2, "b": {"c": 2, "d": 1}, "a": 1}
    )


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53, -(2**53), "\ud800", {"\udfff": 1}, {1: 2}, b"x", {"a": {"\ud800": 1}}]
)
def test_what_has_no_canonical_form_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        jcs.canonical([value])


@pytest.mark.attack("SIG-32")
@pytest.mark.parametrize("leaf", [0, 0.5])
def test_what_is_nested_too_deeply_is_malformed(leaf: float) -> None:
    value: Any = leaf
    for _ in range(100_000):
        value = [value]

    with pytest.raises(Malformed):
        jcs.canonical(value)
