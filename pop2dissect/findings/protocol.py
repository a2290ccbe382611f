"""Departures from the protocol, as the dissector noted them on the exchanges: one finding a kind and session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from pop2dissect.findings.evidence import command_frames, finding
from pop2dissect.findings.exploit import overlong_folders, overlong_lines
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.protocols import protocol_of
from pop2dissect.session import Departure, Exchange, Finding, Message, Reply, Session
from pop2dissect.text.quoting import quoted
from pop2dissect.text.values import count

_SAID: Final[dict[str, str]] = {
    "protocol.state": "The client sent {line} where the protocol does not allow it (the server was in state {state})",
    "protocol.unknown_command": "The client sent {line}, which is no command of the protocol",
    "protocol.syntax": "The client sent {line}, whose arguments are not those that the command takes",
    "protocol.pre_greeting": "The client sent {line} before it had received the server's greeting",
    "protocol.pipelining": "The client sent {line} before it had received the answer to the command before it",
    "protocol.bare_lf": "{where} ends with a line feed alone, without the carriage return before it",
    "protocol.long_line": "{where} is longer than the protocol allows",
    "protocol.non_ascii": "{where} has octets that are no ASCII text",
    "protocol.terminal_escape": "{where} has control characters, which can make a terminal show something else",
    "protocol.unanswered": "The server left {line} without an answer, and answered what followed",
    "protocol.unstuffed_dot": "In {where} text follows the dot that ends a message, and it is no reply",
    "tls.injection": "{where} was sent in plain text between STLS and TLS",
    "tls.plaintext_after_stls": "{where} was sent in plain text after STLS, and no TLS followed",
}
"""What was seen first, in a sentence without its end."""


def violations(facts: SessionFacts) -> Iterator[Finding]:
    """Every finding of a departure but protocol.length_mismatch."""
    for name, found in facts.departures.items():
        if name == "protocol.reply_injection":
            yield from _reply_injection(facts, [exchange for exchange, _ in found])
        if name == "protocol.long_line":
            found = _without_exploits(facts, found)
        if name not in _SAID or not found:
            continue
        exchange, departure = found[0]
        said = _SAID[name].format(line=_line(exchange), where=_where(exchange, departure), state=exchange.state)
        yield finding(
            name,
            f"{said}{_more(found)}.",
            time=exchange.time,
            frames=(frame for _, one in found for frame in one.frames),
            sessions=facts.sessions,
        )


def _without_exploits(
    facts: SessionFacts, found: Sequence[tuple[Exchange, Departure]]
) -> list[tuple[Exchange, Departure]]:
    """Leave out what is exploit.overlong."""
    overlong = overlong_folders(facts) | {exchange.index for exchange in overlong_lines(facts)}
    return [one for one in found if one[0].index not in overlong or one[1].side == "server"]


def nul(facts: SessionFacts) -> Iterator[Finding]:
    """protocol.nul."""
    with_controls = {one.index: one for one, _ in facts.departures["protocol.terminal_escape"]}
    found = [one for one in with_controls.values() if _has_nul(one)]
    if found:
        first = found[0]
        of = f"The client's line {_line(first)}" if b"\0" in (first.raw or b"") else f"The answer to {_line(first)}"
        yield finding(
            "protocol.nul",
            f"{of} has an octet 0, at which some programs end it{_more(found)}.",
            time=first.time,
            frames=(frame for one in found for frame in command_frames(one)),
            sessions=facts.sessions,
        )


def _has_nul(exchange: Exchange) -> bool:
    return b"\0" in (exchange.raw or b"") or any(b"\0" in reply.raw for reply in exchange.replies)


def _more(found: Sequence[object]) -> str:
    return "" if len(found) == 1 else f"; {len(found):,} times in this session"


def size_mismatch(facts: SessionFacts) -> Iterator[Finding]:
    """protocol.size_mismatch."""
    found = [one for one in facts.session.messages if one.whole and not _has_size(one)]
    if found:
        first = found[0]
        yield finding(
            "protocol.size_mismatch",
            f"{count(len(found), 'message has', 'messages have')} not the size that was declared; the first was "
            f"declared with {first.declared_octets:,} octets and has {first.octets:,}.",
            time=first.start_time,
            frames=(frame for one in found for frame in (*one.frames[:1], *one.frames[-1:])),
            sessions=facts.sessions,
        )


def _has_size(message: Message) -> bool:
    """Whether a message that ends with its dot has the size that was declared, as servers count it.

    They leave out a final CRLF, or count each line end as one octet, or add an X-UIDL header afterwards.
    """
    declared = message.declared_octets
    if declared is None or message.missing_octets:
        return True
    content = message.content()
    added = sum(len(line) + 2 for line in content.split(b"\r\n\r\n", 1)[0].split(b"\r\n") if line[:7] == b"X-UIDL:")
    more = len(content) - declared
    lines = content.count(b"\n")
    return any(more - less in (-2, 0, 2, lines, lines - 1, lines + 1) for less in (0, added))


def length_mismatch(facts: SessionFacts) -> Iterator[Finding]:
    """protocol.length_mismatch.

    Where octets of the message are missing from the capture, the message says so itself, and this is no finding.
    """
    session = facts.session
    noted = {exchange.index for exchange, _ in facts.departures.get("protocol.length_mismatch", ())}
    found = [
        message
        for message in session.messages
        if message.whole is None  # else a declared size is only a hint
        and message.declared_octets is not None
        and message.octets != message.declared_octets
        and not message.missing_octets
        and (
            (message.exchange in noted and not _broken_off(session, message))
            or (message.octets > message.declared_octets and not session.server_stream.gaps)
        )
    ]
    if not found:
        return
    first = found[0]
    yield finding(
        "protocol.length_mismatch",
        f"{count(len(found), 'message has', 'messages have')} not as many octets as the server announced; the first was"
        f" announced with {first.declared_octets:,} and has {first.octets:,}.",
        time=first.start_time,
        frames=(
            frame
            for message in found
            for frame in (*session.exchanges[message.exchange].frames, *message.frames[:1], *message.frames[-1:])
        ),
        sessions=facts.sessions,
    )


def _broken_off(session: Session, message: Message) -> bool:
    """Whether a reset ended the connection in the middle of a message: then nobody announced a wrong length."""
    ends_there = message.end == session.server_stream.length and message.exchange == len(session.exchanges) - 1
    return ends_there and (session.client_stream.reset or session.server_stream.reset)


def _reply_injection(facts: SessionFacts, exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    end = facts.session.server_stream.length
    farewell = protocol_of(facts.session.protocol).farewell
    extra = [(exchange, reply) for exchange in exchanges for reply in _undue(exchange, end, farewell)]
    if not extra:
        return
    exchange, reply = extra[0]
    yield finding(
        "protocol.reply_injection",
        f"The server sent {count(len(extra), 'reply', 'replies')} more than it was asked for, first "
        f"{_said(facts, reply)} after {_line(exchange)}.",
        time=reply.time if reply.time is not None else exchange.time,
        frames=(frame for exchange, reply in extra for frame in (*exchange.frames, *reply.frames)),
        sessions=facts.sessions,
    )


def _undue(exchange: Exchange, end: int, farewell: bytes) -> Iterator[Reply]:
    """Yield the replies beyond the first, but neither UW's farewell after an error nor a server's last words.

    A server that is stopped, or has waited too long, says so and closes: ``- Killed (terminated)``. ``end`` is
    where the server's stream ends.
    """
    lines = [reply for reply in exchange.replies if reply.kind != "close"]
    last_words_end = end
    if len(lines) > 1 and lines[-1].end == end and _begins(lines[-1].raw, farewell):
        last_words_end = lines[-1].start
    for before, reply in pairwise(lines):
        is_last_word = reply.kind == "error" and reply.end == last_words_end
        if not is_last_word and not (before.kind == "error" and _begins(reply.raw, farewell)):
            yield reply


def _begins(line: bytes, farewell: bytes) -> bool:
    return bool(farewell) and line.startswith(farewell)


def _said(facts: SessionFacts, reply: Reply) -> str:
    """Quote a reply, unless it repeats the password."""
    password = facts.session.password
    if not reply.raw or (password and password in reply.line):
        return f"{count(reply.end - reply.start, 'octet')}"
    return quoted(reply.line)


def _where(exchange: Exchange, departure: Departure) -> str:
    """Return in which line a departure is, at the start of a sentence."""
    if departure.side == "client":
        return f"The client's line {_line(exchange)}"
    return "The server's greeting" if exchange.command is None else f"The server's answer to {_line(exchange)}"


def _line(exchange: Exchange) -> str:
    return "the greeting" if exchange.command is None else quoted(exchange.shown_line() or "")
