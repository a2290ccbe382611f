"""Passwords in what a client says, in whatever protocol: what is tried on the port is not only POP2.

The grammars know the passwords of their own commands. Here is what needs more than one line to be known
(SASL, IMAP's literals, folded header fields), what other protocols have, and what lost octets may have
joined to a password. To mask too much is better than to show one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pop2dissect.protocols.base import Protocol, Range
from pop2dissect.protocols.pop2.grammar import parse_command
from pop2dissect.session import Exchange
from pop2dissect.tcp.stream import Stream

# SASL (RFC 4954, RFC 5034, RFC 9051): after AUTH or AUTHENTICATE come lines of nothing but base64.
_AUTH = re.compile(rb"(?:[^ ]{1,20} )?AUTH", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
# HTTP (RFC 9110, section 11.6.2); a field may go on in the next line (RFC 9112, section 5.2).
_HEADER = re.compile(rb"(?:Proxy-)?Authorization:[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
# The password in an address (RFC 3986, section 3.2.1), as a client of an HTTP proxy gives it.
_ADDRESS = re.compile(rb"://[^/@:\s]{0,200}:([^/@\s]{1,200})@")
# IMAP (RFC 9051, section 4.3): the octets of an argument come after the line that announces how many they are.
_LITERAL = re.compile(rb"\{(\d{1,9})\+?\}\Z")
_TAKES_LITERALS = re.compile(rb"[^ ]{1,20} (?:LOGIN|AUTHENTICATE)[ \t]", re.IGNORECASE)


@cache
def _harmless(protocols: tuple[Protocol, ...]) -> re.Pattern[bytes]:
    """Return the pattern of lines that hold no secret, whatever protocol is spoken."""
    rules = [rule for protocol in protocols for rule in protocol.commands if rule.harmless is not None]
    alternatives = dict.fromkeys(rule.keyword.encode() + b"(?:" + (rule.harmless or b"") + b")" for rule in rules)
    return re.compile(b"|".join(alternatives), re.IGNORECASE | re.DOTALL)


@cache
def _known(protocols: tuple[Protocol, ...]) -> frozenset[str | None]:
    """Return the commands of which a grammar knows where their passwords are; None stands for no command."""
    return frozenset(
        {None, *(rule.keyword for one in protocols if one.dissect for rule in one.commands if not rule.continues)}
    )


class CredentialWatch:
    """Takes the lines of a client one after another, and tells what in each is a password."""

    __slots__ = ("_harmless", "_literal", "_sasl", "_unfolded")

    def __init__(self, protocols: tuple[Protocol, ...]) -> None:
        self._harmless = _harmless(protocols)
        self._sasl = False
        """Lines of base64 are what was asked for."""
        self._literal = 0
        """Octets of a literal that are still to come."""
        self._unfolded = False
        """The line before was a header field with a password, which may go on."""

    def secret_in(self, line: bytes, *, lost: bool = False) -> Range | None:
        """Return where a password stands in the next line, given without its end; None where there is none.

        ``lost`` says that octets of the line or just before it were not captured, so that it may be the
        rest of anything.
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
        secret = parse_command(line).secret
        if secret is None and (match := _HEADER.match(line) or _ADDRESS.search(line)):
            self._unfolded = match.re is _HEADER
            secret = match.span(1) if match.group(1) else None
        if secret is None and (lost or (self._sasl and _BASE64.fullmatch(line))):
            self._sasl = True
            return whole
        self._sasl = _AUTH.match(line) is not None
        if _TAKES_LITERALS.match(line):
            self._announce(line)
        return whole if lost else secret

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
    *,
    from_start: bool,
) -> None:
    """Mark what may be a password in lines that are no commands of the protocol that was ``spoken``.

    ``from_start`` tells that the client's stream begins with the connection, and not within a line.
    """
    known = _known(protocols)
    own = {rule.keyword for rule in spoken.commands if rule.continues and spoken.knows_secrets}
    watch: CredentialWatch | None = None
    losses = {gap.offset + gap.length for gap in client.gaps}
    if not from_start:
        losses.add(0)
    for exchange in exchanges:
        if exchange.command in known:
            watch = None
            continue
        watch = watch or CredentialWatch(protocols)
        if not exchange.raw:
            continue
        found = watch.secret_in(exchange.raw, lost=exchange.missing > 0 or exchange.start in losses)
        if found is None or (exchange.command in own and not exchange.missing):
            continue  # the grammar knows this line; those that follow it are watched
        before = exchange.secret or found
        exchange.secret = min(before[0], found[0]), max(before[1], found[1])
        if exchange.secret[0] == 0:  # what looks like a keyword is a part of it
            exchange.command, exchange.arguments = "", ()
