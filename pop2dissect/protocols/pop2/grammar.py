"""The grammar of RFC 937, and how real programs depart from it: lines in, commands and replies out."""

from __future__ import annotations

import re
from functools import lru_cache

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import END, Command, CommandRule, ReplyKind
from pop2dissect.session import Field
from pop2dissect.text.values import decode_text

_ANYTHING = rb"[ \t].*"

RULES = (
    CommandRule("HELO", rb"[ \t]+[^\s\0]+[ \t]+[^\s\0]"),  # with one argument it is SMTP's, or a broken one
    CommandRule("FOLD", rb"[ \t]+[^\s\0]", harmless=_ANYTHING),
    CommandRule("READ", rb"(?:[ \t]+\d{1,10})?" + END, harmless=rb"(?:[ \t]+\d{1,10})?[ \t]*"),
    CommandRule("RETR", harmless=rb"[ \t]*"),
    CommandRule("ACKS", harmless=rb"[ \t]*"),
    CommandRule("ACKD", harmless=rb"[ \t]*"),
    CommandRule("NACK", harmless=rb"[ \t]*"),
    CommandRule("QUIT", tells=False, harmless=rb"[ \t]*"),
)
"""RFC 937, "Command Summary"."""

COMMANDS = tuple(rule.keyword for rule in RULES)

MAX_COMMAND_LINE = 512
MAX_REPLY_LINE = 512
"""Octets of a line with its CRLF (RFC 937, "Sizes")."""


# <command> ::= <keyword> [<SP> <argument> ...] <CRLF>
# Reality: UW's server skips blanks before the keyword and takes any blank as separator; keywords come
# in any case. A command line may begin with octets of another protocol, which are no keyword at all.
_LINE = expression(rb"[ \t]*(?:([A-Za-z0-9]+)(?![^ \t])[ \t]*)?(.*)", re.DOTALL)

# <user> ends at the first blank that is not quoted; <password> is the rest of the line. The RFC has no
# unquoted blank in a password, but UW's server takes the whole rest, and so its users have such passwords.
_HELO = expression(rb"((?:\\.|[^\\ ]|\\$)*)(?: +(.*))?", re.DOTALL)
# Where there is no blank a tab was meant to be one, whatever the server made of it: what follows must not be shown.
_HELO_WITH_TAB = expression(rb"((?:\\.|[^\\\t])*)\t[\t ]*(.*)", re.DOTALL)

_ENDS_ARGUMENT = expression(rb"(?<!\\) \Z")
"""A blank that is not quoted, at the end of what is known of a line."""

# <number> ::= decimal digits. UW's server reads leading digits and ignores what follows.
_NUMBER = expression(rb"\d{1,20}")

# A backslash quotes the next character (RFC 937, "Quoting"), in arguments only.
_QUOTED = expression(rb"\\(.)", re.DOTALL)

# What may hold a password in a line that is no HELO of the grammar: a keyword mistyped or behind other
# octets, and the commands of the protocols that are tried on this port. To mask too much is better.
_SECRETS = expression(
    rb"(?:HEL[A-Z]{0,16}[ \t]+[^ \t]+[ \t]+|(?:PASS|APOP|AUTH|LOGIN)[ \t]+)(.+)", re.DOTALL | re.IGNORECASE
)

_ARGUMENTS: dict[str, range] = {
    "HELO": range(2, 3),
    "FOLD": range(1, 2),
    "READ": range(2),
    "RETR": range(1),
    "ACKS": range(1),
    "ACKD": range(1),
    "NACK": range(1),
    "QUIT": range(1),
}
"""How many arguments each command takes."""

_BARE = {keyword.encode(): Command(keyword) for keyword in COMMANDS if 0 in _ARGUMENTS[keyword]}
"""The lines that most conversations consist of."""


def parse_command(line: bytes) -> Command:
    """Take a command line apart, given without its line end. Any octets give a command."""
    bare = _BARE.get(line)
    if bare is not None:
        return bare
    match = _LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    word, rest = match.group(1, 2)
    keyword = (word or b"").decode("ascii").upper()
    if keyword == "HELO":
        return _parse_helo(rest, match.start(2))
    if keyword not in _ARGUMENTS:
        secret = _SECRETS.search(line)
        arguments = (rest,) if rest and keyword else ()
        return Command(keyword, arguments, False, secret.span(1) if secret else None, is_known=False)
    if keyword == "FOLD":
        return Command(keyword, (unquote(rest),) if rest else (), bool(rest))
    rest = rest.rstrip(b" \t")
    digits = _NUMBER.match(rest) if keyword == "READ" else None
    number = int(digits.group()) if digits else None
    well_formed = not rest or (digits is not None and digits.end() == len(rest))
    return Command(keyword, (rest,) if rest else (), well_formed, number=number)


def _parse_helo(rest: bytes, at: int) -> Command:
    match = _HELO.match(rest)
    assert match is not None
    by_the_rfc = True
    if not match.group(2) and (with_tab := _HELO_WITH_TAB.match(rest)) is not None:
        match, by_the_rfc = with_tab, False
    user, password = match.group(1, 2)
    arguments = tuple(unquote(argument) for argument in (user, password) if argument)
    secret = (at + match.start(2), at + match.end(2)) if password else None
    return Command("HELO", arguments, by_the_rfc and len(arguments) in _ARGUMENTS["HELO"], secret)


def parse_broken_command(raw: bytes, head: int, before_login: bool) -> Command:
    """Take apart a command line with octets missing from the capture after the first ``head`` ones.

    What cannot be known is not guessed: without its keyword a line has none. All that may be part of
    a password is marked as secret.
    """
    command = parse_command(raw[:head])
    if command.keyword != "HELO":
        # What was lost may have been a line end and the start of a HELO.
        found = _SECRETS.search(raw)
        secret = (head, len(raw)) if before_login and len(raw) > head else found.span(1) if found else None
        if command.is_known:
            return command._replace(number=None, well_formed=True, secret=secret)
        return Command("", secret=secret, is_known=False)
    start = command.secret[0] if command.secret else head
    if len(command.arguments) == 1 and not _ENDS_ARGUMENT.search(raw[:head]):
        command = command._replace(arguments=())  # the user's name may go on
    return command._replace(well_formed=True, secret=(start, len(raw)) if start < len(raw) else None)


def unquote(argument: bytes) -> bytes:
    """Take the quoting backslashes out of an argument; one at the very end quotes nothing and stays."""
    return _QUOTED.sub(rb"\1", argument) if b"\\" in argument else argument


# <reply> ::= "+" text | "-" text | "#" number text | "=" number text. At most 20 digits: no server means more.
_REPLY = expression(rb"(?:([#=])[ ]*(\d{1,20})(?!\d)|([+-]))[ ]?(.*)", re.DOTALL)

# The greeting is a "+" reply whose text begins with "POP2" (RFC 937, "The Normal Scenario"). A server with
# plain-text logins off says "- POP2 ..."; a Delphi component says "+OK POP2".
GREETING = rb"[+-](?:OK)?[ ]*POP2(?![A-Za-z0-9])"
_GREETING = expression(GREETING, re.IGNORECASE)
GREETED_BY = expression(r"(?:OK +)?POP2 +(\S+)(?: +(.*\S))?", re.IGNORECASE | re.DOTALL)
"""What a greeting says after its sign. RFC 937 puts the host after the token; UW's server goes on with its version."""

_KINDS = {b"#": ReplyKind.COUNT, b"=": ReplyKind.LENGTH, b"+": ReplyKind.OK, b"-": ReplyKind.ERROR}

# "#n messages in <mailbox>" is UW's; "#n messages in this folder" is KA9Q's and names none.
_MAILBOX = expression(r"messages? in (?!this folder$)(.+)")
# "=n characters in message m" is UW's, "... in Message #m" is KA9Q's.
_MESSAGE_NUMBER = expression(r"in message #?(\d{1,20})", re.IGNORECASE)


def parse_reply(line: bytes) -> tuple[ReplyKind, int | None, str]:
    """Take a reply line apart, given without its line end: its kind, its number, and its text."""
    match = _REPLY.match(line)
    if match is None:
        return ReplyKind.UNKNOWN, None, decode_text(line)
    sign, digits, other, text = match.groups()
    if other is not None:
        return _KINDS[other], None, decode_text(text)
    return _KINDS[sign], int(digits), decode_text(text)


def parse_broken_reply(raw: bytes, head: int) -> tuple[ReplyKind, int | None, str]:
    """Take apart a reply line with octets missing from the capture after the first ``head`` ones.

    A number counts only where the octet after its last digit was captured.
    """
    kind, value, text = parse_reply(raw[:head])
    if value is not None and raw[:head].rstrip(b"0123456789") in (b"#", b"="):
        value = None
    return kind, value, text


def is_greeting(line: bytes) -> bool:
    """Whether a line is the greeting of a POP2 server."""
    return _GREETING.match(line) is not None


def looks_like_reply(line: bytes) -> bool:
    """Whether a line can be a reply: it is short enough, and has a sign and the number that belongs to it."""
    return len(line) <= MAX_REPLY_LINE and _REPLY.match(line) is not None


FAREWELL = b"+ Sayonara"

LAST_WORDS = expression(
    rb"(?:(?:- (?:Killed \(|Autologout; |Mailbox expunged )|(?:\A|(?<=\n))- (?=[^\r\n]{1,300}\r\n\+ Sayonara\r))"
    rb"[^\r\n]{1,300}\r\n(?:\+ Sayonara\r\n)?|\+ Sayonara\r\n)\Z"
)
"""Reality: UW's server that gets a signal or loses its mailbox says so wherever it is in a message, and exits."""


def is_farewell(line: bytes) -> bool:
    """Whether a line is what UW's server says last, also after an error."""
    return line.startswith(FAREWELL)


def mailbox_of(text: str) -> str | None:
    """Return the mailbox that the text of a ``#n`` reply names."""
    match = _MAILBOX.search(text)
    return match.group(1) if match and match.group(1) != "<none>" else None


def message_number_of(text: str) -> int | None:
    """Return the message number that the text of a ``=n`` reply names."""
    match = _MESSAGE_NUMBER.search(text)
    return int(match.group(1)) if match else None


@lru_cache(maxsize=256)
def meant(keyword: str) -> str:
    """Return the command that a keyword means; KA9Q's server looks at four letters only."""
    return keyword[:4] if keyword[:4] in COMMANDS else keyword


def command_fields(line: bytes) -> tuple[Field, ...]:
    """Return the fields of a command line, given without its line end, with their offsets in it."""
    match = _LINE.match(line)
    assert match is not None  # every part of the pattern may be empty
    command = parse_command(line)
    fields = [Field("keyword", *match.span(1))] if match.group(1) else []
    first = command.secret[0] if command.secret else len(line)
    start, end = match.start(2), len(line[:first].rstrip(b" \t"))
    if start < end:
        name = "user" if command.keyword == "HELO" else "argument" if command.number is None else "number"
        fields.append(Field(name, start, end))
    return (*fields, *([Field("password", *command.secret)] if command.secret else []))


def reply_fields(line: bytes) -> tuple[Field, ...]:
    """Return the fields of a reply line, given without its line end, with their offsets in it."""
    match = _REPLY.match(line)
    if match is None:
        return (Field("text", 0, len(line)),) if line else ()
    spans = (("indicator", (0, 1)), ("number", match.span(2)), ("text", match.span(4)))
    return tuple(Field(name, start, end) for name, (start, end) in spans if start < end)
