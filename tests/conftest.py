"""Settings and fixtures for all tests."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.programs import need
from tests.support.truth import capture_path

if sys.dont_write_bytecode:
    # Each of the many programs that tests start, and each of xdist's workers, would compile all modules anew.
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = tempfile.mkdtemp(prefix="pycache-")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    atexit.register(shutil.rmtree, sys.pycache_prefix, ignore_errors=True)

settings.register_profile("default", deadline=None)  # time is a matter of the machine; bounds are tested apart
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


UPPER = {
    *("browse", "cli", "document", "export", "findings", "html", "incidents", "ledger", "markdown", "masking"),
    *("notebook", "plots", "statistics", "tables", "terminal", "tools", "verify", "wireshark"),
}
"""Folders whose tests look at upper layers, here and below ``scenarios/``."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let coverage, which takes its time and is about the lower layers, pause in the tests of upper ones."""
    if not config.pluginmanager.hasplugin("_cov"):
        return
    here = Path(__file__).parent
    for item in items:
        folders = item.path.relative_to(here).parent.parts
        if UPPER.intersection(folders[1:2] if folders[:1] == ("scenarios",) else folders[:1]):
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> None:
    """Have programs start with the signals as a terminal leaves them, however the tests were started.

    nohup ignores SIGHUP, a shell ignores SIGINT for what runs in the background, and both pass on to the programs that
    a test starts, which would then wait for ever. A handler is put back to the default at exec, an ignored signal not.
    """
    if os.name == "nt":
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM))


@pytest.fixture(scope="session")
def tshark() -> str:
    """Return the path of tshark, else skip (fail where ``CI`` is set)."""
    return need("tshark")


@pytest.fixture(scope="session")
def tcpflow() -> str:
    """Return the path of tcpflow, else skip (fail where ``CI`` is set)."""
    return need("tcpflow")


@pytest.fixture(scope="session")
def incident() -> Path:
    """Return the capture of a break-in among ordinary users, which has something of everything."""
    return capture_path("incident_small")
