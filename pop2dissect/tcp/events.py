"""What happened on a connection that an examiner should know: sentences with the frames that show it."""

from __future__ import annotations

import re

from pop2dissect.capture.record import FrameRef, frame_text

MAX_NAMED = 5
"""Frames that a sentence names; of more it gives the number."""


class Events:
    """Events of one connection: each kind once, with its frames, in order of first appearance.

    A hostile sender can cause an event with every segment, so a kind costs no more than a count and the
    first :data:`MAX_NAMED` frames, and there are at most ``limit`` kinds.
    """

    __slots__ = ("_frames", "_limit")

    def __init__(self, limit: int) -> None:
        self._frames: dict[str, list[int]] = {}
        """The first frames of each kind, and how many more there were."""
        self._limit = limit

    def add(self, what: str, frame: int) -> None:
        """Note that a frame shows something."""
        frames = self._frames.get(what)
        if frames is None:
            if len(self._frames) > self._limit:
                return
            if len(self._frames) == self._limit:
                what = "further kinds of events, which are not listed"
            frames = self._frames[what] = [0]
        if len(frames) <= MAX_NAMED:
            frames.append(frame)
        else:
            frames[0] += 1

    def swap_ends(self) -> None:
        """Let what was said of the client be said of the server, and the other way round."""
        other = {"client": "server", "server": "client"}
        self._frames = {
            re.sub(r"\b(client|server)\b", lambda end: other[end[0]], what): frames
            for what, frames in self._frames.items()
        }

    def sentences(self) -> list[str]:
        """Return a sentence for each kind of event."""
        return [f"{what} ({_name(frames[1:], frames[0])})" for what, frames in self._frames.items()]


def _name(frames: list[int], more: int) -> str:
    if len(frames) == 1 and not more:
        return frame_text(frames[0])
    names = [str(FrameRef(one)) for one in frames]
    if more:
        names.append(f"{more:,} more")
    return f"frames {', '.join(names[:-1])} and {names[-1]}"
