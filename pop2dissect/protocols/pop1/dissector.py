"""The RFC 918 dissector: what :class:`pop2dissect.protocols.dissector.LineDissector` needs to know of it.

RCEV is answered by the whole mailbox, which is as many octets as the ``#n`` before it announced; a ``+OK``
may come first, as the text of the RFC has it, or not, as in its scenario and its diagram. What the capture
shows of causality tells which.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pop2dissect.protocols.base import Command, ReplyEvent, ReplyKind, ReplyLine, Turn
from pop2dissect.protocols.conversation import ReplySyntax
from pop2dissect.protocols.dissector import CommandSyntax, LineDissector
from pop2dissect.protocols.lines import Line
from pop2dissect.protocols.pop1.grammar import (
    ARGUMENTS,
    LAST_WORDS,
    MAX_LINE,
    is_ok,
    looks_like_reply,
    meant,
    parse_broken_command,
    parse_broken_reply,
    parse_command,
    parse_reply,
)
from pop2dissect.protocols.pop1.states import ServerState, after_reply, allowed, expected_reply
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text


def dissect(client: Stream, server: Stream, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a conversation by RFC 918. Any octets give turns, and every octet of the client is in one of them.

    ``from_start`` tells that the streams begin with the connection, so that the server's first line
    is the greeting.
    """
    return _Dissector(client, server, from_start).turns()


class _Dissector(LineDissector):
    commands: ClassVar = CommandSyntax(parse_command, parse_broken_command, meant, MAX_LINE)
    replies: ClassVar = ReplySyntax(looks_like_reply, parse_reply, parse_broken_reply, MAX_LINE, LAST_WORDS)
    noun: ClassVar = "mailbox"
    may_log_in: ClassVar = frozenset({ServerState.AUTH, ServerState.PASS, ServerState.UNKNOWN})
    done: ClassVar = frozenset({ServerState.DONE})
    unknown: ClassVar = (ServerState.UNKNOWN, ServerState.UNKNOWN)

    def __init__(self, client: Stream, server: Stream, from_start: bool) -> None:
        super().__init__(client, server, from_start)
        self.state = ServerState.AUTH

    def greet(self, greeting: ReplyLine) -> ReplyLine:
        return greeting._replace(kind=ReplyKind.GREETING) if greeting.kind is ReplyKind.OK else greeting

    def is_allowed(self, keyword: str) -> bool:
        return keyword not in ARGUMENTS or allowed(self.state, keyword)

    def note_command(self, keyword: str, command: Command) -> None:
        if keyword in ("RETR", "RDEL") and command.arguments:
            self.mailbox = decode_text(command.arguments[0])
            self.deletes = keyword == "RDEL"

    def asks_for_data(self, keyword: str, boundary: int | None) -> bool:
        may_bring_data = self.state in (ServerState.ITEM, ServerState.UNKNOWN) and self.announced != 0
        return may_bring_data and (
            keyword == "RCEV" or (not keyword and self.is_lost_request(self.announced, boundary))
        )

    def read_data(self, has_following: bool, boundary: int | None) -> list[ReplyEvent]:
        """Read what answers RCEV: perhaps ``+OK``, and then data; nothing where other lines answer it."""
        replies: list[ReplyEvent] = []
        line = self.next_line(boundary)
        if line is not None and is_ok(line.raw) and self._stands_before_data(line, has_following, boundary):
            replies.append(self.reply(line))
            if boundary == self.position:
                return replies
        return [*replies, *super().read_data(has_following, boundary)]

    def _stands_before_data(self, line: Line, has_following: bool, boundary: int | None) -> bool:
        """Whether a ``+OK`` is a reply, and not the start of the mail itself."""
        if line.missing or not line.ending:
            return False
        if self.announced is None:
            return True
        if boundary is None or (has_following and boundary <= line.start):
            # RCVD was sent along with RCEV. Its reply stands where the data ends.
            without = self.is_reply_at(line.start + self.announced)
            return not without or self.is_reply_at(line.end + self.announced)
        return boundary != line.start + self.announced

    def follow(self, keyword: str, reply: ReplyEvent | None, command: Command | None) -> None:
        kind = self.kind_of(keyword, reply)
        if kind is None:
            return
        self.state = after_reply(self.state, keyword, kind)
        if kind is ReplyKind.COUNT:
            self.announced = reply.value if isinstance(reply, ReplyLine) else None
        elif self.state != ServerState.ITEM:
            self.announced = None
        if self.state in (ServerState.AUTH, ServerState.MBOX):
            self.mailbox = self.deletes = None

    def expected(self, keyword: str) -> ReplyKind | None:
        return expected_reply(self.state, keyword)
