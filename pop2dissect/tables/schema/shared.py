"""What the declarations of several tables have in common."""

from __future__ import annotations

from typing import get_args

from pop2dissect.capture.record import FrameRef
from pop2dissect.protocols.pop1.states import ServerState as Pop1State
from pop2dissect.protocols.pop2.states import ClientState, ServerState
from pop2dissect.session import ReplyKind

SERVER_STATES = tuple(dict.fromkeys(state.value for states in (ServerState, Pop1State) for state in states))
CLIENT_STATES = tuple(state.value for state in ClientState)
REPLY_KINDS: tuple[str, ...] = get_args(ReplyKind)

SESSION_ID = "session's number, as in every table and report"
CAPTURE_OF = "which capture the frames are counted in, from 1 in the order of `capture.captures`"


def first_frame(frames: tuple[int, ...]) -> int | None:
    """Return the number of the first of some frames in its capture; None where there are none."""
    return FrameRef(frames[0]).number if frames else None


def first_capture(frames: tuple[int, ...]) -> int | None:
    """Return which capture, counted from 1, the first of some frames is in; None where there are none."""
    return FrameRef(frames[0]).capture if frames else None
