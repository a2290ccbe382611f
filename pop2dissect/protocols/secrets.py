"""Passwords in what a client says, in whatever protocol: what is tried on the port is not only POP.

Until a client is seen to be let in, whatever it says may be a password: typed after a keyword that was mistyped, on the
next line, with another separator. Of such a line only the keyword is shown, where it is one, and the user; of lines
that a protocol declares to be harmless, all. After that a line is hidden where it is known to hold a password: by the
grammars for their own commands, and by what is here for what needs more than one line to be known (SASL, IMAP's
literals, folded header fields), for other protocols, and for what lost octets may have joined to a password. To mask
too much is better than to show one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import Protocol, Range
from pop2dissect.protocols.pop2.grammar import parse_command
from pop2dissect.session import Exchange, Login
from pop2dissect.tcp.stream import Stream

# SASL (RFC 4954, RFC 5034, RFC 9051): after AUTH or AUTHENTICATE come lines of nothing but base64.
_AUTH = expression(rb"(?:[^ ]{1,20} )?AUTH", re.IGNORECASE)
_MECHANISM = expression(
    rb"[ \t]*AUTH(?:[ \t]+(?:PLAIN|LOGIN|NTLM|MSN|GSSAPI|GSS-SPNEGO|EXTERNAL|ANONYMOUS|KERBEROS_V[45]|SKEY|OTP"
    rb"|DIGEST-MD5|CRAM-MD5|CRAM-SHA1|XOAUTH2?|OAUTHBEARER|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?|APOP|SPA))?[ \t]*",
    re.IGNORECASE,
)
"""AUTH and nothing but the name of a mechanism (IANA, "SASL Mechanisms")."""
_BASE64 = expression(rb"[A-Za-z0-9+/]+={0,2}")
# HTTP (RFC 9110, section 11.6.2); a field may go on in the next line (RFC 9112, section 5.2).
_HEADER = expression(rb"(?:Proxy-)?Authorization:[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
# The password in an address (RFC 3986, section 3.2.1), as a client of an HTTP proxy gives it.
_ADDRESS = expression(rb"://[^/@:\s]{0,200}:([^/@\s]{1,200})@")
_HARMLESS = (
    rb"[A-Z]{3,16} (?:https?://[A-Z0-9.:-]+)?/[^\s?]* HTTP/\d(?:\.\d)?",  # without a query (RFC 9112, section 3)
    rb"CONNECT [A-Z0-9.-]+(?::\d+)? HTTP/\d(?:\.\d)?",
    rb"(?:Host|User-Agent|Accept(?:-[A-Z]+)?|Connection|Content-(?:Type|Length)|Upgrade|Via):.*",
    rb"[A-Z0-9.]{1,20} (?:CAPABILITY|CHECK|CLOSE|EXPUNGE|IDLE|LOGOUT|NOOP|SELECT INBOX|STARTTLS)",  # IMAP
    rb"PROXY (?:TCP[46]|UNKNOWN)[ 0-9A-F:.]*",  # the header of a proxy (HAProxy, "The PROXY protocol", section 2.1)
)
"""Lines that are no commands of a post office protocol, and hold no password."""
# IMAP (RFC 9051, section 4.3): the octets of an argument come after the line that announces how many they are.
_LITERAL = expression(rb"\{(\d{1,9})\+?\}\Z")
_TAKES_LITERALS = expression(rb"[^ ]{1,20} (?:LOGIN|AUTHENTICATE)[ \t]", re.IGNORECASE)
# IMAP's commands stand behind a tag (RFC 9051, section 2.2.1).
_TAGGED = rb"[A-Z0-9.]{1,20} (?:LOGIN|AUTHENTICATE)"


@cache
def _harmless(protocols: tuple[Protocol, ...]) -> re.Pattern[bytes]:
    """Return the pattern of lines that hold no secret, whatever protocol is spoken."""
    rules = [rule for protocol in protocols for rule in protocol.commands if rule.harmless is not None]
    alternatives = dict.fromkeys(rule.keyword.encode() + b"(?:" + (rule.harmless or b"") + b")" for rule in rules)
    return expression(rb"[ \t]*(?:%b)" % b"|".join([*alternatives, *_HARMLESS]), re.IGNORECASE | re.DOTALL)


@cache
def _known(protocols: tuple[Protocol, ...]) -> frozenset[str | None]:
    """Return the commands of which a grammar knows where their passwords are; None stands for no command."""
    return frozenset(
        {None, *(rule.keyword for one in protocols if one.dissect for rule in one.commands if not rule.continues)}
    )


@cache
def _keyword(protocols: tuple[Protocol, ...]) -> re.Pattern[bytes]:
    """Return the pattern of the keywords of all protocols, with the blanks around them."""
    keywords = dict.fromkeys(rule.keyword.encode() for protocol in protocols for rule in protocol.commands)
    return expression(rb"[ \t]*(?:%b)(?![^ \t])[ \t]*" % b"|".join([*keywords, _TAGGED]), re.IGNORECASE)


class CredentialWatch:
    """Takes the lines of a client one after another, and tells what in each is a password, or may be one."""

    __slots__ = ("_harmless", "_keyword", "_literal", "_sasl", "_unfolded")

    def __init__(self, protocols: tuple[Protocol, ...]) -> None:
        self._harmless = _harmless(protocols)
        self._keyword = _keyword(protocols)
        self._sasl = False
        """Lines of base64 are what was asked for."""
        self._literal = 0
        """Octets of a literal that are still to come."""
        self._unfolded = False
        """The line before was a header field with a password, which may go on."""

    def secret_in(self, line: bytes, *, lost: bool = False, let_in: bool = False) -> Range | None:
        """Return where a password stands or may stand in the next line, given without its end; None where none can.

        ``lost`` says that octets of the line or just before it were not captured, so that it may be the rest of
        anything; ``let_in`` that the client was let in before, so that a line is a password only where it is known
        to be one.
        """
        whole = (0, len(line)) if line else None
        if self._literal:
            self._literal = max(self._literal - len(line) - len(b"\r\n"), 0)
            self._announce(line)
            return whole
        if self._unfolded and line[:1] in (b" ", b"\t"):
            return whole
        self._unfolded = False
        if self._harmless.fullmatch(line):
            self._sasl = False
            return None
        command = parse_command(line)
        secret = command.secret if let_in or command.is_known else None
        if secret is None and (match := (header := _HEADER.match(line)) or _ADDRESS.search(line)):
            self._unfolded = header is not None
            secret = match.span(1) if match.group(1) else None
        if secret is None and (lost or (self._sasl and _BASE64.fullmatch(line))):
            self._sasl = True
            return whole
        self._sasl = _AUTH.match(line) is not None
        if _TAKES_LITERALS.match(line):
            self._announce(line)
        if secret is None and not let_in:
            secret = self.doubtful_in(line)
        return whole if lost else secret

    def doubtful_in(self, line: bytes) -> Range | None:
        """Return what of a line by itself is not known to be harmless: what follows its keyword, or all of it."""
        if self._harmless.fullmatch(line):
            return None
        keyword = self._keyword.match(line)
        start = keyword.end() if keyword else 0
        return (start, len(line)) if start < len(line) else None

    def _announce(self, line: bytes) -> None:
        match = _LITERAL.search(line)
        if match is not None and not self._literal:
            self._literal = int(match.group(1))


def socks_password(octets: bytes) -> Range | None:
    """Return where the password stands in what a client of SOCKS 5 sent; None where there is none.

    RFC 1928, section 3: 5, the number of methods, the methods. RFC 1929, section 2: 1, a length and as many
    octets of the user, a length and as many octets of the password.
    """
    if len(octets) < 2 or octets[0] != 5:
        return None
    at = 2 + octets[1]
    if octets[at : at + 1] != b"\x01" or len(octets) < at + 2:
        return None
    length_at = at + 2 + octets[at + 1]
    if len(octets) <= length_at + 1:
        return None
    return length_at + 1, min(length_at + 1 + octets[length_at], len(octets))


def mark_secrets(
    exchanges: Iterable[Exchange],
    client: Stream,
    protocols: tuple[Protocol, ...],
    spoken: Protocol,
    logins: Sequence[Login],
    *,
    from_start: bool,
) -> None:
    """Mark what is a password in the lines of a client, or may be one.

    ``from_start`` tells that the client's stream begins with the connection, and not within a line.
    """
    known = _known(protocols)
    own = {rule.keyword for rule in spoken.commands if rule.continues and spoken.knows_secrets}
    until = let_in_at(logins)
    # A name may have blanks: where the login with it was accepted, a password besides, all of it is the name.
    names = {(login.user,) for login in logins if login.outcome == "accepted" and proves_itself(login)}
    lone = CredentialWatch(protocols)
    watch: CredentialWatch | None = None
    losses = {gap.offset + gap.length for gap in client.gaps}
    if not from_start:
        losses.add(0)
    for exchange in exchanges:
        let_in = until is not None and exchange.index > until
        if exchange.command in known:
            watch = None
            if exchange.raw and exchange.secret is None and not let_in and exchange.arguments not in names:
                exchange.secret = lone.doubtful_in(exchange.raw)
            continue
        watch = watch or CredentialWatch(protocols)
        if not exchange.raw:
            continue
        found = watch.secret_in(exchange.raw, lost=exchange.missing > 0 or exchange.start in losses, let_in=let_in)
        if found is None or (exchange.command in own and not exchange.missing and _is_whole_auth(exchange, let_in)):
            continue  # the grammar knows this line; those that follow it are watched
        before = exchange.secret or found
        exchange.secret = min(before[0], found[0]), max(before[1], found[1])
        if exchange.secret[0] == 0:  # what looks like a keyword is a part of it
            exchange.command, exchange.arguments = "", ()


def _is_whole_auth(exchange: Exchange, let_in: bool) -> bool:
    return let_in or exchange.secret is not None or _MECHANISM.fullmatch(exchange.raw or b"") is not None


def let_in_at(logins: Sequence[Login]) -> int | None:
    """Return the index of the exchange that is shown to have let the client in by a password; None without one."""
    accepted = (login for login in logins if login.outcome == "accepted" and proves_itself(login))
    return next((login.exchange for login in accepted), None)


def proves_itself(login: Login) -> bool:
    """Whether it came with a password, or a proof in its place."""
    return login.password is not None or login.response is not None
