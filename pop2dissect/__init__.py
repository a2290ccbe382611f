"""pop2dissect: a dissector and forensic analyser for the Post Office Protocol on TCP port 109.

>>> import pop2dissect
>>> capture = pop2dissect.read("samples/rfc937_normal.pcap")
>>> for session in capture.sessions:
...     print(session.client, session.user, len(session.messages))
"""

import sys

from pop2dissect.errors import CaptureError, MissingLibraryError, Pop2DissectError, UsageError
from pop2dissect.pipeline import Capture, Dissection, iter_sessions, read
from pop2dissect.session import Exchange, Finding, Message, Probe, Reply, Session
from pop2dissect.settings import Settings
from pop2dissect.version import __version__

__all__ = [
    "Capture",
    "CaptureError",
    "Dissection",
    "Exchange",
    "Finding",
    "Message",
    "MissingLibraryError",
    "Pop2DissectError",
    "Probe",
    "Reply",
    "Session",
    "Settings",
    "UsageError",
    "__version__",
    "iter_sessions",
    "read",
]


def load_ipython_extension(shell: object) -> None:
    """Make an IPython shell show captures, sessions and messages as HTML: ``%load_ext pop2dissect``.

    Where a shell runs when the package is imported, as in a notebook, that is done already.
    """
    from pop2dissect.notebook.ipython import register

    register(shell)


def _greet_ipython() -> None:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        load_ipython_extension(shell)


_greet_ipython()
