"""How much of a stream its receiver has acknowledged, and so how much of it existed."""

from __future__ import annotations

CONTRADICTIONS = 3
"""Lower acknowledgements, one after the other, that take back what one of them claimed. The capture may have put
one or two out of order; a receiver never acknowledges less than before (RFC 9293, section 3.10.7.4)."""


class Acknowledgements:
    """The acknowledgements of a stream, as offsets of it."""

    __slots__ = ("_before", "_contradicted", "_told", "frame", "number", "offset", "proven")

    def __init__(self) -> None:
        self.proven = 0
        """Offset up to which the stream has been acknowledged."""
        self.frame: int | None = None
        """The first frame that acknowledged so much."""
        self.number: int | None = None
        """The last acknowledgement number."""
        self.offset: int | None = None
        """What that means as an offset; None where it is not credible."""
        self._before = 0
        """What was proven before the highest acknowledgement."""
        self._contradicted = 0
        """Lower acknowledgements since the highest one."""
        self._told: int | None = None
        """What an acknowledgement says that proves nothing by itself."""

    def take(self, offset: int, highest: int, frame: int | None = None) -> None:
        """Take an acknowledgement; ``highest`` is the offset after the last byte that was captured.

        One that claims what nobody has seen is taken back once enough lower ones follow it.
        """
        if offset > self.proven:
            self._before, self.proven = self.proven, offset
            self._contradicted = 0
            self.frame = frame
        elif offset < self.proven and self.proven > highest:
            self._contradicted += 1
            if self._contradicted >= CONTRADICTIONS:
                self.proven = max(self._before, highest)
                self.frame = None
                self._contradicted = 0

    def went_on(self, number: int, offset: int) -> None:
        """Take an acknowledgement, the last of several, that proved nothing new."""
        self.number, self.offset = number, offset

    def raised(self, before: int, proven: int, frame: int) -> None:
        """Take what several acknowledgements proved, the highest of which is of a frame; ``before`` is the next one."""
        self._before, self.proven, self.frame = before, proven, frame
        self._contradicted = 0

    def tell(self, offset: int) -> None:
        """Take an acknowledgement of a segment that may be forged, a FIN: alone it proves nothing."""
        self._told = offset

    def raise_to(self, offset: int) -> None:
        """Take it for proven that the stream has so many bytes, as another sign shows."""
        self.proven = max(self.proven, offset)

    def move(self, by: int) -> None:
        """Add to every offset: the stream does not start where it was thought to."""
        self.proven += by
        self._before += by
        self._told = None if self._told is None else self._told + by
        self.number = None

    def forget(self) -> None:
        """Start again: what was acknowledged belongs to other sequence numbers."""
        self.proven = self._before = 0
        self.number = self.frame = None

    def length(self, seen: int) -> int:
        """Return how many bytes of a stream are proven, of which ``seen`` are known, and no FIN.

        One number more than that, or than the acknowledgement before, is a FIN that was not captured.
        """
        return self.proven - (self.proven - 1 in (seen, self._before, self._told))
