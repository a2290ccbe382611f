"""Which protocol is spoken on a connection, by what was said on it, and on what evidence.

A server that greets settles it: what a client says may be a probe for something else. Where the
greeting was not captured, the client's commands decide; a client of a post office protocol never
sends mail, so whatever a message holds cannot be mistaken for a command. What a server says counts
only at the start of a connection, in the replies that follow one another from there, and in replies
that fill a segment by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pop2dissect.protocols.pop2.grammar import is_greeting, looks_like_reply
from pop2dissect.tcp.stream import Stream

POP2 = "POP2"
RFC918 = "POP (RFC 918)"
RFC918_OR_POP3 = "RFC 918 or POP3"
POP3 = "POP3"
UNKNOWN = "unknown"
NONE = "none"
"""Something was sent, but nothing of it was captured."""

LOOKED_AT = 4096
"""Octets of each end that are looked at: every protocol told here shows itself in its first lines."""

_SEGMENTS_LOOKED_AT = 256


class Identification(NamedTuple):
    """A protocol, and why it is thought to be that one."""

    protocol: str
    evidence: str


class _Sign(NamedTuple):
    protocol: str
    pattern: re.Pattern[bytes]
    evidence: str


def _signs(*rows: tuple[str, bytes, str]) -> tuple[_Sign, ...]:
    return tuple(
        _Sign(protocol, re.compile(pattern, re.IGNORECASE | re.DOTALL), evidence)
        for protocol, pattern, evidence in rows
    )


# TLS records are of at most 2**14 + 2048 octets; a hello has a 24-bit length of which the first octet is 0
# (RFC 5246, section 6.2.3 and 7.4; the first octets are the same in all versions).
_HELLO = rb"\x16\x03[\x00-\x04][\x00-\x48].%b\x00"

# What a server's first octets tell, at the start of a connection.
_SERVER_SIGNS = _signs(
    ("SSH", rb"SSH-\d\.\d", "the server's version string (RFC 4253, section 4.2)"),
    ("TLS", _HELLO % rb"\x02", "a hello in a TLS record from the server (RFC 8446)"),
    ("TLS", rb"\x15\x03[\x00-\x04]\x00\x02[\x01\x02]", "an alert in a TLS record from the server (RFC 8446)"),
    ("HTTP", rb"HTTP/\d(?:\.\d)? [1-5]\d\d", "the server's status line (RFC 9112, section 4)"),
    ("FTP", rb"220[ -][^\r\n]*\bFTP", "the server's greeting with 220 and FTP (RFC 959)"),
    ("SMTP", rb"(?:220|421|554)[ -]", "the server's greeting (RFC 5321, section 3.1)"),
    ("IMAP", rb"\* (?:OK|PREAUTH|BYE)[ \r\n]", "the server's greeting (RFC 9051, section 7.1)"),
    (POP3, rb"\+OK[^\r\n]*(?:POP-?3|<[^<>\s]+@[^<>\s]+>)", "the server's greeting (RFC 1939, sections 4 and 7)"),
)

# What a client's first octets tell, where no greeting of the server says otherwise.
_CLIENT_SIGNS = _signs(
    ("SSH", rb"SSH-\d\.\d", "the client's version string (RFC 4253, section 4.2)"),
    ("TLS", _HELLO % rb"\x01", "a hello in a TLS record from the client (RFC 8446)"),
    ("HTTP", rb"[A-Z]{3,16} \S+ HTTP/\d", "the client's request line (RFC 9112, section 3)"),
    ("HTTP", rb"GET /\S*\r?\n", "the client's request line (HTTP/0.9)"),
    (
        "IMAP",
        rb"[A-Z0-9.]{1,20} (?:(?:CAPABILITY|STARTTLS|LOGOUT)\r?\n|LOGIN \S+ \S|AUTHENTICATE \S)",
        "the client's command (RFC 9051, section 6)",
    ),
    ("SOCKS", rb"\x04[\x01\x02].{6}[^\x00]*\x00\Z", "the client's request (SOCKS 4)"),
)
_SOCKS5_METHODS = {bytes([5, count]): 2 + count for count in range(1, 11)}
"""The first octets of a SOCKS 5 client (RFC 1928, section 3), and how many it sends in all."""

# Command lines, by the protocol that alone has them: RFC 937; RFC 918; RFC 1939, 2449, 2595, 5034; RFC 5321;
# RFC 959. The first such line of a client counts. HELO with one argument is SMTP's or a broken one of POP2.
_COMMANDS = (
    (POP2, rb"HELO[ \t]+[^\s\0]+[ \t]+[^\s\0]|FOLD[ \t]+[^\s\0]|READ(?:[ \t]+\d{1,10})?%b|(?:RETR|ACK[SD]|NACK)%b"),
    (RFC918, rb"RDEL[ \t]+[^\s\0]|(?:RCEV|RECV|RCVD)%b|RETR[ \t]+[^\d\s\0]"),
    (
        POP3,
        rb"(?:STAT|LAST|CAPA|STLS|AUTH)%b|(?:LIST|UIDL)(?:[ \t]+\d{1,10})?%b|(?:DELE|RETR)[ \t]+\d{1,10}%b"
        rb"|TOP[ \t]+\d{1,10}[ \t]+\d|APOP[ \t]+[^\s\0]+[ \t]+[0-9a-f]{32}"
        rb"|AUTH[ \t]+(?:PLAIN|LOGIN|NTLM|GSSAPI|CRAM-MD5|DIGEST-MD5|XOAUTH2|SCRAM-)",
    ),
    ("SMTP", rb"EHLO[ \t]+[^\s\0]|MAIL[ \t]+FROM:|RCPT[ \t]+TO:|HELO[ \t]+[^\s\0]+\r?\nMAIL[ \t]+FROM:"),
    ("FTP", rb"(?:SYST|PASV|EPSV|FEAT|PWD|ABOR)%b|TYPE[ \t]+[AIEL]|(?:CWD|STOR)[ \t]+[^\s\0]|PORT[ \t]+\d+,\d"),
    (RFC918_OR_POP3, rb"(?:USER|PASS)[ \t]+[^\s\0]|(?:NOOP|RSET)%b"),
)
_END = rb"[ \t]*\r?$"
_COMMAND_LINE = re.compile(
    rb"^[ \t]*(?:" + b"|".join(b"(" + rule.replace(b"%b", _END) + b")" for _, rule in _COMMANDS) + b")",
    re.IGNORECASE | re.MULTILINE,
)
_SHARED = len(_COMMANDS)
"""The group of the commands that RFC 918 and POP3 share: they count only where no other was found."""

# A reply of POP2 in a segment of its own, also one of which the greeting is not known. Only = and the texts
# of real servers count.
_POP2_REPLY = re.compile(
    rb"=\d{1,20}(?: (?:characters in message|no more messages)[^\r\n]*)?\r?\n"
    rb"|#\d{1,20} messages? in [^\r\n]+\r?\n|\+ Sayonara\r?\n",
    re.IGNORECASE,
)
_GREETINGS = (b"+ POP2", b"- POP2", b"+OK POP2")
"""How the greetings begin that :func:`greets` waits for the rest of."""
_OK = re.compile(rb"\+OK(?![A-Za-z0-9])", re.IGNORECASE)


class _Head(NamedTuple):
    """The first octets that one end sent."""

    octets: bytes
    """With a NUL for each gap, so that no line goes across one."""
    from_start: bool
    """They are the first that it sent."""


def identify(client: Stream, server: Stream, *, from_start: bool = True) -> Identification:
    """Name the protocol of a connection by what was said on it.

    ``from_start`` tells that the streams begin with the connection.
    """
    answered = _head(server, from_start)
    greeting = answered.octets.split(b"\n", 1)[0]
    if is_greeting(greeting) and server.spans[0].offset == 0:
        return Identification(POP2, "the server's greeting (RFC 937)")
    said = _head(client, from_start)
    if not said.octets and not answered.octets:
        return Identification(NONE, "no octet of payload was captured")
    return (
        _by_greeting(said, answered)
        or _by_first_octets(client, said)
        or _by_commands(said, answered)
        or _by_replies(server, answered)
        or Identification(UNKNOWN, "nothing that was said is known")
    )


def greets(answered: bytes, said: bytes) -> bool | None:
    """Whether a server greets as POP2's or RFC 918's do, whatever its port; None where more must be heard.

    ``answered`` and ``said`` are the first octets of the server and of the client. What greets with
    ``+OK`` is far more often POP3; only a command of RFC 918 tells that it is not.
    """
    line, end, _ = answered.partition(b"\n")
    if is_greeting(line):
        return True
    if not end and any(start.startswith(line[: len(start)]) for start in _GREETINGS):
        return None
    if not _OK.match(line) or _SERVER_SIGNS[-1].pattern.match(line):
        return False
    command = _first_command(said)
    if command is None or command[0] == RFC918_OR_POP3:
        return None if len(said) < LOOKED_AT else False
    return command[0] == RFC918


def _head(stream: Stream, from_start: bool) -> _Head:
    octets = bytearray()
    at = 0
    for span in stream.spans:
        if span.offset > at:
            octets += b"\0"
        at = span.offset + span.length
        octets += memoryview(span.data)[span.start : span.start + min(span.length, LOOKED_AT - len(octets))]
        if len(octets) >= LOOKED_AT:
            break
    return _Head(bytes(octets), from_start and bool(stream.spans) and stream.spans[0].offset == 0)


def _by_greeting(said: _Head, answered: _Head) -> Identification | None:
    """Return a protocol by the first octets of the server."""
    if not answered.from_start:
        return None
    for sign in _SERVER_SIGNS:
        if sign.pattern.match(answered.octets):
            command = _first_command(said.octets)
            if sign.protocol == "SMTP" and command is not None and command[0] in ("FTP", RFC918_OR_POP3):
                return Identification("FTP", "the server's greeting with 220, and the client's command (RFC 959)")
            return Identification(sign.protocol, sign.evidence)
    return None


def _by_first_octets(client: Stream, said: _Head) -> Identification | None:
    """Return a protocol by the first octets of the client, which no post office protocol begins with."""
    if client.spans and client.spans[0].offset == 0:
        first = client.spans[0]
        if said.from_start and _SOCKS5_METHODS.get(said.octets[:2]) == first.length:
            return Identification("SOCKS", "the client's methods (RFC 1928, section 3)")
        for sign in _CLIENT_SIGNS:
            if sign.pattern.match(said.octets):
                return Identification(sign.protocol, sign.evidence)
    return None


def _by_commands(said: _Head, answered: _Head) -> Identification | None:
    """Return the protocols apart that have lines for commands, by those lines and by the first replies."""
    signs = _leading_signs(answered) if answered.from_start else b""
    command = _first_command(said.octets)
    if command is not None and not said.from_start and not _speaks_in_commands(said.octets):
        command = None
    if b"=" in signs:
        return Identification(POP2, "a reply of the server with =, which only POP2 has")
    greeted_ok = answered.from_start and _OK.match(answered.octets) is not None
    if command is None:
        if greeted_ok and b"#" in signs:
            return Identification(RFC918, "a reply of the server with #, after a greeting with +OK")
        return Identification(RFC918_OR_POP3, "the server's greeting with +OK") if greeted_ok else None
    protocol, word = command
    if protocol == RFC918_OR_POP3:
        if b"#" in signs:
            return Identification(RFC918, "a reply of the server with # to the commands of RFC 918")
        return Identification(RFC918_OR_POP3, f"the client's {word}, a command that both have, and no other")
    if greeted_ok and (protocol not in (RFC918, POP3)) and not (protocol == POP2 and b"#" in signs):
        return Identification(RFC918_OR_POP3, "the server's greeting with +OK")
    return Identification(protocol, f"the client's {word}, a command that only this protocol has")


def _first_command(said: bytes) -> tuple[str, str] | None:
    """Return the protocol of the first command that tells one, and the command itself."""
    shared = None
    for match in _COMMAND_LINE.finditer(said):
        group = match.lastindex
        assert group is not None  # the pattern is an alternation of groups
        found = _COMMANDS[group - 1][0], match.group().split(None, 1)[0].decode("ascii").upper()
        if group != _SHARED:
            return found
        shared = shared or found
    return shared


def _speaks_in_commands(said: bytes) -> bool:
    """Whether at least half of the lines are commands, as they are not in a text that mentions some."""
    known = sum(1 for _ in _COMMAND_LINE.finditer(said))
    return 2 * known >= len(said.splitlines())


def _leading_signs(answered: _Head) -> bytes:
    """Return the first octets of the lines from the start that are all replies, so that none is of a message."""
    signs = bytearray()
    for line in _whole_lines(answered.octets):
        if not looks_like_reply(line):
            break
        signs += line[:1]
    return bytes(signs)


def _whole_lines(octets: bytes) -> Iterator[bytes]:
    start = 0
    while (end := octets.find(b"\n", start)) >= 0:
        yield octets[start:end].removesuffix(b"\r")
        start = end + 1


def _by_replies(server: Stream, answered: _Head) -> Identification | None:
    """Return POP2 by a reply in a segment of its own, and SSH by its first line, where the begin is not known."""
    if answered.from_start:
        return None
    for index, span in enumerate(server.spans[:_SEGMENTS_LOOKED_AT]):
        if span.length > 512:
            continue
        segment = span.data[span.start : span.start + span.length]
        if _POP2_REPLY.fullmatch(segment):
            return Identification(POP2, "a reply of the server as POP2 servers word them")
        if index == 0 and re.fullmatch(rb"SSH-\d\.\d[^\r\n]*\r?\n", segment):
            return Identification("SSH", "the server's version string (RFC 4253, section 4.2)")
    return None
