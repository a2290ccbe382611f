"""Passwords that are slips of the finger, against the distance as the textbook has it."""

from __future__ import annotations

import random

import pytest

from pop2dissect.findings.slips import are_slips, is_slip


def distance(one: str, other: str) -> int:
    """Return the optimal string alignment distance, by the whole table."""
    table = [
        [row + column if not row * column else 0 for column in range(len(other) + 1)] for row in range(len(one) + 1)
    ]
    for row, letter in enumerate(one, 1):
        for column, opposite in enumerate(other, 1):
            replaced = table[row - 1][column - 1] + (letter != opposite)
            table[row][column] = min(table[row - 1][column] + 1, table[row][column - 1] + 1, replaced)
            if row > 1 and column > 1 and (letter, one[row - 2]) == (other[column - 2], opposite):
                table[row][column] = min(table[row][column], table[row - 2][column - 2] + 1)
    return table[-1][-1]


def test_as_near_as_the_textbook_has_it() -> None:
    chance = random.Random(7)
    near = 0
    for _ in range(3000):
        one, other = ("".join(chance.choices("abc-", k=chance.randint(6, 9))) for _ in range(2))
        if one * 2 != other and other * 2 != one:
            assert is_slip(one, other) is (distance(one, other) <= 2), (one, other)
            near += is_slip(one, other)
    assert 20 < near < 1500


@pytest.mark.parametrize(
    "typed", ["LANTERN-7", "lantern-7lantern-7", " lantern-7", "Lantetn-7", "lanetrn7", "lantern-78"]
)
def test_what_people_type(typed: str) -> None:
    assert is_slip(typed, "lantern-7")
    assert is_slip("lantern-7", typed)


@pytest.mark.parametrize(
    ("one", "other"), [("ab", "ac"), ("cat", "dog"), ("sails", "sailing"), ("lantern-7", "lamp-7")]
)
def test_what_are_other_passwords(one: str, other: str) -> None:
    assert not is_slip(one, other)


def test_several_slips_need_not_all_be_near_each_other() -> None:
    assert are_slips(["lantern-7", "lanterns-8", "lanterns-89x"])
    assert not are_slips(["lantern-7", "lanterns-8", "harbour"])
