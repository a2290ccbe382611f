"""Some of many cases, always the same; all of them with ``HYPOTHESIS_PROFILE=thorough``."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

Case = TypeVar("Case")


def some(cases: Sequence[Case], count: int, seed: int = 937) -> list[Case]:
    """Return so many of the cases, in their order: one of each of as many equal stretches, to meet all kinds."""
    if len(cases) <= count or os.environ.get("HYPOTHESIS_PROFILE") == "thorough":
        return list(cases)
    chance = random.Random(seed)
    edges = [len(cases) * number // count for number in range(count + 1)]
    return [cases[chance.randrange(first, last)] for first, last in pairwise(edges)]
