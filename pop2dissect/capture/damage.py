"""How damage in a capture is told: in a sentence with the frame and the byte offset."""

from __future__ import annotations

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.capture.window import Window


def stop_at_end(info: CaptureInfo, window: Window, at: int, what: str) -> None:
    """Tell why reading ended before ``what`` was whole, unless all is well: the file just ended there.

    ``what`` begins at octet ``at`` of the file and is named like "the record of frame 178".
    """
    left = window.base + window.end - at
    if window.failure is not None:
        stop(info, f"{window.failure}: reading stops before {what}, at octet {at}")
    elif left > 0:
        stop(
            info,
            f"the file ends inside {what}, which begins at octet {at}: only {left} octets of it are there",
        )


def stop(info: CaptureInfo, sentence: str) -> None:
    """Say that the capture cannot be read any further, and why."""
    info.truncated = True
    info.warnings.append(sentence)


def extend_times(info: CaptureInfo, time: int) -> None:
    """Let the capture's earliest and latest time take in one more time stamp (ns)."""
    if info.first_time is None or info.last_time is None:
        info.first_time = info.last_time = time
    elif time < info.first_time:
        info.first_time = time
    elif time > info.last_time:
        info.last_time = time
