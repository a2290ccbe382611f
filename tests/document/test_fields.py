"""The parts of commands, replies and messages, and where they lie."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.document.fields import Field, command_fields, message_fields, reply_fields
from pop2dissect.html.lines import notation
from pop2dissect.session import Exchange, Session
from pop2dissect.tcp.stream import Gap, Span, Stream
from tests.html.pages import talk


def fields_of(session: Session, number: int) -> list[tuple[str, bytes]]:
    exchange = session.exchanges[number]
    stream = session.client_stream
    return [(field.name, stream.read(field.start, field.end)) for field in command_fields(exchange, session.protocol)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b"HELO smith secret\r\n",
            [("keyword", b"HELO"), ("user", b"smith"), ("password", b"secret"), ("line end", b"\r\n")],
        ),
        (
            b"helo  smith  two words\n",
            [("keyword", b"helo"), ("user", b"smith"), ("password", b"two words"), ("line end", b"\n")],
        ),
        (b"HELO\r\n", [("keyword", b"HELO"), ("line end", b"\r\n")]),
        (b" READ  27\r\n", [("keyword", b"READ"), ("number", b"27"), ("line end", b"\r\n")]),
        (b"FOLD my mail\r\n", [("keyword", b"FOLD"), ("argument", b"my mail"), ("line end", b"\r\n")]),
        (b"QUIT\r\n", [("keyword", b"QUIT"), ("line end", b"\r\n")]),
        (b"\r\n", [("line end", b"\r\n")]),
        (b"<html>\r\n", [("may be a password", b"<html>"), ("line end", b"\r\n")]),
    ],
)
def test_fields_of_a_command(tmp_path: Path, line: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert fields_of(talk(tmp_path, line, b"- no\r\n"), 1) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"#13 messages\r\n", [("indicator", b"#"), ("number", b"13"), ("text", b"messages"), ("line end", b"\r\n")]),
        (b"= 7\r\n", [("indicator", b"="), ("number", b"7"), ("line end", b"\r\n")]),
        (b"- 5 no\r\n", [("indicator", b"-"), ("text", b"5 no"), ("line end", b"\r\n")]),
        (b"+\n", [("indicator", b"+"), ("line end", b"\n")]),
        (b"what\r\n", [("text", b"what"), ("line end", b"\r\n")]),
    ],
)
def test_fields_of_a_reply(tmp_path: Path, line: bytes, expected: list[tuple[str, bytes]]) -> None:
    session = talk(tmp_path, b"HELO a b\r\n", line)
    reply = session.exchanges[1].replies[0]
    stream = session.server_stream
    assert [
        (field.name, stream.read(field.start, field.end)) for field in reply_fields(reply, session.protocol)
    ] == expected


def a_stream(*pieces: tuple[int, bytes]) -> Stream:
    spans = [Span(offset, len(octets), 1, 0, None, octets, 0) for offset, octets in pieces]
    gaps = [
        Gap(one.end, other.offset - one.end, "not captured") for one, other in pairwise(spans) if one.end < other.offset
    ]
    return Stream(spans, gaps)


def test_fields_of_a_message() -> None:
    stream = a_stream((0, b"A: 1\r\n 2\r\nB: 3\r\n\r\nbody\r\n\r\nC: 4\r\n"))
    assert list(message_fields(stream, 0, stream.length)) == [
        Field("header", 0, 10),
        Field("header", 10, 16),
        Field("empty line", 16, 18),
        Field("body", 18, stream.length),
    ]


def test_after_a_gap_a_message_is_not_taken_apart() -> None:
    stream = a_stream((0, b"A: 1\r\nB: "), (20, b"D: 5\r\n\r\nbody"))
    assert list(message_fields(stream, 0, stream.length)) == [Field("header", 0, 6), Field("bytes", 6, stream.length)]


@given(st.binary(max_size=300))
def test_fields_of_any_message_are_in_order_and_cover_it(octets: bytes) -> None:
    stream = a_stream((5, octets)) if octets else a_stream()
    at = 5
    for field in message_fields(stream, 5, 5 + len(octets)):
        assert field.start == at
        at = field.end
    assert at == 5 + len(octets)


def test_notation() -> None:
    assert notation([Field("keyword", 10, 14), Field("line end", 14, 16)], 10, 16) == "10,16;k4;e2"


def test_a_password_that_the_lines_before_it_show_is_marked() -> None:
    line = b"YWxhZGRpbg== and more"
    exchange = Exchange(
        *(1, "", (), line, (0, 12), 40, 40 + len(line) + 2, None, (), "?", "?", "?", []),
    )
    assert list(command_fields(exchange, "IMAP")) == [
        Field("may be a password", 40, 52),
        Field("text", 52, 61),
        Field("line end", 61, 63),
    ]


def test_a_message_whose_beginning_is_lost_is_not_taken_apart() -> None:
    octets = b"Subject: one\r\n\r\nbody"
    stream = Stream([Span(10, len(octets), 1, 0, None, octets, 0)], [Gap(0, 10, "not captured")])
    assert list(message_fields(stream, 0, stream.length)) == [Field("bytes", 0, stream.length)]
    assert next(message_fields(stream, 10, stream.length)) == Field("header", 10, 24)
