"""What a report says became of a message."""

from __future__ import annotations

from pop2dissect.protocols.base import Words
from pop2dissect.session import Ground, Message, Verdict


def fate(message: Message, words: Words) -> str:
    """Return what became of a message, with the command that says so, and the ground where it was not simply seen."""
    command = words.commands.get(message.disposition)
    by = f" ({command})" if command else ""
    match message.disposition:
        case "deleted" if message.committed:
            return f"deleted{by}, committed{_ground(message.released)}"
        case "deleted" if message.committed is None:
            return f"marked as deleted{by}; whether it took effect is not known{_ground(message.released)}"
        case "deleted":
            return f"marked as deleted{by}, not committed{_ground(message.released)}"
        case "refused":
            return f"refused by the client{by}"
        case "unacknowledged":
            return f"not acknowledged{_ground(message.disposed)}"
        case "unknown":
            return f"not known{_ground(message.disposed)}"
        case _:
            return f"kept{by}"


def _ground(verdict: Verdict[object]) -> str:
    if not verdict.because or (verdict.ground is Ground.SHOWN and verdict.value is True):
        return ""
    return f": {verdict.because}" if verdict.ground is not Ground.CONCLUDED else f" (concluded: {verdict.because})"
