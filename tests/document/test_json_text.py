"""JSON text: what any reader of JSON reads back, and numbers with all their digits."""

from __future__ import annotations

import json
from decimal import Decimal
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.document.json_text import Json, Seconds, to_line, to_text
from pop2dissect.text.values import decimal_seconds

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Json) -> None:
    for text in (to_line(value), to_text(value), to_text(value, depth=3)):
        assert json.loads(text) == value
        assert text.isascii()
    assert "\n" not in to_line(value)


@given(st.integers(0, 1 << 70))
def test_seconds_keep_their_digits(nanoseconds: int) -> None:
    written = decimal_seconds(nanoseconds)
    assert to_line([Seconds(nanoseconds)]) == f"[{written}]" == to_text([Seconds(nanoseconds)])
    assert json.loads(written, parse_float=Decimal, parse_int=Decimal) * 10**9 == nanoseconds


def test_the_form() -> None:
    value: Json = {"frames": [6, 8], "empty": [], "none": {}, "deep": [{"a": Seconds(3_021_234_567)}, []]}
    assert to_text(value) == (
        '{\n "frames": [6, 8],\n "empty": [],\n "none": {},\n "deep": [\n  {\n   "a": 3.021234567\n  },\n  []\n ]\n}'
    )
    assert to_line(value) == '{"frames":[6,8],"empty":[],"none":{},"deep":[{"a":3.021234567},[]]}'


def test_a_line_is_the_same_whoever_writes_it() -> None:
    plain: Json = {"a": [Seconds(5), "\ud800\0é\u2028", {"b": [Seconds(0)]}], "c": 10**40, "d": (True, None, 1.5)}
    by_hand = MappingProxyType(dict(plain))  # which the encoder does not know
    assert to_line(plain) == to_line(by_hand)
    assert to_line(plain).startswith('{"a":[0.000000005,"\\ud800\\u0000')
