"""What Ctrl-C does, and SIGTERM and SIGHUP like it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, Self

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_USUAL = (signal.SIG_DFL, signal.default_int_handler)
"""A handler that is none of these is the caller's choice, as nohup ignores SIGHUP."""


_MOST_WAITING = 1 << 20
"""Bytes that a pipe holds at the most (pipe(7), pipe-max-size)."""


class Interrupt:
    """Ends the program in order: files that are not complete are taken away. A context manager.

    A live capture ends, but not its analysis. Whatever writes to standard input is usually interrupted too, and then
    writes what it still holds: it is given a moment for that. The next signal ends the program in order, and one after
    that at once.
    """

    GRACE = 1.0
    """In s."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The signal that came first."""
        self._live = False
        self._before: dict[int, Any] = {}
        self._hook = sys.unraisablehook

    @property
    def status(self) -> int:
        """The exit status, as shells have it."""
        return 128 + (self.number or signal.SIGINT)

    def end_input_only(self) -> None:
        """Have the first signal end standard input, and nothing else."""
        self._live = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) in _USUAL:
                    self._before[number] = signal.signal(number, self._received)
            sys.unraisablehook = self._unraisable
        return self

    def __exit__(self, *error: object) -> None:
        sys.unraisablehook = self._hook
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self.number = self.number or number
        if self._live:
            self._live = False
            self._end_input_soon()
            return
        for known in self._before:
            signal.signal(known, signal.SIG_DFL)
        raise KeyboardInterrupt

    def _end_input_soon(self) -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._end_input)
            signal.setitimer(signal.ITIMER_REAL, self.GRACE)
        else:
            self._end_input()

    @staticmethod
    def _end_input(*_: object) -> None:
        """Put in place of standard input what waits in it; a read that waits is started anew, and finds the end."""
        import tempfile

        place = sys.stdin.fileno()
        with tempfile.TemporaryFile() as rest:
            while rest.tell() < _MOST_WAITING and _waits(place):
                octets = os.read(place, 1 << 16)
                if not octets:
                    break
                rest.write(octets)
            rest.seek(0)
            os.dup2(rest.fileno(), place)

    def _unraisable(self, failure: Any) -> None:
        """End the program at once where a signal came where Python cannot raise, as in a finaliser."""
        if issubclass(failure.exc_type, KeyboardInterrupt):
            signal.raise_signal(self.number or signal.SIGINT)
        else:
            self._hook(failure)


def _waits(place: int) -> bool:
    """Whether there is something to be read; Windows can tell of sockets only, and what waits there is left out."""
    import select

    try:
        return bool(select.select([place], [], [], 0)[0])
    except OSError:
        return False
