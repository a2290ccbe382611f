from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.tcp.sequence import difference

NUMBERS = st.integers(0, 2**32 - 1)


@given(NUMBERS, st.integers(-(2**31), 2**31 - 1))
def test_difference_undoes_addition_modulo_two_to_the_32(start: int, distance: int) -> None:
    assert difference((start + distance) & 0xFFFFFFFF, start) == distance


def test_numbers_wrap_around() -> None:
    assert difference(5, 0xFFFFFFFB) == 10
    assert difference(0xFFFFFFFB, 5) == -10
