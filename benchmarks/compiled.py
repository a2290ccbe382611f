"""The environment of what is measured: as after an installation, where modules are not compiled at each start."""

from __future__ import annotations

import compileall
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@cache
def environment() -> dict[str, str]:
    """Return the environment for programs to be measured; the modules' byte code is there before the first of them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compileall.compile_dir(ROOT / "pop2dissect", quiet=1)
    return {**kept, "PYTHONPATH": str(ROOT)}
