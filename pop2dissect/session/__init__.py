"""The model: what a session is, as every way out sees it.

The classes hold values and where they were seen; they parse nothing. Offsets are octets from the start of a stream
(``client`` is what the client sent, ``server`` what the server sent), gaps included. Times are integer nanoseconds
since 1970-01-01 UTC. Frames are of the type :class:`pop2dissect.capture.record.FrameRef`.
"""

from pop2dissect.session.ends import DIRECTIONS, Direction, Endpoint, Software
from pop2dissect.session.exchange import PASSWORD_MASK, Departure, Exchange, Field, Reply
from pop2dissect.session.finding import Finding
from pop2dissect.session.message import Message, total_octets
from pop2dissect.session.outcomes import (
    Deletion,
    Disposition,
    FolderOpening,
    FolderOutcome,
    Listed,
    Login,
    LoginOutcome,
)
from pop2dissect.session.probes import HalfOpen, Probe
from pop2dissect.session.session import Ending, Handshake, Session
from pop2dissect.session.severity import MOST_SEVERE_FIRST, Severity
from pop2dissect.session.timeline import Entry
from pop2dissect.session.verdict import (
    Ground,
    Verdict,
)

__all__ = [
    "DIRECTIONS",
    "MOST_SEVERE_FIRST",
    "PASSWORD_MASK",
    "Deletion",
    "Departure",
    "Direction",
    "Disposition",
    "Ending",
    "Endpoint",
    "Entry",
    "Exchange",
    "Field",
    "Finding",
    "FolderOpening",
    "FolderOutcome",
    "Ground",
    "HalfOpen",
    "Handshake",
    "Listed",
    "Login",
    "LoginOutcome",
    "Message",
    "Probe",
    "Reply",
    "Session",
    "Severity",
    "Software",
    "Verdict",
    "total_octets",
]
