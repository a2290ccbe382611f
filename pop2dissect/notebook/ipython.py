"""How IPython is told to show captures, sessions, messages and statistics."""

from __future__ import annotations

from typing import Any

from pop2dissect.api import Capture
from pop2dissect.notebook.html import capture_html, message_html, session_html, statistics_html
from pop2dissect.session import Message, Session
from pop2dissect.statistics.sums import Statistics


def register(shell: Any) -> None:
    """Make an IPython shell show captures, sessions and messages as HTML where its front end can."""
    show = shell.display_formatter.formatters["text/html"].for_type
    show(Capture, capture_html)
    show(Session, session_html)
    show(Message, message_html)
    show(Statistics, statistics_html)
