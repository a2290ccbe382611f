"""The grammar of RFC 918, as far as it has one: lines in, commands and replies out.

The RFC gives no formal grammar, only the section "Summary of Commands and Replies" and examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import END, Command, CommandRule, ReplyKind
from pop2dissect.protocols.pop2 import grammar as pop2
from pop2dissect.session import Field
from pop2dissect.text.values import decode_text

MAX_LINE = 512
"""Octets of a line with its CRLF. RFC 918 sets no limit; this is the one of its successor (RFC 937, "Sizes")."""

LAST_WORDS = expression(rb"(?:\A|(?<=\n))-(?:ERR|Error)\b[^\r\n]{0,300}\r\n\Z", re.IGNORECASE)
"""An error in the place of the rest of a mailbox, with which the server's side ends."""

# RFC 918, "Summary of Commands and Replies": USER name, PASS password, RETR mailbox, RDEL mailbox, RCEV, RCVD,
# QUIT, NOOP, RSET. The flow diagram spells RCEV as RECV, and so programs may.
ARGUMENTS: Final[Mapping[str, bool]] = {
    "USER": True,
    "PASS": True,
    "RETR": True,
    "RDEL": True,
    "RCEV": False,
    "RECV": False,
    "RCVD": False,
    "QUIT": False,
    "NOOP": False,
    "RSET": False,
}
"""Whether each command takes an argument."""

SPELLINGS: Final[Mapping[str, str]] = {"RECV": "RCEV"}
"""Other spellings of commands, and the command that each stands for."""


_WORD = rb"[ \t]+[^\s\0]"

RULES: Final = (
    CommandRule("USER", _WORD, tells=False, harmless=rb"[ \t]+[A-Za-z0-9][A-Za-z0-9._@+%-]*[ \t]*"),
    CommandRule("PASS", _WORD, tells=False),
    CommandRule("RETR", rb"[ \t]+(?![-+]?\d)[^\s\0]"),
    CommandRule("RDEL", _WORD, harmless=rb"[ \t].*"),
    CommandRule("RCEV", harmless=rb"[ \t]*"),
    CommandRule("RECV", harmless=rb"[ \t]*"),
    CommandRule("RCVD", harmless=rb"[ \t]*"),
    CommandRule("QUIT", tells=False, harmless=rb"[ \t]*"),
    CommandRule("NOOP", END, tells=False, harmless=rb"[ \t]*"),
    CommandRule("RSET", END, tells=False, harmless=rb"[ \t]*"),
)


# A keyword, then the argument. As in POP2's grammar: blanks before the keyword, any case, any blank between.
_LINE = expression(rb"[ \t]*(?:([A-Za-z0-9]+)(?![^ \t])[ \t]?)?(.*)", re.DOTALL)


def parse_command(line: bytes, takes: Mapping[str, bool] = ARGUMENTS) -> Command:
    """Take a command line apart, given without its line end. Any octets give a command.

    ``takes`` are the protocol's commands, and whether each takes an argument.
    """
    match = _LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    word, rest = match.group(1, 2)
    keyword = (word or b"").decode("ascii").upper()
    if keyword == "PASS":  # a password may begin or end with blanks
        secret = match.span(2) if rest else None
        return Command(keyword, (rest,) if rest else (), bool(rest), secret)
    rest = rest.strip(b" \t")
    arguments = (rest,) if rest and keyword else ()
    if keyword in takes:
        return Command(keyword, arguments, bool(rest) is takes[keyword])
    # Keywords mistyped, and those of other protocols, may come with passwords too.
    return Command(keyword, arguments, False, pop2.parse_command(line).secret, is_known=False)


def parse_broken_command(raw: bytes, head: int, before_login: bool) -> Command:
    """Take apart a command line with octets missing from the capture after the first ``head`` ones.

    What cannot be known is not guessed: without its keyword a line has none. All that may be part of
    a password is marked as secret.
    """
    command = parse_command(raw[:head])
    if command.keyword == "PASS":
        start = command.secret[0] if command.secret else head
        return command._replace(well_formed=True, secret=(start, len(raw)) if start < len(raw) else None)
    # What was lost may have been a line end and the start of a PASS.
    secret = (head, len(raw)) if before_login and len(raw) > head else pop2.parse_command(raw).secret
    if command.keyword == "USER":
        command = command._replace(arguments=())  # the name may go on
    if command.is_known:
        return command._replace(well_formed=True, secret=secret)
    return Command("", secret=secret, is_known=False)


# Replies are "+OK", "-ERR" (the summary has "-Error") and "#xxx", "xxx" being the number of characters in the
# mailbox; text may follow, as it does in POP2 and POP3. At most 20 digits: no server means more.
_REPLY = expression(
    rb"#[ ]*(?P<number>\d{1,20})(?!\d)[ ]?(?P<count>.*)"
    rb"|\+(?:OK(?![^ \t]))?[ ]?(?P<ok>.*)"
    rb"|-(?:ERR(?:OR)?(?![^ \t:]):?)?[ ]?(?P<error>.*)",
    re.DOTALL | re.IGNORECASE,
)


def parse_reply(line: bytes) -> tuple[ReplyKind, int | None, str]:
    """Take a reply line apart, given without its line end: its kind, its number, and its text."""
    match = _REPLY.match(line)
    if match is None:
        return ReplyKind.UNKNOWN, None, decode_text(line)
    number, count, ok, error = match.group("number", "count", "ok", "error")
    if number is not None:
        return ReplyKind.COUNT, int(number), decode_text(count)
    return (ReplyKind.OK, None, decode_text(ok)) if ok is not None else (ReplyKind.ERROR, None, decode_text(error))


def parse_broken_reply(raw: bytes, head: int) -> tuple[ReplyKind, int | None, str]:
    """Take apart a reply line with octets missing from the capture after the first ``head`` ones.

    A number counts only where the octet after its last digit was captured.
    """
    kind, value, text = parse_reply(raw[:head])
    return kind, None if raw[:head].rstrip(b"0123456789") == b"#" else value, text


def looks_like_reply(line: bytes) -> bool:
    """Whether a line can be a reply: it is short enough, and ``#`` comes with a number."""
    return len(line) <= MAX_LINE and _REPLY.match(line) is not None


# As strict as the RFC's own words, for the place where a reply and the data of a mailbox are to be told apart.
_OK = expression(rb"\+OK(?![^ \t])", re.IGNORECASE)


def is_ok(line: bytes) -> bool:
    """Whether a line is a ``+OK`` in full."""
    return len(line) <= MAX_LINE and _OK.match(line) is not None


def meant(keyword: str) -> str:
    """Return the command that a keyword means."""
    return SPELLINGS.get(keyword, keyword)


def command_fields(line: bytes) -> tuple[Field, ...]:
    """Return the fields of a command line, given without its line end, with their offsets in it."""
    match = _LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    command = parse_command(line)
    fields = [Field("keyword", *match.span(1))] if match.group(1) else []
    start, end = command.secret or (match.start(2), len(line.rstrip(b" \t")))
    name = "password" if command.secret else "user" if command.keyword == "USER" else "argument"
    return (*fields, *([Field(name, start, end)] if start < end else []))


def reply_fields(line: bytes) -> tuple[Field, ...]:
    """Return the fields of a reply line, given without its line end, with their offsets in it."""
    match = _REPLY.match(line)
    if match is None:
        return (Field("text", 0, len(line)),) if line else ()
    number, text = match.span("number"), match.span(match.lastgroup or "count")
    indicator = 1 if number[0] >= 0 else len(line[: text[0]].rstrip())
    spans = (("indicator", (0, indicator)), ("number", number), ("text", text))
    return tuple(Field(name, start, end) for name, (start, end) in spans if start < end)
