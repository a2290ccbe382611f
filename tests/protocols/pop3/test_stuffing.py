"""Byte-stuffing: what a server adds is found again, wherever the segments end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.pop3.stuffing import LF, read_block, stuffed_dots
from pop2dissect.tcp.stream import Gap, Span, Stream
from tests.protocols.pop3.stuffing import stuff, unstuff

PIECES = st.sampled_from([b".", b"..", b"\r\n", b"\r", b"\n", b"x", b".\r\n", b"\r\n.\r\n", b"+OK\r\n", b"\0"])
CONTENT = st.lists(PIECES, max_size=20).map(lambda pieces: b"".join(pieces) + b"\r\n")


def stream_of(octets: bytes, size: int) -> Stream:
    return Stream(
        [
            Span(at, len(octets[at : at + size]), index, index, 0, octets[at : at + size], 0)
            for index, at in enumerate(range(0, len(octets), size))
        ]
    )


@given(CONTENT)
def test_stuffing_and_unstuffing_are_inverse(content: bytes) -> None:
    assert unstuff(stuff(content)) == content


@given(CONTENT, st.integers(1, 9), st.binary(max_size=6))
def test_the_message_is_found_in_segments_of_any_size(content: bytes, size: int, behind: bytes) -> None:
    sent = stuff(content)
    stream = stream_of(b"+OK\r\n" + sent + b".\r\n" + behind, size)
    block = read_block(stream, 5)
    assert (block.end, block.terminator) == (5 + len(sent) + 3, 3)
    end = block.end - block.terminator
    assert block.dots == stuffed_dots(stream, 5, end)
    kept = bytes(octet for at, octet in enumerate(sent, 5) if at not in block.dots)
    assert kept == content


def test_an_empty_message_is_a_dot_alone() -> None:
    assert read_block(stream_of(b"+OK\r\n.\r\n", 1), 5)[:2] == (8, 3)


def test_a_dot_behind_a_bare_line_feed_ends_nothing_but_where_lines_end_so() -> None:
    stream = stream_of(b"a\n.\nb\r\n.\r\n", 3)
    assert read_block(stream, 0)[:2] == (10, 3)
    assert read_block(stream, 0, None, LF)[:2] == (4, 2)


def test_what_follows_a_gap_is_no_line_by_itself() -> None:
    stream = Stream(
        [Span(0, 3, 0, 0, 0, b"a\r\n", 0), Span(9, 8, 1, 1, 0, b".\r\nb\r\n.x", 0)], [Gap(3, 6, "not captured")]
    )
    assert read_block(stream, 0) == (17, 0, (15,))
