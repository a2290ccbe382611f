"""How grave a finding is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """From the least to the most severe. Each is its word, and they compare and sort by how severe they are."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    __hash__ = str.__hash__  # that of Enum is written in Python

    @property
    def rank(self) -> int:
        """How severe it is: 0 for the least."""
        return _RANKS[self]

    @property
    def is_grave(self) -> bool:
        """Whether it is high or critical."""
        return self in _GRAVE

    def __lt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank


_GRAVE = frozenset({Severity.HIGH, Severity.CRITICAL})
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}

MOST_SEVERE_FIRST = tuple(reversed(Severity))
