"""Verdicts: what is said of a login, a message or a connection, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pop2dissect.capture.record import FrameRef

Value = TypeVar("Value", covariant=True)


class Ground(StrEnum):
    """On what a verdict stands; the values are those of the JSON document."""

    SHOWN = "shown"
    """Captured packets show it: a reply, or the TCP acknowledgement that the other end received what it is about."""
    CONCLUDED = "concluded"
    """It follows from what was captured, which could not be so otherwise."""
    UNKNOWN = "unknown"
    """The capture does not decide."""
    CONTRADICTED = "contradicted"
    """Another place of the captures speaks against it."""


@dataclass(frozen=True, slots=True)
class Verdict(Generic[Value]):
    """A value, the ground that it stands on, the frames that show it, and the reason in words."""

    value: Value
    ground: Ground
    because: str = ""
    """A phrase that completes "because ...", in lower case; empty where there is nothing to say about it."""
    frames: tuple[FrameRef, ...] = ()
    """Frames that it rests on, those of TCP acknowledgements included."""

    def __str__(self) -> str:
        """Return the value, with its ground where that is not plain sight."""
        if self.ground is Ground.SHOWN or not self.because:
            return str(self.value)
        return f"{self.value} ({self.ground}: {self.because})"
