"""Parameters of Content-Type and Content-Disposition: file names, types."""

from __future__ import annotations

import pytest

from tests.mail.message import OpenMail, only


class TestParameters:
    @pytest.mark.parametrize(
        ("parameters", "filename"),
        [
            ("filename=a.txt", "a.txt"),
            ("FileName = a.txt ; x=y", "a.txt"),
            ('filename="a;b.txt"', "a;b.txt"),
            (r'filename="a\"b\\c"', r'a"b\c'),
            (r'filename="C:\TEMP\X.DOC"', r"C:\TEMP\X.DOC"),
            ('filename="no end', "no end"),
            ("filename=two words.txt; x", "two words.txt"),
            ('filename=""', None),
            ("x=y", None),
            ('filename="=?utf-8?q?=C3=A4?="', "ä"),
            ("filename*=iso-8859-1''%E4", "ä"),
            ("filename=plain; filename*=utf-8''extended", "extended"),
            ("filename*=no%20charset", "no charset"),
            ("filename*=x''%zz%4", "%zz%4"),
            ("filename*0*=utf-8''a%20; filename*1=b; filename*2*=%C3%A4", "a bä"),
            ("filename*1=b; filename*0=a", "ab"),
            ("filename*1=b", None),
            ("filename*99999=b", None),
            ('filename="../../etc/passwd\x1b[2J"', "../../etc/passwd\x1b[2J"),
        ],
    )
    def test_filename(self, parameters: str, filename: str | None) -> None:
        parsed = OpenMail(f"Content-Disposition: inline; {parameters}\r\n\r\n".encode())
        assert only(parsed).filename == filename
        assert only(parsed).is_attachment == (filename is not None)

    @pytest.mark.parametrize(
        ("header", "content_type", "attachment"),
        [
            ("text/plain", "text/plain", False),
            ("TEXT/HTML; charset=x", "text/html", False),
            ("text/plain (a comment)", "text/plain", False),
            ("text", "text/plain", False),
            ("", "text/plain", False),
            ("nonsense; name=x", "text/plain", True),
            ("a/b/c", "text/plain", False),
            ("application/pdf", "application/pdf", True),
            ("text/plain\r\nContent-Disposition: attachment", "text/plain", True),
            ("text/plain\r\nContent-Disposition: unheard-of", "text/plain", True),
            ("text/plain\r\nContent-Disposition: INLINE", "text/plain", False),
            ("text/plain\r\nContent-Disposition: ", "text/plain", False),
        ],
    )
    def test_type_and_attachment(self, header: str, content_type: str, attachment: bool) -> None:
        part = only(OpenMail(f"Content-Type: {header}\r\n\r\n".encode()))
        assert (part.content_type, part.is_attachment) == (content_type, attachment)
