"""The small parts: fields, times, octets and their limits, the ladder, the running header."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect import read
from pop2dissect.document.masking import secret_ranges
from pop2dissect.html import Case
from pop2dissect.html.fields import Field, command_fields, message_fields, notation, reply_fields
from pop2dissect.html.ladder import MAX_RUNGS, ladder
from pop2dissect.html.lines import Context, session_lines
from pop2dissect.html.markup import harmless, line_text, running_header, wire
from pop2dissect.html.octets import LEAST, LIMITS, embedded, limit_for
from pop2dissect.html.times import Times
from pop2dissect.session import Session
from pop2dissect.tcp.stream import Gap, Span, Stream
from pop2dissect.text.values import zone_named
from tests.support.conversation import Conversation
from tests.support.wire import save


def talk(folder: Path, *lines: bytes) -> Session:
    """Return the session of commands and replies in turn."""
    conversation = Conversation().handshake().server(b"+ POP2 host ready\r\n")
    for number, line in enumerate(lines):
        conversation.say("server" if number % 2 else "client", line)
    return read(save(folder / "talk.pcap", conversation.close().packets)).sessions[0]


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
    assert notation(iter([Field("k", 10, 14), Field("e", 14, 16)]), 10) == "k0,4;e4,2"


def test_times_in_two_zones() -> None:
    times = Times(zone_named("Europe/Berlin"))
    time = 1_795_500_000_123_456_000
    assert times.sentence(time) == "2026-11-24 06:00:00.123456 UTC = 2026-11-24 07:00:00.123456 CET"
    assert times.full(time + 1).utc == "2026-11-24 06:00:00.123456001"
    assert times.full(time - 123_456_000).utc == "2026-11-24 06:00:00"
    assert times.clock(time, time) == ("06:00:00.123456", "07:00:00.123456")
    assert times.clock(time, time - 86_400 * 10**9).utc == "2026-11-24 06:00:00.123456"
    assert times.sentence(None) == "not captured"
    assert Times().full(time).local == ""


def test_passwords_are_stars_among_the_octets(tmp_path: Path) -> None:
    session = talk(tmp_path, b"HELO smith secret\r\n", b"#0\r\n")
    context = Context(Times())
    secrets = secret_ranges(session)
    lines = list(session_lines(session, context, secrets))
    client = json.loads(embedded(session, lines, 1000, secrets, context))["c"]
    assert base64.b64decode(client["o"][0][1]) == b"HELO smith ******\r\n"
    assert client["m"] == [[11, 6]]


def test_octets_are_cut_at_the_limit_and_gaps_stay_out(tmp_path: Path) -> None:
    session = talk(tmp_path, b"FOLD 0123456789\r\n", b"#0\r\n")
    context = Context(Times())
    lines = list(session_lines(session, context, ()))
    client = json.loads(embedded(session, lines, 8, (), context))["c"]
    assert [(start, base64.b64decode(text)) for start, text in client["o"]] == [(0, b"FOLD 012")]


@given(st.lists(st.integers(0, 1 << 22), max_size=200), st.integers(0, 5000))
def test_the_limit_keeps_to_the_budget(lengths: list[int], sessions: int) -> None:
    limit = limit_for(lengths, sessions)
    assert limit in LIMITS
    assert sum(min(length, limit) for length in lengths) <= 16 << 20
    if sessions > 3000:
        assert sum(min(length, limit) for length in lengths) <= LEAST


def test_a_long_ladder_is_cut_and_says_so(tmp_path: Path) -> None:
    session = talk(tmp_path, b"HELO a b\r\n", b"#9\r\n", *[b"READ 1\r\n", b"=5\r\n"] * 40)
    lines = list(session_lines(session, Context(Times()), ()))
    picture = ladder(lines)
    assert len(picture.asked) + len(picture.answered) == MAX_RUNGS < len(lines)
    assert f"The first {MAX_RUNGS} lines of {len(lines)}" in picture.caption


@given(st.text(max_size=40))
def test_the_running_header_is_one_css_string(text: str) -> None:
    rule = running_header(Case(case=text or "x"))
    match = re.fullmatch(r'\s*@page \{ @top-left \{ content: "([^"]*)"; \} \}\s*', rule)
    assert match is not None
    assert not re.search(r"[<>\n]", match.group(1))
    decoded = re.sub(r"\\([0-9a-f]{6})", lambda code: chr(int(code.group(1), 16)), match.group(1))
    assert decoded == (text or "x")


@given(st.text())
def test_text_from_outside_never_ends_its_element(text: str) -> None:
    for shown in (wire(text), harmless(text), line_text(text)):
        assert not re.search(r"<(?!/?(bdi|details|summary|i)\b)", shown)
        assert not any(unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs") for one in shown)
