"""The RFC 918 dissector: two streams in, turns out.

As in POP2, the n-th reply answers the n-th command. RCEV is answered by the whole mailbox, which is as
many octets as the ``#n`` before it announced; a ``+OK`` may come first, as the text of the RFC has it,
or not, as in its scenario and its diagram. What the capture shows of causality tells which.
"""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.protocols.lines import Line
from pop2dissect.protocols.pop1.events import Closed, CommandLine, MessageData, ReplyEvent, ReplyLine, Turn
from pop2dissect.protocols.pop1.grammar import (
    MAX_LINE,
    SPELLINGS,
    Command,
    is_ok,
    looks_like_reply,
    parse_broken_command,
    parse_broken_reply,
    parse_command,
    parse_reply,
)
from pop2dissect.protocols.pop1.states import ServerState, after_reply, allowed, expected_reply
from pop2dissect.protocols.pop2.conversation import NO_REPLY, Conversation, Replies
from pop2dissect.protocols.pop2.grammar import ReplyKind, decode
from pop2dissect.tcp.stream import Stream

_REPLIES = Replies(looks_like_reply, parse_reply, parse_broken_reply, MAX_LINE)

_MAY_LOG_IN = (ServerState.AUTH, ServerState.PASS, ServerState.UNKNOWN)


def dissect(client: Stream, server: Stream, *, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a conversation by RFC 918. Any octets give turns, and every octet of the client is in one of them.

    ``from_start`` tells that the streams begin with the connection, so that the server's first line
    is the greeting.
    """
    return _Dissector(client, server).turns(from_start)


class _Dissector:
    """One dissection: what is known of the server."""

    def __init__(self, client: Stream, server: Stream) -> None:
        self._talk = Conversation(client, server, _REPLIES)
        self._state = ServerState.AUTH
        self._announced: int | None = None
        """The octets of the mailbox by the last ``#n``; None where no reply in force says so."""
        self._mailbox: str | None = None
        self._deletes: bool | None = None

    def turns(self, from_start: bool) -> Iterator[Turn]:
        """Yield the opening, if any, and then a turn for each line of the client."""
        talk = self._talk
        talk.from_start = from_start
        lines = talk.command_lines()
        line, known, boundary = talk.next_command(lines)
        opening = self._opening(boundary)
        if opening is not None:
            yield opening
        while line is not None:
            following, known_next, boundary = talk.next_command(lines)
            yield self._turn(line, known, following is not None, boundary)
            line, known = following, known_next

    def _opening(self, boundary: int | None) -> Turn | None:
        """Return the greeting, or what a capture that starts in the middle begins with."""
        talk = self._talk
        boundary = talk.not_before(boundary)
        first = talk.next_line(boundary)
        if first is not None and talk.from_start:
            greeting = talk.reply(first)
            if greeting.kind is ReplyKind.OK:
                greeting = greeting._replace(kind=ReplyKind.GREETING)
            talk.greeting_end = talk.answer_end = first.end
            return self._finish_turn(None, [greeting, *self._further_replies(greeting, boundary)], ServerState.AUTH)
        if not talk.from_start:
            self._state = ServerState.UNKNOWN
        if first is None or boundary == 0:
            return None
        talk.note("the capture starts in the middle: the command was not captured")
        end = talk.server.length if boundary is None else boundary
        replies: list[ReplyEvent] = []
        if talk.only_replies(0, end):
            replies.extend(talk.lines_up_to(end))
        else:
            replies.append(talk.data(end, self._announced, "mailbox"))
        self._follow("", replies[-1])
        talk.answer_end = talk.position
        return self._finish_turn(None, replies, ServerState.UNKNOWN)

    def _turn(self, line: Line, known: int | None, has_following: bool, boundary: int | None) -> Turn:
        talk = self._talk
        command = parse_command(line.raw) if not line.missing else self._broken_command(line)
        torn = talk.is_torn(line, command.is_known)
        if torn:
            command = parse_broken_command(line.raw, 0, before_login=True)
        state = self._state
        talk.check_order(known)
        self._check_command(line, command, torn)
        if command.keyword in ("RETR", "RDEL") and command.arguments:
            self._mailbox = decode(command.arguments[0])
            self._deletes = command.keyword == "RDEL"
        mailbox, deletes = self._mailbox, self._deletes
        replies = self._read_replies(command, has_following, boundary)
        primary = replies[0] if replies else None
        data = next((reply for reply in replies if isinstance(reply, MessageData)), None)
        if data is not None:
            # A client that has what was announced need not wait for more.
            talk.answer_end = min(data.end, data.start + (data.announced or data.end))
        elif isinstance(primary, ReplyLine):
            talk.answer_end = primary.end
        talk.unanswered = primary is None and self._state is not ServerState.DONE
        self._follow(command.keyword, data or primary)
        event = CommandLine(line.start, line.end, line.raw, command, line.missing)
        turn = self._finish_turn(event, replies, state)
        return turn._replace(mailbox=mailbox, deletes=deletes)

    def _finish_turn(self, command: CommandLine | None, replies: list[ReplyEvent], state: ServerState) -> Turn:
        return Turn(
            command,
            tuple(replies),
            state,
            self._state,
            ServerState.UNKNOWN,
            self._mailbox,
            self._deletes,
            *self._talk.collect(),
        )

    def _broken_command(self, line: Line) -> Command:
        head = self._talk.broken_command(line)
        return parse_broken_command(line.raw, head, before_login=self._state in _MAY_LOG_IN)

    def _check_command(self, line: Line, command: Command, torn: bool) -> None:
        talk = self._talk
        talk.check_octets(line, MAX_LINE)
        if line.missing or torn:
            return
        if not command.is_known:
            talk.violate("protocol.unknown_command")
        elif not command.well_formed:
            talk.violate("protocol.syntax")
        if not line.ending:
            talk.note("the command has no line end")
        ends_session = command.keyword == "QUIT" and self._state is ServerState.DONE
        if command.is_known and not ends_session and not talk.unanswered and not allowed(self._state, command.keyword):
            talk.violate("protocol.state")

    # The replies to a command.

    def _read_replies(self, command: Command, has_following: bool, boundary: int | None) -> list[ReplyEvent]:
        talk = self._talk
        boundary = talk.not_before(boundary)
        keyword = SPELLINGS.get(command.keyword, command.keyword)
        may_bring_data = self._state in (ServerState.ITEM, ServerState.UNKNOWN) and self._announced != 0
        if may_bring_data and (keyword == "RCEV" or (not keyword and talk.is_lost_request(self._announced, boundary))):
            replies = self._mailbox_data(has_following, boundary)
            if replies:
                return [*replies, *self._further_replies(replies[0], boundary)]
        line = talk.next_line(boundary)
        if line is None:
            return self._no_reply()
        reply = talk.reply(line)
        return [reply, *self._further_replies(reply, boundary)]

    def _no_reply(self) -> list[ReplyEvent]:
        """Explain why a command has no reply: the server closed, or nothing of its answer was captured."""
        if self._state is ServerState.DONE:
            return []
        if self._talk.server.finished:
            return [Closed(self._talk.position)]
        self._talk.note(NO_REPLY)
        return []

    def _mailbox_data(self, has_following: bool, boundary: int | None) -> list[ReplyEvent]:
        """Read what answers RCEV: perhaps ``+OK``, and then data; nothing where other lines answer it."""
        talk = self._talk
        replies: list[ReplyEvent] = []
        line = talk.next_line(boundary)
        if line is not None and is_ok(line.raw) and self._stands_before_data(line, has_following, boundary):
            replies.append(talk.reply(line))
            if boundary == talk.position:
                return replies
        end = talk.data_end(self._announced, has_following, boundary)
        if end is not None and end > talk.position:
            replies.append(talk.data(end, self._announced, "mailbox"))
        return replies

    def _stands_before_data(self, line: Line, has_following: bool, boundary: int | None) -> bool:
        """Whether a ``+OK`` is a reply, and not the start of the mail itself."""
        if line.missing or not line.ending:
            return False
        if self._announced is None:
            return True
        if boundary is None or (has_following and boundary <= line.start):
            # RCVD was sent along with RCEV. Its reply stands where the data ends.
            without = self._talk.is_reply_at(line.start + self._announced)
            return not without or self._talk.is_reply_at(line.end + self._announced)
        return boundary != line.start + self._announced

    def _further_replies(self, primary: ReplyEvent, boundary: int | None) -> Iterator[ReplyEvent]:
        """Yield what else the server said before it can have received the next command."""
        talk = self._talk
        further = list(talk.lines_up_to(boundary)) if boundary is not None else []
        start = primary.offset if isinstance(primary, Closed) else primary.start
        lost = talk.server.missing_between(start, talk.position)
        for reply in further:
            is_last_words = reply.kind is ReplyKind.ERROR and talk.position == talk.server.length
            if not lost and not is_last_words:
                talk.violate("protocol.reply_injection")
        if lost and further:
            talk.note(f"the capture lacks {lost} octets here; some of these replies may answer lost commands")
        yield from further

    # What a reply means for the state, and for the transaction at hand.

    def _follow(self, keyword: str, primary: ReplyEvent | None) -> None:
        kind = self._meaning(keyword, primary)
        if kind is None:
            return
        self._state = after_reply(self._state, keyword, kind)
        if kind is ReplyKind.COUNT:
            self._announced = primary.value if isinstance(primary, ReplyLine) else None
        elif self._state is not ServerState.ITEM:
            self._announced = None
        if self._state in (ServerState.AUTH, ServerState.MBOX):
            self._mailbox = self._deletes = None

    def _meaning(self, keyword: str, primary: ReplyEvent | None) -> ReplyKind | None:
        """Return the kind that a reply counts as; None where it changes nothing."""
        if isinstance(primary, Closed):
            return ReplyKind.CLOSE
        if isinstance(primary, MessageData):
            return ReplyKind.DATA
        if primary is None or (primary.missing and primary.kind is ReplyKind.UNKNOWN):
            if primary is None and (self._talk.server.spans or self._state is ServerState.DONE):
                return None
            # Not captured. That the client went on shows that it was the reply of success.
            return expected_reply(self._state, keyword)
        return primary.kind
