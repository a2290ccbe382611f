"""Passwords that take more than one line to be known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols import PROTOCOLS
from pop2dissect.protocols.secrets import CredentialWatch, socks_password


def hidden(*lines: bytes, lost: int | None = None, let_in: bool = True) -> list[bytes | None]:
    """Return what is hidden of each line; ``lost`` is the number of a line before which octets were lost."""
    watch = CredentialWatch(PROTOCOLS)
    spans = [watch.secret_in(line, lost=number == lost, let_in=let_in) for number, line in enumerate(lines)]
    return [None if span is None else line[slice(*span)] for line, span in zip(lines, spans, strict=True)]


@pytest.mark.parametrize("start", [b"AUTH LOGIN", b"AUTHENTICATE PLAIN", b"a1 AUTHENTICATE PLAIN", b"auth login"])
def test_lines_of_base64_after_auth(start: bytes) -> None:
    assert hidden(start, b"ZnJlZA==", b"c2VjcmV0", b"STAT", b"ZnJlZA==")[1:] == [b"ZnJlZA==", b"c2VjcmV0", None, None]


def test_literals_are_counted() -> None:
    assert hidden(b"a LOGIN {4}", b"fred {6}", b"se\rcr", b"a2 NOOP") == [b"{4}", b"fred {6}", b"se\rcr", None]
    assert hidden(b"a LOGIN {10+}", b"one", b"two34", b"a2 NOOP")[1:] == [b"one", b"two34", None]
    assert hidden(b"a APPEND x {4}", b"text") == [None, None]


def test_fields_that_go_on() -> None:
    lines = [b"Authorization: Basic", b"\tZnJl", b" ZA==", b"Host: x", b" y"]
    assert hidden(*lines) == [b"Basic", b"\tZnJl", b" ZA==", None, None]


def test_addresses() -> None:
    assert hidden(b"GET http://fred:secret@x/ HTTP/1.0", b"GET http://x:80/@y HTTP/1.0") == [b"secret", None]


SEPARATORS = (b" ", b"  ", b"\t", b",", b"/", b":", b"=", b"\0", b"\xa0", b"\\ ", b"\r", b"")


@pytest.mark.parametrize(
    "keyword", [b"HELO", b"HLEO", b"EHLO", b"hel0", b"USER", b"LOG", b"PASS:", b"a login", b"\xff\xfbHELO"]
)
def test_before_the_login_nothing_that_may_be_a_password_is_shown(keyword: bytes) -> None:
    """Whatever stands between the keyword, the user and the password, and if no keyword or user is there at all."""
    for before in SEPARATORS:
        for between in SEPARATORS[: -1 if keyword in (b"USER", b"EHLO") else None]:  # one word is a name
            line = keyword + before + b"fred" + between + b"s3cret"
            span = CredentialWatch(PROTOCOLS).secret_in(line)
            assert span is not None, line
            assert b"s3cret" not in line[: span[0]] + line[span[1] :], line
    assert hidden(b"s3cret", let_in=False) == [b"s3cret"]


def test_before_the_login_the_keyword_and_the_user_are_shown() -> None:
    lines = [b"HELO fred s3cret", b"USER fred", b"PASS s3cret", b"READ s3cret", b"xyzzy s3cret"]
    assert hidden(*lines, let_in=False) == [b"s3cret", None, b"s3cret", b"s3cret", b"xyzzy s3cret"]


@pytest.mark.parametrize("line", [b"READ 1", b"retr", b"ACKD", b"FOLD mail/x", b"QUIT ", b"EHLO x", b"SSH-2.0-x y"])
def test_commands_after_a_loss_are_not_hidden(line: bytes) -> None:
    assert hidden(line, lost=0) == [None]


@pytest.mark.parametrize("line", [b"ed secret", b"READ secret", b"secret", b"PASS secret", b"RETR 1 secret"])
def test_whatever_else_is(line: bytes) -> None:
    assert hidden(line, lost=0) == [line]


@given(st.lists(st.tuples(st.binary(), st.booleans(), st.booleans())))
def test_any_lines(lines: list[tuple[bytes, bool, bool]]) -> None:
    watch = CredentialWatch(PROTOCOLS)
    for line, lost, let_in in lines:
        span = watch.secret_in(line, lost=lost, let_in=let_in)
        assert span is None or 0 <= span[0] < span[1] <= len(line)


@pytest.mark.parametrize(
    ("octets", "password"),
    [
        (b"\x05\x01\x02\x01\x04fred\x06secret", b"secret"),
        (b"\x05\x02\x00\x02\x01\x00\x06secret\x05\x01", b"secret"),
        (b"\x05\x01\x02\x01\x04fred\x06sec", b"sec"),
        (b"\x05\x01\x02\x01\x04fred\x06", None),
        (b"\x05\x01\x00\x05\x01\x00", None),
        (b"\x04\x01", None),
        (b"\x05", None),
    ],
)
def test_socks(octets: bytes, password: bytes | None) -> None:
    span = socks_password(octets)
    assert (None if span is None else octets[slice(*span)]) == password


@given(st.binary(max_size=600))
def test_any_octets_of_socks(octets: bytes) -> None:
    span = socks_password(b"\x05" + octets)
    assert span is None or span[0] < span[1] <= len(octets) + 1
