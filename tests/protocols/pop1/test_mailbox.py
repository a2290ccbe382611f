"""Mailboxes split into messages."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.pop1 import mailbox
from pop2dissect.protocols.pop1.mailbox import split
from pop2dissect.tcp.stream import Gap, Span, Stream

FROM = b"From fred@host Mon Feb 18 15:00:00 1985"


def stream(octets: bytes, cuts: list[int] | None = None) -> Stream:
    places = sorted({0, len(octets), *(cuts or [])})
    return Stream([Span(a, b - a, 1, 0, None, octets, a) for a, b in itertools.pairwise(places)])


def parts(octets: bytes, **options: list[int]) -> list[bytes]:
    whole = stream(octets, **options)
    return [whole.read(start, end) for start, end in split(whole, 0, whole.length)]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_mbox(end: bytes) -> None:
    letters = [FROM + end + b"Subject: %d" % n + end * 2 + b"From here on" + end * 2 for n in range(3)]
    assert parts(b"".join(letters)) == letters


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: x\r\n\r\n" + FROM + b"\r\n\r\n",  # the first line is none
        FROM + b"\r\n\r\nhello\r\n" + FROM + b"\r\n",  # no blank line before it
        b"From fred\r\n\r\nhello\r\n\r\nFrom now on\r\n",
        b"",
    ],
)
def test_no_mbox_is_one_body(octets: bytes) -> None:
    assert parts(octets) == ([octets] if octets else [])


def test_a_gap_hides_separators_and_makes_none() -> None:
    letter = FROM + b"\r\n\r\nhello\r\n\r\n"
    octets = letter * 3
    spans = [Span(30, len(octets) - 30, 1, 0, None, octets, 30)]
    assert split(Stream(spans, [Gap(0, 30, "not captured")]), 0, len(octets)) == [
        (0, len(letter)),
        (len(letter), 2 * len(letter)),
        (2 * len(letter), 3 * len(letter)),
    ]


@given(st.lists(st.sampled_from([FROM + b"\r\n", b"\r\n", b"x\r\n", FROM + b"\n", b"\n", b"From x\n"]), max_size=20),
       st.lists(st.integers(0, 500), max_size=8))  # fmt: skip
def test_any_split_gives_the_same_messages_and_nothing_is_lost(lines: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(lines)
    found = parts(octets)
    assert b"".join(found) == octets
    assert parts(octets, cuts=[cut for cut in cuts if cut < len(octets)]) == found


def test_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [FROM + b"\r\n\r\n" + b"x" * n + b"\r\n\r\n" for n in range(0, 3000, 7)]
    octets = b"".join(letters)
    whole = parts(octets)
    monkeypatch.setattr(mailbox, "_BLOCK", 2000)
    assert parts(octets, cuts=list(range(0, len(octets), 536))) == whole == letters


def test_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_MESSAGES", 2)
    letter = FROM + b"\r\n\r\n\r\n"
    assert parts(letter * 5) == [letter, letter * 4]
