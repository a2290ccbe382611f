"""The exit statuses of the command."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the command's exit status means."""

    DONE = 0
    """Also where a capture is cut short or damaged: what precedes the damage was analysed, and that is said."""
    UNREADABLE = 1
    """A capture, of several at least one, or the result to be verified, could not be read at all."""
    USAGE = 2
    """The options or arguments are wrong, or a session that does not exist was asked for."""
    UNWRITABLE = 3
    """The output could not be written."""
    DIFFERS = 4
    """A result was verified, and the captures do not show all that it says."""
    INTERNAL = 70
    """A fault of the program itself, or too little memory (EX_SOFTWARE, as sysexits.h has it)."""
    INTERRUPTED = 130
    """Ended by the user (128 + SIGINT), as shells have it. What a live capture had given was still reported."""
    HUNG_UP = 129
    """The same by SIGHUP: the terminal went away."""
    TERMINATED = 143
    """The same by SIGTERM."""
