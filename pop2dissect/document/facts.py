"""What is said of a session, its messages, and what is missing or in doubt: one wording for every way out.

The texts may quote the capture and are not harmless yet: each way out makes them so as it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pop2dissect.document.display_filters import session_command, session_filter
from pop2dissect.masking import masked_password
from pop2dissect.protocols import protocol_of
from pop2dissect.session import Direction, Exchange, Ground, Message, Session, Verdict
from pop2dissect.tcp.stream import Conflict, Gap
from pop2dissect.text.quoting import named
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count, decimal_seconds, duration

_VIOLATIONS = {
    "protocol.state": "not allowed in state {state}",
    "protocol.unknown_command": "not a command of the protocol",
    "protocol.syntax": "not the arguments that the command takes",
    "protocol.pre_greeting": "sent before the greeting",
    "protocol.pipelining": "sent before the reply to the previous command",
    "protocol.length_mismatch": "the message's length is not the announced one",
    "protocol.reply_injection": "a reply where none is due",
    "protocol.bare_lf": "a line ended by a bare LF",
    "protocol.long_line": "a line longer than the protocol allows",
    "protocol.non_ascii": "bytes that are not printable ASCII",
    "protocol.terminal_escape": "control characters, which could control a terminal",
    "protocol.unanswered": "the server left it without an answer",
    "protocol.unstuffed_dot": "text behind the dot that ended a message",
    "tls.injection": "plain text between STLS and TLS",
    "tls.plaintext_after_stls": "plain text after STLS, and no TLS",
}
"""Violations of the protocol in words."""


class Fact(NamedTuple):
    """Something that is known of a session."""

    name: str
    value: str
    brief: str = ""
    """The same in a list of several, without the name; empty where it is not worth a place there."""
    captured: bool = False
    """The value is text from the capture and nothing else."""


def facts(session: Session, rendering: Rendering) -> Iterator[Fact]:
    """Yield what is known of a session, what matters most first. A password is masked unless asked for."""
    yield from _foremost(session, rendering)
    yield Fact("Start", rendering.when(session.start))
    yield Fact("End", rendering.when(session.end))
    yield Fact("Duration", _duration(session.duration))
    for name, software in (("Client", session.client_software), ("Server", session.server_software)):
        if software is not None:
            yield Fact(f"{name}'s software", f"{software} ({software.evidence})")
    yield Fact("Display filter", session_filter(session))
    if command := session_command(session, rendering):
        yield Fact("In Wireshark", command)
    for event in session.events:
        yield Fact("Event", event)


def login_words(session: Session) -> str:
    """Return what came of a session's login, in a word or two: with its ground, where no reply shows it."""
    verdict = session.login_verdict
    if verdict.value == "unknown":
        return "not known"
    return verdict.value if verdict.ground is Ground.SHOWN else f"{verdict.value} ({verdict.ground})"


def _foremost(session: Session, rendering: Rendering) -> Iterator[Fact]:
    """Yield the facts that have a place in one line, and those between them."""
    yield Fact("Protocol", f"{session.protocol} ({session.protocol_evidence})", session.protocol)
    if session.user is not None:
        yield Fact("User", session.user, f"user {named(session.user)}", captured=True)
    password = masked_password(session.password, rendering.show_passwords)
    if password is not None:
        yield Fact("Password", password, captured=True)
    if rendering.show_passwords:
        yield from (Fact("Offline check", one.offline, captured=True) for one in session.logins if one.offline)
    brief = "" if session.user is None else f"login {login_words(session)}"
    yield Fact("Login", str(session.login_verdict) if session.logins else "none", brief)
    yield Fact("Ending", session.ending, f"ended: {session.ending}")
    yield Fact("Handshake", session.handshake, f"handshake {session.handshake}")
    if session.state is not None:
        yield Fact("Server's last state", session.state)
    missing = session.client_stream.missing + session.server_stream.missing
    if missing:
        text = f"{count(missing, 'byte')} missing from the capture"
        yield Fact("Missing", text, text)
    between = f"{rendering.frame(session.first_frame)} to {rendering.frame(session.last_frame)}"
    packets = count(session.packets, "packet")
    yield Fact("Frames", f"{between}, {packets}", f"frames {between}, {packets}")


def brief_facts(session: Session, rendering: Rendering) -> list[str]:
    """Return the same in a few words each, for one line."""
    return [fact.brief for fact in _foremost(session, rendering) if fact.brief]


def fate(message: Message, protocol: str) -> str:
    """Return what became of a message, by which command of the protocol, and why where that was not plainly seen."""
    command = protocol_of(protocol).words.commands.get(message.disposition)
    by = f" ({command})" if command else ""
    match message.disposition:
        case "deleted" if message.committed:
            return f"deleted{by}, committed{_ground(message.released)}"
        case "deleted" if message.committed is None:
            return f"marked as deleted{by}; whether it took effect is not known{_ground(message.released)}"
        case "deleted":
            return f"marked as deleted{by}, not committed{_ground(message.released)}"
        case "refused":
            return f"refused by the client{by}"
        case "unacknowledged":
            return f"not acknowledged{_ground(message.disposed)}"
        case "unknown":
            return f"whether it was deleted is not known{_ground(message.disposed)}"
        case _:
            return f"kept{by}"


def _ground(verdict: Verdict[object]) -> str:
    if not verdict.because or (verdict.ground is Ground.SHOWN and verdict.value is True):
        return ""
    return f": {verdict.because}" if verdict.ground is not Ground.CONCLUDED else f" (concluded: {verdict.because})"


def remarks(exchange: Exchange) -> Iterator[str]:
    """Yield what is to be said of an exchange besides its lines: violations of the protocol, and notes."""
    for violation in exchange.violations:
        words = _VIOLATIONS.get(violation)
        yield violation if words is None else f"{words.format(state=exchange.state)} ({violation})"
    yield from exchange.notes


def gap_text(gap: Gap, direction: Direction) -> str:
    """Return which bytes of one side are missing, and why."""
    return f"{count(gap.length, 'byte')} of the {direction} at offset {gap.offset:,}: {gap.reason}"


def conflict_text(conflict: Conflict, direction: Direction, rendering: Rendering) -> str:
    """Return where two copies of what one side sent differ, and which of them is used."""
    return (
        f"two copies of {count(conflict.length, 'byte')} of the {direction} at offset {conflict.offset:,} differ: "
        f"frame {rendering.frame(conflict.kept_frame)} kept, frame {rendering.frame(conflict.other_frame)} discarded"
    )


def _duration(nanoseconds: int) -> str:
    """Write a duration exactly, and a long one in words too."""
    exact = f"{decimal_seconds(nanoseconds)} s"
    return exact if abs(nanoseconds) < 60 * 10**9 else f"{exact} ({duration(nanoseconds)})"
