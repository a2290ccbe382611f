"""Messages of which the capture lacks octets are not called malformed for it."""

from __future__ import annotations

from pathlib import Path

from pop2dissect.session import Message
from tests.findings.found import examine
from tests.support.network import Network, login, read
from tests.support.wire import encode, pcap

MAIL = b"From: a@quarry.example\r\nSubject: stones\r\n\r\nA line.\r\n" + b"Stone.\r\n" * 20
DOUBT = "the capture lacks {} of the message, which may be all that is wrong with it"


def message(folder: Path, text: bytes, captured: int) -> Message:
    """Return a message of whose only segment so many octets of payload were captured."""
    frames = [
        frame._replace(octets=frame.octets[: len(frame.octets) - len(text) + captured])
        if frame.octets.endswith(text)
        else frame
        for frame in encode(Network().session(login(), *read(text)).packets)
    ]
    path = folder / "cut.pcap"
    path.write_bytes(pcap(frames))
    (session,), _ = examine(path)
    (found,) = session.messages
    assert found.octets == captured
    return found


def test_a_whole_one_that_is_malformed_is_so(tmp_path: Path) -> None:
    text = MAIL + b"No line end"
    assert message(tmp_path, text, len(text)).mail.defects == ("the last line has no line end",)


def test_what_is_wrong_may_come_of_the_octets_that_are_missing(tmp_path: Path) -> None:
    found = message(tmp_path, MAIL, len(MAIL) - 2)
    assert found.mail.defects == (DOUBT.format("2 octets"), "the last line has no line end")
    assert found.mail.subject == "stones"


def test_nothing_wrong_is_nothing_said(tmp_path: Path) -> None:
    assert message(tmp_path, MAIL, len(MAIL) - len(b"Stone.\r\n")).mail.defects == ()


def test_a_message_of_which_nothing_was_captured_is_not_empty(tmp_path: Path) -> None:
    assert message(tmp_path, MAIL, 0).mail.defects == ("the capture has nothing of the message",)
