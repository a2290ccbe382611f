"""From where to where a stream reaches, as far as more is known of it than one payload far from all else.

That one may be forged, and must not move the window in which all that follows is looked for. It counts where
something bears it out, since much of the stream was lost: what comes next follows it, the peer acknowledges it,
or a FIN ends the stream there.
"""

from __future__ import annotations

from typing import NamedTuple


class Far(NamedTuple):
    """Offsets of a payload that lies far from all else."""

    start: int
    end: int


class Reach:
    """What is known of the extent of one stream, besides the offset after its last byte."""

    __slots__ = ("far", "lowest", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        """Bytes that a sender may be ahead of what is known of its stream, or behind it."""
        self.lowest = 0
        """Offset of the first byte that is known."""
        self.far: Far | None = None
        """The last payload that lies further away, as long as nothing bears it out."""

    def add(self, offset: int, end: int, highest: int) -> bool:
        """Take a payload; return whether it lies within reach of what is known, up to ``highest``."""
        within = self.lowest - self.most <= offset <= highest + self.most
        if within:
            self.lowest = min(self.lowest, offset)
        else:
            self.far = Far(offset, end)
        return within

    def borne_out(self, offset: int) -> Far | None:
        """Give out the far payload, if it ends at an offset of the 32 bits of a sequence number, or one before it.

        A FIN there counts as a byte.
        """
        far = self.far
        if far is None or (offset - far.end) & 0xFFFFFFFF > 1:
            return None
        self.far = None
        return far

    def move(self, by: int) -> None:
        """Add to every offset: the stream does not start where it was thought to."""
        self.lowest += by
        if self.far is not None:
            self.far = Far(self.far.start + by, self.far.end + by)
