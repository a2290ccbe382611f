"""The POP3 dissector: what :class:`pop2dissect.protocols.dissector.LineDissector` needs to know of RFC 1939.

A multi-line reply ends with its dot and never by a size that was declared. What follows STLS is TLS, and nothing of
it is read as lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import (
    Command,
    CommandLine,
    MessageData,
    ReplyEvent,
    ReplyKind,
    ReplyLine,
    Turn,
    is_lost,
)
from pop2dissect.protocols.conversation import MAX_EXTRA_LINES, ReplySyntax
from pop2dissect.protocols.dissector import CommandSyntax, LineDissector
from pop2dissect.protocols.lines import Line, LineReader
from pop2dissect.protocols.pop3.grammar import (
    ARGUMENTS,
    CONTINUATION,
    LAST_WORDS,
    MAIL_LINE,
    MAX_COMMAND_LINE,
    MAX_REPLY_LINE,
    MAX_SASL_LINE,
    announced_octets,
    asks_for_whole,
    is_continuation,
    is_multi_line,
    is_status,
    looks_like_reply,
    meant,
    parse_broken_command,
    parse_broken_reply,
    parse_command,
    parse_reply,
    sends_mail,
)
from pop2dissect.protocols.pop3.states import ServerState, after_reply, allowed
from pop2dissect.protocols.pop3.stuffing import CRLF, LF, Block, LineEnd, read_block
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import count

# RFC 8446, section 5.1: a handshake or an alert record, of version 3.x. RFC 5246, appendix E.2: a hello of SSL 2.
_TLS = expression(rb"[\x15\x16]\x03[\x00-\x04]|[\x80-\xff].\x01\x03", re.DOTALL)
_TLS_HEAD = 4

_FAREWELL = expression(
    r"(?:good-?)?bye\b|better luck next time|(?:logging|signing) out|signing off|sayonara", re.IGNORECASE
)
"""What servers answer to QUIT and to nothing else."""

_NAMES_OCTETS = expression(r"\d (?:octets|bytes)", re.IGNORECASE)


def dissect(client: Stream, server: Stream, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a POP3 conversation. Any octets give turns, and every octet of the client before TLS is in one of them.

    ``from_start`` tells that the streams begin with the connection, so that the server's first line
    is the greeting.
    """
    return _Dissector(client, server, from_start).turns()


def line_end_of(status: ReplyLine) -> LineEnd:
    """Return how the lines of a server end that ended a status line so."""
    return LF if status.end - status.start - len(status.raw) == 1 and not status.missing else CRLF


class _Dissector(LineDissector):
    commands: ClassVar = CommandSyntax(parse_command, parse_broken_command, meant, MAX_COMMAND_LINE)
    replies: ClassVar = ReplySyntax(looks_like_reply, parse_reply, parse_broken_reply, MAX_REPLY_LINE, LAST_WORDS)
    may_log_in: ClassVar = frozenset({ServerState.AUTHORIZATION, ServerState.UNKNOWN})
    done: ClassVar = frozenset({ServerState.UPDATE, ServerState.DONE})
    unknown: ClassVar = (ServerState.UNKNOWN, ServerState.UNKNOWN)

    def __init__(self, client: Stream, server: Stream, from_start: bool) -> None:
        super().__init__(client, server, from_start)
        self.state = ServerState.AUTHORIZATION
        self._in_sasl = False
        """The client's line belongs to a SASL exchange, or begins one."""
        self._challenged: bool | None = False
        """The server asked for a line of SASL; None where its answer was not captured."""
        self._may_pipeline = False
        """The server said so in its capabilities (RFC 2449, section 6.6)."""
        self._sends_mail = False
        """The client's lines are a message that it sends, up to its dot (XTND XMIT)."""
        self._has_block = False
        """The reply at hand is one of several lines, up to its dot."""
        self._tls = False
        """What follows is TLS."""
        self._command: Command | None = None
        self._line_end = 0
        """Offset after the client's present line."""
        self._known_next: int | None = None
        """How much the client had received when it sent its next line."""

    def turns(self) -> Iterator[Turn]:
        """Yield the turns up to TLS, and what was said in plain text behind STLS."""
        for turn in super().turns():
            yield turn
            if self._tls and turn.command is not None:
                yield from self._behind_stls(turn.command.end)
                return

    def greet(self, greeting: ReplyLine) -> ReplyLine:
        if greeting.kind is ReplyKind.OK:
            return greeting._replace(kind=ReplyKind.GREETING)
        return greeting

    # The client.

    def _turn(self, line: Line, known: int | None, has_following: bool, boundary: int | None, *, ignored: bool) -> Turn:
        if not self._sends_mail or line.raw == b".":
            return super()._turn(line, known, has_following, boundary, ignored=ignored)
        self.number = None
        event = CommandLine(line.start, line.end, line.raw, MAIL_LINE, line.missing)
        return self._finish_turn(event, [], self.state, self.client_state)

    def parse(self, line: Line) -> Command:
        if self._sends_mail:  # the dot that ends it
            return MAIL_LINE
        continues = self._challenged or (self._challenged is None and is_continuation(line.raw))
        command = parse_command(line.raw)
        if not continues:
            self._in_sasl = command.keyword == "AUTH" and bool(command.arguments)
        else:
            self._in_sasl = True
            command = CONTINUATION._replace(secret=(0, len(line.raw)) if line.raw and line.raw != b"*" else None)
        return command

    def longest_command(self, command: Command) -> int:
        return MAX_SASL_LINE if self._in_sasl else MAX_COMMAND_LINE

    def is_allowed(self, keyword: str) -> bool:
        return keyword not in ARGUMENTS or allowed(self.state, keyword)

    def note_command(self, keyword: str, command: Command) -> None:
        self.number = command.number
        self._command = command
        self._has_block = False
        if not command.is_known:
            self._in_sasl = False

    def check_order(self, line: Line, known: int | None) -> None:
        self._line_end = line.end
        if not self._may_pipeline or (known is not None and known < self.greeting_end):
            super().check_order(line, known)

    def may_answer(self, keyword: str, reply: ReplyLine) -> bool:
        if self._challenged:  # an empty line is an answer too
            return False
        if keyword != "QUIT" and _FAREWELL.match(reply.text):
            return False
        return reply.kind is ReplyKind.OK or (keyword == "AUTH" and reply.kind is ReplyKind.CHALLENGE)

    def asks_for_data(self, keyword: str, boundary: int | None) -> bool:
        return False  # a status line comes first

    # The server.

    def pass_over(self, line: Line) -> None:
        self.depart_at("protocol.unanswered", line)

    def may_follow(self, primary: ReplyEvent, index: int, reply: ReplyLine) -> bool:
        """Whether a line behind a reply is text that the server did not stuff, and no injection."""
        if reply.kind is not ReplyKind.UNKNOWN or not self._has_block:
            return False
        self.depart("protocol.unstuffed_dot", "server", reply.start, reply.end)
        return True

    def own_further_replies(self, keyword: str, primary: ReplyEvent, boundary: int | None) -> Iterator[ReplyEvent]:
        if not isinstance(primary, ReplyLine):
            return
        if primary.kind is ReplyKind.OK and keyword == "STLS":
            yield from self._before_tls()
        elif self._has_data(keyword, primary, boundary):
            data = self._block(primary, boundary, is_message=self._is_message(keyword, primary))
            if data is not None:
                self._has_block = bool(data.end_mark)
                yield data
                if not data.end_mark and self.last_words_of(self.position, None) == self.position:
                    yield from self.lines_up_to(self.server.length)
                if keyword == "CAPA":
                    self._may_pipeline = b"PIPELINING" in self.server.read(data.start, data.end).upper().split()
        elif primary.kind is ReplyKind.UNKNOWN and not primary.missing and not primary.raw.startswith(b"+"):
            # A server that does not answer as it should may say more than a line; a status line is the next answer.
            for _ in range(MAX_EXTRA_LINES):
                line = self.next_line(boundary)
                if line is None or line.missing or looks_like_reply(line.raw):
                    return
                yield self.reply(line)

    def _has_data(self, keyword: str, primary: ReplyLine, boundary: int | None) -> bool:
        command = self._command
        if is_lost(primary) and keyword in ("RETR", "TOP"):
            return boundary is not None and boundary > self.position
        if primary.kind is not ReplyKind.OK:
            return False
        if command is not None and is_multi_line(command):
            return True
        if keyword or (command is not None and command is not CONTINUATION and command.is_known):
            return False
        # The command was not captured: what answers it tells whether there is data.
        is_lost_command = command is None or not command.secret
        return (
            is_lost_command
            and boundary is not None
            and boundary > self.position
            and not self.only_replies(self.position, boundary)
        )

    def _is_message(self, keyword: str, primary: ReplyLine) -> bool:
        if keyword == "TOP":
            return self._command is not None and asks_for_whole(self._command)
        return keyword == "RETR" or (not keyword and _NAMES_OCTETS.search(primary.text) is not None)

    def _block(self, status: ReplyLine, boundary: int | None, *, is_message: bool) -> MessageData | None:
        """Take the data of a multi-line reply: up to its dot, or as far as it can go."""
        start = self.position
        announced = announced_octets(status.raw) if is_message and not status.missing else None
        block = self._bounded(status, start, boundary, announced)
        last_words = None if block.terminator else self.last_words_of(start, None)
        if last_words is not None and last_words < block.end:
            self.note_last_words(last_words, "message" if is_message else "reply")
            block = read_block(self.server, start, last_words, line_end_of(status))
        if block.end == start:
            return None
        missing = self.server.missing_between(start, block.end)
        if missing:
            self.note_missing(missing, "message" if is_message else "reply")
        if not block.terminator:
            self.note("the dot that ends this reply was not captured, or not sent")
        self.position = block.end
        return MessageData(start, block.end, announced, missing, is_message, block.terminator)

    def _bounded(self, status: ReplyLine, start: int, boundary: int | None, announced: int | None) -> Block:
        line_end = line_end_of(status)
        block = read_block(self.server, start, None, line_end)
        if boundary is not None and start <= boundary < block.end and self._ends_at(start, boundary):
            return read_block(self.server, start, boundary, line_end)
        if announced is not None and self.server.missing_between(start, block.end):
            # A gap may have swallowed the dot, and then the next reply would be taken for a part of the message.
            following = self._status_behind(start + announced, block.end)
            if following is not None:
                self.note("the next reply seems to begin here: the end of this one is missing from the capture")
                return read_block(self.server, start, following, line_end)
        return block

    def _ends_at(self, start: int, boundary: int) -> bool:
        """Whether data without its dot ends where the server had received the next command.

        So it does where octets before that are missing. Else the client must have had all that came before, and a
        status line must follow: some servers say +OK and then send nothing.
        """
        if self.server.missing_between(start, boundary):
            return True
        if boundary != self._known_next:
            return False
        line = self.line_at(boundary)
        return line is not None and bool(line.ending) and is_status(line.raw)

    def _status_behind(self, first: int, end: int) -> int | None:
        """Return where the first status line begins from ``first`` to ``end``, of those that a line end precedes."""
        for span in self.server.overlapping(first, end):
            octets = bytes(memoryview(span.data)[span.start : span.start + span.length])
            for match in re.finditer(rb"(?:(?<=\r\n)|\A)(?:\+OK \d+ (?:octets|bytes)|-ERR)", octets):
                if first <= span.offset + match.start() < end:
                    return span.offset + match.start()
        return None

    def lost_opening(self, end: int, command: Line | None) -> list[ReplyEvent]:
        """Read the rest of a reply, and the whole ones behind it, up to ``end``: maybe asked for at once."""
        replies: list[ReplyEvent] = []
        line = self.next_line()
        if line is None or line.missing or not is_status(line.raw):
            block = read_block(self.server, 0, end)
            missing = self.server.missing_between(0, block.end)
            self.position = block.end
            replies.append(MessageData(0, block.end, None, missing, is_message=True, end_mark=block.terminator))
        while self.position < end and len(replies) < MAX_EXTRA_LINES:
            line = self.next_line(end)
            if line is None or (line.missing and not line.raw):
                break
            status = self.reply(line)
            replies.append(status)
            following = self.next_line(end) if self.position < end else None
            if status.kind is ReplyKind.OK and following is not None and not is_status(following.raw):
                data = self._block(status, end, is_message=_NAMES_OCTETS.search(status.text) is not None)
                if data is not None:
                    replies.append(data)
        replies += self.lines_up_to(end)
        return replies

    def follow(self, keyword: str, reply: ReplyEvent | None, command: Command | None) -> None:
        kind = self.kind_of(keyword, reply)
        if kind is ReplyKind.DATA:
            kind = ReplyKind.OK
        self._sends_mail = kind is ReplyKind.OK and command is not None and sends_mail(command)
        in_sasl, self._in_sasl = self._in_sasl, False
        if in_sasl:
            self._challenged = None if kind is None else kind is ReplyKind.CHALLENGE
            keyword = "AUTH"
        else:
            self._challenged = False
        if keyword == "AUTH" and not in_sasl:
            return  # it only asks for the mechanisms
        if kind is not None:
            self.state = after_reply(self.state, keyword, kind)
        elif keyword in ("PASS", "APOP", "AUTH", "RPOP") and self.state == ServerState.AUTHORIZATION:
            self.state = ServerState.UNKNOWN  # whether the client was let in was not captured

    def next_command(self, lines: Iterator[Line]) -> tuple[Line | None, int | None, int | None]:
        """Return the client's next line as :class:`Conversation` does, and remember what the client had by then."""
        found = super().next_command(lines)
        self._known_next = found[1]
        return found

    # TLS.

    def _before_tls(self) -> Iterator[ReplyEvent]:
        """Yield what the server says in plain text before TLS, and note that TLS follows."""
        first = self.server.read(self.position, self.position + _TLS_HEAD)
        if first and not _TLS.match(first) and self._tls_start(self.client, self._line_end) is None:
            return  # neither side goes on with TLS
        self._tls = True
        while not _TLS.match(self.server.read(self.position, self.position + _TLS_HEAD)):
            line = self.next_line()
            if line is None or line.missing or not is_status(line.raw):
                break
            self.depart("tls.injection", "server", line.start, line.end)
            yield self.reply(line)
        octets = [
            count(stream.length - at, "byte")
            for stream, at in ((self.client, self._line_end), (self.server, self.position))
        ]
        self.note(f"TLS follows, of which nothing is read: {octets[0]} of the client, {octets[1]} of the server")

    def _behind_stls(self, start: int) -> Iterator[Turn]:
        """Yield the lines of the client that stand in plain text between STLS and its TLS, or instead of it."""
        departure = "tls.plaintext_after_stls" if self._tls_start(self.client, start) is None else "tls.injection"
        for line in self._lines_before_tls(self.client, start):
            command = parse_command(line.raw)
            self.depart_at(departure, line)
            self.note("sent in plain text behind STLS: what became of it is hidden in TLS, if anything did")
            event = CommandLine(line.start, line.end, line.raw, command, line.missing)
            departures, notes = self.collect()
            yield Turn(event, (), self.state, self.state, self.client_state, None, command.number, departures, notes)

    @staticmethod
    def _lines_before_tls(stream: Stream, start: int) -> Iterator[Line]:
        reader = LineReader(stream)
        while not _TLS.match(stream.read(start, start + _TLS_HEAD)):
            line = reader.read(start)
            if line is None or line.missing:
                return
            yield line
            start = line.end

    def _tls_start(self, stream: Stream, start: int) -> int | None:
        """Return where TLS begins at or after an offset, behind whole lines; None where it does not."""
        for line in self._lines_before_tls(stream, start):
            start = line.end
        return start if _TLS.match(stream.read(start, start + _TLS_HEAD)) else None
