"""What the declarations of several tables have in common."""

from __future__ import annotations

from pop2dissect.capture.record import capture_index, frame_number
from pop2dissect.protocols import PROTOCOLS
from pop2dissect.protocols.base import ReplyKind

SERVER_STATES = tuple(dict.fromkeys(str(state) for protocol in PROTOCOLS for state in protocol.server_states))
CLIENT_STATES = tuple(dict.fromkeys(str(state) for protocol in PROTOCOLS for state in protocol.client_states))
REPLY_KINDS = tuple(kind.value for kind in ReplyKind)

SESSION_ID = "session's number, as in every table and report"
CAPTURE_OF = "which capture the frames are counted in, from 1 in the order of `capture.captures`"


def first_frame(frames: tuple[int, ...]) -> int | None:
    """Return the number of the first of some frames in its capture; None where there are none."""
    return frame_number(frames[0]) if frames else None


def first_capture(frames: tuple[int, ...]) -> int | None:
    """Return which capture, counted from 1, the first of some frames is in; None where there are none."""
    return capture_index(frames[0]) + 1 if frames else None
