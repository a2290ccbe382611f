"""Known messages for the tests, and a message with its contents side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.mail import Part, parse

# SHA-256 as sha256sum gave them for files that base64, uuencode and MIME::QuotedPrint then encoded.
BIN = "09d839c99354c73f90562cb8eea683b1b2d25269ad9749b2792c3b2ed16e8c9f"  # Attack at dawn \xe9\x00\xff\r\n
GIF = "693d949d8c3fdc7fd4ace7c340b5f177a9f0c5be7bafee8bc93a7d88b7523d75"  # a GIF of one pixel
NUMBERS = "6ba2fbed4a84daf92c8c92a0653a1db60360751173c75d258b18ccac7ce7e461"  # 1 to 40, each with a blank
UU_NUMBERS = rb"""begin 644 numbers.txt
M,2`R(#,@-"`U(#8@-R`X(#D@,3`@,3$@,3(@,3,@,30@,34@,38@,3<@,3@@
M,3D@,C`@,C$@,C(@,C,@,C0@,C4@,C8@,C<@,C@@,CD@,S`@,S$@,S(@,S,@
5,S0@,S4@,S8@,S<@,S@@,SD@-#`@
`
end
"""


def crlf(text: str | bytes) -> bytes:
    octets = text.encode() if isinstance(text, str) else text
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


MIXED = crlf(
    b"""Received: from fido by dog-house; Mon, 25 Feb 1985 10:00:00 PST
From: "J. Smith" <smith@dog-house.example>
To: jones@isi-vaxa.example,
    postel@usc-isif.example
Subject: =?iso-8859-1?q?caf=E9?= =?utf-8?b?5ryi?= and more
Date: Mon, 25 Feb 1985 10:00:00 -0800
Message-ID: <850225.1@dog-house.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_outer;1"
Status: RO

This is a message in MIME.
--=_outer;1
Content-Type: multipart/alternative; boundary=inner

--inner

plain
--inner
Content-Type: text/html; charset=utf-8

<p>html
--inner--
--=_outer;1\x20\x20
Content-Type: application/octet-stream; name="ignored.bin"
Content-Disposition: attachment; filename*=utf-8'en'na%C3%AFve%20plan.bin
Content-Transfer-Encoding: base64

QXR0YWNrIGF0IGRhd24g6QD/DQo=

--=_outer;1
Content-Type: image/gif; name="=?utf-8?q?d=C3=B6t=2Egif?="
Content-Disposition: inline
Content-Transfer-Encoding: BASE64

R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==
--=_outer;1
Content-Type: text/plain
Content-Disposition: attachment
Content-Transfer-Encoding: quoted-printable

Attack at dawn =E9=
=00=FF=0D=0A=
--=_outer;1
Content-Transfer-Encoding: x-uue

"""
    + UU_NUMBERS
    + rb"""
--=_outer;1
Content-Type: message/rfc822

Subject: the forwarded one
Content-Type: multipart/mixed; boundary=deep

--deep
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*0="num"; filename*1*=bers%2Etxt

MSAyIDMgNCA1IDYgNyA4IDkgMTAgMTEgMTIgMTMgMTQgMTUgMTYgMTcgMTggMTkgMjAgMjEgMjIg
MjMgMjQgMjUgMjYgMjcgMjggMjkgMzAgMzEgMzIgMzMgMzQgMzUgMzYgMzcgMzggMzkgNDAg
--deep--
--=_outer;1--
Nothing to see here.
"""
)


@dataclass
class OpenPart:
    """A part with its content."""

    part: Part
    content: bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.part, name)


class OpenMail:
    """A message taken apart, its parts with their contents."""

    def __init__(self, octets: bytes, limits: Limits = DEFAULT) -> None:
        self.mail, contents = parse._open(octets, limits)  # and not open_mail, which has a net
        self.parts = [OpenPart(part, content) for part, content in zip(self.mail.parts, contents, strict=True)]

    @property
    def attachments(self) -> list[OpenPart]:
        return [part for part in self.parts if part.is_attachment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.mail, name)


def only(parsed: OpenMail) -> OpenPart:
    assert len(parsed.parts) == 1
    return parsed.parts[0]


def body(encoding: str, octets: bytes) -> OpenMail:
    return OpenMail(b"A: b\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + octets)
