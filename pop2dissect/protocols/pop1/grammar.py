"""The grammar of RFC 918, as far as it has one: lines in, commands and replies out.

The RFC gives no formal grammar, only the section "Summary of Commands and Replies" and examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pop2dissect.protocols.pop2 import grammar as pop2
from pop2dissect.protocols.pop2.grammar import ReplyKind, decode

MAX_LINE = 512
"""Octets of a line with its CRLF. RFC 918 sets no limit; this is the one of its successor (RFC 937, "Sizes")."""

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


class Command(NamedTuple):
    """A command line taken apart. It has what :class:`pop2dissect.protocols.pop2.grammar.Command` has."""

    keyword: str
    """In capitals, as it was spelt; empty where the line is empty or begins with octets that are no keyword."""
    arguments: tuple[bytes, ...]
    """The rest of the line, if any; RFC 918 quotes nothing."""
    well_formed: bool
    """It has an argument exactly if it takes one."""
    secret: tuple[int, int] | None
    """Where in the line a password stands."""
    is_known: bool
    """The keyword is one of the protocol."""


# A keyword, then the argument. As in POP2's grammar: blanks before the keyword, any case, any blank between.
_LINE = re.compile(rb"[ \t]*(?:([A-Za-z0-9]+)(?![^ \t])[ \t]?)?(.*)", re.DOTALL)


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
        return Command(keyword, (rest,) if rest else (), bool(rest), secret, True)
    rest = rest.strip(b" \t")
    arguments = (rest,) if rest and keyword else ()
    if keyword in takes:
        return Command(keyword, arguments, bool(rest) is takes[keyword], None, True)
    # Keywords mistyped, and those of other protocols, may come with passwords too.
    return Command(keyword, arguments, False, pop2.parse_command(line).secret, False)


def parse_broken_command(raw: bytes, head: int, *, before_login: bool) -> Command:
    """Take apart a command line of which the capture lacks octets after the first ``head`` ones.

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
    return Command("", (), True, secret, False)


# Replies are "+OK", "-ERR" (the summary has "-Error") and "#xxx", "xxx" being the number of characters in the
# mailbox; text may follow, as it does in POP2 and POP3. At most 20 digits: no server means more.
_REPLY = re.compile(
    rb"#[ ]*(?P<number>\d{1,20})(?!\d)[ ]?(?P<count>.*)"
    rb"|\+(?:OK(?![^ \t]))?[ ]?(?P<ok>.*)"
    rb"|-(?:ERR(?:OR)?(?![^ \t:]):?)?[ ]?(?P<error>.*)",
    re.DOTALL | re.IGNORECASE,
)


def parse_reply(line: bytes) -> tuple[ReplyKind, int | None, str]:
    """Take a reply line apart, given without its line end: its kind, its number, and its text."""
    match = _REPLY.match(line)
    if match is None:
        return ReplyKind.UNKNOWN, None, decode(line)
    number, count, ok, error = match.group("number", "count", "ok", "error")
    if number is not None:
        return ReplyKind.COUNT, int(number), decode(count)
    return (ReplyKind.OK, None, decode(ok)) if ok is not None else (ReplyKind.ERROR, None, decode(error))


def parse_broken_reply(raw: bytes, head: int) -> tuple[ReplyKind, int | None, str]:
    """Take apart a reply line of which the capture lacks octets after the first ``head`` ones.

    A number counts only where the octet after its last digit was captured.
    """
    kind, value, text = parse_reply(raw[:head])
    return kind, None if raw[:head].rstrip(b"0123456789") == b"#" else value, text


def looks_like_reply(line: bytes) -> bool:
    """Whether a line can be a reply: it is short enough, and ``#`` comes with a number."""
    return len(line) <= MAX_LINE and _REPLY.match(line) is not None


# As strict as the RFC's own words, for the place where a reply and the data of a mailbox are to be told apart.
_OK = re.compile(rb"\+OK(?![^ \t])", re.IGNORECASE)


def is_ok(line: bytes) -> bool:
    """Whether a line is a ``+OK`` in full."""
    return len(line) <= MAX_LINE and _OK.match(line) is not None
