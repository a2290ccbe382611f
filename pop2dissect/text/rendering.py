"""How values are written that an option, or the number of captures, decides: one object for every way out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pop2dissect.text.values import UTC, Zone, both_times, frame_list, frame_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The choices that all output shares."""

    zone: Zone = UTC
    """In which times are given; in full they stand in UTC too."""
    show_passwords: bool = False
    several_captures: bool = False
    """Frames are then cited as ``capture:frame``, both counted from 1."""
    captures: tuple[str, ...] = ()
    """Where Wireshark can open each capture; empty where it cannot, or where no command line is to be told."""

    def frame(self, frame: int) -> str:
        """Name a frame: ``18``, or of several captures ``2:18``."""
        return frame_name(frame, self.several_captures)

    def frames(self, frames: Sequence[int]) -> str:
        """List frames in full, runs of them as ranges: ``6, 8-12``."""
        return frame_list(frames, self.several_captures)

    def cited(self, frames: Sequence[int]) -> str:
        """Cite frames in a sentence: ``frame 6``, ``frames 6, 8-12``, or ``no frame``."""
        if len(frames) == 1:
            return f"frame {frame_name(frames[0], self.several_captures)}"
        return f"frames {self.frames(frames)}" if frames else "no frame"

    def frame_value(self, frame: int) -> int | str:
        """Write a frame as JSON has it: a number, or of several captures a string."""
        return frame_name(frame, True) if self.several_captures else int(frame)

    def frame_values(self, frames: Iterable[int]) -> list[int | str]:
        """Write frames as JSON has them."""
        return [self.frame_value(frame) for frame in frames] if self.several_captures else list(map(int, frames))

    def when(self, time: int | None) -> str:
        """Write a time in full: in UTC, and where another zone was asked for in that too."""
        return "not captured" if time is None else both_times(time, self.zone)
