"""Segments to connections to two byte streams, with provenance, gaps and conflicts (RFC 9293)."""

from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.halfopen import HalfOpenTally
from pop2dissect.tcp.probes import ProbeTally
from pop2dissect.tcp.stream import Conflict, Gap, Span, Stream
from pop2dissect.tcp.tracker import Tracker

__all__ = ["Conflict", "Connection", "Gap", "HalfOpenTally", "ProbeTally", "Span", "Stream", "Tracker"]
