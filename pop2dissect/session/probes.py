"""Connections that carried no payload, counted."""

from __future__ import annotations

from dataclasses import dataclass

from pop2dissect.capture.record import FrameRef
from pop2dissect.session.ends import Endpoint


@dataclass(slots=True)
class Probe:
    """Connections without payload between one client and one server port, as one row."""

    client_ip: str
    server: Endpoint
    attempts: int
    answered: int
    """The server accepted: SYN, ACK."""
    refused: int
    """The server answered with RST."""
    unanswered: int
    first_time: int
    last_time: int
    first_frame: FrameRef
    scans: tuple[tuple[str, int, FrameRef], ...] = ()
    """Ways in which the port was scanned (``SYN``, ``FIN``, ``NULL``, ``Xmas``), with time and frame of the first."""


@dataclass(slots=True)
class HalfOpen:
    """Connections to one server port that a client asked for and never completed, whoever asked, as one row."""

    server: Endpoint
    attempts: int
    first_time: int
    last_time: int
    first_frame: FrameRef
    peak: int
    """The most of them that began within one second."""
    peak_time: int
    """When that second began."""
    peak_frame: FrameRef
    """The first of those connections' first frames."""
    unlisted: int = 0
    """Those of the attempts that are in no row of the table of probes, because it is full."""
