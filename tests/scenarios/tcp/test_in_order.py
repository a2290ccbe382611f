"""The short way of segments in order gives just what the long way gives."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.lanes import state
from pop2dissect.capture import CaptureReader
from pop2dissect.decode import Decoder
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, URG, Segment
from pop2dissect.tcp import Tracker
from pop2dissect.tcp.pieces import Pieces
from tests.support.conversation import Conversation, Side
from tests.support.truth import capture_names, capture_path

PSH = 8
OCTETS = 64
_MAP = mmap.mmap(-1, OCTETS)
_MAP[:] = bytes(range(OCTETS))


def both_ways(segments: list[Segment]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Track the segments by the short way and by the long way alone; count what went the short way."""
    short = 0
    append = Pieces.append

    def counted(pieces: Pieces, *payload: Any) -> bool:
        nonlocal short
        taken = append(pieces, *payload)
        short += taken
        return taken

    with patch.object(Pieces, "append", counted):
        fast = [state(connection) for connection in Tracker(frozenset({109})).connections(segments)]
    with patch.object(Pieces, "append", lambda *_: False):
        slow = [state(connection) for connection in Tracker(frozenset({109})).connections(segments)]
    return fast, slow, short


@st.composite
def conversations(draw: st.DrawFn) -> list[Segment]:
    """Return segments of two connections, most of them in order, some repeated, lost, early, cut or with odd flags."""
    talks = [
        Conversation(("10.9.0.1", 40000)),
        Conversation(("10.9.0.1", 40000), client_isn=2**32 - 20),
        Conversation(("10.9.0.1", 40001), server_isn=2**32 - 9),
    ]
    sides: list[Side] = ["client", "server"]
    position = {(at, side): 0 for at in range(len(talks)) for side in sides}
    segments: list[Segment] = []
    for number in range(draw(st.integers(1, 60))):
        at, who = draw(st.sampled_from(sorted(position)))
        other: Side = "server" if who == "client" else "client"
        length = draw(st.integers(0, 9))
        off = draw(st.sampled_from([0] * 12 + [-9, -1, 1, 5, 1 << 20]))
        flags = draw(
            st.sampled_from([ACK] * 9 + [ACK | PSH] * 9 + [SYN, SYN | ACK, FIN | ACK, RST | ACK, ACK | URG, 0])
        )
        heard = position[at, other] + draw(st.sampled_from([0] * 9 + [-3, 1, 40, 1 << 25]))
        made = talks[at].segment(
            who, position[at, who] + off, b"x" * length, heard=heard, flags=flags, urgent=1, time=number * 10**9
        )
        captured = length - (length > 2 and draw(st.sampled_from([0] * 20 + [1, 2])))
        start = draw(st.integers(0, OCTETS - 9))
        segments.append(made._replace(frame=number + 1, data=_MAP, start=start, captured=captured))
        if off >= 0 and not flags & SYN:
            position[at, who] += off + length
    return segments


@given(conversations())
def test_any_traffic_gives_the_same_either_way(segments: list[Segment]) -> None:
    fast, slow, _ = both_ways(segments)
    assert fast == slow


@pytest.mark.parametrize("name", capture_names())
def test_recorded_captures_give_the_same_either_way(name: str) -> None:
    fast, slow, _ = both_ways(list(_segments(name)))
    assert fast == slow


def test_ordinary_traffic_goes_the_short_way() -> None:
    segments = list(_segments("rfc937_normal"))
    _, _, short = both_ways(segments)
    assert short == sum(segment.length > 0 for segment in segments)


def _segments(name: str) -> Iterator[Segment]:
    decoder = Decoder(frozenset({109}))
    with CaptureReader([capture_path(name)], ports=frozenset({109})) as reader:
        yield from filter(None, map(decoder.decode, reader))
        decoder.finish()
