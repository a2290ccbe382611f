"""The command ``pop2dissect``, which is also ``python -m pop2dissect``."""

from __future__ import annotations

import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the program can end in order, it ends at once and silently


def run() -> int:
    """Run the command of this process; give its exit status."""
    from pop2dissect.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
