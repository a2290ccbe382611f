"""Reports made for tests, and read again from their HTML alone."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pop2dissect import read
from pop2dissect.cli import ExitStatus, main
from pop2dissect.session import Session
from tests.support.conversation import Conversation
from tests.support.wire import save

OPTIONS = ("--case", "2026-117", "--examiner", "A. Sample", "--exhibit", "JD/1", "--note", "From the switch.")


def make_report(folder: Path, capture: str | Path, *options: str) -> Path:
    """Make a report by the command."""
    path = folder / "report.html"
    assert main(["--quiet", "--report", str(path), *options, str(capture)]) == ExitStatus.DONE
    return path


_APART = ("td", "th", "dt", "dd", "p", "li", "h2", "h3", "br")


@dataclass
class ReadSession:
    """A session as the page has it: the cells of its lines, and the octets that it carries."""

    rows: list[list[str]] = field(default_factory=list)
    text: str = ""
    carried: dict[str, Any] = field(default_factory=dict)

    def octets(self, side: str) -> bytes:
        """Return what the page carries of one end (``c`` or ``s``)."""
        return b"".join(base64.b64decode(text) for _, text in self.carried[side]["o"])


class ReadPage(HTMLParser):
    """A report, read without a browser."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.sessions: dict[int, ReadSession] = {}
        self.text = ""
        """All that a reader sees."""
        self._session: ReadSession | None = None
        self._in: list[str] = []
        self._rows: list[list[str]] | None = None
        self._note = False
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        classes = (named.get("class") or "").split()
        if tag == "section":
            self._session = None
            if "session" in classes:
                self._session = self.sessions.setdefault(int((named["id"] or "")[1:]), ReadSession())
        elif tag == "table" and "lines" in classes:
            assert self._session is not None
            self._rows = self._session.rows
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
            self._note = "note" in classes
        elif tag == "td" and self._rows and not self._note:
            self._rows[-1].append("")
        if tag in _APART:
            self.text += " "
        if tag in ("script", "style"):
            self._in.append("octets" if "octets" in classes else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._rows is not None:
            self._rows[:] = [row for row in self._rows if row]
            self._rows = None
        if tag in ("script", "style"):
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if self._in:
            if self._in[-1] == "octets":
                assert self._session is not None
                self._session.carried = json.loads(data)
            return
        self.text += data
        if self._session is not None:
            self._session.text += data
        if self._rows and self._rows[-1] and not self._note:
            self._rows[-1][-1] += data.rstrip("\n")


def talk(folder: Path, *lines: bytes) -> Session:
    """Return the session of commands and replies in turn."""
    conversation = Conversation().handshake().server(b"+ POP2 host ready\r\n")
    for number, line in enumerate(lines):
        conversation.say("server" if number % 2 else "client", line)
    return read(save(folder / "talk.pcap", conversation.close().packets)).sessions[0]
