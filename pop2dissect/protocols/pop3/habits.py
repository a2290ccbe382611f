"""Which programs talked, told by their greetings, their words and their habits.

Sources are recordings of unmodified programs: see tests/data/captures-pop3. Where nothing is peculiar to a program,
nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pop2dissect.protocols.base import Turn
from pop2dissect.protocols.pop3.grammar import top_lines
from pop2dissect.protocols.programs import server_by_words, words
from pop2dissect.session import Software

# Status lines in full. A group holds the version.
_SERVER_WORDS: Final = words(
    ("Dovecot", rb"\+OK Dovecot (?:\([^)]+\) )?ready\.(?: <.*>)?", "its greeting"),
    ("Cyrus pop3d", rb"\+OK \S+ Cyrus POP3 v?(\S+) server ready.*", "its greeting"),
    ("Solid POP3", rb"\+OK Solid POP3 server ready.*", "its greeting"),
    ("perdition", rb"\+OK POP3 perditon ready on .*", "its greeting"),
    ("GNU mailutils pop3d", rb"\+OK POP3 Ready <\d+\.\d+@[^>]+>", "its greeting"),
    ("Courier POP3", rb"\+OK Hello there\.", "its greeting"),
    ("Courier POP3", rb"\+OK (?:Better luck next time|Bye-bye)\.", "its farewell"),
    ("popa3d", rb"-ERR Authentication failed \(bad password\?\)", "its refusal"),
    ("Dovecot", rb"-ERR \[AUTH\] Plaintext authentication disallowed on non-secure .*", "its refusal"),
    ("Dovecot", rb"\+OK Logging out, messages deleted\.", "its farewell"),
)

_WHOLE: Final = b"99999999"
"""The lines that fetchmail asks TOP for."""


def server_of(turns: Sequence[Turn]) -> Software | None:
    """Name the server of a session by what it said; nothing where programs contradict one another."""
    return server_by_words(turns, _SERVER_WORDS)


def client_of(turns: Sequence[Turn]) -> Software | None:
    """Name the client of a session by its habits."""
    for turn in turns:
        command = turn.command.command if turn.command else None
        if command is not None and turn.keyword == "TOP" and top_lines(command) == _WHOLE:
            return Software("fetchmail", None, "it reads messages by TOP with 99999999 lines")
    return None
