"""The POP2 dissector: two streams in, turns out.

The streams are read in the order of the conversation, not of the clock. The n-th reply answers the
n-th command; the reply to RETR is as many octets as the last ``=n`` announced. Where that cannot be
true, causality decides (see :mod:`pop2dissect.protocol.causality`): what the server sent before it
had received the next command belongs to this one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.protocol.causality import Causality
from pop2dissect.protocol.lines import Line, LineReader
from pop2dissect.protocol.pop2.events import Closed, CommandLine, MessageData, ReplyEvent, ReplyLine, Turn
from pop2dissect.protocol.pop2.grammar import (
    COMMANDS,
    MAX_COMMAND_LINE,
    MAX_REPLY_LINE,
    Command,
    ReplyKind,
    decode,
    has_control_octets,
    has_unusual_octets,
    is_farewell,
    is_greeting,
    looks_like_reply,
    mailbox_of,
    message_number_of,
    parse_broken_command,
    parse_broken_reply,
    parse_command,
    parse_reply,
)
from pop2dissect.protocol.pop2.states import (
    CLIENT_AFTER,
    SERVER,
    ClientState,
    ServerState,
    after_reply,
    allowed,
)
from pop2dissect.tcp.stream import Stream

ERROR_THEN_FAREWELL = frozenset({"HELO", "FOLD", "READ", "RETR", "ACKS", "ACKD", "NACK"})
"""Commands in which UW's server reports an error by two lines, ``- text`` and then ``+ Sayonara``."""

MAX_EXTRA_LINES = 100
"""Lines taken as further replies to one command. Where there are more, the rest is one unknown reply: whoever
sends that is no POP2 server any more."""

MAX_REFUSAL = 2048
"""Octets within which the answer to RETR may turn out to be lines instead of data: four of the longest replies."""

_MAY_LOG_IN = (ServerState.AUTH, ServerState.UNKNOWN)


def dissect(client: Stream, server: Stream, *, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a POP2 conversation. Any octets give turns, and every octet of the client is in one of them.

    ``from_start`` tells that the streams begin with the connection, so that the server's first line
    is the greeting.
    """
    return _Dissector(client, server).turns(from_start)


class _Dissector:
    """One dissection: how far the server's stream is read, and what is known of both ends."""

    def __init__(self, client: Stream, server: Stream) -> None:
        self._client = client
        self._server = server
        self._replies = LineReader(server)
        self._sent_by_server = Causality(server)
        self._sent_by_client = Causality(client)
        self._position = 0
        """Offset in the server's stream of what is not read yet."""
        self._greeting_end = 0
        self._answer_end = 0
        """Offset after what the client had to wait for: the greeting, then each reply proper."""
        self._unanswered = False
        """The command before this one has no reply."""
        self._state = ServerState.AUTH
        self._client_state = ClientState.CALL
        self._announced: int | None = None
        """The octets that a RETR brings by the last ``=n``; None where no reply in force says so."""
        self._mailbox: str | None = None
        self._number: int | None = None
        self._violations: dict[str, None] = {}
        self._notes: list[str] = []

    def turns(self, from_start: bool) -> Iterator[Turn]:
        """Give the opening, if any, and then a turn for each line of the client."""
        lines = self._command_lines()
        line, known, boundary = self._next_command(lines)
        opening = self._opening(from_start, boundary)
        if opening is not None:
            yield opening
        while line is not None:
            following, known_next, boundary = self._next_command(lines)
            yield self._turn(line, known, following is not None, boundary)
            line, known = following, known_next

    def _next_command(self, lines: Iterator[Line]) -> tuple[Line | None, int | None, int | None]:
        """Give the client's next line; how much the client had received when it began to send it, if known; and
        where in the server's stream the reply to it begins at the earliest.

        Without a line the last is the end of the stream; None where nothing tells.
        """
        line = next(lines, None)
        if line is None:
            return None, None, self._server.length
        known = self._sent_by_client.received_at(line.start)
        return line, known, self._sent_by_server.first_after(line.end, known)

    def _command_lines(self) -> Iterator[Line]:
        """Give the client's lines. What the capture lacks is cut where the server is known to have answered."""
        reader = LineReader(self._client)
        cuts = self._answered_inside_gaps() if self._client.gaps else []
        line = reader.read(0, next((cut for cut in cuts if cut > 0), None))
        while line is not None:
            yield line
            end = line.end
            line = reader.read(end, next((cut for cut in cuts if cut > end), None) if cuts else None)

    def _answered_inside_gaps(self) -> list[int]:
        answered = {span.acknowledged for span in self._server.spans}
        return sorted(
            offset
            for offset in answered
            if offset is not None and any(gap.offset < offset <= gap.offset + gap.length for gap in self._client.gaps)
        )

    # The opening: the greeting, or what a capture that starts in the middle begins with.

    def _opening(self, from_start: bool, boundary: int | None) -> Turn | None:
        first = self._replies.read(0, boundary)
        if first is not None and (from_start or is_greeting(first.raw)):
            return self._greeting(first, boundary)
        if not from_start:
            self._state, self._client_state = ServerState.UNKNOWN, ClientState.UNKNOWN
        if first is None or boundary == 0:
            return None
        self._notes.append("the capture starts in the middle: the command was not captured")
        end = self._server.length if boundary is None else boundary
        replies: list[ReplyEvent] = []
        if self._only_replies(0, end):
            replies.extend(self._lines_up_to(end))
        else:
            replies.append(self._data(end, None))
        last = replies[-1]
        self._answer_end = self._position
        if isinstance(last, MessageData):
            self._state = ServerState.NEXT
        else:
            self._follow("", last)
        return self._finish_turn(None, replies, ServerState.UNKNOWN, ClientState.UNKNOWN)

    def _greeting(self, line: Line, boundary: int | None) -> Turn:
        greeting = self._reply(line)
        if greeting.kind is ReplyKind.OK or is_greeting(line.raw):
            if greeting.kind is ReplyKind.ERROR:  # plain-text logins are off: the server closes
                self._state, self._client_state = ServerState.DONE, ClientState.EXIT
            greeting = greeting._replace(kind=ReplyKind.GREETING)
        self._greeting_end = self._answer_end = line.end
        replies: list[ReplyEvent] = [greeting, *self._further_replies("", greeting, boundary)]
        return self._finish_turn(None, replies, ServerState.AUTH, ClientState.CALL)

    # One turn.

    def _turn(self, line: Line, known: int | None, has_following: bool, boundary: int | None) -> Turn:
        command = parse_command(line.raw) if not line.missing else self._broken_command(line)
        keyword = _meant(command.keyword)
        state, client_state = self._state, self._client_state
        self._check_order(known)
        self._check_command(line, command)
        self._client_state = CLIENT_AFTER.get(keyword, client_state)
        if command.number is not None:
            self._number = command.number
        replies = self._read_replies(keyword, command, has_following, boundary)
        primary = replies[0] if replies else None
        if isinstance(primary, ReplyLine):
            self._answer_end = primary.end
        elif isinstance(primary, MessageData):
            # A client that has what was announced need not wait for more.
            self._answer_end = min(primary.end, primary.start + (primary.announced or primary.end))
        self._unanswered = primary is None and self._state is not ServerState.DONE
        self._follow(keyword, primary, command)
        event = CommandLine(line.start, line.end, line.raw, command, line.missing)
        return self._finish_turn(event, replies, state, client_state)

    def _finish_turn(
        self,
        command: CommandLine | None,
        replies: list[ReplyEvent],
        state: ServerState,
        client_state: ClientState,
    ) -> Turn:
        turn = Turn(
            command,
            tuple(replies),
            state,
            self._state,
            client_state,
            self._mailbox,
            self._number,
            tuple(self._violations),
            tuple(self._notes),
        )
        self._violations.clear()
        self._notes.clear()
        return turn

    def _violate(self, violation: str) -> None:
        self._violations[violation] = None

    def _broken_command(self, line: Line) -> Command:
        self._notes.append(f"the capture lacks {line.missing} octets of this command")
        gap = next(gap for gap in self._client.gaps if gap.offset + gap.length > line.start)
        head = max(gap.offset - line.start, 0)
        return parse_broken_command(line.raw, head, before_login=self._state in _MAY_LOG_IN)

    def _check_order(self, known: int | None) -> None:
        """Note a command that the client sent before it had received what it should have waited for."""
        if known is None:
            return
        if known < self._greeting_end:
            self._violate("protocol.pre_greeting")
        elif known < self._answer_end or self._unanswered:
            self._violate("protocol.pipelining")

    def _check_command(self, line: Line, command: Command) -> None:
        self._check_octets(line, MAX_COMMAND_LINE)
        if line.missing:
            return
        keyword = _meant(command.keyword)
        if not command.is_known:
            self._violate("protocol.unknown_command")
        elif not command.well_formed:
            self._violate("protocol.syntax")
        if not line.ending:
            self._notes.append("the command has no line end")
        ends_session = keyword == "QUIT" and self._state is ServerState.DONE
        if keyword in COMMANDS and not ends_session and not self._unanswered and not allowed(self._state, keyword):
            self._violate("protocol.state")

    def _check_octets(self, line: Line, longest: int) -> None:
        if line.ending == b"\n":
            self._violate("protocol.bare_lf")
        if line.end - line.start > longest:
            self._violate("protocol.long_line")
        if has_unusual_octets(line.raw):
            if not line.raw.isascii():
                self._violate("protocol.non_ascii")
            if has_control_octets(line.raw):
                self._violate("protocol.terminal_escape")

    # The replies to a command.

    def _read_replies(
        self, keyword: str, command: Command, has_following: bool, boundary: int | None
    ) -> list[ReplyEvent]:
        if boundary is not None and boundary < self._position:
            boundary = self._position
        may_bring_data = self._state in (ServerState.ITEM, ServerState.UNKNOWN) and self._announced != 0
        if may_bring_data and (keyword == "RETR" or (not keyword and self._is_lost_retr(command, boundary))):
            end = self._data_end(has_following, boundary)
            if end is not None and end > self._position:
                data = self._data(end, self._announced)
                return [data, *self._further_replies(keyword, data, boundary)]
        line = self._replies.read(self._position, boundary)
        if line is None:
            return self._no_reply(keyword)
        reply = self._reply(line)
        if boundary == line.end and reply.kind is not ReplyKind.ERROR:
            return [reply]  # as in nearly all turns: one line, and then the client's next command
        return [reply, *self._further_replies(keyword, reply, boundary)]

    def _no_reply(self, keyword: str) -> list[ReplyEvent]:
        """Explain why a command has no reply: the server closed, or nothing of its answer was captured."""
        if self._state is ServerState.DONE:
            return []
        if self._server.finished:
            return [Closed(self._position)]
        self._notes.append("no reply was captured")
        return []

    def _is_lost_retr(self, command: Command, boundary: int | None) -> bool:
        """Tell whether a command that was not captured must have been RETR, by what answers it."""
        if command.is_known or boundary is None or boundary <= self._position:
            return False
        if self._announced is not None and boundary == self._position + self._announced:
            return True
        return not self._only_replies(self._position, boundary)

    def _data_end(self, has_following: bool, boundary: int | None) -> int | None:
        """Give where the data that answers a RETR ends; None where lines answer it instead.

        ``boundary`` is where the reply to the next command begins at the earliest.
        """
        start, length = self._position, self._server.length
        announced = None if self._announced is None else start + self._announced
        if boundary is None or (has_following and boundary <= start):
            # The next command was sent along with this one: only the announcement can tell.
            if announced is None or self._is_refusal(start, announced):
                return None
            return min(announced, length)
        if boundary == announced:
            return announced
        if self._only_replies(start, boundary, signs=b"+-"):
            return None
        if announced is None or boundary == length < announced:
            return boundary
        if boundary > announced:
            # Either the server said something else after the message, or the message was longer.
            return announced if self._only_replies(announced, boundary) else boundary
        # Either the message was shorter, or the client did not wait for the end of it.
        return boundary if self._is_reply_at(boundary) else min(announced, length)

    def _is_refusal(self, start: int, announced: int) -> bool:
        """Tell whether an error line stands where data was announced, and none follows the data as it should."""
        line = self._replies.read(start)
        if line is None or not line.raw.startswith(b"-") or not looks_like_reply(line.raw):
            return False
        return announced != line.end and not self._is_reply_at(announced)

    def _is_reply_at(self, offset: int) -> bool:
        line = self._replies.read(offset)
        return line is not None and bool(line.ending) and looks_like_reply(line.raw)

    def _only_replies(self, start: int, end: int, signs: bytes = b"+-#=") -> bool:
        """Tell whether there are lines from ``start`` to just ``end`` that all look like replies."""
        if not start < end <= start + MAX_REFUSAL:
            return False
        while start < end:
            line = self._replies.read(start)
            if line is None or line.missing or not line.ending or line.raw[:1] not in signs:
                return False
            if not looks_like_reply(line.raw):
                return False
            start = line.end
        return start == end

    def _further_replies(
        self, keyword: str, primary: ReplyLine | MessageData, boundary: int | None
    ) -> Iterator[ReplyEvent]:
        """Give what else the server said before it can have received the next command."""
        is_error = isinstance(primary, ReplyLine) and primary.kind is ReplyKind.ERROR
        if is_error and keyword in ERROR_THEN_FAREWELL:
            farewell = self._replies.read(self._position)
            if farewell is not None and is_farewell(farewell.raw):
                yield self._reply(farewell)
        further = list(self._lines_up_to(boundary)) if boundary is not None else []
        lost = self._server.missing_between(primary.start, self._position)
        for index, reply in enumerate(further):
            is_last_words = reply.kind is ReplyKind.ERROR and self._position == self._server.length
            if not lost and not is_last_words and not (is_error and index == 0 and reply.kind is ReplyKind.OK):
                self._violate("protocol.reply_injection")
        if lost and further:
            self._notes.append(f"the capture lacks {lost} octets here; some of these replies may answer lost commands")
        yield from further

    def _lines_up_to(self, end: int) -> Iterator[ReplyLine]:
        count = 0
        while self._position < end and count < MAX_EXTRA_LINES:
            line = self._replies.read(self._position, end)
            if line is None or (line.missing and not line.raw):
                break
            yield self._reply(line)
            count += 1
        if self._position < end:
            start, self._position = self._position, end
            missing = self._server.missing_between(start, end)
            if missing < end - start:
                self._notes.append(f"{end - start - missing} octets of the server here are no replies")
            yield ReplyLine(start, end, b"", ReplyKind.UNKNOWN, None, "", missing)

    def _reply(self, line: Line) -> ReplyLine:
        self._position = line.end
        self._check_octets(line, MAX_REPLY_LINE)
        if line.missing:
            self._notes.append(f"the capture lacks {line.missing} octets of this reply")
            gap = next(gap for gap in self._server.gaps if gap.offset + gap.length > line.start)
            kind, value, text = parse_broken_reply(line.raw, max(gap.offset - line.start, 0))
        else:
            kind, value, text = parse_reply(line.raw)
        return ReplyLine(line.start, line.end, line.raw, kind, value, text, line.missing)

    def _data(self, end: int, announced: int | None) -> MessageData:
        start, self._position = self._position, end
        missing = self._server.missing_between(start, end)
        if announced is not None and end - start != announced:
            if end < self._server.length or self._server.finished or self._server.reset:
                self._violate("protocol.length_mismatch")
            self._notes.append(f"the server announced {announced} octets and sent {end - start}")
        if missing:
            self._notes.append(f"the capture lacks {missing} octets of this message")
        return MessageData(start, end, announced, missing)

    # What a reply means for the states, and for the message at hand.

    def _follow(self, keyword: str, primary: ReplyEvent | None, command: Command | None = None) -> None:
        kind, text, value = self._meaning(keyword, primary)
        if kind is None:
            return
        if isinstance(primary, ReplyLine) and keyword not in ("QUIT", "") and is_farewell(primary.raw):
            self._notes.append("the server said only its farewell, which is how it reports some errors")
            self._state = ServerState.DONE
            return
        self._state = after_reply(self._state, keyword, kind)
        if kind is ReplyKind.COUNT:
            asked = command.arguments[0] if command and keyword == "FOLD" and command.arguments else None
            self._mailbox = mailbox_of(text) or (decode(asked) if asked is not None else None)
            self._number = 1
            self._announced = None
        elif kind is ReplyKind.LENGTH:
            self._announced = value
            if keyword in ("ACKS", "ACKD") and self._number is not None:
                self._number += 1
            self._number = message_number_of(text) or self._number
        elif kind is ReplyKind.DATA:
            self._announced = None

    def _meaning(self, keyword: str, primary: ReplyEvent | None) -> tuple[ReplyKind | None, str, int | None]:
        """Give the kind, text and number that a reply counts as; no kind where it changes nothing."""
        if isinstance(primary, Closed):
            return ReplyKind.CLOSE, "", None
        if isinstance(primary, MessageData):
            return ReplyKind.DATA, "", None
        if primary is None or (primary.missing and primary.kind is ReplyKind.UNKNOWN):
            if primary is None and (self._server.spans or self._state is ServerState.DONE):
                return None, "", None
            # Not captured. That the client went on shows that it was the reply of success.
            expected = SERVER.get((self._state, keyword))
            return (expected[0] if expected else None), "", None
        if primary.kind is ReplyKind.OK and keyword in ("HELO", "FOLD"):
            return ReplyKind.COUNT, "", 0  # KA9Q says "+ No mail, sorry" for "#0"
        text = "" if primary.missing else primary.text
        return primary.kind, text, primary.value


def _meant(keyword: str) -> str:
    """Give the command that a keyword means; KA9Q's server looks at four letters only."""
    return keyword[:4] if keyword[:4] in COMMANDS else keyword
