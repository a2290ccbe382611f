"""The objects that the rows of the tables come as: something of a session, with what it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pop2dissect.session import Direction, Exchange, Finding, Message, Probe, Session
from pop2dissect.tcp.stream import Gap, Span, Stream

DIRECTIONS: tuple[Direction, Direction] = ("client", "server")


@dataclass(frozen=True, slots=True)
class Source:
    """What tables are made of."""

    sessions: Sequence[Session] = ()
    probes: Sequence[Probe] = ()
    findings: Sequence[Finding] = ()
    """Those that span sessions; the others are in their sessions."""
    show_passwords: bool = False


class SessionRow(NamedTuple):
    """A session."""

    session: Session
    show_passwords: bool


class ExchangeRow(NamedTuple):
    """A command and the replies to it."""

    session: Session
    exchange: Exchange
    before: int | None
    """Time of the last octet that the server had sent before the command."""
    message: int | None
    """Index of the message that it transferred."""
    show_passwords: bool


class MessageRow(NamedTuple):
    """A message transfer."""

    session: Session
    message: Message


class FindingRow(NamedTuple):
    """A finding."""

    number: int
    session: Session | None
    finding: Finding


class SegmentRow(NamedTuple):
    """A run of octets of a stream that one frame carried."""

    session: Session
    direction: Direction
    place: int
    span: Span
    late: bool


class GapRow(NamedTuple):
    """A run of octets of a stream that the capture lacks."""

    session: Session
    direction: Direction
    place: int
    gap: Gap
    time: int | None


ProbeRow: TypeAlias = Probe


def session_rows(source: Source) -> Iterator[SessionRow]:
    """Give the sessions."""
    for session in source.sessions:
        yield SessionRow(session, source.show_passwords)


def exchange_rows(source: Source) -> Iterator[ExchangeRow]:
    """Give the exchanges of all sessions."""
    for session in source.sessions:
        messages = {message.exchange: message.index for message in session.messages}
        for exchange, before in with_time_before(session):
            yield ExchangeRow(session, exchange, before, messages.get(exchange.index), source.show_passwords)


def with_time_before(session: Session) -> Iterator[tuple[Exchange, int | None]]:
    """Give a session's exchanges with the time at which the reply to the one before was complete."""
    before: int | None = None
    for exchange in session.exchanges:
        yield exchange, before
        before = reply_end(session, exchange)


def reply_end(session: Session, exchange: Exchange) -> int | None:
    """Give the time of the last octet that answered; None where it was not captured, or nothing did."""
    for reply in reversed(exchange.replies):
        if reply.end > reply.start:
            return session.server_stream.time_at(reply.end - 1)
    return None


def message_rows(source: Source) -> Iterator[MessageRow]:
    """Give the message transfers of all sessions."""
    for session in source.sessions:
        for message in session.messages:
            yield MessageRow(session, message)


def finding_rows(source: Source) -> Iterator[FindingRow]:
    """Give the findings, those of sessions first, numbered from 1."""
    number = 0
    for session in source.sessions:
        for finding in session.findings:
            number += 1
            yield FindingRow(number, session, finding)
    for finding in source.findings:
        number += 1
        yield FindingRow(number, None, finding)


def probe_rows(source: Source) -> Iterable[ProbeRow]:
    """Give the connections without payload."""
    return source.probes


def segment_rows(source: Source) -> Iterator[SegmentRow]:
    """Give the runs that the streams consist of."""
    for session in source.sessions:
        for direction in DIRECTIONS:
            for index, (span, late) in enumerate(with_lateness(session.stream(direction))):
                yield SegmentRow(session, direction, index, span, late)


def with_lateness(stream: Stream) -> Iterator[tuple[Span, bool]]:
    """Give a stream's spans in stream order, and whether each was captured after octets that follow it."""
    earliest_after: list[int] = []
    earliest: int | None = None
    for span in reversed(stream.spans):
        earliest_after.append(span.frame if earliest is None else earliest)
        earliest = span.frame if earliest is None else min(earliest, span.frame)
    for span, after in zip(stream.spans, reversed(earliest_after), strict=True):
        yield span, span.frame > after


def count_late(stream: Stream) -> int:
    """Count a stream's spans that were captured after octets that follow them."""
    late = 0
    earliest = 1 << 63
    for span in reversed(stream.spans):
        if span.frame > earliest:
            late += 1
        else:
            earliest = span.frame
    return late


def gap_rows(source: Source) -> Iterator[GapRow]:
    """Give the gaps of all streams, with the time of the octets around them."""
    for session in source.sessions:
        for direction in DIRECTIONS:
            stream = session.stream(direction)
            for index, gap in enumerate(stream.gaps):
                yield GapRow(session, direction, index, gap, gap_time(stream, gap))


def gap_time(stream: Stream, gap: Gap) -> int | None:
    """Give the time of the last octet before a gap, else of the first one after it; None where there is neither."""
    before = stream.time_at(gap.offset - 1) if gap.offset else None
    return stream.time_at(gap.offset + gap.length) if before is None else before
