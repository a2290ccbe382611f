"""Messages taken apart: known ones, hostile ones, any octets, and the standard library's second opinion."""

from __future__ import annotations

import email
import email.policy
import hashlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.mail import limits, open_mail, parse, parse_headers, parse_mail
from tests.mail.hostile import HOSTILE
from tests.mail.message import BIN, GIF, MIXED, NUMBERS, OpenMail
from tests.support.work import PROPORTIONAL, growth


class TestWholeMessage:
    parsed = OpenMail(MIXED)

    def test_headers(self) -> None:
        assert self.parsed.sender == '"J. Smith" <smith@dog-house.example>'
        assert self.parsed.recipients == "jones@isi-vaxa.example,    postel@usc-isif.example"
        assert self.parsed.subject == "café漢 and more"
        assert self.parsed.date == "Mon, 25 Feb 1985 10:00:00 -0800"
        assert self.parsed.message_id == "<850225.1@dog-house.example>"
        assert [name for name, _ in self.parsed.headers] == [
            *("Received", "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
            "Status",
        ]

    def test_nothing_is_wrong_with_it(self) -> None:
        assert self.parsed.defects == ()

    def test_parts(self) -> None:
        assert [(part.path, part.content_type, part.filename, part.sha256) for part in self.parsed.parts] == [
            ("1.1", "text/plain", None, hashlib.sha256(b"plain").hexdigest()),
            ("1.2", "text/html", None, hashlib.sha256(b"<p>html").hexdigest()),
            ("2", "application/octet-stream", "naïve plan.bin", BIN),
            ("3", "image/gif", "döt.gif", GIF),
            ("4", "text/plain", None, BIN),
            ("5", "text/plain", "numbers.txt", NUMBERS),
            ("6", "message/rfc822", None, self.parsed.parts[6].sha256),
            ("6.1", "text/plain", "numbers.txt", NUMBERS),
        ]
        assert [part.path for part in self.parsed.attachments] == ["2", "3", "4", "5", "6", "6.1"]
        assert all(part.octets == len(part.content) for part in self.parsed.parts)

    def test_contents_are_not_kept(self) -> None:
        parsed = parse_mail(MIXED + b"x" * 1_000_000)
        assert len(pickle.dumps(parsed)) < 10_000

    def test_attached_message_is_kept_octet_for_octet(self) -> None:
        start = MIXED.index(b"Subject: the forwarded one")
        assert self.parsed.parts[6].content == MIXED[start : MIXED.index(b"\r\n--=_outer;1--")]

    def test_headers_alone_are_the_same(self) -> None:
        headers = parse_headers(MIXED[:700])
        assert headers.fields == self.parsed.headers
        assert (headers.sender, headers.recipients) == (self.parsed.sender, self.parsed.recipients)
        assert (headers.subject, headers.date) == (self.parsed.subject, self.parsed.date)
        assert headers.message_id == self.parsed.message_id
        assert headers.get("STATUS") == "RO"
        assert headers.get("Cc") is None
        assert headers.defects == ()


class TestAnyOctets:
    pieces = st.sampled_from(
        [
            *(
                b"\r\n",
                b"\n",
                b"\r",
                b"\0",
                b" ",
                b"\t",
                b":",
                b";",
                b'"',
                b"\\",
                b"=",
                b"?",
                b"*",
                b"--",
                b"--b",
            ),
            *(b"From ", b"From: ", b"Subject: ", b"Content-Type: ", b"Content-Disposition: attachment; "),
            *(b"multipart/mixed; boundary=b\r\n\r\n", b"message/rfc822\r\n\r\n", b"text/plain; name*0*=''"),
            *(
                b"Content-Transfer-Encoding: ",
                b"base64\r\n\r\n",
                b"quoted-printable\r\n\r\n",
                b"x-uue\r\n\r\n",
            ),
            *(
                b"begin 644 x\r\n",
                b"#86)C\r\n",
                b"end\r\n",
                b"=?utf-8?q?",
                b"=?utf-7?b?",
                b"?=",
                b"filename*=",
            ),
            *(b"\xff\xfe", b"\xc3\xa4", b"%E4", b"--b--\r\n", b"YWJj", b"=E4", b"charset="),
        ]
    )

    @staticmethod
    def check(octets: bytes) -> None:
        parsed = OpenMail(octets)
        for text in (
            *sum(parsed.headers, ()),
            *parsed.defects,
            *(part.filename or "" for part in parsed.parts),
        ):
            text.encode()
        for part in parsed.parts:
            assert part.octets == len(part.content) <= len(octets)
            assert part.sha256 == hashlib.sha256(part.content).hexdigest()
        assert len({part.path for part in parsed.parts}) == len(parsed.parts)
        assert parse_headers(octets).fields == parsed.headers

    def test_the_facts_and_the_contents_are_of_the_same_parts(self) -> None:
        opened = open_mail(MIXED)
        assert opened.mail == parse_mail(MIXED)
        assert [len(content) for content in opened.contents] == [part.octets for part in opened.mail.parts]

    @given(st.binary(max_size=2000))
    def test_any(self, octets: bytes) -> None:
        self.check(octets)

    @given(st.lists(pieces, max_size=40).map(b"".join))
    def test_anything_made_of_mail(self, octets: bytes) -> None:
        self.check(octets)

    @given(st.integers(0, len(MIXED)), st.integers(0, len(MIXED)), st.binary(max_size=3))
    def test_damaged(self, first: int, second: int, octets: bytes) -> None:
        self.check(MIXED[:first] + octets + MIXED[second:])

    def test_the_net(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("no")

        monkeypatch.setattr(parse, "decode_fields", fail)
        assert parse_mail(b"x").defects == ("the message could not be read: RuntimeError('no')",)
        assert open_mail(b"x").contents == ()
        assert parse_headers(b"x").defects == ("the headers could not be read: RuntimeError('no')",)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_made_to_cost_much_is_read_within_the_limits(name: str) -> None:
    parsed = OpenMail(HOSTILE[name](1 << 20))
    assert len(parsed.headers) <= limits.MAX_HEADERS
    assert len(parsed.defects) <= limits.MAX_DEFECTS + 1


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_in_proportion(name: str) -> None:
    def work(size: int) -> Callable[[], object]:
        octets = HOSTILE[name](size)
        return lambda: OpenMail(octets)

    assert growth(work, 16 << 10) < PROPORTIONAL


def test_headers_do_not_cost_a_body() -> None:
    def work(size: int) -> Callable[[], object]:
        octets = MIXED + b"x\r\n" * (size // 3)
        return lambda: parse_headers(octets)

    assert growth(work, 1 << 20) == 1


ALPHABET = "abc xyzäöü漢字=?_\"'"


@given(
    subject=st.text(ALPHABET, max_size=100),
    text=st.text(ALPHABET + "\n", max_size=300),
    files=st.lists(
        st.tuples(
            st.sampled_from(["application/pdf", "image/png", "text/csv"]),
            st.text(ALPHABET.replace(" ", ""), min_size=1, max_size=60),
            st.binary(max_size=200),
        ),
        max_size=3,
    ),
)
def test_as_the_standard_library_has_it(subject: str, text: str, files: list[tuple[str, str, bytes]]) -> None:
    made = EmailMessage(policy=email.policy.SMTP)
    made["Subject"] = " ".join(subject.split())
    made["From"] = "Jürgen <j@example.org>"
    made.set_content(text)
    for content_type, filename, content in files:
        made.add_attachment(content, *content_type.split("/"), filename=filename)
    octets = bytes(made)

    parsed = OpenMail(octets)
    oracle = email.message_from_bytes(octets, policy=email.policy.default)
    assert parsed.subject == oracle["Subject"]
    assert parsed.sender == oracle["From"]
    leaves = [part for part in oracle.walk() if not part.is_multipart()]
    assert [(part.content_type, part.is_attachment, part.content) for part in parsed.parts] == [
        (leaf.get_content_type(), leaf.is_attachment(), leaf.get_payload(decode=True)) for leaf in leaves
    ]
    # Against what was put in, because the library reads its own file name of two quotes as an empty one.
    assert [(part.content_type, part.filename, part.content) for part in parsed.attachments] == files


def test_the_email_package_stays_unloaded() -> None:
    program = "import sys, pop2dissect.mail; sys.exit('email' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
