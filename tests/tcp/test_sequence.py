"""Sequence numbers wrap around, and a stream lies among them from its initial number on."""

import pytest

from pop2dissect.tcp.sequence import SequenceSpace, difference

TOP = 2**32 - 1


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        (5, 3, 2),
        (3, 5, -2),
        (1, TOP, 2),
        (TOP, 1, -2),
        (2**31, 0, -(2**31)),
        (2**31 - 1, 0, 2**31 - 1),
        (7, 7, 0),
    ],
)
def test_difference_is_signed_and_wraps(later: int, earlier: int, expected: int) -> None:
    assert difference(later, earlier) == expected


def test_offset_is_the_one_nearest_to_where_the_stream_is() -> None:
    space = SequenceSpace()
    assert space.start(TOP) == 0
    assert (space.base, space.initial) == (0, TOP)
    assert space.offset(10, 0) == 10
    assert space.offset(10, 2**32 + 4) == 2**32 + 10
    assert space.offset(TOP, 0) == -1


def test_a_syn_after_a_guess_says_by_how_much_offsets_grow() -> None:
    space = SequenceSpace()
    assert space.distance(100, 0) is None
    space.guess(100)
    space.guess(200)
    assert space.offset(103, 0) == 3
    assert space.distance(97, 3) == 6
    assert space.start(89) == 10
    assert space.offset(103, 0) == 13
