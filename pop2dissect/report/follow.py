"""One session's conversation as text: what each end said, in the order in which it was said."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from pop2dissect.report.masking import Range, masked_text, secret_ranges
from pop2dissect.report.safe import terminal_safe
from pop2dissect.report.timeline import Look
from pop2dissect.report.values import count
from pop2dissect.session import Direction, Session, decode_text
from pop2dissect.tcp.stream import Stream

_Piece = tuple[int, int, Direction, int, int]
"""Frame, offset, direction, start and end of a run of octets; or of a gap, with its last frame before it."""


def conversation(session: Session, look: Look) -> Iterator[str]:
    """Give the conversation line by line, each with a sign for the end that said it. Passwords are masked."""
    style = look.style
    secrets = [] if look.show_passwords else secret_ranges(session)
    yield (f"{style.heading}Session {session.id}  {session.client} {style.to_server} {session.server}{style.off}")
    pieces = merge(_pieces("client", session.client_stream), _pieces("server", session.server_stream))
    for direction, start, end in _joined(pieces):
        stream = session.stream(direction)
        sign = style.to_server if direction == "client" else style.to_client
        colour = style.client if direction == "client" else style.server
        if stream.missing_between(start, end):
            yield f"{style.notable}{sign} ({count(end - start, 'octet')} not captured){style.off}"
            continue
        for line in _text(stream, direction, start, end, secrets).split("\n"):
            yield f"{colour}{sign} {terminal_safe(line.removesuffix(chr(13)))}{style.off}"


def _pieces(direction: Direction, stream: Stream) -> Iterator[_Piece]:
    frame = 0
    gaps = iter(stream.gaps)
    gap = next(gaps, None)
    for span in stream.spans:
        while gap is not None and gap.offset < span.offset:
            yield frame, gap.offset, direction, gap.offset, gap.offset + gap.length
            gap = next(gaps, None)
        # A stream is told in its own order, also where frames came out of order.
        frame = max(frame, span.frame)
        yield frame, span.offset, direction, span.offset, span.end
    while gap is not None:
        yield frame, gap.offset, direction, gap.offset, gap.offset + gap.length
        gap = next(gaps, None)


def _joined(pieces: Iterator[_Piece]) -> Iterator[tuple[Direction, int, int]]:
    """Join what one end said without the other saying anything."""
    last: tuple[Direction, int, int] | None = None
    for _, _, direction, start, end in pieces:
        if last is not None and last[0] == direction and last[2] == start:
            last = (direction, last[1], end)
            continue
        if last is not None:
            yield last
        last = (direction, start, end)
    if last is not None:
        yield last


def _text(stream: Stream, direction: Direction, start: int, end: int, secrets: list[Range]) -> str:
    text = masked_text(stream, start, end, secrets) if direction == "client" else decode_text(stream.read(start, end))
    return text.removesuffix("\n")
