"""The time of a connection, by clocks that may be set while it lasts."""

from __future__ import annotations

from typing import NamedTuple

SECOND = 10**9

DISORDER = SECOND
"""By how much time may go back, in ns, because packets were recorded out of order. By more, a clock was set back, or
another sensor has another time."""

PATIENCE = 60 * SECOND
"""Pauses up to this long, in ns, are no question. By then a host has sent again several times what is not acknowledged
(RFC 6298, section 2: first after one second, then after twice as long each time)."""


class Step(NamedTuple):
    """A jump of the time stamps."""

    frame: int
    """The first one after it."""
    by: int
    """In ns, negative for back."""


class Clock:
    """Start and end of a connection by the clock of its first segment: jumps of the time stamps are taken out."""

    __slots__ = ("_earliest", "_latest", "_shift", "last", "patience", "steps")

    def __init__(self, time: int) -> None:
        self.last = time
        """Time stamp of the last segment."""
        self.patience = PATIENCE
        """A step from the last segment's time of 0 to this much is none to look at."""
        self.steps: list[Step] = []
        """Jumps, the first of each kind that were found; a hostile capture may have more than are kept."""
        self._earliest = self._latest = time
        self._shift = 0
        """What is to be added to a time stamp."""

    def step(self, time: int, frame: int, *, is_answer: bool) -> None:
        """Take a time stamp that is earlier than the last one, or much later.

        ``is_answer`` says that the segment acknowledges what was sent before the pause and not sent again since, so
        that no such pause can have been.
        """
        by = time - self.last
        self._latest = max(self._latest, self.last + self._shift)
        returns = self._shift != 0 and abs(by - self._shift) <= DISORDER
        if returns or by < -DISORDER or (by > PATIENCE and is_answer):
            self._shift = 0 if returns else self._shift - by  # two sensors in turn: back to the time of the first
            if len(self.steps) < 100:
                self.steps.append(Step(frame, by))
        self._earliest = min(self._earliest, time + self._shift)
        self.patience = DISORDER if self._shift else PATIENCE
        self.last = time

    @property
    def start(self) -> int:
        """Time of the earliest segment."""
        return self._earliest

    @property
    def end(self) -> int:
        """Time of the latest segment, by the clock of the first one."""
        return max(self._latest, self.last + self._shift)
