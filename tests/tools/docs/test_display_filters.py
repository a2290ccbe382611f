"""The documents about the plugin say what the plugin does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.truth import capture_path
from tests.wireshark.plugin_support import run_tshark
from tools.docs.display_filters import markdown

DOCS = Path(__file__).parents[3] / "docs"

pytestmark = pytest.mark.usefixtures("tshark")


def test_the_reference_is_current() -> None:
    assert (DOCS / "display_filters.md").read_text(encoding="utf-8") == markdown(), (
        "run: python -m tools.docs.display_filters > docs/display_filters.md"
    )


def test_the_examples_are_filters() -> None:
    examples = re.findall(r"^\| `(pop2[^`]+)` \|", markdown().partition("## Fields")[0], re.MULTILINE)
    assert len(examples) > 5
    together = " || ".join(f"({example})" for example in examples)
    run = run_tshark("-r", capture_path("rfc937_normal"), "-Y", together)
    assert run.returncode == 0, run.stderr


def plugin_lines(output: str) -> list[str]:
    """Return the plugin's lines of a listing, and the numbers of the frames: other lines differ between versions."""
    kept, inside = [], False
    for line in output.splitlines():
        if not line.startswith(" "):
            inside = line.startswith("Post Office Protocol")
        frame = re.match(r"Frame \d+", line)
        if inside or frame:
            kept.append(frame[0] if frame else line)
    return [line for line in kept if line]


def test_the_transcript_is_what_tshark_says() -> None:
    (block,) = re.findall(
        r"```text\n\$ tshark (.*?)\n(.*?)```", DOCS.joinpath("wireshark.md").read_text("utf-8"), re.DOTALL
    )
    arguments, transcript = block
    run = run_tshark(*arguments.replace("samples/rfc937_normal.pcap", str(capture_path("rfc937_normal"))).split())
    assert plugin_lines(transcript) == plugin_lines(run.stdout.decode())
    assert "Frame 4" in transcript
