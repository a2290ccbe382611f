"""Header fields: values, charsets, and what is malformed."""

from __future__ import annotations

import pytest

from pop2dissect.mail import parse_headers
from pop2dissect.mail.characters import CHARSETS, decode_charset
from pop2dissect.mail.notes import Notes
from tests.mail.message import OpenMail, only


class TestHeaders:
    @pytest.mark.parametrize(
        ("raw", "value"),
        [
            (b"plain", "plain"),
            (b"", ""),
            (b" \t folded\r\n\tonce \t", "folded\tonce"),
            ("ümlaut 漢".encode(), "ümlaut 漢"),
            ("ümlaut".encode("latin-1"), "ümlaut"),
            (b"=?utf-8?q?a_b=3F?=", "a b?"),
            (b"=?UTF-8*en?Q?a?= =?utf-8?b?Yg==?=\r\n =?us-ascii?q?c?=  d", "abc  d"),
            (b"x =?utf-8?q?a?= y =?utf-8?q?b?=", "x a y b"),
            (b"=?utf-8?q?a b?=", "a b"),  # a blank is not allowed, but is sent
            (b"=?utf-8?b?ww==?= =?utf-8?b?pA==?=", "ä"),  # one character over two words
            (b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
            (b"=?iso-2022-jp?b?GyRCNEE7ehsoQg==?=", "漢字"),
            (b"=?windows-874?q?=A1?=", "ก"),
            (b"=?x-unheard-of?q?=C3=A4?=", "ä"),
            (b"=?x-unheard-of?q?=E4?=", "ä"),
            (b"=?utf-8?q?=E4x?=", "\ufffdx"),
            (b"=?utf-7?q?+2AA-?=", "\ufffd"),  # a lone surrogate
            (b"=?utf-8?b?YWJjZ?=", "abc"),
            (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
            (b"=?utf-8?b?a", "=?utf-8?b?a"),
        ],
    )
    def test_values(self, raw: bytes, value: str) -> None:
        assert parse_headers(b"Subject: " + raw + b"\r\n\r\n").subject == value

    @pytest.mark.parametrize(
        "charset",
        ["punycode", "idna", "zip", "hex", "rot13", "unicode_escape", "mbcs", "utf-16", "undefined"],
    )
    def test_only_charsets_are_used(self, charset: str) -> None:
        headers = parse_headers(f"Subject: =?{charset}?q?abc?=\r\n\r\n".encode())
        assert headers.subject == "abc"
        assert headers.defects == (f"unknown charset {charset}; read as UTF-8 or Latin-1",)

    def test_every_charset_exists_and_takes_any_octets(self) -> None:
        every = bytes(range(256))
        for charset in sorted(CHARSETS):
            decode_charset(every, charset, Notes()).encode()

    def test_mbox_separator_first(self) -> None:
        # KA9Q NOS sends the line that parts the messages in the file.
        parsed = OpenMail(b"From fred Mon Nov 23 09:10:00 1992\r\nFrom: fred\r\nTo: x\r\nTo: y\r\n\r\nhi\r\n")
        assert parsed.sender == "fred"
        assert parsed.recipients == "x, y"
        assert parsed.defects == (
            "an mbox separator line among the headers was passed over: From fred Mon Nov 23 09:10:00 1992",
            "header To occurs 2 times",
        )
        assert parse_headers(b"From : fred\r\n\r\n").sender == "fred"  # RFC 5322, section 4.5

    @pytest.mark.parametrize(
        ("octets", "content", "defects"),
        [
            (b"", b"", ("the message is empty",)),
            (b"\r\nhi\r\n", b"hi\r\n", ("no headers",)),
            (b"hi there\r\nA: b\r\n", b"hi there\r\nA: b\r\n", ("no headers",)),
            (b"A: b\r\n", b"", ("no empty line after the headers",)),
            (b"A: b\r\n\r\n", b"", ()),
            (b"A: b\n\nc\n", b"c\n", ("3 lines ended by a bare LF",)),
            (b"A: b\r\n\r\nc", b"c", ("the last line has no line end",)),
            (b"A: b\r\n\r\n\0\r\n", b"\0\r\n", ("1 NUL octet",)),
            (b"A: b\r\n\r\n" + b"x" * 998 + b"\r\n", b"x" * 998 + b"\r\n", ()),
            (
                *(b"A: b\r\n\r\n" + b"x" * 999 + b"\r\n", b"x" * 999 + b"\r\n"),
                ("1 line longer than 1000 octets",),
            ),
            (
                *(b"A: b\r\nhi there\r\n", b"hi there\r\n"),
                ("the headers are not ended by an empty line but by one that is no header",),
            ),
            (
                *(b"  x\r\nA: b\r\n\r\n", b""),
                ("the headers begin with a continuation line, which was passed over",),
            ),
            (
                *(b"A: \xe9\r\n\r\n", b""),
                ("header A has 8-bit octets that are not UTF-8; read as Latin-1",),
            ),
        ],
    )
    def test_malformed(self, octets: bytes, content: bytes, defects: tuple[str, ...]) -> None:
        parsed = OpenMail(octets)
        assert parsed.defects == defects
        assert only(parsed).content == content
        assert not parsed.attachments

    def test_first_of_two_counts(self) -> None:
        headers = parse_headers(b"Subject: one\r\nsubject: two\r\n\r\n")
        assert headers.subject == "one"
        assert headers.defects == ("header Subject occurs 2 times",)
