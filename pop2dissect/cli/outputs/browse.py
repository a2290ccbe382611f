"""``browse CAPTURE``: the sessions in panes on the terminal."""

from __future__ import annotations

import sys

from pop2dissect.browse.book import Book
from pop2dissect.cli.outputs.base import Output, Run
from pop2dissect.errors import UsageError
from pop2dissect.optional import extra
from pop2dissect.session import Session


class BrowseOutput(Output):
    """Panes, once all sessions have come; their bytes are at hand as long as they are browsed."""

    shows_warnings = True

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        with extra("browse"):
            from pop2dissect.browse.app import Browser
        self._make = Browser
        if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError("browse needs a terminal, to read keys from and to show panes on")
        self._sessions: list[Session] = []

    def add(self, session: Session) -> None:
        """Take the session."""
        self._sessions.append(session)

    def finish(self) -> None:
        """Show them until the user quits."""
        run, dissection = self.run, self.run.dissection
        self._sessions.sort(key=lambda session: session.id)
        browser = self._make(
            Book(
                self._sessions,
                run.spanning_findings(),
                run.incidents(),
                dissection.captures,
                dissection.warnings,
                dissection.settings,
                run.look,
                order=dissection.settings.filters.sort or "number",
            )
        )
        browser.run()
        if browser.failure is not None:
            raise browser.failure
