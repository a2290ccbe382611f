"""Which passwords are slips of the finger: what somebody types who knows the right one."""

from __future__ import annotations

from collections.abc import Collection

_MOST_EDITS = 2
"""Letters left out, added, wrong, or two in the wrong order: more than two at once is another word."""


def is_slip(one: str, other: str) -> bool:
    """Whether two passwords are one that was meant and one that was typed, or two that were typed for the same."""
    if one.lower() == other.lower() or one in (other * 2, other.strip()) or other in (one * 2, one.strip()):
        return True  # caps lock or a shift key; twice, as the first time nothing seemed to happen; a space too many
    longer = max(len(one), len(other))
    most = min(_MOST_EDITS, longer // 3)
    return abs(len(one) - len(other)) <= most and _distance(one.lower(), other.lower(), most) <= most


def _distance(one: str, other: str, most: int) -> int:
    """Count the edits between two texts, letters in the wrong order as one; any number above ``most`` stands for more.

    The optimal string alignment distance, within a band as wide as ``most`` allows.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        two_before, before = before, row
        row = [place] + [most + 1] * len(other)
        for at in range(max(1, place - most), min(len(other), place + most) + 1):
            cost = before[at - 1] + (letter != other[at - 1])
            row[at] = min(cost, before[at] + 1, row[at - 1] + 1)
            if place > 1 < at and letter == other[at - 2] and one[place - 2] == other[at - 1]:
                row[at] = min(row[at], two_before[at - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]


def are_slips(passwords: Collection[str]) -> bool:
    """Whether each of some passwords is near another one, and all of them so near to one another."""
    left = set(passwords)
    near = {left.pop()} if left else set()
    while near:
        one = near.pop()
        found = {other for other in left if is_slip(one, other)}
        near |= found
        left -= found
    return not left
