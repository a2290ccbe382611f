"""Contents of parts, decoded."""

from __future__ import annotations

import pytest

from tests.mail.message import NUMBERS, UU_NUMBERS, OpenMail, body, crlf, only


class TestContents:
    @pytest.mark.parametrize(
        ("encoding", "octets", "content", "defect"),
        [
            ("7bit", b"a=\r\n", b"a=\r\n", None),
            ("base64", b"YWJj\r\nZGU=\r\n", b"abcde", None),
            ("Base64;", b"YWJj\r\n", b"abc", None),
            ("base64", b"YW Jj*!\r\n", b"abc", "2 octets outside the base64 alphabet passed over"),
            ("base64", b"YWI\r\n", b"ab", "base64 without padding"),
            ("base64", b"YWJjZ\r\n", b"abc", "base64 cut short, its last digit passed over"),
            ("base64", b"YQ==YWJj\r\n", b"a", "4 base64 digits after the padding passed over"),
            ("base64", b"====\r\n", b"", None),
            ("quoted-printable", b"a=3D=\r\nb\r\n", b"a=b\r\n", None),
            ("quoted-printable", b"a=4\r\n", b"a=4\r\n", "malformed quoted-printable left as it is"),
            ("x-uuencode", b"begin 644 x\r\n#86)C\r\n`\r\nend\r\n", b"abc", None),
            ("uuencode", b"begin 644 x\r\n#86)C\r\n", b"abc", "uuencoded file without its end"),
            ("uue", b"begin 644 x\r\n#86)C\r\nno", b"abc", "malformed uuencoded line, decoded to there"),
            ("x-uue", b"nothing\r\n", b"nothing\r\n", "no uuencoded file in it, left as it is"),
            ("zip", b"abc\r\n", b"abc\r\n", "unknown encoding zip, left as it is"),
        ],
    )
    def test_encodings(self, encoding: str, octets: bytes, content: bytes, defect: str | None) -> None:
        parsed = body(encoding, octets)
        assert only(parsed).content == content
        assert [found for found in parsed.defects if "last line" not in found] == ([defect] if defect else [])

    def test_uuencoded_files_within_a_text(self) -> None:
        # Mail before MIME had its attachments so.
        text = b"See below.\r\n" + crlf(UU_NUMBERS) + b"begin the day\r\nbegin 644 broken\r\nno\r\n" + crlf(UU_NUMBERS)
        parsed = OpenMail(b"Subject: x\r\n\r\n" + text)
        assert parsed.parts[0].content == text
        assert [(part.path, part.filename, part.sha256) for part in parsed.attachments] == [
            ("1.1", "numbers.txt", NUMBERS),
            ("1.2", "numbers.txt", NUMBERS),
        ]
        assert parsed.defects == ()
