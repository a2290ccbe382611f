"""Display filters: what to type into Wireshark, or give tshark with ``-Y``, and the command line that does it all."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from pop2dissect.capture.record import CaptureInfo, FrameRef
from pop2dissect.capture.source import is_regular
from pop2dissect.session import Finding, Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import frame_runs

MAX_RUNS = 50
"""Runs of frames that a filter names: Wireshark's filter line is long, but not endless."""
_PACKED = (".bz2", ".xz")
"""What we unpack and Wireshark does not."""


def openable(captures: Iterable[CaptureInfo]) -> tuple[str, ...]:
    """Return under which path Wireshark can open each capture; empty where it cannot, as of a pipe."""
    return tuple(
        one.path if is_regular(one.path) and not one.path.lower().endswith(_PACKED) else "" for one in captures
    )


def session_command(session: Session, rendering: Rendering, frames: Sequence[FrameRef] = ()) -> str:
    """Return the command line that shows a session in Wireshark, at the first of its frames; empty where none does."""
    return _command(frames or (session.first_frame,), session_filter(session), rendering.captures)


def finding_command(finding: Finding, rendering: Rendering) -> str:
    """Return the command line that shows the frames of a finding in Wireshark; empty where none does."""
    return frames_command(finding.frames, rendering)


def frames_command(frames: Sequence[FrameRef], rendering: Rendering) -> str:
    """Return the command line that shows frames in Wireshark, at the first; empty where none does."""
    return _command(frames, frames_filter(frames), rendering.captures)


def _command(frames: Sequence[FrameRef], display_filter: str, captures: Sequence[str]) -> str:
    first = min(frames, default=None)
    path = captures[first.capture - 1] if captures and first is not None else ""
    return (
        shlex.join(["wireshark", "-r", path, "-g", str(first.number), "-Y", display_filter]) if first and path else ""
    )


def session_filter(session: Session) -> str:
    """Return the filter for all packets of a session, those without payload too.

    The connection is named by its ends and, as ports are used again, by its first and last frame, where both are in
    one capture. Packets of ICMP that quote the connection match, too.
    """
    address = "ipv6.addr" if ":" in session.client.ip else "ip.addr"
    parts = [f"{address}=={end.ip} && tcp.port=={end.port}" for end in (session.client, session.server)]
    if session.first_frame.capture == session.last_frame.capture:
        parts.append(f"frame.number in {{{session.first_frame.number}..{session.last_frame.number}}}")
    return " && ".join(parts)


def frames_filter(frames: Iterable[FrameRef]) -> str:
    """Return the filter for frames of one capture, the first of those given; empty where there are none."""
    given = sorted(frames)
    runs = frame_runs(frame.number for frame in given if frame.capture == given[0].capture)[:MAX_RUNS]
    return f"frame.number in {{{', '.join(runs).replace('-', '..')}}}" if runs else ""
