"""Other programs that some tests compare with, such as tshark."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str) -> str:
    """Return the path of a program. Without it the test is skipped, but fails where ``CI`` is set.

    So a developer needs none of them, and no test falls silent unnoticed.
    """
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"{program} is not installed"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"{reason}, but CI is set: there nothing is skipped for want of a program")
    pytest.skip(reason)
