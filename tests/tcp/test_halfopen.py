"""Half-open connections: what counts as one, and the most of them in a second."""

from __future__ import annotations

from pop2dissect.decode.decoder import Decoder
from pop2dissect.tcp import HalfOpenTally, Tracker
from pop2dissect.tcp.halfopen import MAX_BINS
from tests.support.conversation import MILLISECOND, SECOND, START, Conversation, Packet, merge
from tests.support.wire import encode


def tally(*talks: list[Packet]) -> HalfOpenTally | None:
    from pop2dissect.capture.record import Record

    decoder = Decoder(frozenset({109}))
    tracker = Tracker(frozenset({109}))
    records = (
        Record(number, frame.time, 1, frame.octets, 0, len(frame.octets), frame.original)
        for number, frame in enumerate(encode(merge(*talks)), 1)
    )
    segments = (segment for record in records if (segment := decoder.decode(record)) is not None)
    list(tracker.connections(segments))
    assert len(tracker.half_open) < 2
    return next(iter(tracker.half_open.values()), None)


def syn(number: int, time: int) -> list[Packet]:
    return Conversation((f"10.1.{number // 250}.{number % 250 + 1}", 1024 + number), start=time).unanswered(1).packets


def test_what_is_half_open() -> None:
    answered = Conversation().handshake().packets[:2]
    assert (found := tally(answered)) is not None
    assert found.attempts == 1
    assert tally(Conversation().handshake().packets) is None
    assert tally(Conversation().refused().packets) is None
    assert tally([*answered, *Conversation().handshake().reset().packets[3:]]) is None


def test_peak_is_that_of_any_second_and_of_all_clients() -> None:
    slow = [syn(number, START + number * SECOND) for number in range(20)]
    fast = [syn(100 + number, START + 5 * SECOND + 700 * MILLISECOND + number * MILLISECOND) for number in range(300)]
    found = tally(*slow, *fast)
    assert found is not None
    assert found.attempts == 320
    count, time, _frame = found.peak()
    assert count in (300, 301)  # with one of the slow ones, where it falls into the same tenths
    assert START + 4 * SECOND < time <= START + 6 * SECOND


def test_memory_is_bounded() -> None:
    class Over:
        first_frame = 1
        start = 0

    found = HalfOpenTally(b"\x0a\x01\x01\x01", 109, 1, 0, 0)
    connection = Over()
    for number in range(2 * MAX_BINS):
        connection.start = number * SECOND
        for _ in range(3 if number == 7 else 1):
            found.add(connection)  # type: ignore[arg-type]
    assert len(found._bins) <= MAX_BINS
    assert found.peak() == (3, 7 * SECOND, 1)
