"""What is remembered of connections that are over, and for how many of them."""

from __future__ import annotations

import pytest

from pop2dissect.decode.segment import ACK, Segment
from pop2dissect.tcp import Connection
from pop2dissect.tcp.late import LateSegments

CONNECTIONS = 30


def segment(number: int) -> Segment:
    key = number.to_bytes(4) + b"\x0a\x00\x00\x01\x9c\x40\x00\x6d"
    return Segment(number + 1, number, key, 1000, 1, ACK, 0, 0, b"HELO a b\r\n", 0, 10, 10, ())


@pytest.fixture(scope="module")
def connections() -> list[Connection]:
    made = []
    for number in range(CONNECTIONS):
        one = segment(number)
        connection = Connection(one.key, one)
        connection.add(connection.client, one)
        made.append(connection)
    return made


def test_the_latest_are_remembered(connections: list[Connection]) -> None:
    late = LateSegments(10)
    for connection in connections[:30]:
        late.remember(connection)
    assert [late.belongs(segment(number)) for number in (0, 19, 20, 29)] == [False, False, True, True]
    assert late.warnings()[0].startswith("2 segments (the first is frame 21)")
