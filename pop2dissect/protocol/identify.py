"""Which protocol is spoken on a connection, by the first octets of both ends, and on what evidence."""

from __future__ import annotations

import re
from typing import NamedTuple

from pop2dissect.protocol.pop2.grammar import is_greeting
from pop2dissect.tcp.stream import Stream

POP2 = "POP2"
RFC918 = "POP (RFC 918)"
RFC918_OR_POP3 = "RFC 918 or POP3"
POP3 = "POP3"
UNKNOWN = "unknown"

LOOKED_AT = 4096
"""Octets of each end that are looked at: every protocol told here shows itself in its first lines."""


class Identification(NamedTuple):
    """A protocol, and why it is thought to be that one."""

    protocol: str
    evidence: str


class _Sign(NamedTuple):
    protocol: str
    pattern: re.Pattern[bytes]
    evidence: str


def _signs(*rows: tuple[str, bytes, str]) -> tuple[_Sign, ...]:
    return tuple(_Sign(protocol, re.compile(pattern, re.IGNORECASE), evidence) for protocol, pattern, evidence in rows)


# A server that speaks first settles it: what a client says may be a probe for something else.
_SERVER_SIGNS = _signs(
    ("SSH", rb"SSH-\d", "the server's version string (RFC 4253, section 4.2)"),
    ("TLS", rb"[\x15\x16]\x03[\x00-\x04]", "a TLS record from the server"),
    ("HTTP", rb"HTTP/\d", "an HTTP status line"),
    ("SMTP", rb"220[ -]", "an SMTP greeting"),
    ("IMAP", rb"\* (?:OK|PREAUTH|BYE)", "an IMAP greeting"),
)
_CLIENT_SIGNS = _signs(
    ("SSH", rb"SSH-\d", "the client's version string (RFC 4253, section 4.2)"),
    ("TLS", rb"\x16\x03[\x00-\x04]", "a TLS record from the client"),
    ("HTTP", rb"(?:GET|HEAD|POST|OPTIONS|PUT|CONNECT) \S+ HTTP/\d", "an HTTP request"),
    ("SMTP", rb"(?:EHLO|MAIL FROM:)", "an SMTP command"),
    ("SOCKS", rb"\x05[\x01-\x04][\x00-\x02]|\x04[\x01\x02]", "a SOCKS greeting"),
)

# What only one of the three post office protocols has (see the module's sources: RFC 937, 918, 1939).
_POP2_COMMANDS = re.compile(rb"^[ \t]*(?:HELO[ \t]+\S+[ \t]+\S|FOLD[ \t]|READ\b|ACKS\b|ACKD\b|NACK\b)", re.I | re.M)
_POP2_REPLIES = re.compile(rb"^=\d", re.M)
_RFC918_COMMANDS = re.compile(rb"^(?:RDEL[ \t]|RCEV\b|RECV\b|RCVD\b|RETR[ \t]+[^\d\s])", re.I | re.M)
_RFC918_REPLIES = re.compile(rb"^#\d", re.M)
_POP3_COMMANDS = re.compile(rb"^(?:STAT|LIST|DELE|TOP|UIDL|APOP|CAPA|AUTH|STLS|LAST|RETR[ \t]+\d)\b", re.I | re.M)
_EITHER_COMMANDS = re.compile(rb"^(?:USER|PASS|NOOP|RSET)\b", re.I | re.M)


def identify(client: Stream, server: Stream) -> Identification:
    """Name the protocol of a connection by what was said on it."""
    said = client.read(0, min(client.length, LOOKED_AT))
    answered = server.read(0, min(server.length, LOOKED_AT))
    greeting = answered.split(b"\n", 1)[0]
    if is_greeting(greeting):
        return Identification(POP2, "the greeting of a POP2 server")
    for sign in _SERVER_SIGNS:
        if sign.pattern.match(answered):
            return Identification(sign.protocol, sign.evidence)
    post_office = _identify_post_office(said, answered)
    if post_office is not None:
        return post_office
    for sign in _CLIENT_SIGNS:
        if sign.pattern.match(said):
            return Identification(sign.protocol, sign.evidence)
    return Identification(UNKNOWN, "nothing that was said is known")


def _identify_post_office(said: bytes, answered: bytes) -> Identification | None:
    if _POP2_REPLIES.search(answered):
        return Identification(POP2, "a reply with =, which only POP2 has")
    if _RFC918_COMMANDS.search(said):
        return Identification(RFC918, "a command that only RFC 918 has")
    if _POP2_COMMANDS.search(said):
        return Identification(POP2, "a command that only POP2 has")
    if _POP3_COMMANDS.search(said):
        return Identification(POP3, "a command that only POP3 has")
    if _EITHER_COMMANDS.search(said):
        if _RFC918_REPLIES.search(answered):
            return Identification(RFC918, "a reply with # to commands of RFC 918")
        return Identification(RFC918_OR_POP3, "only commands that RFC 918 and POP3 share")
    if answered.startswith(b"+OK"):
        return Identification(RFC918_OR_POP3, "a greeting with +OK")
    return None
