"""FINs and RSTs of one end: what they claim, and what the conversation makes of it.

One packet, forged or stray, can claim that a stream is over. A claim stands only where nothing later speaks against it:
an end that sends on, or acknowledges what is new, had not ended, and what the peer acknowledged past a FIN was sent
after it (RFC 9293, sections 3.6 and 3.5.2; RFC 5961 on forged ones).
"""

from __future__ import annotations

from typing import NamedTuple

MAX_FINS = MAX_RESETS = 16
"""FINs, and RSTs, at different places of a stream that are weighed against each other."""


class Reset(NamedTuple):
    """A RST of an end."""

    offset: int
    """Of the stream that it belongs to, by its sequence number."""
    frame: int
    highest: int
    """Offset after the last byte that was seen of its sender before it."""
    went_on: bool = False
    """Something of its sender came after it that its number allows."""


class Claims:
    """What the FINs and the RSTs of one end say. Offsets are those of the stream that it sends."""

    __slots__ = ("acknowledged", "any", "fins", "resets")

    def __init__(self) -> None:
        self.any = False
        """Whether there was a FIN or a RST at all."""
        self.fins: dict[int, int] = {}
        """Offset at which the stream is said to end -> frame of the first FIN that says so."""
        self.acknowledged: int | None = None
        """The one of these offsets whose FIN the peer acknowledged."""
        self.resets: list[Reset] = []
        """Those that stand so far, the last one last; each number once."""

    @property
    def reset(self) -> Reset | None:
        """The last RST that stands so far."""
        return self.resets[-1] if self.resets else None

    def add_fin(self, offset: int, frame: int) -> None:
        """Take a FIN that ends the stream at an offset."""
        self.any = True
        if len(self.fins) < MAX_FINS:
            self.fins.setdefault(offset, frame)

    def add_reset(self, offset: int, frame: int, highest: int) -> bool:
        """Take a RST whose number is that of an offset, when the bytes up to ``highest`` had been seen.

        Return whether it repeats one.
        """
        self.any = True
        if any(reset.offset == offset for reset in self.resets):
            return True
        self.resets = [*self.resets[1 - MAX_RESETS :], Reset(offset, frame, highest)]
        return False

    def fin(self, highest: int, proven: int) -> int | None:
        """Return the offset of the FIN that stands, by the bytes seen and by those that the peer acknowledged.

        One that was acknowledged counts before others, and one where the captured bytes end before one further on.
        """
        acknowledged = self.acknowledged
        if acknowledged is not None and proven <= acknowledged:
            return acknowledged
        return min((offset for offset in self.fins if offset >= highest and offset >= proven), default=None)

    def contradict_fin(self, offset: int) -> int | None:
        """Drop a FIN that was not acknowledged and that its sender contradicts; return its frame."""
        return None if offset == self.acknowledged else self.fins.pop(offset, None)

    def sent(self, end: int, *, acknowledges: bool) -> list[int]:
        """Take a later segment that is no RST: it ends at ``end``, and ``acknowledges`` what is new, or does not.

        Return the frames of the RSTs that it contradicts. Bytes before a RST's number may only have been captured late.
        """
        contradicted = [
            reset.frame for reset in self.resets if acknowledges or (end > reset.highest and end > reset.offset)
        ]
        self.resets = [
            reset._replace(went_on=reset.went_on or end > reset.highest)
            for reset in self.resets
            if reset.frame not in contradicted
        ]
        return contradicted

    def misplaced(self, highest: int, proven: int, proven_in: int | None) -> list[int]:
        """Drop and return, by their frames, the RSTs whose number shows that they are not of this end.

        It is neither where the stream ends, nor what its sender was last asked for: a host that never heard of the
        connection answers with the number that it was asked for (RFC 9293, section 3.10.7.1), any other with the next
        one it would send. Or the peer had more of the stream later, in the frame ``proven_in``.
        """

        def is_misplaced(reset: Reset) -> bool:
            ends = {highest, highest + 1}
            if not reset.went_on:
                ends |= {proven, proven + 1, reset.highest}
            outlived = proven_in is not None and proven_in > reset.frame and proven > reset.offset + 1
            return outlived or reset.offset not in ends

        if not self.resets:
            return []
        wrong = [reset.frame for reset in self.resets if is_misplaced(reset)]
        self.resets = [reset for reset in self.resets if reset.frame not in wrong]
        return wrong

    def move(self, by: int) -> None:
        """Add to every offset: the stream does not start where it was thought to."""
        self.fins = {offset + by: frame for offset, frame in self.fins.items()}
        if self.acknowledged is not None:
            self.acknowledged += by
        self.resets = [one._replace(offset=one.offset + by, highest=one.highest + by) for one in self.resets]
