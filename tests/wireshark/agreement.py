"""Holds what the plugin says about a session against what the native dissector says, exchange by exchange."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pop2dissect.session import Exchange, Reply, Session
from pop2dissect.text.values import decode_text
from tests.wireshark.plugin_support import Dissected, Item, Turn

LINES = ("greeting", "ok", "error", "count", "length", "challenge", "unknown")
"""Kinds of replies that are lines."""

DISSECTED = ("POP2", "POP (RFC 918)")
INJECTION = "protocol.reply_injection"
_QUOTED = re.compile(rb"\\(.)", re.DOTALL)
ARGUMENTS = ("pop2.user", "pop2.password", "pop2.mailbox")


def session_of(found: Dissected, sessions: Iterable[Session]) -> Session | None:
    """Find the session that a stream of the plugin's is: the one that has its frames."""
    items = [item for turn in found.turns.values() for item in (turn.request, *turn.answers, *turn.data) if item]
    if not items:
        return None
    frame = items[0].frame
    return next((session for session in sessions if frame in _frames(session)), None)


def _frames(session: Session) -> set[int]:
    frames: set[int] = set()
    for exchange in session.exchanges:
        frames.update(exchange.frames, *(reply.frames for reply in exchange.replies))
    return frames


def disagreements(session: Session, found: Dissected) -> list[str]:
    """In what the two differ."""
    wrong: list[str] = []
    unasked: list[bytes] = []
    number = 0
    seen = set()
    for exchange in session.exchanges:
        number += exchange.command is not None
        seen.add(number)
        compared = _Exchange(session, exchange, found.turns.get(number, Turn()))
        wrong += [f"exchange {number} {exchange.command}: {text}" for text in compared.disagreements()]
        unasked += compared.unasked
    wrong += [f"exchange {extra}: only the plugin has it" for extra in sorted(found.turns.keys() - seen)]
    if unasked != found.unasked:
        wrong.append(f"replies to nothing {unasked}, {found.unasked}")
    return wrong


class _Exchange:
    """One exchange as both see it."""

    def __init__(self, session: Session, exchange: Exchange, turn: Turn) -> None:
        self.session, self.exchange, self.turn = session, exchange, turn
        self.lines = [reply for reply in exchange.replies if reply.kind in LINES and reply.raw]
        data = [reply for reply in exchange.replies if reply.kind == "data"]
        self.data = [reply for reply in data if reply.end - reply.start > reply.missing]
        self.violations = set(exchange.violations)
        self.unasked: list[bytes] = []
        if INJECTION in self.violations:
            # Here it is a further reply to the command before it; the plugin gives it to none.
            self.violations.discard(INJECTION)
            self.unasked = [reply.raw for reply in self.lines[len(turn.replies) :]]
            self.lines = self.lines[: len(turn.replies)]

    def disagreements(self) -> Iterator[str]:
        exchange, turn = self.exchange, self.turn
        if exchange.raw != turn.command and not self._unterminated():
            yield f"command {exchange.raw!r}, {turn.command!r}"
        elif turn.request is not None:
            yield from self._in_command(turn.request)
        if [reply.raw for reply in self.lines] != turn.replies:
            yield f"replies {[reply.raw for reply in self.lines]!r}, {turn.replies!r}"
        else:
            for reply, item in zip(self.lines, turn.answers, strict=True):
                yield from self._in_reply(reply, item)
        yield from self._in_data()
        last = max((*turn.answers, *turn.data), key=lambda item: item.frame, default=None)
        if last is not None and last.shown("state.next") not in (None, exchange.next_state):
            yield f"next state {exchange.next_state}, {last.shown('state.next')}"
        items = [item for item in (turn.request, *turn.answers, *turn.data) if item is not None]
        notes = {note.removeprefix("pop2.") for item in items for note in item.notes}
        if {note for note in notes if note.startswith("protocol.")} != self.violations:
            yield f"violations {sorted(self.violations)}, {sorted(notes)}"

    def _unterminated(self) -> bool:
        """Whether the line was too long for the plugin, which then shows it in pieces."""
        request, raw = self.turn.request, self.exchange.raw or b""
        return request is not None and "pop2.line.unterminated" in request.notes and raw.startswith(request.line)

    def _in_command(self, item: Item) -> Iterator[str]:
        exchange = self.exchange
        if (item.shown("command") or "") != exchange.command:
            yield f"keyword {item.shown('command')!r}"
        if item.shown("state") not in (None, exchange.state):
            yield f"state {exchange.state}, {item.shown('state')}"
        if item.frame not in exchange.frames:
            yield f"frames {exchange.frames}, {item.frame}"
        named = [item.fields[name][1] for name in ARGUMENTS if name in item.fields]
        quoted = self.session.protocol == "POP2"
        said = tuple(decode_text(_QUOTED.sub(rb"\1", octets) if quoted else octets) for octets in named)
        if named and not self._unterminated() and said != exchange.arguments[: len(said)]:
            yield f"arguments {exchange.arguments!r}, {said!r}"
        if exchange.command == "READ" and item.number("message") != _leading_number(exchange.arguments):
            yield f"message {exchange.arguments!r}, {item.shown('message')}"

    def _in_reply(self, reply: Reply, item: Item) -> Iterator[str]:
        kind = reply.kind
        if kind == "count" and self.session.protocol != "POP2":
            kind = "length"  # of a mailbox: Wireshark's users look for it with those of messages
        if item.shown("reply.kind") != kind:
            yield f"kind {reply.kind}, {item.shown('reply.kind')}"
        if kind in ("count", "length") and item.number(kind) != reply.value:
            yield f"number {reply.value}, {item.number(kind)}"
        if item.frame not in reply.frames:
            yield f"frames {reply.frames}, {item.frame}"

    def _content(self, reply: Reply) -> bytes:
        octets = self.session.server_stream.read(reply.start, reply.end)
        return _unstuffed(octets) if self.session.protocol == "POP3" else octets

    def _in_data(self) -> Iterator[str]:
        captured = [self._content(reply) for reply in self.data]
        theirs = [octets for octets, _ in self.turn.messages]
        if captured != theirs:
            yield f"data of {[len(octets) for octets in captured]}, {[len(octets) for octets in theirs]} octets"
            return
        for reply, item in zip(self.data, self.turn.data, strict=True):
            mine = reply.end - reply.start, reply.missing
            if mine != (item.number("data.octets"), item.number("data.missing") or 0):
                yield f"data of {mine}, {item.shown('data.octets')} octets, {item.shown('data.missing')} missing"


def _unstuffed(octets: bytes) -> bytes:
    """Return lines without the dot that ends them, and without those that begin lines (RFC 1939, section 3)."""
    return re.sub(rb"(?<=\r\n)\.", b"", b"\r\n" + octets.removesuffix(b".\r\n"))[2:]


def _leading_number(arguments: tuple[str, ...]) -> int | None:
    digits = re.match(r"\d+", arguments[0]) if arguments else None
    number = int(digits[0]) if digits else None
    return number if number is not None and number < 2**32 else None  # Wireshark's fields hold 32 bits
