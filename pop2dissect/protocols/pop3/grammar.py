"""The grammar of RFC 1939 and its extensions, and how real programs depart from it: lines in, commands and replies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import END, Command, CommandRule, ReplyKind
from pop2dissect.protocols.pop2 import grammar as pop2
from pop2dissect.session import Field
from pop2dissect.text.values import decode_text

MAX_COMMAND_LINE = 255
"""Octets of a command line with its CRLF (RFC 2449, section 4)."""

MAX_REPLY_LINE = 512
"""Octets of a status line with its CRLF (RFC 1939, section 3)."""

LAST_WORDS = expression(
    rb"(?:(?:\A|(?<=\n))-ERR\b|-ERR (?:\[[A-Z/-]{1,40}\] )?(?:Autologout|Killed|(?:Server )?shutting down))"
    rb"[^\r\n]{0,300}\r\n\Z",
    re.IGNORECASE,
)
"""Reality: a server that gets a signal says so wherever it is in a message, and exits."""

MAX_SASL_LINE = 12_288
"""Octets of a line with a SASL message. RFC 5034 sets no limit; this is SMTP's (RFC 4954, section 4)."""

_NUMBER = rb"[ \t]+\d{1,10}" + END
_OPTIONAL = rb"(?:[ \t]+\d{1,10})?"
_BARE = rb"[ \t]*"

RULES: Final = (
    CommandRule("USER", rb"[ \t]+[^\s\0]", tells=False, harmless=rb"[ \t]+[A-Za-z0-9][A-Za-z0-9._@+%-]*[ \t]*"),
    CommandRule("PASS", rb"[ \t]+[^\s\0]", tells=False),
    CommandRule("NOOP", END, tells=False, harmless=_BARE),
    CommandRule("RSET", END, tells=False, harmless=_BARE),
    CommandRule("QUIT", END, tells=False, harmless=_BARE),
    CommandRule("STAT", harmless=_BARE),
    CommandRule("LAST", harmless=_BARE),
    CommandRule("CAPA", harmless=_BARE),
    CommandRule("STLS", harmless=_BARE),
    CommandRule("UTF8", harmless=_BARE),
    CommandRule(
        "LANG", rb"(?:[ \t]+[A-Za-z*][A-Za-z0-9-]*)?" + END, harmless=rb"(?:[ \t]+[A-Za-z*][A-Za-z0-9-]*)?[ \t]*"
    ),
    CommandRule("LIST", _OPTIONAL + END, harmless=_OPTIONAL + _BARE),
    CommandRule("UIDL", _OPTIONAL + END, harmless=_OPTIONAL + _BARE),
    CommandRule("DELE", _NUMBER, harmless=_OPTIONAL + _BARE),
    CommandRule("RETR", rb"[ \t]+[-+]?\d{1,20}" + END, harmless=_OPTIONAL + _BARE),
    CommandRule("TOP", rb"[ \t]+\d{1,10}[ \t]+\d", harmless=rb"[ \t]+\d{1,10}[ \t]+\d{1,10}[ \t]*"),
    CommandRule("RPOP", rb"[ \t]+[^\s\0]", tells=False),
    CommandRule("XTND", rb"[ \t]+[^\s\0]", tells=False),
    CommandRule("XSENDER", _NUMBER, tells=False),
    CommandRule("APOP", rb"[ \t]+[^\s\0]+[ \t]+[0-9a-f]{32}"),
    CommandRule(
        "AUTH", END + rb"|[ \t]+(?:PLAIN|LOGIN|NTLM|GSSAPI|CRAM-MD5|DIGEST-MD5|XOAUTH2|SCRAM-)", continues=True
    ),
)
"""The commands by which a conversation shows that it is POP3: those of RFC 1939, 1734, 2449, 2595 and 6856, and LAST
of RFC 1460."""

_DIGITS = rb"\d{1,10}"

ARGUMENTS: Final[Mapping[str, re.Pattern[bytes]]] = {
    keyword: expression(pattern, re.DOTALL)
    for keyword, pattern in {
        "USER": rb"[^ ].*",
        "PASS": rb".+",
        "APOP": rb"[^ ]+ [0-9a-f]{32}",
        "AUTH": rb"(?:[A-Za-z0-9_-]{1,20}(?: (?:=|[A-Za-z0-9+/]+={0,2}))?)?",
        "STLS": rb"",
        "CAPA": rb"",
        "UTF8": rb"",
        "LANG": rb"(?:\*|[A-Za-z0-9-]+)?",
        "QUIT": rb"",
        "STAT": rb"",
        "LIST": rb"(?:" + _DIGITS + rb")?",
        "RETR": _DIGITS,
        "DELE": _DIGITS,
        "NOOP": rb"",
        "RSET": rb"",
        "TOP": _DIGITS + rb" \d+",
        "UIDL": rb"(?:" + _DIGITS + rb")?",
        "LAST": rb"",
        "RPOP": rb"[^ ].*",
        "XTND": rb"[^ ].*",
        "XSENDER": _DIGITS,
    }.items()
}
"""The commands, and what their arguments are: RFC 1939 and its extensions, RPOP (RFC 1081), LAST (RFC 1460), XTND
(RFC 1082), and qpopper's XSENDER."""

_NUMBERED: Final = frozenset({"LIST", "RETR", "DELE", "TOP", "UIDL", "XSENDER"})

_MULTI_LINE: Final = frozenset({"RETR", "TOP", "CAPA"})
"""Commands whose positive reply is always multi-line (RFC 1939, section 3; RFC 2449, section 5)."""

_MULTI_LINE_ALONE: Final = frozenset({"LIST", "UIDL", "AUTH", "LANG"})
"""Commands whose positive reply is multi-line without an argument. AUTH alone lists the mechanisms, as programs do."""

# As in POP2's grammar: blanks before the keyword, any case, any blank between.
_LINE = expression(rb"[ \t]*(?:([A-Za-z0-9]+)(?![^ \t])[ \t]?)?(.*)", re.DOTALL)
_APOP = expression(rb"([^ \t]+)[ \t]+(.*)", re.DOTALL)
_AUTH = expression(rb"([^ \t]+)(?:[ \t]+(.*))?", re.DOTALL)
# A mechanism's name is 1 to 20 characters (RFC 4422, section 3.1). Whatever else follows AUTH may be a password.
_MECHANISM = expression(rb"[A-Za-z0-9_-]{1,20}")
# At most 20 digits: no server means more.
_LEADING_NUMBER = expression(rb"(\d{1,20})(?!\d)")

CONTINUATION: Final = Command("")
"""A line of a SASL exchange, which is no command. Its secret is the whole line."""

MAIL_LINE: Final = Command("")
"""A line of a message that the client sends by XTND XMIT, which is no command."""

_BASE64 = expression(rb"[A-Za-z0-9+/]+={0,2}|=|\*|")


def parse_command(line: bytes) -> Command:
    """Take a command line apart, given without its line end. Any octets give a command."""
    match = _LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    word, rest = match.group(1, 2)
    keyword = (word or b"").decode("ascii").upper()
    takes = ARGUMENTS.get(keyword)
    if takes is None:
        # Keywords mistyped, and those of other protocols, may come with passwords too.
        rest = rest.strip(b" \t")
        arguments = (rest,) if rest and keyword else ()
        return Command(keyword, arguments, False, pop2.parse_command(line).secret, is_known=False)
    at = match.start(2)
    if keyword == "PASS":  # the rest of the line, blanks and all (RFC 1939, section 7)
        return Command(keyword, (rest,) if rest else (), bool(rest), (at, len(line)) if rest else None)
    at += len(rest) - len(rest.lstrip(b" \t"))
    rest = rest.strip(b" \t")
    well_formed = takes.fullmatch(rest) is not None
    if keyword in ("APOP", "AUTH"):
        return _with_proof(keyword, rest, at, well_formed)
    number = _LEADING_NUMBER.match(rest) if keyword in _NUMBERED else None
    return Command(keyword, (rest,) if rest else (), well_formed, number=int(number[1]) if number else None)


def _with_proof(keyword: str, rest: bytes, at: int, well_formed: bool) -> Command:
    """Return a command whose second argument stands for a password, or holds one."""
    match = (_APOP if keyword == "APOP" else _AUTH).fullmatch(rest)
    if match is None:
        return Command(keyword, (rest,) if rest else (), well_formed)
    name, proof = match.group(1, 2)
    if keyword == "AUTH" and not _MECHANISM.fullmatch(name):
        return Command(keyword, (), well_formed, (at, at + len(rest)))
    secret = (at + match.start(2), at + match.end(2)) if proof else None
    return Command(keyword, (name, proof) if proof else (name,), well_formed, secret)


def parse_broken_command(raw: bytes, head: int, before_login: bool) -> Command:
    """Take apart a command line with octets missing from the capture after the first ``head`` ones.

    What cannot be known is not guessed: without its keyword a line has none. All that may be part of
    a password is marked as secret.
    """
    command = parse_command(raw[:head])
    if command.keyword in ("PASS", "APOP", "AUTH"):
        start = command.secret[0] if command.secret else head
        arguments = command.arguments[:1] if command.secret and command.keyword != "PASS" else ()
        secret = (start, len(raw)) if start < len(raw) else None
        return command._replace(arguments=arguments, well_formed=True, secret=secret)
    # What was lost may have been a line end and the start of a PASS.
    secret = (head, len(raw)) if before_login and len(raw) > head else pop2.parse_command(raw).secret
    if not command.is_known:
        return Command("", secret=secret, is_known=False)
    arguments = () if command.keyword == "USER" else command.arguments  # the name may go on
    return command._replace(arguments=arguments, well_formed=True, secret=secret, number=None)


def is_continuation(line: bytes) -> bool:
    """Whether a line can be a client's part of a SASL exchange, and is no command."""
    return _BASE64.fullmatch(line) is not None and not parse_command(line).is_known


def is_multi_line(command: Command) -> bool:
    """Whether the positive reply to a command is multi-line."""
    if command.keyword == "XTND":  # RFC 1082, section 2: XTND XLST header
        return bool(command.arguments) and command.arguments[0].upper().startswith(b"XLST")
    alone = command.keyword in _MULTI_LINE_ALONE and not command.arguments
    return alone or command.keyword in _MULTI_LINE


def sends_mail(command: Command) -> bool:
    """Whether a message of the client follows the positive reply to a command: qpopper's XTND XMIT."""
    return command.keyword == "XTND" and bool(command.arguments) and command.arguments[0].upper() == b"XMIT"


def top_lines(command: Command) -> bytes | None:
    """Return how many lines of the body a TOP asks for, as written; None where it does not say."""
    words = command.arguments[0].split() if command.arguments else []
    return words[1] if len(words) > 1 else None


def asks_for_whole(command: Command) -> bool:
    """Whether a TOP asks for so many lines that it means the whole message: fetchmail writes 99999999."""
    lines = top_lines(command)
    return lines is not None and lines.isdigit() and len(lines.lstrip(b"0")) >= 6


def meant(keyword: str) -> str:
    """Return the command that a keyword means."""
    return keyword


# "+OK" and "-ERR" are in capitals by the RFC, and servers may think otherwise. Response codes: RFC 2449, section 8.
_REPLY = expression(
    rb"(?P<sign>\+OK|-ERR(?:OR)?)(?![A-Za-z0-9]):?[ \t]*(?:\[(?P<code>[A-Z][A-Z0-9/_-]*)\][ ]?)?(?P<text>.*)"
    rb"|(?P<plus>\+)(?:[ ](?P<challenge>.*))?",
    re.DOTALL | re.IGNORECASE,
)
_OCTETS = expression(rb"(\d{1,20})(?!\d)[ ]+(?:octets|bytes)", re.IGNORECASE)


def parse_reply(line: bytes) -> tuple[ReplyKind, int | None, str]:
    """Take a status line apart, given without its line end: its kind, the number it begins with, and its text."""
    match = _REPLY.fullmatch(line)
    if match is None:
        return ReplyKind.UNKNOWN, None, decode_text(line)
    if match["plus"]:
        return ReplyKind.CHALLENGE, None, decode_text(match["challenge"] or b"")
    text = match["text"]
    whole = decode_text(line[len(match["sign"]) :].lstrip(b": \t"))
    if match["sign"][:1] == b"-":
        return ReplyKind.ERROR, None, whole
    number = _LEADING_NUMBER.match(text)
    return ReplyKind.OK, int(number[1]) if number else None, whole


def parse_broken_reply(raw: bytes, head: int) -> tuple[ReplyKind, int | None, str]:
    """Take apart a status line with octets missing from the capture after the first ``head`` ones.

    A number counts only where the octet after its last digit was captured.
    """
    kind, value, text = parse_reply(raw[:head])
    return kind, None if raw[:head][-1:].isdigit() else value, text


def code_of(line: bytes) -> str | None:
    """Return the response code of a status line, in capitals: ``IN-USE``, ``SYS/TEMP``."""
    match = _REPLY.fullmatch(line)
    return match["code"].decode("ascii").upper() if match and match["code"] else None


def announced_octets(line: bytes) -> int | None:
    """Return the octets that the reply to RETR announces; nothing obliges a server to say so (RFC 1939, section 11)."""
    match = _OCTETS.search(line)
    return int(match[1]) if match else parse_reply(line)[1]


def looks_like_reply(line: bytes) -> bool:
    """Whether a line can be a status line or a challenge."""
    return len(line) <= MAX_SASL_LINE and _REPLY.fullmatch(line) is not None


def is_status(line: bytes) -> bool:
    """Whether a line is a status line: ``+OK`` or ``-ERR``."""
    return parse_reply(line)[0] in (ReplyKind.OK, ReplyKind.ERROR)


_TIMESTAMP = expression(rb"<[^<>\s]*@[^<>\s]*>")


def timestamp_of(greeting: bytes) -> bytes | None:
    """Return the timestamp of a greeting, its angle brackets included: what APOP's digest is made of."""
    match = _TIMESTAMP.search(greeting)
    return match[0] if match else None


_NAMES: Final[Mapping[str, str]] = {"USER": "user", "RPOP": "user"}


def command_fields(line: bytes) -> tuple[Field, ...]:
    """Return the fields of a command line, given without its line end, with their offsets in it."""
    match = _LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    command = parse_command(line)
    fields = [Field("keyword", *match.span(1))] if match.group(1) else []
    end = command.secret[0] if command.secret else len(line)
    start = match.end(2) - len(match.group(2).lstrip(b" \t"))
    end = len(line[:end].rstrip(b" \t"))
    if start < end:
        name = "user" if command.keyword == "APOP" else _NAMES.get(command.keyword, "argument")
        number = _LEADING_NUMBER.match(line, start) if command.number is not None else None
        if number is not None:
            fields.append(Field("number", *number.span()))
            start = len(line) - len(line[number.end() :].lstrip(b" \t"))
        if start < end:
            fields.append(Field(name, start, end))
    return (*fields, *([Field("password", *command.secret)] if command.secret else []))


def reply_fields(line: bytes) -> tuple[Field, ...]:
    """Return the fields of a status line, given without its line end, with their offsets in it."""
    match = _REPLY.fullmatch(line)
    if match is None:
        return (Field("text", 0, len(line)),) if line else ()
    sign, text = ("plus", "challenge") if match["plus"] else ("sign", "text")
    start, end = match.span(text)
    number = _LEADING_NUMBER.match(line, start) if match["sign"] and match["sign"][:1] == b"+" else None
    fields = [("indicator", match.span(sign)), ("code", match.span("code"))]
    if number is not None:
        fields.append(("number", number.span()))
        start = end - len(line[number.end() : end].lstrip(b" "))
    fields.append(("text", (start, end)))
    return tuple(Field(name, first, last) for name, (first, last) in fields if first < last)
