"""Draws ``browse`` on a terminal of 100 by 32: ``python -m tools.docs.browse > docs/pictures/browse.svg``."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import chdir

from pop2dissect.browse.app import Browser
from pop2dissect.browse.book import Book
from pop2dissect.document.display_filters import openable
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.text.rendering import Rendering
from tools.docs.picture import ROOT

CAPTURE = "samples/incident_small.pcap"
SIZE = (100, 32)
KEYS = ("down", "down", "enter", "m", "3", "enter", "down", "down")
"""From the incident in which files were read to a field of the line that asked for the first."""
_LOADED = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Fonts from elsewhere; any font of one width will do."""


def picture() -> str:
    """Return the picture."""
    with chdir(ROOT), Dissection([CAPTURE]) as dissection:
        redaction = Redaction(show_passwords=False)
        sessions = sorted(dissection.wanted(redaction.session), key=lambda session: session.id)
        rendering = Rendering(captures=openable(dissection.captures))
        findings, incidents = redaction.findings(dissection.findings), redaction.incidents(dissection.incidents)
        book = Book(sessions, findings, incidents, dissection.captures, (), dissection.settings, rendering)
        drawn = asyncio.run(_drawn(Browser(book)))
    return _LOADED.sub("", drawn).replace("Fira Code", "ui-monospace, Menlo, Consolas")


async def _drawn(app: Browser) -> str:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*KEYS)
        await pilot.pause()
        return app.export_screenshot(title="pop2dissect browse", simplify=True)


if __name__ == "__main__":
    sys.stdout.write(picture())
