"""The frames of sessions as a pcapng file, unchanged, each with a comment that says what it carries."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from heapq import merge
from pathlib import Path

from pop2dissect import pipeline
from pop2dissect.capture.extract.facts import state_of
from pop2dissect.capture.record import CaptureInfo, CaptureKind, Interface, capture_index
from pop2dissect.capture.source import STANDARD_INPUT, is_regular
from pop2dissect.document.head import tool
from pop2dissect.errors import CaptureError, UsageError
from pop2dissect.export import pcapng
from pop2dissect.export.comments import Comments
from pop2dissect.export.flows import Flows, Frame
from pop2dissect.export.originals import Original, originals
from pop2dissect.session import Finding, Session
from pop2dissect.settings import Settings
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import frame_list


class Annotation:
    """Collects sessions, and then reads the captures again for their frames.

    Raises UsageError for captures that can be read only once.
    """

    def __init__(self, captures: Sequence[CaptureInfo], settings: Settings, *, show_passwords: bool) -> None:
        for info in captures:
            if info.file == STANDARD_INPUT or (Path(info.file).exists() and not is_regular(info.file)):
                name = "standard input" if info.file == STANDARD_INPUT else info.path
                raise UsageError(f"{name} cannot be annotated, because that needs a second reading; save it to a file")
        self._captures = captures
        self._settings = settings
        self._flows = Flows()
        self._comments = Comments(Rendering(show_passwords=show_passwords, several_captures=len(captures) > 1))
        self._sessions: list[int] = []
        self._cited: set[int] = set()
        """Frames that findings name as their proof."""
        self._packets_seen = 0
        """Of the sessions, at the first reading."""
        self.frames = 0
        """Frames written."""

    def add(self, session: Session) -> None:
        """Take a session."""
        self._flows.add(session)
        self._comments.add(session)
        self._sessions.append(session.id)
        self._cited.update(frame for finding in session.findings for frame in finding.frames)
        self._packets_seen += session.packets

    def pieces(self, findings: Sequence[Finding]) -> Iterator[bytes]:
        """Yield the file, piece by piece. ``findings`` are those that span sessions.

        Raises CaptureError where a capture is not what it was at the first reading, UsageError where one
        is of a format that only tshark reads.
        """
        for info in self._captures:
            if info.before is not None and state_of(info.file) != (info.size, info.before.modified):
                raise CaptureError(f"{info.file} is gone, or was changed after it was extracted", path=info.file)
            if info.packets and info.kind is CaptureKind.OTHER:
                raise UsageError(
                    f"{info.path} cannot be annotated: it has to be made pcapng first, by editcap of Wireshark"
                )
        self._comments.cite(findings)
        frames: dict[int, Frame | None] = {**self._find_frames()}
        for cited in (*self._cited, *(frame for finding in findings for frame in finding.frames)):
            frames.setdefault(cited, None)
        yield pcapng.section("{name} {version}".format(**tool()), self._about())
        numbers: dict[tuple[int, int], int] = {}
        for packet in self._packets(frames):
            index = capture_index(packet.frame)
            interface, stamp, options = packet.details
            place = index, interface.number
            if place not in numbers:
                numbers[place] = len(numbers)
                yield pcapng.interface(self._named(index, interface))
            options = (*options, pcapng.comment(self._comments.of(packet.frame, frames[packet.frame])))
            yield pcapng.packet(numbers[place], stamp, packet.octets, packet.original, options)
            self.frames += 1
        if self.frames != len(frames):
            raise _changed()

    def _find_frames(self) -> dict[int, Frame]:
        with pipeline.Dissection([info.file for info in self._captures], self._settings) as dissection:
            found: dict[int, Frame] = {}
            for frame in self._flows.frames(dissection):
                if frame.part_of is None or frame.number not in found:
                    found[frame.number] = frame
        if sum(frame.part_of is None for frame in found.values()) != self._packets_seen:
            raise _changed()
        return found

    def _packets(self, wanted: Container[int]) -> Iterator[Original]:
        """Yield the packets of all captures in the order of time, as they were read the first time."""
        ports = None if self._settings.any_port else self._settings.ports
        sources = (
            originals(info.file, index, wanted, ports, self._settings.limits)
            for index, info in enumerate(self._captures)
            if info.packets
        )
        return merge(*sources, key=lambda packet: packet.time)

    def _named(self, index: int, interface: Interface) -> Interface:
        """Add to an interface's description which capture it is of."""
        comment = pcapng.comment(f"of capture {index + 1}: {self._captures[index].path}")
        return interface._replace(options=(*interface.options, comment))

    def _about(self) -> str:
        noun = "session" if len(self._sessions) == 1 else "sessions"
        numbers = frame_list(sorted(self._sessions)) or "none"
        return (
            f"Frames of {noun} {numbers}, and those that findings cite, as captured, with comments by pop2dissect. "
            "Passwords are masked in comments but not in packets."
        )


def _changed() -> CaptureError:
    return CaptureError("the captures changed while they were read: the sessions' frames are not those of before")
