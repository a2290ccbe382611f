"""pop2dissect: a dissector and forensic analyser for the Post Office Protocol on TCP port 109.

>>> import pop2dissect
>>> capture = pop2dissect.read("samples/rfc937_normal.pcap")
>>> for session in capture:
...     print(session.client, session.user, len(session.messages))
192.0.2.10:1025 Fred 1

What is named here, and the attributes of these classes without an underscore, stay as they are within a major
version. Each is imported when it is asked for, so the import costs nothing.
"""

from __future__ import annotations

import sys

from pop2dissect.version import __version__

TYPE_CHECKING = False  # as type checkers know it; the module typing would cost more than all else here

if TYPE_CHECKING:
    from pop2dissect.api import Capture, iter_sessions, read
    from pop2dissect.capture.record import CaptureInfo
    from pop2dissect.errors import (
        CaptureError,
        MissingLibraryError,
        MissingProgramError,
        OutputError,
        Pop2DissectError,
        SettingError,
        UsageError,
    )
    from pop2dissect.findings.thresholds import Thresholds
    from pop2dissect.incidents import Incident
    from pop2dissect.limits import Limits
    from pop2dissect.pipeline import Dissection
    from pop2dissect.session import Endpoint, Exchange, Finding, HalfOpen, Message, Probe, Reply, Session
    from pop2dissect.settings import Settings
    from pop2dissect.shipped import samples
    from pop2dissect.tcp.stream import Stream

__all__ = [
    "Capture",
    "CaptureError",
    "CaptureInfo",
    "Dissection",
    "Endpoint",
    "Exchange",
    "Finding",
    "HalfOpen",
    "Incident",
    "Limits",
    "Message",
    "MissingLibraryError",
    "MissingProgramError",
    "OutputError",
    "Pop2DissectError",
    "Probe",
    "Reply",
    "Session",
    "SettingError",
    "Settings",
    "Stream",
    "Thresholds",
    "UsageError",
    "__version__",
    "iter_sessions",
    "read",
    "samples",
]

_HOMES = {
    "api": ("Capture", "iter_sessions", "read"),
    "capture.record": ("CaptureInfo",),
    "errors": (
        "CaptureError",
        "MissingLibraryError",
        "MissingProgramError",
        "OutputError",
        "Pop2DissectError",
        "SettingError",
        "UsageError",
    ),
    "findings.thresholds": ("Thresholds",),
    "incidents": ("Incident",),
    "limits": ("Limits",),
    "pipeline": ("Dissection",),
    "session": ("Endpoint", "Exchange", "Finding", "HalfOpen", "Message", "Probe", "Reply", "Session"),
    "settings": ("Settings",),
    "shipped": ("samples",),
    "tcp.stream": ("Stream",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("errors", "findings", "limits", "pipeline", "plots", "session", "settings", "statistics", "tables")


def __getattr__(name: str) -> object:
    """Import what is asked for: a public name, or a module such as ``plots``."""
    from importlib import import_module

    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


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
