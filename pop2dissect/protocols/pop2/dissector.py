"""The POP2 dissector: what :class:`pop2dissect.protocols.dissector.LineDissector` needs to know of RFC 937.

The reply to RETR is as many octets as the last ``=n`` announced.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pop2dissect.protocols.base import Command, ReplyEvent, ReplyKind, ReplyLine, Turn, is_lost
from pop2dissect.protocols.conversation import ReplySyntax
from pop2dissect.protocols.dissector import CommandSyntax, LineDissector
from pop2dissect.protocols.lines import Line
from pop2dissect.protocols.pop2.grammar import (
    COMMANDS,
    LAST_WORDS,
    MAX_COMMAND_LINE,
    MAX_REPLY_LINE,
    is_farewell,
    is_greeting,
    looks_like_reply,
    mailbox_of,
    meant,
    message_number_of,
    parse_broken_command,
    parse_broken_reply,
    parse_command,
    parse_reply,
)
from pop2dissect.protocols.pop2.states import (
    CLIENT_AFTER,
    SERVER,
    SUCCESS,
    ClientState,
    ServerState,
    after_greeting,
    after_reply,
    allowed,
)
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

ERROR_THEN_FAREWELL = frozenset({"HELO", "FOLD", "READ", "RETR", "ACKS", "ACKD", "NACK"})
"""Commands in which UW's server reports an error by two lines, ``- text`` and then ``+ Sayonara``."""


def dissect(client: Stream, server: Stream, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a POP2 conversation. Any octets give turns, and every octet of the client is in one of them.

    ``from_start`` tells that the streams begin with the connection, so that the server's first line
    is the greeting.
    """
    return _Dissector(client, server, from_start).turns()


class _Dissector(LineDissector):
    commands: ClassVar = CommandSyntax(parse_command, parse_broken_command, meant, MAX_COMMAND_LINE)
    replies: ClassVar = ReplySyntax(looks_like_reply, parse_reply, parse_broken_reply, MAX_REPLY_LINE, LAST_WORDS)
    may_log_in: ClassVar = frozenset({ServerState.AUTH, ServerState.UNKNOWN})
    done: ClassVar = frozenset({ServerState.DONE})
    unknown: ClassVar = (ServerState.UNKNOWN, ClientState.UNKNOWN)

    def __init__(self, client: Stream, server: Stream, from_start: bool) -> None:
        super().__init__(client, server, from_start)
        self.state, self.client_state = ServerState.AUTH, ClientState.CALL

    def is_greeting(self, line: bytes) -> bool:
        return is_greeting(line)

    def greet(self, greeting: ReplyLine) -> ReplyLine:
        if greeting.kind is not ReplyKind.OK and not is_greeting(greeting.raw):
            return greeting
        # "- POP2 ...": plain-text logins are off
        self.state, self.client_state = after_greeting(refused=greeting.kind is ReplyKind.ERROR)
        return greeting._replace(kind=ReplyKind.GREETING)

    def is_torn_reply(self, end: int, command: Line | None) -> bool:
        """It is one line, and the client does not acknowledge it as it would a message. Before HELO there is none."""
        line = self.next_line()
        if line is None or command is None or end > MAX_REPLY_LINE:
            return False
        keyword = meant(parse_command(command.raw).keyword)
        return keyword == "HELO" or (line.end == end and bool(line.ending) and keyword in ("FOLD", "READ", "RETR"))

    def is_allowed(self, keyword: str) -> bool:
        return keyword not in COMMANDS or allowed(self.state, keyword)

    def may_answer(self, keyword: str, reply: ReplyLine) -> bool:
        if keyword == "RETR":
            return self.state == ServerState.ITEM and bool(self.announced)
        success = SUCCESS.get(keyword)
        return success is not None and reply.kind is success[0]

    def note_command(self, keyword: str, command: Command) -> None:
        self.client_state = CLIENT_AFTER.get(keyword, self.client_state)
        if command.number is not None:
            self.number = command.number

    def asks_for_data(self, keyword: str, boundary: int | None) -> bool:
        may_bring_data = self.announced != 0 and (
            self.state in (ServerState.ITEM, ServerState.UNKNOWN)
            or (self.uncertain and self.state != ServerState.DONE and keyword == "RETR")
        )
        return may_bring_data and (
            keyword == "RETR" or (not keyword and self.is_lost_request(self.announced, boundary))
        )

    def own_further_replies(self, keyword: str, primary: ReplyEvent, boundary: int | None) -> Iterator[ReplyEvent]:
        if isinstance(primary, ReplyLine) and primary.kind is ReplyKind.ERROR and keyword in ERROR_THEN_FAREWELL:
            farewell = self.next_line()
            if farewell is not None and is_farewell(farewell.raw):
                yield self.reply(farewell)

    def may_follow(self, primary: ReplyEvent, index: int, reply: ReplyLine) -> bool:
        is_error = isinstance(primary, ReplyLine) and primary.kind is ReplyKind.ERROR
        return is_error and index == 0 and reply.kind is ReplyKind.OK

    def follow(self, keyword: str, reply: ReplyEvent | None, command: Command | None) -> None:
        kind = self.kind_of(keyword, reply)
        if kind is None:
            return
        line = reply if isinstance(reply, ReplyLine) and not is_lost(reply) else None
        text, value = ("", None) if line is None else ("" if line.missing else line.text, line.value)
        if line is not None and kind is ReplyKind.OK and keyword in ("HELO", "FOLD"):
            kind, text, value = ReplyKind.COUNT, "", 0  # KA9Q says "+ No mail, sorry" for "#0"
        if isinstance(reply, ReplyLine) and keyword not in ("QUIT", "") and is_farewell(reply.raw):
            self.note("the server said only its farewell, which is how it reports some errors")
            kind = ReplyKind.CLOSE
        self.state = after_reply(self.state, keyword, kind)
        if kind is ReplyKind.COUNT:
            asked = command.arguments[0] if command and keyword == "FOLD" and command.arguments else None
            self.mailbox = mailbox_of(text) or (decode_text(asked) if asked is not None else None)
            self.number = 1
            self.announced = None
        elif kind is ReplyKind.LENGTH:
            self.announced = value
            if keyword in ("ACKS", "ACKD") and self.number is not None:
                self.number += 1
            self.number = message_number_of(text) or self.number
        elif kind is ReplyKind.DATA:
            self.announced = None

    def expected(self, keyword: str) -> ReplyKind | None:
        row = SERVER.get((self.state, keyword))
        return row[0] if row else None
