"""Display filters: what to type into Wireshark, or give tshark with ``-Y``, to see what is told of here."""

from __future__ import annotations

from collections.abc import Iterable

from pop2dissect.capture.record import FrameRef
from pop2dissect.session import Session
from pop2dissect.text.values import frame_runs

MAX_RUNS = 50
"""Runs of frames that a filter names: Wireshark's filter line is long, but not endless."""


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
