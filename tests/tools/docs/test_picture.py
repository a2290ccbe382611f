"""The picture of the README shows what the terminal shows."""

from __future__ import annotations

import re
from html import unescape

from tools.docs.picture import ROOT, drawing, shown

PICTURE = ROOT / "docs/pictures/terminal.svg"


def test_the_picture_is_current() -> None:
    made = drawing("samples/incident_small.pcap")
    assert PICTURE.read_text("utf-8") == made, "python -m tools.docs.picture > docs/pictures/terminal.svg"
    text = "".join(unescape(one) for one in re.findall(r"<text[^>]*>([^<]*)</text>", made))
    said = re.sub(r"\x1b\[[\d;]*m", "", shown("samples/incident_small.pcap"))
    assert "".join(text.split()).endswith("".join(said.split()))
