"""What could not be decoded, or only with a doubt: counted by reason, with the first frames as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pop2dissect.capture.record import frame_text

MAX_FRAMES = 3
"""Frame references kept a problem: enough to look it up, and a broken capture does not fill the memory."""
MAX_REASONS = 100
"""Reasons counted apart; a forged capture can have any number of layers that nobody knows."""
_FURTHER = "reasons further to the {} above"


WRONG_TCP_CHECKSUM = "the TCP checksum is wrong: its receiver drops it, unless it is as checksum offload leaves it"
"""Adapters that fill in checksums leave every packet that a host sends with a wrong one. Else it was damaged, or forged
to be seen by others than the receiver."""

WRONG_IP_CHECKSUM = (
    "the IPv4 header checksum is wrong: its receiver drops it, unless it is as checksum offload leaves it"
)
WRONG_CHECKSUMS = frozenset((WRONG_TCP_CHECKSUM, WRONG_IP_CHECKSUM))


class Undecodable(Exception):  # noqa: N818 - it ends one packet's walk and never leaves the decoder
    """Raised by a layer that is malformed or cut; its text is the reason, as in :class:`Problem`."""


def not_known(what: str) -> Undecodable:
    """Return the problem of a layer that is not decoded here, with the hint to the program that knows most."""
    return Undecodable(f"{what} is not supported; --engine tshark may know it")


class Verdict(Enum):
    """What became of the packets that had a problem; the value is the sentence without the reason."""

    UNDECODED = ("packet could not be decoded", "packets could not be decoded")
    """Nothing of them is known to the analysis."""
    INCOMPLETE = ("fragmented datagram was not put together", "fragmented datagrams were not put together")
    """Counted in datagrams; the frames are those of each datagram's first fragment."""
    DOUBTFUL = ("packet was decoded with a doubt", "packets were decoded with a doubt")
    """They are part of the analysis."""


@dataclass(slots=True)
class Problem:
    """All packets that had the same problem."""

    verdict: Verdict
    reason: str
    count: int = 0
    frames: list[int] = field(default_factory=list)
    """References of the first frames with this problem, at most :data:`MAX_FRAMES`."""

    def __str__(self) -> str:
        """Return the problem as one sentence for a person."""
        where = frame_text(self.frames[0])
        if self.count > 1:
            where = f"first {where}"
        return f"{self.count:,} {self.verdict.value[self.count > 1]} ({where}): {self.reason}"


class Problems(dict[str, Problem]):
    """Problems by reason, in the order in which they first appeared."""

    def add(self, verdict: Verdict, reason: str, frame: int) -> None:
        """Count one packet (or datagram) with this reason."""
        problem = self.get(reason)
        if problem is None and len(self) >= MAX_REASONS:
            reason = _FURTHER.format(MAX_REASONS)
            problem = self.get(reason)
        if problem is None:
            problem = self[reason] = Problem(verdict, reason)
        problem.count += 1
        if len(problem.frames) < MAX_FRAMES:
            problem.frames.append(frame)
