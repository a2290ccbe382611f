"""Parts within parts, and the limits of how many and how deep."""

from __future__ import annotations

import base64
import quopri

import pytest

from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.mail import limits, parse_headers
from tests.mail.hostile import NESTED
from tests.mail.message import UU_NUMBERS, OpenMail, crlf, only


class TestStructure:
    @staticmethod
    def multipart(octets: bytes, boundary: bytes = b"b", subtype: bytes = b"mixed") -> OpenMail:
        return OpenMail(b"Content-Type: multipart/" + subtype + b"; boundary=" + boundary + b"\r\n\r\n" + octets)

    def test_a_boundary_that_begins_another(self) -> None:
        parsed = self.multipart(b"--b\r\n\r\n--bb\r\n--b--x\r\n --b\r\nx--b\r\n--b--\r\n")
        assert only(parsed).content == b"--bb\r\n--b--x\r\n --b\r\nx--b"

    def test_bare_lf_and_no_line_end(self) -> None:
        assert [part.content for part in self.multipart(b"--b\n\na\n--b\n\nc\n--b--").parts] == [b"a", b"c"]

    def test_unclosed(self) -> None:
        parsed = self.multipart(b"--b\r\n\r\na\r\n")
        assert only(parsed).content == b"a\r\n"
        assert parsed.defects == ("multipart/mixed without its closing boundary",)

    @pytest.mark.parametrize("boundary", [b"", b'""', b"x"])
    def test_cannot_be_opened(self, boundary: bytes) -> None:
        parsed = self.multipart(b"--b\r\n\r\na\r\n", boundary)
        assert only(parsed).content == b"--b\r\n\r\na\r\n"
        assert only(parsed).is_attachment
        assert parsed.defects[0].endswith("left whole")

    def test_digest(self) -> None:
        parsed = self.multipart(b"--b\r\n\r\nSubject: x\r\n\r\na\r\n--b--\r\n", subtype=b"digest")
        assert [(part.path, part.content_type) for part in parsed.parts] == [
            ("1", "message/rfc822"),
            ("1.1", "text/plain"),
        ]

    def test_encoded_multipart(self) -> None:
        parsed = OpenMail(
            b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n"
        )
        assert only(parsed).content == b"abc"
        assert parsed.defects[0] == "a multipart in encoding base64, which RFC 2045 does not allow"

    def test_too_deep(self) -> None:
        octets = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(50)
        )
        parsed = OpenMail(octets)
        assert only(parsed).content.startswith(b"--b20\r\nContent-Type: multipart/mixed; boundary=b21")
        assert any("more than 20 containers deep" in defect for defect in parsed.defects)

    def test_messages_too_deep(self) -> None:
        parsed = OpenMail(b"Content-Type: message/rfc822\r\n\r\n" * 50)
        assert [part.path for part in parsed.parts] == ["1", "1.1", "1.1.1", "1.1.1.1", "1.1.1.1.1"]
        assert "part 1.1.1.1.1: message too deep within others, left whole" in parsed.defects

    def test_too_many_parts(self) -> None:
        parsed = self.multipart(b"--b\r\n" * 5000)
        assert len(parsed.parts) == DEFAULT.mail_parts
        assert "parts after the first 1000 were passed over (limit mail_parts)" in parsed.defects

    def test_too_many_parts_in_an_attached_message(self) -> None:
        parsed = self.multipart(b"--b\r\n" * 999 + b"--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n--b--\r\n")
        assert parsed.parts[-1].path == "1000"
        assert "parts after the first 1000 were passed over (limit mail_parts)" in parsed.defects

    def test_too_many_files_in_a_text(self) -> None:
        parsed = OpenMail(b"A: b\r\n\r\n" + crlf(UU_NUMBERS) * 1500)
        assert len(parsed.parts) == DEFAULT.mail_parts
        assert "parts after the first 1000 were passed over (limit mail_parts)" in parsed.defects

    def test_too_many_headers(self) -> None:
        parsed = OpenMail(b"A: b\r\n" * 5000 + b"\r\nbody\r\n")
        assert len(parsed.headers) == limits.MAX_HEADERS
        assert only(parsed).content == b"body\r\n"
        assert parsed.defects == ("headers after the first 1000 or 262144 octets were passed over",)

    def test_headers_without_end(self) -> None:
        assert only(OpenMail(b"A: b\r\n" * 5000)).content == b""
        cut = b"A: bbbbbbbbbbbbb\n" * (limits.MAX_HEADER_BLOCK // 17 + 1)
        assert parse_headers(cut[: limits.MAX_HEADER_BLOCK]).fields[0] == ("A", "bbbbbbbbbbbbb")

    def test_long_header(self) -> None:
        parsed = OpenMail(b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\nbody\r\n")
        assert parsed.subject == "x" * (limits.MAX_HEADER)
        assert only(parsed).content == b"body\r\n"
        assert parsed.defects[-1] == "only the first 65536 octets of header Subject were kept"

    def test_too_many_defects(self) -> None:
        parsed = self.multipart(b"--b\r\nContent-Type: x\r\n\r\n" * 500)
        assert len(parsed.defects) == limits.MAX_DEFECTS + 1
        assert parsed.defects[-1] == "401 further defects not listed"

    def test_limits_that_are_set(self) -> None:
        parsed = OpenMail(b"A: b\r\n\r\nbody\r\n", Limits(mail_octets=10))
        assert only(parsed).content == b"bo"
        assert parsed.defects[0] == "only the first 10 of 14 octets were taken apart (limit mail_octets)"
        parts = b"--b\r\n\r\nx\r\n" * 5
        parsed = OpenMail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts, Limits(mail_parts=3))
        assert len(parsed.parts) == 3
        assert "parts after the first 3 were passed over (limit mail_parts)" in parsed.defects
        parsed = OpenMail(NESTED, Limits(mail_depth=2))
        assert any("more than 2 containers deep (limit mail_depth)" in defect for defect in parsed.defects)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_multipart_that_is_encoded_is_opened_all_the_same(encoding: str) -> None:
    inner = b"--B\nContent-Type: text/plain\n\nhi\n--B\nContent-Disposition: attachment; filename=a.txt\n\nx=y\n--B--\n"
    coded = base64.encodebytes(inner) if encoding == "base64" else quopri.encodestring(inner)
    head = b"Content-Type: multipart/mixed; boundary=B\nContent-Transfer-Encoding: %b\n\n" % encoding.encode()
    mail = OpenMail(head + coded)
    assert [(part.content_type, part.filename, part.octets) for part in mail.parts] == [
        ("text/plain", None, 2),
        ("text/plain", "a.txt", 3),
    ]
    assert f"a multipart in encoding {encoding}, which RFC 2045 does not allow" in mail.defects


def test_the_envelope_of_uucp_is_no_header() -> None:
    mail = OpenMail(b">From ann Tue Nov 14 22:00 remote from hosta\nFrom: ann@example.org\nSubject: by uucp\n\nhi\n")
    assert (mail.sender, mail.subject) == ("ann@example.org", "by uucp")
    assert any("a UUCP envelope line" in defect for defect in mail.defects)


@pytest.mark.parametrize(
    ("header", "is_hidden"),
    [
        (b"multipart/mixed (c); boundary=x", False),
        (b"(c) multipart/mixed; boundary=x", False),
        (b"multipart/mixed; (c) boundary=x", True),
        (b"multipart/mixed; boundary (c) = x", True),
        (b"multipart/mixed; boundary=(c) x", True),
        (b"multipart/mixed; boundary=x (c)", True),
        (b'multipart/mixed; (boundary=y) boundary="x"', True),
        (rb'multipart/mixed; (a (boundary="y") \) b) boundary="x"; charset=z', True),
        (b"multipart/mixed; boundary=x; charset=(c", False),
    ],
)
def test_the_boundary_behind_a_comment(header: bytes, is_hidden: bool) -> None:
    part = b"--x\r\nContent-Disposition: (c) attachment; (d) filename=a.zip\r\n\r\nPK\r\n--x--\r\n"
    parsed = OpenMail(b"Content-Type: " + header + b"\r\n\r\n" + part)
    assert (only(parsed).filename, only(parsed).content) == ("a.zip", b"PK")
    assert any("a comment at the boundary" in defect for defect in parsed.defects) is is_hidden


def test_parentheses_that_are_no_comment() -> None:
    part = b"--a(b)c\r\nContent-Type: application/pdf; name=report (1).pdf\r\n\r\nPDF\r\n--a(b)c--\r\n"
    parsed = OpenMail(b"Content-Type: multipart/mixed; boundary=a(b)c\r\n\r\n" + part)
    assert (only(parsed).filename, only(parsed).content) == ("report (1).pdf", b"PDF")
    assert parsed.defects == ()


@pytest.mark.parametrize("content_type", [b"application/ms-tnef", b"application/octet-stream"])
def test_what_outlook_packs_in_a_container_of_its_own_is_named(content_type: bytes) -> None:
    packed = base64.b64encode(b"\x78\x9f\x3e\x22" + bytes(20))
    head = b"Content-Type: " + content_type + b"; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    parsed = OpenMail(head + packed + b"\r\n")
    assert only(parsed).filename == "winmail.dat"
    assert [defect for defect in parsed.defects if "TNEF" in defect]
    assert not [defect for defect in OpenMail(head + b"eJ8+\r\n").defects if "TNEF" in defect]
