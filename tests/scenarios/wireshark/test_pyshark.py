"""The recipe for pyshark in docs/wireshark.md reads captures, one after the other, and inside a running event loop."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.truth import capture_path

DOCUMENT = Path(__file__).parents[3] / "docs" / "wireshark.md"
USE = """
users = lambda: [packet.pop2.user for packet in read_packets({capture!r}, "pop2.user")]

async def inside():
    return users()

print(users(), users(), asyncio.run(inside()))
"""


def test_the_recipe_reads_with_the_plugin(tshark: str) -> None:
    pytest.importorskip("pyshark")
    (recipe,) = re.findall(r"```python\n(import asyncio.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    script = recipe + USE.format(capture=str(capture_path("rfc937_normal")))
    # In a process of its own: pyshark leaves event loops behind.
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "['Fred'] ['Fred'] ['Fred']\n"
