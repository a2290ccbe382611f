"""The default output, and ``-V``, every field of it."""

from __future__ import annotations

import sys

from pop2dissect.cli.outputs.base import Output, Run, write_lines
from pop2dissect.document.totals import Totals
from pop2dissect.masking import shown
from pop2dissect.session import Session
from pop2dissect.terminal.conversation import session_timeline
from pop2dissect.terminal.findings import FindingsDigest
from pop2dissect.terminal.live import ended
from pop2dissect.terminal.mailboxes import mailboxes_text
from pop2dissect.terminal.sessions import SessionsTable, standing_out
from pop2dissect.terminal.story import Unknowns, story
from pop2dissect.terminal.summary import captures_text, probes_text, totals_text
from pop2dissect.terminal.tree import session_tree
from pop2dissect.text.quoting import listed
from pop2dissect.text.spool import Spool

_FEW = 3
"""Sessions of which the conversations are shown unasked."""
_LINES = 40
"""Lines of those that are shown unasked."""


class TextOutput(Output):
    """The story first, then a table of sessions, and of a few what was said.

    Sessions come in another order than they are written, so their texts wait on disk and not in memory.
    """

    shows_warnings = True
    describe = staticmethod(session_timeline)

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._totals = Totals()
        self._findings = FindingsDigest()
        self._unknowns = Unknowns()
        self._spool = self.held.enter_context(Spool())
        self._table = self.held.enter_context(SessionsTable(run.look))
        self._whole = run.look.conversations
        """All conversations are shown, however many or long."""
        self._live = False

    def watch(self) -> None:
        """Show each session as soon as it ends, in a line, or where conversations were asked for what was said."""
        self._live = True
        self.run.dissection.ended = self._show_ended

    def _show_ended(self, session: Session) -> None:
        look = self.run.look
        session = shown(session, look.show_passwords)
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")  # where the progress is shown
            sys.stderr.flush()
        write_lines([*self.describe(session, look), ""] if self._whole else [ended(session, look)])
        sys.stdout.flush()

    def add(self, session: Session) -> None:
        """Write the session's part and spool it."""
        place = self.run.dissection.selection.place(session)
        self._totals.add(session)
        self._findings.add(session.findings)
        self._unknowns.add(session)
        self._table.add(place, session)
        if not self._live and (self._whole or len(self._table) <= _FEW):
            self._spool.add(place, "\n".join(self.describe(session, self.run.look)) + "\n")

    def finish(self) -> None:
        """Write all of it."""
        dissection, look = self.run.dissection, self.run.look
        spanning, incidents = self.run.spanning_findings(), self.run.incidents()
        self._totals.add_findings(spanning)
        self._findings.add(spanning)
        if self._live and len(self._table):
            write_lines([""])
        write_lines([*captures_text(dissection.captures, dissection.warnings, look), ""])
        if not dissection.selection.seen:
            settings = dissection.settings
            ports = "any port" if settings.any_port else listed([f"port {port}" for port in sorted(settings.ports)])
            write_lines([f"no connection to a server on {ports} carried data", ""])
        if len(self._table) or spanning:
            write_lines(story(incidents, self._findings, len(self._table), look))
        write_lines(self._unknowns.lines(look))
        worst = standing_out(self._findings.worst(len(self._table)), incidents)
        write_lines(self._table.lines(worst, dissection.settings.filters.sort is not None))
        if self._whole or len(self._table) <= _FEW:
            self._write_conversations()
        write_lines(probes_text(dissection.probes, look))
        write_lines(mailboxes_text(self.run.mailboxes(), look))
        write_lines(totals_text(self._totals, look.style))

    def _write_conversations(self) -> None:
        whole = self._whole or bool(self.run.dissection.settings.filters)
        room = _LINES
        for text in self._spool.in_order():
            lines = text.splitlines(keepends=True)
            if whole or len(lines) <= room:
                sys.stdout.write(text + "\n")
            else:
                sys.stdout.writelines(lines[: max(room, 2)])
                write_lines([f"          and {len(lines) - max(room, 2):,} lines more (--conversations shows all)", ""])
            room -= len(lines)


class TreeOutput(TextOutput):
    """The same with every field."""

    describe = staticmethod(session_tree)

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._whole = True
