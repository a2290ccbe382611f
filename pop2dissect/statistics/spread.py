"""How values are spread: least, median, 95 %, greatest; in integers only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread. Quantiles are interpolated linearly, and rounded to integers."""

    count: int
    minimum: int
    median: int
    p95: int
    maximum: int
    total: int


def spread(values: Iterable[int]) -> Spread | None:
    """Return how values are spread; None where there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(
        len(ordered), ordered[0], quantile(ordered, 1, 2), quantile(ordered, 19, 20), ordered[-1], sum(ordered)
    )


def quantile(ordered: list[int], numerator: int, denominator: int) -> int:
    """Return the quantile ``numerator / denominator`` of values in order, interpolated, in integers only."""
    whole, part = divmod((len(ordered) - 1) * numerator, denominator)
    if not part:
        return ordered[whole]
    low, high = ordered[whole], ordered[whole + 1]
    return low + ((high - low) * part * 2 + denominator) // (2 * denominator)
