"""The dissector of protocols in which each line of the client gets an answer; a protocol fills in what differs.

The streams are read in the order of the conversation, not of the clock. The n-th reply answers the n-th
command, and data is as long as was announced. Where that cannot be true, causality decides (see
:mod:`pop2dissect.protocols.causality`): what the server sent before it had received the next command
belongs to this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

from pop2dissect.protocols.base import (
    Closed,
    Command,
    CommandLine,
    MessageData,
    ReplyEvent,
    ReplyKind,
    ReplyLine,
    Turn,
    is_lost,
)
from pop2dissect.protocols.conversation import NO_REPLY, Conversation, ReplySyntax
from pop2dissect.protocols.lines import Line
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.quoting import listed
from pop2dissect.text.values import count


class CommandSyntax(NamedTuple):
    """How a protocol words its commands."""

    parse: Callable[[bytes], Command]
    parse_broken: Callable[[bytes, int, bool], Command]
    """Given a line with octets missing, how many precede the first of those, and whether a password may be in it."""
    meant: Callable[[str], str]
    """Gives the command that a keyword means."""
    longest: int
    """Octets of a line, its end included."""


class LineDissector(Conversation, ABC):
    """One dissection: how far the server's stream is read, and what is known of both ends."""

    commands: ClassVar[CommandSyntax]
    replies: ClassVar[ReplySyntax]
    noun: ClassVar[str] = "message"
    """What the data is that the server sends."""
    may_log_in: ClassVar[frozenset[str]]
    """States in which a line may hold a password."""
    done: ClassVar[frozenset[str]]
    """The states after the last reply."""
    unknown: ClassVar[tuple[str, str]]
    """The states of server and client that are not known."""

    def __init__(self, client: Stream, server: Stream, from_start: bool) -> None:
        super().__init__(client, server, self.replies)
        self.from_start = from_start
        self.state, self.client_state = self.unknown
        self.announced: int | None = None
        """The octets of the data to come, by the last reply that announced it; None where none in force does."""
        self.mailbox: str | None = None
        self.number: int | None = None
        self.deletes: bool | None = None
        self._urgent: dict[int, str] = {}
        """Where lines with urgent octets end, and how those were read."""
        self.uncertain = False
        """Octets of the turn before are missing: there may have been more turns than one."""

    # What a protocol fills in.

    @abstractmethod
    def greet(self, greeting: ReplyLine) -> ReplyLine:
        """Take the server's first line: set the states, and return it with its kind."""

    @abstractmethod
    def is_allowed(self, keyword: str) -> bool:
        """Whether the protocol's table has a command of it in the present state; True for unknown commands."""

    @abstractmethod
    def note_command(self, keyword: str, command: Command) -> None:
        """Take note of what a command asks for, before its replies are read."""

    @abstractmethod
    def asks_for_data(self, keyword: str, boundary: int | None) -> bool:
        """Whether data may answer a command in the present state."""

    @abstractmethod
    def follow(self, keyword: str, reply: ReplyEvent | None, command: Command | None) -> None:
        """Move on to the state that a reply leads to, and note what it tells. An empty keyword stands for a command
        that was not captured."""

    def may_answer(self, keyword: str, reply: ReplyLine) -> bool:
        """Whether a reply is one of success to a command, in the present state."""
        return True

    def expected(self, keyword: str) -> ReplyKind | None:
        """Return the reply of success to a command in the present state; None where that tells nothing."""
        return None

    def is_greeting(self, line: bytes) -> bool:
        """Whether a line is a greeting wherever it stands."""
        return False

    def is_torn_reply(self, end: int, command: Line | None) -> bool:
        """Whether what the server's side of the capture begins with, up to ``end``, is the rest of a reply."""
        return False

    def read_data(self, has_following: bool, boundary: int | None) -> list[ReplyEvent]:
        """Read the data that answers a command; nothing where lines answer instead."""
        end = self.data_end(self.announced, has_following, boundary)
        if end is None or end <= self.position:
            return []
        data = self.data(end, self.announced, self.noun)
        return [data, *self.lines_up_to(end if self.position == end else self.server.length)]

    def command_lines(self) -> Iterator[Line]:
        """Yield the client's lines. Urgent octets are read in line where that alone makes a command of one.

        RFC 6093, section 6, tells programs to read them so; sockets leave them out unless asked (RFC 9293, section
        3.8.5, does not say).
        """
        lines = super().command_lines()
        return self._with_urgent_octets(lines) if self.client.urgent else lines

    def _with_urgent_octets(self, lines: Iterator[Line]) -> Iterator[Line]:
        for line in lines:
            urgent = [place for place in self.client.urgent if line.start <= place < line.end and not line.missing]
            if urgent and not line.beyond:
                whole = self.client.read(line.start, line.end - len(line.ending))
                in_line = self.commands.parse(whole).is_known and not self.commands.parse(line.raw).is_known
                which = listed([str(place - line.start + 1) for place in urgent])
                self._urgent[line.end] = f"octet {which} of the line was sent as urgent data: " + (
                    "it is read in line here, as the line is a command only so; a server that takes urgent data apart "
                    "reads the line without it"
                    if in_line
                    else "it is left out here; a server that reads urgent data in line (RFC 6093) reads it too"
                )
                line = line._replace(raw=whole) if in_line else line
            yield line

    def parse(self, line: Line) -> Command:
        """Take a whole line of the client apart."""
        return self.commands.parse(line.raw)

    def longest_command(self, command: Command) -> int:
        """Return how many octets a line of the client may have, its end included."""
        return self.commands.longest

    def lost_opening(self, end: int, command: Line | None) -> list[ReplyEvent]:
        """Read what the server's side of a capture begins with, up to ``end``, where the command was not captured."""
        if self.only_replies(0, end) or self.is_torn_reply(end, command):
            return list(self.lines_up_to(end))
        return [self.data(end, None, self.noun), *self.lines_up_to(end)]

    def own_further_replies(self, keyword: str, primary: ReplyEvent, boundary: int | None) -> Iterator[ReplyEvent]:
        """Yield what belongs to a reply by the protocol or the habits of servers.

        ``boundary`` is where the reply to the next command begins at the earliest.
        """
        yield from ()

    def pass_over(self, line: Line) -> None:
        """Take note of a line that the server left without an answer."""
        return

    def may_follow(self, primary: ReplyEvent, index: int, reply: ReplyLine) -> bool:
        """Whether a further reply, counted from 0, is a habit of servers and no injection."""
        return False

    def kind_of(self, keyword: str, reply: ReplyEvent | None) -> ReplyKind | None:
        """Return the kind that a reply to a command counts as; None where it changes nothing."""
        if isinstance(reply, Closed):
            return ReplyKind.CLOSE
        if isinstance(reply, MessageData):
            return ReplyKind.DATA
        if reply is not None and not is_lost(reply):
            return reply.kind
        if reply is None and (self.server.spans or self.state in self.done):
            return None
        return self.expected(keyword)  # not captured: that the client went on shows that it was the reply of success

    # The conversation.

    def turns(self) -> Iterator[Turn]:
        """Yield the opening, if any, and then a turn for each line of the client."""
        lines = self.command_lines()
        ahead: deque[tuple[Line | None, int | None, int | None]] = deque()
        line, known, boundary = self.next_command(lines)
        spoken, heard = line, boundary
        while spoken is not None and not spoken.raw.strip() and not spoken.missing:  # no server answers blank lines
            ahead.append(self.next_command(lines))
            spoken, _, heard = ahead[-1]
        opening = self._opening(boundary, line, heard, spoken)
        if opening is not None:
            yield opening
        while line is not None:
            following, known_next, boundary = ahead.popleft() if ahead else self.next_command(lines)
            spoken, heard = following, boundary
            if following is not None and not line.raw.strip() and not following.raw.strip():
                while not ahead or ((last := ahead[-1][0]) is not None and not last.raw.strip()):
                    ahead.append(self.next_command(lines))
                spoken, _, heard = ahead[-1]  # of blank lines in a row, what follows them all
            ignored = spoken is not None and self._goes_unanswered(line, spoken, heard)
            yield self._turn(line, known, following is not None, boundary, ignored=ignored)
            line, known = following, known_next

    def _opening(
        self, boundary: int | None, command: Line | None, heard: int | None, spoken: Line | None
    ) -> Turn | None:
        """Return the greeting, or what a capture that starts in the middle begins with.

        ``spoken`` is the first line that is not blank, and ``heard`` where the reply to it begins at the earliest.
        """
        boundary = self.not_before(boundary)
        first = self.next_line(boundary)
        if self.from_start and first is not None and spoken is not None and self._has_no_greeting(first, heard, spoken):
            return None
        if first is not None and (self.from_start or self.is_greeting(first.raw)):
            state, client_state = self.state, self.client_state
            greeting = self.greet(self.reply(first))
            self.greeting_end = self.answer_end = first.end
            replies: list[ReplyEvent] = [greeting, *self._further_replies("", greeting, boundary)]
            return self._finish_turn(None, replies, state, client_state)
        if not self.from_start:
            self.state, self.client_state = self.unknown
        if first is None or boundary == 0:
            return None
        self.note("the capture starts in the middle: the command was not captured")
        end = self.server.length if boundary is None else boundary
        replies = self.lost_opening(end, command)
        self.follow("", replies[-1], None)
        self.answer_end = self.position
        return self._finish_turn(None, replies, *self.unknown)

    def _has_no_greeting(self, first: Line, boundary: int | None, command: Line | None) -> bool:
        """Whether the server's first line answers the first command, which it had received before it sent anything."""
        if not self.from_start or command is None or command.missing or boundary != 0:
            return False
        if first.missing or self.is_greeting(first.raw):
            return False
        keyword = self.commands.meant(self.commands.parse(command.raw).keyword)
        reply = self.look(first)
        none = reply.kind is not ReplyKind.OK and self.may_answer(keyword, reply)
        if none:
            self.depart("protocol.no_greeting", "server", first.start, first.end)
        return none

    def _turn(self, line: Line, known: int | None, has_following: bool, boundary: int | None, *, ignored: bool) -> Turn:
        if self.proxied is not None and self.is_proxy_header(line):
            return self._proxy_header(line)
        syntax = self.commands
        command = self.parse(line) if not line.missing else self._broken_command(line)
        torn = self.is_torn(line, command.is_known)
        if torn:
            command = syntax.parse_broken(line.raw, 0, True)
        keyword = syntax.meant(command.keyword)
        state, client_state = self.state, self.client_state
        if line.end in self._urgent:
            self.note(self._urgent.pop(line.end))
        self.check_order(line, known)
        self._check_command(line, keyword, command, torn)
        self.note_command(keyword, command)
        mailbox, deletes = self.mailbox, self.deletes
        if ignored:
            self.pass_over(line)
            self.note(
                "the server did not answer this line: all that it sent next answers what the client sent after it"
            )
        replies = [] if ignored else self._read_replies(keyword, has_following, boundary)
        primary = replies[0] if replies else None
        data = None
        for reply in replies:
            if isinstance(reply, MessageData):
                data = reply
                break
        if data is not None:
            # A client that has what was announced need not wait for more.
            self.answer_end = min(data.end, data.start + (data.announced or data.end))
        elif isinstance(primary, ReplyLine):
            self.answer_end = primary.end
        self.unanswered = primary is None and self.state not in self.done and not ignored
        lost = is_lost(primary)
        if lost and not has_following and keyword != "QUIT":
            self.state = self.unknown[0]  # nothing shows whether it was the reply of success
        else:
            self.follow(keyword, data or primary, command)
        self.uncertain = line.missing > 0 or lost
        event = CommandLine(line.start, line.end, line.raw, command, line.missing)
        turn = self._finish_turn(event, replies, state, client_state)
        return turn if deletes is None else turn._replace(mailbox=mailbox, deletes=deletes)

    def _proxy_header(self, line: Line) -> Turn:
        self.note(str(self.proxied))
        command = Command("PROXY", (line.raw.removeprefix(b"PROXY").strip(b" "),), is_known=False)
        event = CommandLine(line.start, line.end, line.raw, command, 0)
        return self._finish_turn(event, [], self.state, self.client_state)

    def _goes_unanswered(self, line: Line, following: Line, boundary: int | None) -> bool:
        """Whether a server left a line without an answer, and what it sent next answers the line after it.

        A server cannot have answered the following line before it had received it, so all that comes must have been
        sent after that, and must be such a reply. A blank line may be ignored (KA9Q does). A command is only where the
        server had received it before, as its segments say, and was silent; and where the reply cannot be the command's.
        """
        if boundary is None or boundary > self.position or line.missing or following.missing:
            return False
        first = self.next_line()
        if first is None or first.missing:
            return False
        reply = self.look(first)
        if reply.kind is ReplyKind.ERROR:
            return False
        next_keyword = self.commands.meant(self.commands.parse(following.raw).keyword)
        if not self.may_answer(next_keyword, reply):
            return False
        if not line.raw.strip():
            return True
        keyword = self.commands.meant(self.commands.parse(line.raw).keyword)
        return not self.may_answer(keyword, reply) and self.had_received(line.end)

    def _finish_turn(
        self, command: CommandLine | None, replies: list[ReplyEvent], state: str, client_state: str
    ) -> Turn:
        departures, notes = self.collect()
        return Turn(
            command,
            tuple(replies),
            state,
            self.state,
            client_state,
            self.mailbox,
            self.number,
            departures,
            notes,
            self.deletes,
        )

    def _broken_command(self, line: Line) -> Command:
        return self.commands.parse_broken(line.raw, self.broken_command(line), self.state in self.may_log_in)

    def _check_command(self, line: Line, keyword: str, command: Command, torn: bool) -> None:
        self.check_octets(line, "client", self.longest_command(command))
        if line.missing or torn:
            return
        if not command.is_known:
            self.depart_at("protocol.unknown_command", line)
        elif not command.well_formed:
            self.depart_at("protocol.syntax", line)
        if not line.ending:
            self.note("the command has no line end")
        ends_session = keyword == "QUIT" and self.state in self.done
        if not ends_session and not self.unanswered and not self.is_allowed(keyword):
            self.depart_at("protocol.state", line)

    # The replies to a command.

    def _read_replies(self, keyword: str, has_following: bool, boundary: int | None) -> list[ReplyEvent]:
        boundary = self.not_before(boundary)
        if self.asks_for_data(keyword, boundary):
            replies = self.read_data(has_following, boundary)
            if replies:
                return [*replies, *self._further_replies(keyword, replies[0], boundary)]
        line = self.next_line(boundary)
        if line is None:
            return self._no_reply()
        reply = self.reply(line)
        return [reply, *self._further_replies(keyword, reply, boundary)]

    def _no_reply(self) -> list[ReplyEvent]:
        """Explain why a command has no reply: the server closed, or nothing of its answer was captured."""
        if self.state in self.done:
            return []
        if self.server.finished:
            return [Closed(self.position)]
        self.note(NO_REPLY)
        return []

    def _further_replies(self, keyword: str, primary: ReplyEvent, boundary: int | None) -> Iterator[ReplyEvent]:
        """Yield what else the server said before it can have received the next command."""
        start = primary.offset if isinstance(primary, Closed) else primary.start
        yield from self.own_further_replies(keyword, primary, boundary)
        if boundary == self.position:
            return  # as in nearly all turns
        further = list(self.lines_up_to(boundary)) if boundary is not None else []
        if not further:
            return
        lost = self.server.missing_between(start, self.position)
        for index, reply in enumerate(further):
            is_last_words = reply.kind is ReplyKind.ERROR and self.position == self.server.length
            if not lost and not is_last_words and not self.may_follow(primary, index, reply):
                self.depart("protocol.reply_injection", "server", reply.start, reply.end)
        if lost:
            self.note(f"{count(lost, 'byte')} missing from the capture here: some replies may answer lost commands")
        yield from further
