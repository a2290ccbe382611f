"""The parts of commands, replies and messages, and where they lie."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.html.fields import Field, command_fields, message_fields, notation, reply_fields
from pop2dissect.session import Session
from pop2dissect.tcp.stream import Gap, Span, Stream
from tests.html.pages import talk


def fields_of(session: Session, number: int) -> list[tuple[str, bytes]]:
    exchange = session.exchanges[number]
    stream = session.client_stream
    return [(field.letter, stream.read(field.start, field.end)) for field in command_fields(exchange)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"HELO smith secret\r\n", [("k", b"HELO"), ("u", b"smith"), ("p", b"secret"), ("e", b"\r\n")]),
        (b"helo  smith  two words\n", [("k", b"helo"), ("u", b"smith"), ("p", b"two words"), ("e", b"\n")]),
        (b"HELO\r\n", [("k", b"HELO"), ("e", b"\r\n")]),
        (b" READ  27\r\n", [("k", b"READ"), ("n", b"27"), ("e", b"\r\n")]),
        (b"FOLD my mail\r\n", [("k", b"FOLD"), ("a", b"my mail"), ("e", b"\r\n")]),
        (b"QUIT\r\n", [("k", b"QUIT"), ("e", b"\r\n")]),
        (b"\r\n", [("e", b"\r\n")]),
        (b"<html>\r\n", [("a", b"<html>"), ("e", b"\r\n")]),
    ],
)
def test_fields_of_a_command(tmp_path: Path, line: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert fields_of(talk(tmp_path, line, b"- no\r\n"), 1) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"#13 messages\r\n", [("i", b"#"), ("n", b"13"), ("t", b"messages"), ("e", b"\r\n")]),
        (b"= 7\r\n", [("i", b"="), ("n", b"7"), ("e", b"\r\n")]),
        (b"- 5 no\r\n", [("i", b"-"), ("t", b"5 no"), ("e", b"\r\n")]),
        (b"+\n", [("i", b"+"), ("e", b"\n")]),
        (b"what\r\n", [("t", b"what"), ("e", b"\r\n")]),
    ],
)
def test_fields_of_a_reply(tmp_path: Path, line: bytes, expected: list[tuple[str, bytes]]) -> None:
    session = talk(tmp_path, b"HELO a b\r\n", line)
    reply = session.exchanges[1].replies[0]
    stream = session.server_stream
    assert [(field.letter, stream.read(field.start, field.end)) for field in reply_fields(reply)] == expected


def a_stream(*pieces: tuple[int, bytes]) -> Stream:
    spans = [Span(offset, len(octets), 1, 0, None, octets, 0) for offset, octets in pieces]
    gaps = [
        Gap(one.end, other.offset - one.end, "not captured") for one, other in pairwise(spans) if one.end < other.offset
    ]
    return Stream(spans, gaps)


def test_fields_of_a_message() -> None:
    stream = a_stream((0, b"A: 1\r\n 2\r\nB: 3\r\n\r\nbody\r\n\r\nC: 4\r\n"))
    assert list(message_fields(stream, 0, stream.length)) == [
        Field("h", 0, 10),
        Field("h", 10, 16),
        Field("m", 16, 18),
        Field("b", 18, stream.length),
    ]


def test_after_a_gap_a_message_is_not_taken_apart() -> None:
    stream = a_stream((0, b"A: 1\r\nB: "), (20, b"D: 5\r\n\r\nbody"))
    assert list(message_fields(stream, 0, stream.length)) == [Field("h", 0, 6), Field("x", 6, stream.length)]


@given(st.binary(max_size=300))
def test_fields_of_any_message_are_in_order_and_cover_it(octets: bytes) -> None:
    stream = a_stream((5, octets)) if octets else a_stream()
    at = 5
    for field in message_fields(stream, 5, 5 + len(octets)):
        assert field.start == at
        at = field.end
    assert at == 5 + len(octets)


def test_notation() -> None:
    assert notation([Field("k", 10, 14), Field("e", 14, 16)], 10, 16) == "10,16;k4;e2"
