"""POP3 (RFC 1939) in outline: which command got which answer. It is met on POP2's port, and is not its subject.

Nothing is judged here, and states are not followed; what matters is who logged in, and that passwords
are known for what they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.protocols.base import Command, CommandLine, MessageData, ReplyEvent, ReplyKind, ReplyLine, Turn
from pop2dissect.protocols.conversation import Conversation, ReplySyntax
from pop2dissect.protocols.lines import Line
from pop2dissect.protocols.pop1.grammar import (
    MAX_LINE,
    looks_like_reply,
    parse_broken_command,
    parse_command,
    parse_reply,
)
from pop2dissect.tcp.stream import Stream

# RFC 1939, section 3: the responses to these commands are multi-line; to LIST and UIDL if no message is named.
# RFC 2449, section 5: CAPA. RFC 1734, section 2: AUTH alone lists the mechanisms, as programs have it.
_MULTI_LINE = frozenset({"RETR", "TOP", "CAPA"})
_MULTI_LINE_ALONE = frozenset({"LIST", "UIDL", "AUTH"})

_STATE = "?"
_REPLIES = ReplySyntax(looks_like_reply, parse_reply, lambda raw, _: parse_reply(raw), MAX_LINE)


def dissect(client: Stream, server: Stream, from_start: bool = True) -> Iterator[Turn]:
    """Dissect a POP3 conversation. Any octets give turns, and every octet of the client is in one of them."""
    talk = Conversation(client, server, _REPLIES)
    lines = talk.command_lines()
    line, _, boundary = talk.next_command(lines)
    if from_start or (line is not None and (boundary or 0) > 0):
        greeting = talk.next_line()
        if greeting is not None:
            reply = _take(talk, greeting)
            if reply.kind is ReplyKind.OK:
                reply = reply._replace(kind=ReplyKind.GREETING)
            yield _turn(talk, None, [reply])
    challenged = False
    while line is not None:
        following, _, boundary = talk.next_command(lines)
        command = _parse(talk, line, challenged)
        replies: list[ReplyEvent] = []
        answer = talk.next_line(boundary)
        challenged = False
        if answer is not None:
            status = _take(talk, answer)
            replies.append(status)
            # RFC 5034, section 4: "+ " and a challenge; the client's next line answers it.
            challenged = status.raw[:2] in (b"+ ", b"+")
            if status.kind is ReplyKind.OK and not challenged and _is_multi_line(command):
                replies += _data(talk, boundary, command.keyword in ("RETR", "TOP"))
        yield _turn(talk, CommandLine(line.start, line.end, line.raw, command, line.missing), replies)
        line = following


def _parse(talk: Conversation, line: Line, challenged: bool) -> Command:
    if challenged and line.raw:
        return Command("", secret=(0, len(line.raw)), is_known=False)
    if line.missing:
        return parse_broken_command(line.raw, talk.broken_command(line), True)
    return parse_command(line.raw)


def _is_multi_line(command: Command) -> bool:
    alone = command.keyword in _MULTI_LINE_ALONE and not command.arguments
    return alone or command.keyword in _MULTI_LINE


def _take(talk: Conversation, line: Line) -> ReplyLine:
    talk.position = line.end
    kind, value, text = parse_reply(line.raw)
    return ReplyLine(line.start, line.end, line.raw, kind, value, text, line.missing)


def _data(talk: Conversation, boundary: int | None, is_message: bool) -> list[ReplyEvent]:
    """Read up to the line that holds one dot (RFC 1939, section 3), or as far as the answer can go."""
    start = end = talk.position
    while (line := talk.line_at(end, boundary)) is not None:
        end = line.end
        if line.raw == b"." and not line.missing:
            break
        if line.missing and boundary is not None and boundary >= end:
            end = boundary
            break
    talk.position = end
    missing = talk.server.missing_between(start, end)
    return [MessageData(start, end, None, missing, is_message)] if end > start else []


def _turn(talk: Conversation, command: CommandLine | None, replies: list[ReplyEvent]) -> Turn:
    return Turn(command, tuple(replies), _STATE, _STATE, _STATE, None, None, *talk.collect())
