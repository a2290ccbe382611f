"""Words of refusals that have nothing to do with the password."""

from __future__ import annotations

import re

from pop2dissect.patterns import expression

_LOCKED = expression(r"\block|\bbusy\b|in use|try (?:again )?later|temporar", re.IGNORECASE)
_LEAVING = expression(r"inactiv|\bidle|time.?out|timed|logout|shut|disconnect|closing|\bbye\b|too long", re.IGNORECASE)


def speaks_of_leaving(text: str) -> bool:
    """Whether a server's words say that it ends the connection because it waited for too long, or must go."""
    return _LEAVING.search(text) is not None


def speaks_of_lock(text: str) -> bool:
    """Whether a server's words say that the mailbox, and not the password, was the reason."""
    return _LOCKED.search(text) is not None
