"""One session's conversation as text: what each end said, in the order in which it was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from pop2dissect.masking import Mask
from pop2dissect.session import DIRECTIONS, Direction, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.terminal.look import Look
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count

Text: TypeAlias = Callable[[int, int], str]
"""Gives a part of a stream as text, passwords masked."""

_BLOCK = 1 << 16
"""Bytes that are read at a time, and the longest run without a line end that is shown on one line."""


def conversation(session: Session, look: Look) -> Iterator[str]:
    """Yield the conversation line by line, each with a sign for the end that said it. Passwords are masked.

    All bytes of both streams are in it, messages too, and what is missing from the capture is said in its place.
    """
    style = look.style
    yield f"{style.heading}Session {session.id}  {session.client} {style.to_server} {session.server}{style.off}"
    for direction, line in said(session, Mask(session, look.show_passwords)):
        is_client = direction == "client"
        sign = style.to_server if is_client else style.to_client
        colour = style.client if is_client else style.server
        if isinstance(line, str):
            yield f"{colour}{sign} {terminal_safe(line)}{style.off}"
        else:
            yield f"{style.notable}{sign} ({count(line, 'byte')} missing from the capture){style.off}"


def said(session: Session, mask: Mask) -> Iterator[tuple[Direction, str | int]]:
    """Yield who said which line, as it was; in the place of a gap how many bytes are missing."""
    told = {"client": 0, "server": 0}
    for direction, end in _turns(session):
        for line in _lines(session.stream(direction), told[direction], end, partial(mask.text, direction)):
            yield direction, line
        told[direction] = max(told[direction], end)


def _turns(session: Session) -> Iterator[tuple[Direction, int]]:
    """Yield who speaks, and up to which offset of what that end sent, in the order of the conversation.

    That is the order of the exchanges where they are known, since frames may have come in another; and
    else the order of the frames in time.
    """
    for exchange in session.exchanges:
        yield "client", exchange.end
        for reply in exchange.replies:
            yield "server", reply.end
    if not session.exchanges:
        turns: list[tuple[int, int, Direction, int]] = []
        for direction in DIRECTIONS:
            turns += ((span.time, span.frame, direction, span.end) for span in session.stream(direction).spans)
        for _, _, direction, end in sorted(turns):
            yield direction, end
    for direction in DIRECTIONS:
        yield direction, session.stream(direction).length


def _lines(stream: Stream, start: int, end: int, text: Text) -> Iterator[str | int]:
    """Yield part of a stream as lines without their ends, and in the place of a gap how many bytes it has of them."""
    for gap in stream.gaps:
        if gap.offset < end and gap.offset + gap.length > start:
            yield from _captured(stream, start, gap.offset, text)
            after = min(gap.offset + gap.length, end)
            yield after - max(gap.offset, start)
            start = after
    yield from _captured(stream, start, end, text)


def _captured(stream: Stream, start: int, end: int, text: Text) -> Iterator[str]:
    """Yield part of a stream without gaps as lines."""
    while start < end:
        block = stream.read(start, min(end, start + _BLOCK))
        if not block:
            return
        complete = len(block)
        if start + complete < end:
            complete = block.rfind(b"\n") + 1 or complete
        position = 0
        while position < complete:
            lf = block.find(b"\n", position, complete)
            after = complete if lf < 0 else lf + 1
            line = block[position:after].removesuffix(b"\n").removesuffix(b"\r")
            yield text(start + position, start + position + len(line))
            position = after
        start += complete
