"""``--follow``: the conversation of one session."""

from __future__ import annotations

from pop2dissect.cli.outputs.base import Output, write_lines
from pop2dissect.session import Session
from pop2dissect.terminal.follow import conversation


class FollowOutput(Output):
    """What both ends sent, as text."""

    needs_end = False

    def add(self, session: Session) -> None:
        """Write the conversation."""
        write_lines(conversation(session, self.run.look))

    def finish(self) -> None:
        """Nothing is left to be done."""
