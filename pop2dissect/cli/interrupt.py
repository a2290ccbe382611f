"""What Ctrl-C does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, Self


class Interrupt:
    """Lets Ctrl-C end a live capture, but not its analysis. A context manager.

    Whatever writes to standard input is usually interrupted too, and then writes what it still holds: it
    is given a moment for that. A second Ctrl-C ends the program.
    """

    GRACE = 1.0
    """In s."""

    def __init__(self, live: bool) -> None:
        self.happened = False
        self._live = live and threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> Self:
        if self._live and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, _signal: int, _frame: FrameType | None) -> None:
        self.happened = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._end_input)
            signal.setitimer(signal.ITIMER_REAL, self.GRACE)
        else:
            self._end_input()

    @staticmethod
    def _end_input(*_: object) -> None:
        # A read that waits on standard input is begun anew after this, and finds its end.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, sys.stdin.fileno())
        os.close(nothing)
