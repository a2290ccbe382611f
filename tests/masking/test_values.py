"""Passwords by their values: in which notations they are found, and where they are only a part of something else."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.masking.values import SecretValues
from tests.support.work import PROPORTIONAL, growth

MASK = "********"


@pytest.mark.parametrize(
    ("value", "text", "masked"),
    [
        (b"pop2", "UW ipop2d 2007", "UW ipop2d 2007"),
        (b"pop2", "what is pop2?", f"what is {MASK}?"),
        (b"secret", "secretary, secret", f"secretary, {MASK}"),
        (b"Sesame4711", "xSesame4711x", f"x{MASK}x"),
        (b"abc", "abc", "abc"),
    ],
)
def test_where_a_value_counts(value: bytes, text: str, masked: str) -> None:
    assert SecretValues(frozenset({value})).masked(text) == masked


@given(st.binary(max_size=20), st.binary(min_size=8, max_size=20), st.binary(max_size=20))
def test_notations_are_found_wherever_they_begin(before: bytes, value: bytes, after: bytes) -> None:
    values = SecretValues(frozenset({value}))
    whole = before + value + after
    assert value.isalpha() or any(values.in_octets(whole))  # a word counts by itself only
    assert any(values.in_octets(base64.b64encode(whole)))
    assert any(values.in_octets(whole.hex().encode()))


@given(st.text(max_size=40), st.binary(min_size=4, max_size=10), st.text(max_size=40))
def test_nothing_else_is_changed(before: str, value: bytes, after: str) -> None:
    text = before + after
    values = SecretValues(frozenset({value}))
    assert values.are_in(text) or values.masked(text) == text


@given(
    value=st.sampled_from([b"pop2", b"aaaa", b"Sesame4711", b"longword"]),
    between=st.lists(st.sampled_from([b"", b"a", b"-", b"9", b"\xc3"]), max_size=9),
)
def test_a_value_stands_where_a_pattern_finds_it(value: bytes, between: list[bytes]) -> None:
    text = value.join(between)
    pattern = rb"%b" if value == b"Sesame4711" else rb"(?<![A-Za-z0-9])%b(?![A-Za-z0-9])"
    found = [match.span() for match in re.finditer(pattern % value, text)]
    assert list(SecretValues(frozenset({value})).in_octets(text)) == found


def test_a_password_of_nothing_but_backslashes_hides_nothing_else() -> None:
    assert SecretValues(frozenset([rb"\\\\"])).masked("said") == "said"


def test_many_passwords_of_one_session_cost_each_line_no_more() -> None:
    def work(size: int) -> Callable[[], object]:
        values = SecretValues(frozenset(b"rain-%06d" % number for number in range(size)))
        lines = [b"PASS rain-%06d and more\r\n" % (2 * number) for number in range(size)]
        assert [bool(list(values.in_octets(line))) for line in lines] == [2 * at < size for at in range(size)]
        return lambda: [(values.may_be_in(line), list(values.in_octets(line))) for line in lines]

    assert growth(work, 200) < PROPORTIONAL


@given(values=st.frozensets(st.binary(min_size=4, max_size=7), max_size=30), octets=st.binary(max_size=40))
def test_what_stands_in_octets_is_the_same_for_any_number_of_values(values: frozenset[bytes], octets: bytes) -> None:
    known = SecretValues(values)
    for hidden in (octets, octets + b" " + b" ".join(values)):
        in_more = known.in_octets(hidden + b" " * 5000)  # in which each is searched for by itself
        assert list(known.in_octets(hidden)) == [place for place in in_more if place[1] <= len(hidden)]
