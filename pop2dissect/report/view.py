"""The choices that all text output shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pop2dissect.report.safe import terminal_safe
from pop2dissect.report.style import Style, plain
from pop2dissect.report.values import UTC, Zone, frame_list, moment
from pop2dissect.session import Exchange


@dataclass(frozen=True, slots=True)
class View:
    """How text output is to be written."""

    style: Style = field(default_factory=plain)
    zone: Zone = UTC
    several_captures: bool = False
    """Frames are then cited as ``capture:frame``, both counted from 1."""
    show_passwords: bool = False

    def frames(self, frames: Sequence[int]) -> str:
        """Cite frames in full."""
        return frame_list(frames, self.several_captures)

    def time(self, time: int | None) -> str:
        """Write a time with its date, to the nanosecond."""
        if time is None:
            return "not known"
        when = moment(time, self.zone)
        return f"{when.date} {when.clock} {when.zone}"

    def command(self, exchange: Exchange) -> str | None:
        """Give a command line, harmless and its password masked; None where there was none."""
        line = exchange.shown_line(self.show_passwords)
        return None if line is None else terminal_safe(line)


def words(parts: Iterable[str | None]) -> str:
    """Join what there is by commas."""
    return ", ".join(part for part in parts if part)
