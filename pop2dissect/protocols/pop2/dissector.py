"""The POP2 dissector: two streams in, turns out.

The streams are read in the order of the conversation, not of the clock. The n-th reply answers the
n-th command; the reply to RETR is as many octets as the last ``=n`` announced. Where that cannot be
true, causality decides (see :mod:`pop2dissect.protocols.causality`): what the server sent before it
had received the next command belongs to this one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.protocols.lines import Line
from pop2dissect.protocols.pop2.conversation import NO_REPLY, Conversation, Replies
from pop2dissect.protocols.pop2.events import Closed, CommandLine, MessageData, ReplyEvent, ReplyLine, Turn
from pop2dissect.protocols.pop2.grammar import (
    COMMANDS,
    MAX_COMMAND_LINE,
    MAX_REPLY_LINE,
    Command,
    ReplyKind,
    decode,
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
from pop2dissect.protocols.pop2.states import (
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

_REPLIES = Replies(looks_like_reply, parse_reply, parse_broken_reply, MAX_REPLY_LINE)

_MAY_LOG_IN = (ServerState.AUTH, ServerState.UNKNOWN)


def dissect(client: Stream, server: Stream, *, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a POP2 conversation. Any octets give turns, and every octet of the client is in one of them.

    ``from_start`` tells that the streams begin with the connection, so that the server's first line
    is the greeting.
    """
    return _Dissector(client, server).turns(from_start)


class _Dissector(Conversation):
    """One dissection: how far the server's stream is read, and what is known of both ends."""

    def __init__(self, client: Stream, server: Stream) -> None:
        super().__init__(client, server, _REPLIES)
        self._state = ServerState.AUTH
        self._client_state = ClientState.CALL
        self._announced: int | None = None
        """The octets that a RETR brings by the last ``=n``; None where no reply in force says so."""
        self._mailbox: str | None = None
        self._number: int | None = None
        self._uncertain = False
        """Of the turn before, the capture lacks octets: there may have been more of them than one."""

    def turns(self, from_start: bool) -> Iterator[Turn]:
        """Yield the opening, if any, and then a turn for each line of the client."""
        self.from_start = from_start
        lines = self.command_lines()
        line, known, boundary = self.next_command(lines)
        opening = self._opening(boundary, line)
        if opening is not None:
            yield opening
        while line is not None:
            following, known_next, boundary = self.next_command(lines)
            yield self._turn(line, known, following is not None, boundary)
            line, known = following, known_next

    # The opening: the greeting, or what a capture that starts in the middle begins with.

    def _opening(self, boundary: int | None, command: Line | None) -> Turn | None:
        boundary = self.not_before(boundary)
        first = self.next_line(boundary)
        if first is not None and (self.from_start or is_greeting(first.raw)):
            return self._greeting(first, boundary)
        if not self.from_start:
            self._state, self._client_state = ServerState.UNKNOWN, ClientState.UNKNOWN
        if first is None or boundary == 0:
            return None
        self._notes.append("the capture starts in the middle: the command was not captured")
        end = self.server.length if boundary is None else boundary
        replies: list[ReplyEvent] = []
        if self.only_replies(0, end) or self._is_torn_reply(end, command):
            replies.extend(self.lines_up_to(end))
        else:
            replies.append(self.data(end, None, "message"))
        last = replies[-1]
        self.answer_end = self.position
        if isinstance(last, MessageData):
            self._state = ServerState.NEXT
        else:
            self._follow("", last)
        return self._finish_turn(None, replies, ServerState.UNKNOWN, ClientState.UNKNOWN)

    def _is_torn_reply(self, end: int, command: Line | None) -> bool:
        """Whether what the server's side of the capture begins with is the rest of a reply, and not of a message.

        It is one line, and the client does not acknowledge it as it would a message. Before HELO there is no message.
        """
        line = self.next_line()
        if line is None or command is None or end > MAX_REPLY_LINE:
            return False
        keyword = _meant(parse_command(command.raw).keyword)
        return keyword == "HELO" or (line.end == end and bool(line.ending) and keyword in ("FOLD", "READ", "RETR"))

    def _greeting(self, line: Line, boundary: int | None) -> Turn:
        greeting = self.reply(line)
        if greeting.kind is ReplyKind.OK or is_greeting(line.raw):
            if greeting.kind is ReplyKind.ERROR:  # plain-text logins are off: the server closes
                self._state, self._client_state = ServerState.DONE, ClientState.EXIT
            greeting = greeting._replace(kind=ReplyKind.GREETING)
        self.greeting_end = self.answer_end = line.end
        replies: list[ReplyEvent] = [greeting, *self._further_replies("", greeting, boundary)]
        return self._finish_turn(None, replies, ServerState.AUTH, ClientState.CALL)

    # One turn.

    def _turn(self, line: Line, known: int | None, has_following: bool, boundary: int | None) -> Turn:
        command = parse_command(line.raw) if not line.missing else self._broken_command(line)
        torn = self.is_torn(line, command.is_known)
        if torn:
            command = parse_broken_command(line.raw, 0, before_login=True)
        keyword = _meant(command.keyword)
        state, client_state = self._state, self._client_state
        self.check_order(known)
        self._check_command(line, command, torn)
        self._client_state = CLIENT_AFTER.get(keyword, client_state)
        if command.number is not None:
            self._number = command.number
        replies = self._read_replies(keyword, command, has_following, boundary)
        primary = replies[0] if replies else None
        if isinstance(primary, ReplyLine):
            self.answer_end = primary.end
        elif isinstance(primary, MessageData):
            # A client that has what was announced need not wait for more.
            self.answer_end = min(primary.end, primary.start + (primary.announced or primary.end))
        self.unanswered = primary is None and self._state is not ServerState.DONE
        if _is_lost(primary) and not has_following and keyword != "QUIT":
            self._state = ServerState.UNKNOWN  # nothing shows whether it was the reply of success
        else:
            self._follow(keyword, primary, command)
        self._uncertain = line.missing > 0 or _is_lost(primary)
        event = CommandLine(line.start, line.end, line.raw, command, line.missing)
        return self._finish_turn(event, replies, state, client_state)

    def _finish_turn(
        self,
        command: CommandLine | None,
        replies: list[ReplyEvent],
        state: ServerState,
        client_state: ClientState,
    ) -> Turn:
        return Turn(
            command,
            tuple(replies),
            state,
            self._state,
            client_state,
            self._mailbox,
            self._number,
            *self.collect(),
        )

    def _broken_command(self, line: Line) -> Command:
        return parse_broken_command(line.raw, self.broken_command(line), before_login=self._state in _MAY_LOG_IN)

    def _check_command(self, line: Line, command: Command, torn: bool) -> None:
        self.check_octets(line, MAX_COMMAND_LINE)
        if line.missing or torn:
            return
        keyword = _meant(command.keyword)
        if not command.is_known:
            self.violate("protocol.unknown_command")
        elif not command.well_formed:
            self.violate("protocol.syntax")
        if not line.ending:
            self._notes.append("the command has no line end")
        ends_session = keyword == "QUIT" and self._state is ServerState.DONE
        if keyword in COMMANDS and not ends_session and not self.unanswered and not allowed(self._state, keyword):
            self.violate("protocol.state")

    # The replies to a command.

    def _read_replies(
        self, keyword: str, command: Command, has_following: bool, boundary: int | None
    ) -> list[ReplyEvent]:
        boundary = self.not_before(boundary)
        may_bring_data = self._announced != 0 and (
            self._state in (ServerState.ITEM, ServerState.UNKNOWN)
            or (self._uncertain and self._state is not ServerState.DONE and keyword == "RETR")
        )
        if may_bring_data and (keyword == "RETR" or (not keyword and self.is_lost_request(self._announced, boundary))):
            end = self.data_end(self._announced, has_following, boundary)
            if end is not None and end > self.position:
                data = self.data(end, self._announced, "message")
                return [data, *self._further_replies(keyword, data, boundary)]
        line = self.next_line(boundary)
        if line is None:
            return self._no_reply(keyword)
        reply = self.reply(line)
        if boundary == line.end and reply.kind is not ReplyKind.ERROR:
            return [reply]  # as in nearly all turns: one line, and then the client's next command
        return [reply, *self._further_replies(keyword, reply, boundary)]

    def _no_reply(self, keyword: str) -> list[ReplyEvent]:
        """Explain why a command has no reply: the server closed, or nothing of its answer was captured."""
        if self._state is ServerState.DONE:
            return []
        if self.server.finished:
            return [Closed(self.position)]
        self._notes.append(NO_REPLY)
        return []

    def _further_replies(
        self, keyword: str, primary: ReplyLine | MessageData, boundary: int | None
    ) -> Iterator[ReplyEvent]:
        """Yield what else the server said before it can have received the next command."""
        is_error = isinstance(primary, ReplyLine) and primary.kind is ReplyKind.ERROR
        if is_error and keyword in ERROR_THEN_FAREWELL:
            farewell = self.next_line()
            if farewell is not None and is_farewell(farewell.raw):
                yield self.reply(farewell)
        further = list(self.lines_up_to(boundary)) if boundary is not None else []
        lost = self.server.missing_between(primary.start, self.position)
        for index, reply in enumerate(further):
            is_last_words = reply.kind is ReplyKind.ERROR and self.position == self.server.length
            if not lost and not is_last_words and not (is_error and index == 0 and reply.kind is ReplyKind.OK):
                self.violate("protocol.reply_injection")
        if lost and further:
            self._notes.append(f"the capture lacks {lost} octets here; some of these replies may answer lost commands")
        yield from further

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
        """Return the kind, text and number that a reply counts as; no kind where it changes nothing."""
        if isinstance(primary, Closed):
            return ReplyKind.CLOSE, "", None
        if isinstance(primary, MessageData):
            return ReplyKind.DATA, "", None
        if primary is None or _is_lost(primary):
            if primary is None and (self.server.spans or self._state is ServerState.DONE):
                return None, "", None
            # Not captured. That the client went on shows that it was the reply of success.
            expected = SERVER.get((self._state, keyword))
            return (expected[0] if expected else None), "", None
        if primary.kind is ReplyKind.OK and keyword in ("HELO", "FOLD"):
            return ReplyKind.COUNT, "", 0  # KA9Q says "+ No mail, sorry" for "#0"
        text = "" if primary.missing else primary.text
        return primary.kind, text, primary.value


def _is_lost(reply: ReplyEvent | None) -> bool:
    """Whether a reply was not captured far enough to know what it is."""
    return isinstance(reply, ReplyLine) and reply.kind is ReplyKind.UNKNOWN and reply.missing > 0


def _meant(keyword: str) -> str:
    """Return the command that a keyword means; KA9Q's server looks at four letters only."""
    return keyword[:4] if keyword[:4] in COMMANDS else keyword
