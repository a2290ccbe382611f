"""What is typed to find sessions of incident_small, and which they are: for the report's search and for ``browse``."""

from __future__ import annotations

from typing import Final

CASES: Final = (
    ("user:bertil login:accepted", [37, 41, 46, 47, 53]),
    ("user:bertil login:accepted client:203.0.113.66", [37, 41, 46, 47]),
    ("user:b?rt* login:ACCEPTED client:203.0.113.0/24", [37, 41, 46, 47]),
    ("user:bert", []),
    ('"folder of another" user:hedda', []),
    ('"FOLD /etc/passwd"', [41]),
    ("fold passwd bertil", [41]),
    ("nothing:bertil", []),
    ("session:1-3,41 session:5", [1, 2, 3, 5, 41]),
    ("severity:critical", [41, 47]),
    ("finding:exploit.*", [47]),
    ("mailbox:/etc/passwd", [41]),
    ("mailbox:*/committee", [41]),
    ('mailbox:"~konrad/mail/committee"', [41]),
    ("server:198.51.100.23 user:bertil", [47]),
    ("server:198.51.100.23:109 severity:high", [47]),
    ("client:203.0.113.66:55640", [41]),
    ("protocol:ssh until:2026-11-23T08:44:59Z", [8, 9]),
    ("since:2026-11-23T08:48:00Z", [54]),
    ("since:2026-11-23T09:48:00+01:00", [54]),
)
