"""The conversation as text: all of it, in order, without passwords."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.masking import Mask
from pop2dissect.session import PASSWORD_MASK, Session
from pop2dissect.terminal.follow import conversation
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import coloured, plain
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import decode_text
from tests.support.conversation import Conversation
from tests.support.truth import capture_path
from tests.support.wire import save

OPEN = Look(plain(), show_passwords=True)
MASKED = Look(plain())


def said(session: Session, look: Look, sign: str) -> list[str]:
    return [line[2:] for line in list(conversation(session, look))[1:] if line.startswith(sign)]


def lines(octets: bytes) -> list[str]:
    """Return the lines of a whole stream as they should be shown."""
    parts = octets.split(b"\n")
    if parts[-1] == b"":
        parts.pop()
    return [terminal_safe(decode_text(part.removesuffix(b"\r"))) for part in parts]


@pytest.mark.parametrize(
    "name",
    ["fetchmail_fold", "popclient_keep_delete", "raw_split_pipelined", "tcp_oddities", "ipv6_socat", "raw_errors"],
)
def test_all_that_was_said_is_told_once(name: str) -> None:
    for session in pop2dissect.read(str(capture_path(name))).sessions:
        client, server = session.client_stream, session.server_stream
        # A line may be interrupted by the other end; the text without line ends is the same.
        assert "".join(said(session, OPEN, "→")) == "".join(lines(client.read(0, client.length)))
        assert "".join(said(session, OPEN, "←")) == "".join(lines(server.read(0, server.length)))


def test_what_is_missing_is_said_in_its_place() -> None:
    session = pop2dissect.read(str(capture_path("gaps_span_missed_3pct"))).sessions[0]
    told = list(conversation(session, MASKED))
    at = told.index("→ (8 bytes missing from the capture)")
    assert told[at - 1] == "← =563 characters in message 3"
    assert told[at + 1] == "← =563 characters in message 3"


def test_of_several_captures_the_order_is_that_of_the_conversation(tmp_path: Path) -> None:
    """Frames of the second capture have higher references than all of the first."""
    talk = Conversation().handshake().server(b"+OK hello\r\n")
    for number in range(6):
        talk = talk.client(b"NOOP %d\r\n" % number).server(b"+OK %d\r\n" % number)
    packets = talk.close("server").packets
    save(tmp_path / "a.pcap", packets[::2])
    save(tmp_path / "b.pcap", packets[1::2])
    [session] = pop2dissect.read(str(tmp_path)).sessions
    told = [line for line in conversation(session, OPEN) if line[2:5] in ("NOO", "+OK")]
    assert told == ["← +OK hello"] + [f"{sign}{number}" for number in range(6) for sign in ("→ NOOP ", "← +OK ")]


def test_the_two_ends_have_colours() -> None:
    session = pop2dissect.read(str(capture_path("rfc937_normal"))).sessions[0]
    style = coloured()
    told = list(conversation(session, Look(style)))
    assert f"{style.client}→ HELO Fred ********{style.off}" in told


@pytest.mark.parametrize(
    ("segments", "shown"),
    [
        ([b"USER fred\r\n", b"PASS sesame\r\n"], ["USER fred", "PASS ********"]),
        ([b"PA", b"SS ses", b"ame\r\nSTAT\r\n"], ["PASS ********", "STAT"]),
        ([b"a1 LOGIN fred sesame\r\n"], ["a1 LOGIN ********"]),
        ([b"AUTH PLAIN sesame\r\n"], ["AUTH PLAIN ********"]),
        ([b"AUTH LOGIN\r\n", b"ZnJlZA==\r\n", b"c2VzYW1l\r\n", b"QUIT now\r\n"], None),
        ([b"GET / HTTP/1.0\r\nAuthorization: Basic sesame\r\n\r\n"], None),
        ([b"HELO fred sesame"], ["HELO fred ********"]),
    ],
)
def test_passwords_of_any_protocol_are_masked(segments: list[bytes], shown: list[str] | None, tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+OK ready\r\n" if b"HELO" not in segments[0] else b"+ POP2 x\r\n")
    for segment in segments:
        talk = talk.client(segment)
    save(tmp_path / "x.pcap", talk.close("client").packets)
    [session] = pop2dissect.read(str(tmp_path / "x.pcap")).sessions
    told = said(session, MASKED, "→")
    assert "sesame" not in "".join(told)
    assert "c2VzYW1l" not in "".join(told)
    assert PASSWORD_MASK in "".join(told)
    if shown is not None:
        assert "".join(told) == "".join(shown)
    assert "".join(said(session, OPEN, "→")) == "".join(lines(b"".join(segments)))
    stream = session.client_stream
    for start, end in Mask(session).client:
        assert 0 <= start < end <= stream.length


def test_a_password_cut_by_a_gap_is_masked_to_the_end_of_its_line(tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+ POP2 x\r\n")
    talk = talk.client(b"HELO fred ope").client(b"nse").client(b"same\r\n").server(b"#0 messages\r\n")
    packets = [packet for packet in talk.close("server").packets if packet.payload != b"nse"]
    save(tmp_path / "x.pcap", packets)
    [session] = pop2dissect.read(str(tmp_path / "x.pcap")).sessions
    text = "\n".join(conversation(session, MASKED))
    assert "same" not in text
    assert "ope" not in text
    assert "→ HELO fred ********\n→ (3 bytes missing from the capture)" in text
