"""What is shown of a session as soon as it ends, while a live capture goes on."""

from __future__ import annotations

from pop2dissect.document.facts import login_words
from pop2dissect.session import Session
from pop2dissect.terminal.look import Look
from pop2dissect.text.quoting import named
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, moment


def ended(session: Session, look: Look) -> str:
    """Return a line about a session."""
    style = look.style
    start = moment(session.start, look.zone)
    deleted = len(session.deleted)
    facts = (
        session.protocol,
        f"{terminal_safe(named(session.user))}: {login_words(session)}" if session.user else "",
        count(len(session.messages), "message") if session.messages else "",
        f"{deleted:,} deleted" if deleted else "",
        f"ended: {session.ending}",
    )
    return style.clip(
        f"{start.clock[:8]} {start.zone}  session {session.id}  {session.client} {style.to_server} {session.server}  "
        + ", ".join(filter(None, facts))
    )
