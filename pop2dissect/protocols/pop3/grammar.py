"""The commands of RFC 1939 and of what came before and after it."""

from __future__ import annotations

from typing import Final

from pop2dissect.protocols.base import END, CommandRule

_NUMBER = rb"[ \t]+\d{1,10}" + END
_OPTIONAL = rb"(?:[ \t]+\d{1,10})?"
_BARE = rb"[ \t]*"

RULES: Final = (
    CommandRule("USER", rb"[ \t]+[^\s\0]", tells=False, harmless=rb"[ \t].*"),
    CommandRule("PASS", rb"[ \t]+[^\s\0]", tells=False),
    CommandRule("NOOP", END, tells=False, harmless=_BARE),
    CommandRule("RSET", END, tells=False, harmless=_BARE),
    CommandRule("QUIT", END, tells=False, harmless=_BARE),
    CommandRule("STAT", harmless=_BARE),
    CommandRule("LAST", harmless=_BARE),
    CommandRule("CAPA", harmless=_BARE),
    CommandRule("STLS", harmless=_BARE),
    CommandRule("LIST", _OPTIONAL + END, harmless=_OPTIONAL + _BARE),
    CommandRule("UIDL", _OPTIONAL + END, harmless=_OPTIONAL + _BARE),
    CommandRule("DELE", _NUMBER, harmless=_OPTIONAL + _BARE),
    CommandRule("RETR", _NUMBER, harmless=_OPTIONAL + _BARE),
    CommandRule("TOP", rb"[ \t]+\d{1,10}[ \t]+\d", harmless=rb"[ \t]+\d{1,10}[ \t]+\d{1,10}[ \t]*"),
    CommandRule("APOP", rb"[ \t]+[^\s\0]+[ \t]+[0-9a-f]{32}"),
    CommandRule(
        "AUTH", END + rb"|[ \t]+(?:PLAIN|LOGIN|NTLM|GSSAPI|CRAM-MD5|DIGEST-MD5|XOAUTH2|SCRAM-)", continues=True
    ),
)
