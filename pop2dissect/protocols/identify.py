"""Which protocol is spoken on a connection, by what was said on it, and on what evidence.

A server that greets settles it: what a client says may be a probe for something else. Where the
greeting was not captured, the client's commands decide; a client of a post office protocol never
sends mail, so whatever a message holds cannot be mistaken for a command. What a server says counts
only at the start of a connection, in the replies that follow one another from there, and in replies
that fill a segment by themselves. Each protocol declares what tells it; nothing here knows one by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import CommandRule, Heard, Protocol
from pop2dissect.tcp.stream import Stream

Protocols: TypeAlias = tuple[Protocol, ...]

UNKNOWN = Protocol("unknown")
NONE = Protocol("none")
"""Something was sent, but nothing of it was captured."""

LOOKED_AT = 4096
"""Octets of each end that are looked at: every protocol told here shows itself in its first lines."""

_SEGMENTS_LOOKED_AT = 256
_LONGEST_REPLY = 512
_OK = expression(rb"\+OK(?![A-Za-z0-9])", re.IGNORECASE)
_REPLY = expression(rb"[#=][ ]*\d{1,20}(?!\d)|[+-]")


class Identification(NamedTuple):
    """A protocol, and why it is thought to be that one."""

    protocol: Protocol
    evidence: str


class _Head(NamedTuple):
    """The first octets that one end sent."""

    octets: bytes
    """With a NUL for each gap, so that no line goes across one."""
    from_start: bool
    """They are the first that it sent."""


class _Commands(NamedTuple):
    """The commands of some protocols, as one pattern: which rule each group is of, and whose it is."""

    pattern: re.Pattern[bytes]
    rules: tuple[tuple[CommandRule, Protocol | None], ...]
    """Without a protocol are the commands that several share: they count only where no other was found."""


@cache
def _commands(protocols: Protocols) -> _Commands:
    rules: list[tuple[CommandRule, Protocol | None]] = [
        (rule, protocol) for protocol in protocols for rule in protocol.commands if rule.tells
    ]
    for one in protocols:
        if one.either:
            rules += [(rule, None) for rule in _shared(one, protocols)]
    alternatives = (b"(" + rule.keyword.encode() + b"(?:" + rule.arguments + b"))" for rule, _ in rules)
    pattern = rb"^[ \t]*(?:" + b"|".join(alternatives) + b")"
    return _Commands(expression(pattern, re.IGNORECASE | re.MULTILINE), tuple(rules))


def _shared(ambiguous: Protocol, protocols: Protocols) -> list[CommandRule]:
    """Return the commands that all the protocols have for which another stands, and no other post office protocol."""
    by_name = {one.name: {rule.keyword: rule for rule in one.commands} for one in protocols if one.dissect}
    members = [by_name[name] for name in ambiguous.either if name in by_name]
    strangers = {
        keyword
        for name, rules in by_name.items()
        if name not in (*ambiguous.either, ambiguous.name)
        for keyword in rules
    }
    return [
        rule
        for keyword, rule in (members[0].items() if members else ())
        if not rule.tells and keyword not in strangers and all(keyword in other for other in members)
    ]


def identify(
    client: Stream, server: Stream, protocols: Protocols, *, from_start: bool = True, port: int | None = None
) -> Identification:
    """Return the protocol of a connection by what was said on it, and the evidence.

    ``from_start`` tells that the streams begin with the connection. The server's ``port`` counts only where what was
    said fits several protocols, of which one alone is at home there.
    """
    found = _by_what_was_said(client, server, protocols, from_start)
    if found.protocol.either:
        at_home = [one for one in protocols if one.is_subject and port in one.ports]
        if len(at_home) == 1 and at_home[0].name in found.protocol.either:
            return Identification(at_home[0], f"{found.evidence}, on its port")
    return found


def _by_what_was_said(client: Stream, server: Stream, protocols: Protocols, from_start: bool) -> Identification:
    answered = _head(server, from_start)
    said = _head(client, from_start)
    if not said.octets and not answered.octets:
        return Identification(NONE, "no octet of payload was captured")
    return (
        _by_greeting(said, answered, server, protocols)
        or _by_first_octets(client, said, protocols)
        or _by_commands(said, answered, protocols)
        or _by_replies(server, answered, protocols)
        or Identification(UNKNOWN, "nothing that was said is known")
    )


def greets(answered: bytes, said: bytes, protocols: Protocols) -> bool | None:
    """Whether a server greets as those of a post office protocol do, whatever its port; None where more must be heard.

    ``answered`` and ``said`` are the first octets of the server and of the client. What greets with
    ``+OK`` alone may be anything; only a command that such a protocol alone has tells that it is one.
    """
    line, end, _ = answered.partition(b"\n")
    for protocol in protocols:
        if any(signature.pattern.match(line) for signature in protocol.server_signatures):
            return protocol.is_subject
    if not end and any(start.startswith(line[: len(start)]) for start in _starts(protocols)):
        return None
    if not _OK.match(line):
        return False
    _, told = _first_command(said, protocols)
    if told is None:
        return None if len(said) < LOOKED_AT else False
    return told.is_subject and told.greets_ok


@cache
def _starts(protocols: Protocols) -> tuple[bytes, ...]:
    """Return how the greetings begin of which the rest is worth waiting for."""
    return (b"+OK", *(start for one in protocols for start in one.greeting_starts))


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


def _by_greeting(said: _Head, answered: _Head, server: Stream, protocols: Protocols) -> Identification | None:
    """Return a protocol by the first octets of the server."""
    if not server.spans or server.spans[0].offset:
        return None
    for protocol in protocols:
        if not answered.from_start and not protocol.is_subject:
            continue
        for signature in protocol.server_signatures:
            if signature.pattern.match(answered.octets):
                return _by_command_behind(protocol, said, answered, protocols) or Identification(
                    protocol, signature.evidence
                )
    return None


def _by_command_behind(protocol: Protocol, said: _Head, answered: _Head, protocols: Protocols) -> Identification | None:
    """Return the protocol whose servers may greet as another's do, where the client's command is of it."""
    rule, _ = _first_command(said.octets, protocols)
    if rule is None:
        return None
    for other in protocols:
        if other is protocol or other.may_greet is None or not re.match(other.may_greet, answered.octets):
            continue
        if any(re.fullmatch(own.keyword, rule.keyword) or own is rule for own in other.commands):
            return Identification(other, "the server's greeting and the client's command, which belong together")
    return None


def _by_first_octets(client: Stream, said: _Head, protocols: Protocols) -> Identification | None:
    """Return a protocol by the first octets of the client, which no post office protocol begins with."""
    if client.spans and client.spans[0].offset == 0:
        for protocol in protocols:
            for signature in protocol.client_signatures:
                if signature.pattern.match(said.octets):
                    return Identification(protocol, signature.evidence)
    return None


def _by_commands(said: _Head, answered: _Head, protocols: Protocols) -> Identification | None:
    """Return the protocols apart that have lines for commands, by those lines and by the first replies."""
    signs = _leading_signs(answered) if answered.from_start else b""
    rule, told = _first_command(said.octets, protocols)
    if rule is not None and not said.from_start and not _speaks_in_commands(said.octets, protocols):
        rule = told = None
    greeted_ok = answered.from_start and _OK.match(answered.octets) is not None
    heard = Heard(rule, told, signs, greeted_ok)
    for protocol in protocols:
        evidence = protocol.recognise(heard) if protocol.recognise else None
        if evidence is not None:
            return Identification(protocol, evidence)
    if greeted_ok and (told is None or not told.greets_ok):
        ambiguous = next((one for one in protocols if one.either), None)
        return None if ambiguous is None else Identification(ambiguous, "the server's greeting with +OK")
    if told is not None and rule is not None:
        return Identification(told, f"the client's {_named(rule)}, a command that only this protocol has")
    if rule is not None:
        for one in protocols:
            if one.either and rule in _shared(one, protocols):
                return Identification(one, f"the client's {_named(rule)}, a command that both have, and no other")
    return None


def _named(rule: CommandRule) -> str:
    return rule.keyword if rule.keyword.isalnum() else "command"


def _first_command(said: bytes, protocols: Protocols) -> tuple[CommandRule | None, Protocol | None]:
    """Return the rule of the first command that tells a protocol, and that protocol, else of the first shared one."""
    commands = _commands(protocols)
    shared: CommandRule | None = None
    for match in commands.pattern.finditer(said):
        assert match.lastindex is not None  # the pattern is an alternation of groups
        rule, protocol = commands.rules[match.lastindex - 1]
        if protocol is not None:
            return rule, protocol
        shared = shared or rule
    return shared, None


def _speaks_in_commands(said: bytes, protocols: Protocols) -> bool:
    """Whether at least half of the lines are commands, as they are not in a text that mentions some."""
    known = sum(1 for _ in _commands(protocols).pattern.finditer(said))
    return 2 * known >= len(said.splitlines())


def _leading_signs(answered: _Head) -> bytes:
    """Return the first octets of the lines from the start that are all replies, so that none is of a message."""
    signs = bytearray()
    for line in _whole_lines(answered.octets):
        if len(line) > _LONGEST_REPLY or not _REPLY.match(line):
            break
        signs += line[:1]
    return bytes(signs)


def _whole_lines(octets: bytes) -> Iterator[bytes]:
    start = 0
    while (end := octets.find(b"\n", start)) >= 0:
        yield octets[start:end].removesuffix(b"\r")
        start = end + 1


def _by_replies(server: Stream, answered: _Head, protocols: Protocols) -> Identification | None:
    """Return a protocol by a reply in a segment of its own, where the start is not known."""
    if answered.from_start:
        return None
    for index, span in enumerate(server.spans[:_SEGMENTS_LOOKED_AT]):
        if span.length > _LONGEST_REPLY:
            continue
        segment = span.data[span.start : span.start + span.length]
        for protocol in protocols:
            lone = protocol.lone_reply
            if lone is not None and (protocol.is_subject or index == 0) and lone.pattern.fullmatch(segment):
                return Identification(protocol, lone.evidence)
    return None
