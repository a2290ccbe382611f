"""Sequence numbers: their arithmetic (RFC 9293, section 3.4), and where a stream lies among them."""

from __future__ import annotations

_HALF = 1 << 31
_MASK = (1 << 32) - 1


def difference(later: int, earlier: int) -> int:
    """Return ``later - earlier`` modulo 2**32 as a signed number, from -2**31 to 2**31 - 1."""
    return ((later - earlier + _HALF) & _MASK) - _HALF


class SequenceSpace:
    """Where a stream lies among the sequence numbers: offset 0 has the number ``base``.

    Without a SYN the base is a guess from the first segment seen, and earlier bytes get negative offsets.
    """

    __slots__ = ("base", "initial")

    def __init__(self) -> None:
        self.base: int | None = None
        self.initial: int | None = None
        """The initial sequence number, where the SYN was seen."""

    def guess(self, seq: int) -> None:
        """Take a number for that of offset 0 where nothing better is known."""
        if self.base is None:
            self.base = seq

    def start(self, initial: int) -> int:
        """Take the initial sequence number of a SYN. Return by how much the offsets given out so far must grow."""
        base = (initial + 1) & _MASK
        by = 0 if self.base is None else difference(self.base, base)
        self.base, self.initial = base, initial
        return by

    def offset(self, seq: int, near: int) -> int:
        """Return the offset, of all those that a number may mean, that is nearest to ``near``."""
        assert self.base is not None
        return near + ((seq - self.base - near + _HALF) & _MASK) - _HALF  # near + difference(seq, base + near)

    def distance(self, seq: int, near: int) -> int | None:
        """Return how far from the offset ``near`` a number lies; None where nothing is known."""
        return None if self.base is None else abs(difference(seq, self.base + near))
