from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.protocols.lines import Line, LineReader
from pop2dissect.tcp.stream import Gap, Span, Stream


def stream_of(octets: bytes, cuts: list[int]) -> Stream:
    bounds = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    return Stream(
        [
            Span(first, last - first, number, 0, None, octets[first:last], 0)
            for number, (first, last) in enumerate(itertools.pairwise(bounds))
        ]
    )


def lines(stream: Stream) -> list[Line]:
    reader, found, at = LineReader(stream), [], 0
    while (line := reader.read(at)) is not None:
        found.append(line)
        at = line.end
    return found


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\0", b"\n", b"\r\n", b"\r\r\n", b"READ 1"])).map(b"".join),
    st.lists(st.integers(0, 60)),
)
def test_lines_are_the_same_however_the_stream_is_cut(octets: bytes, cuts: list[int]) -> None:
    found = lines(stream_of(octets, cuts))
    assert found == lines(stream_of(octets, []))
    assert b"".join(line.raw + line.ending for line in found) == octets


def test_a_line_goes_on_over_a_gap_and_says_what_is_missing() -> None:
    stream = Stream([Span(0, 4, 1, 0, None, b"READ", 0), Span(6, 6, 2, 0, None, b"\r\nQUIT", 0)], [Gap(4, 2, "")])
    assert lines(stream) == [Line(0, 8, b"READ", b"\r\n", 2), Line(8, 12, b"QUIT", b"", 0)]


def test_a_limit_ends_a_line_with_a_gap_but_no_whole_line() -> None:
    stream = Stream([Span(0, 4, 1, 0, None, b"READ", 0), Span(9, 6, 2, 0, None, b"QUIT\r\n", 0)], [Gap(4, 5, "")])
    assert LineReader(stream).read(0, 9) == Line(0, 9, b"READ", b"", 5)
    assert LineReader(stream).read(9, 11) == Line(9, 15, b"QUIT", b"\r\n", 0)


def test_urgent_octets_are_not_read() -> None:
    stream = Stream([Span(0, 7, 1, 0, None, b"!QUIT\r\n", 0)], urgent=(0,))
    assert lines(stream) == [Line(0, 7, b"QUIT", b"\r\n", 0)]


def test_a_line_without_end_is_kept_in_part_and_counted_whole() -> None:
    octets = b"x" * (DEFAULT.line_octets + 1000)
    (line,) = lines(stream_of(octets, [10, 20000]))
    assert line.end == len(octets)
    assert len(line.raw) == DEFAULT.line_octets
    assert line.beyond == 1000


def test_how_much_of_a_line_is_looked_at_can_be_set() -> None:
    stream = Stream([Span(0, 11, 1, 0, None, b"READ 12345\n", 0)], limits=Limits(line_octets=6))
    assert lines(stream) == [Line(0, 11, b"READ 1", b"\n", 0, 5)]
