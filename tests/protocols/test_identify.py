"""Protocols are named by what was said, and not by what a message happens to hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pop2dissect
from pop2dissect.protocols import PROTOCOLS, pop1, pop2, pop3
from pop2dissect.protocols import identify as module
from pop2dissect.protocols.identify import Identification, greets
from pop2dissect.tcp.stream import Gap, Stream
from tests.support.conversation import Conversation
from tests.support.truth import capture_names, capture_path

Said = list[tuple[str, bytes]]

POP2, POP3 = pop2.PROTOCOL.name, pop3.PROTOCOL.name
RFC918, RFC918_OR_POP3 = pop1.PROTOCOL.name, pop1.AMBIGUOUS.name
UNKNOWN, NONE = module.UNKNOWN.name, module.NONE.name

TLS_CLIENT = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(range(100))
TLS_SERVER = b"\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03" + bytes(range(100))


def identify(client: Stream, server: Stream, *, from_start: bool = True) -> Identification:
    return module.identify(client, server, PROTOCOLS, from_start=from_start)


def name(said: Said, *, from_start: bool = True) -> str:
    return identify(*Conversation().script(said).streams(), from_start=from_start).protocol.name


WHOLE: list[tuple[str, Said]] = [
    (POP2, [("S", b"+ POP2 host v4.46 server ready\r\n")]),
    (POP2, [("S", b"+ POP2 host\r\n"), ("C", b"GET / HTTP/1.0\r\n\r\n"), ("S", b"- what?\r\n")]),
    (POP2, [("S", b"+ POP2 host\r\n"), ("C", TLS_CLIENT), ("S", b"+ Sayonara\r\n")]),
    (POP2, [("S", b"+ POP2 host\r\n"), ("C", b"CAPA\r\nUSER x\r\n")]),
    (POP2, [("S", b"+OK POP2 Server (ready).\r\n")]),
    (POP2, [("S", b"- POP2 server disabled on this system\r\n")]),
    (POP2, [("S", b"+ ready\r\n"), ("C", b"HELO a b\r\n"), ("S", b"#1\r\n")]),
    (POP2, [("S", b"+OK\r\n"), ("C", b"HELO a b\r\n"), ("S", b"#1\r\n"), ("C", b"READ\r\n"), ("S", b"=5\r\n")]),
    (POP2, [("C", b"HELO a b\r\nFOLD x\r\n")]),
    (RFC918, [("S", b"+OK\r\n"), ("C", b"USER a\r\nPASS b\r\nRDEL mailbox\r\n")]),
    (RFC918, [("S", b"+OK\r\n"), ("C", b"USER a\r\nPASS b\r\nRETR mailbox\r\n")]),
    (RFC918, [("S", b"+OK\r\n+OK\r\n+OK\r\n#55\r\n")]),
    (RFC918, [("C", b"recv\r\n")]),
    (RFC918_OR_POP3, [("S", b"+OK\r\n"), ("C", b"USER a\r\nPASS b\r\nNOOP\r\nQUIT\r\n")]),
    (RFC918_OR_POP3, [("S", b"+OK ready\r\n")]),
    (RFC918_OR_POP3, [("S", b"+OK ready\r\n"), ("C", b"GET / HTTP/1.0\r\n\r\n")][:1]),
    (POP3, [("S", b"+OK ready\r\n"), ("C", b"USER a\r\nPASS b\r\nSTAT\r\n")]),
    (POP3, [("S", b"+OK ready\r\n"), ("C", b"USER a\r\nPASS b\r\nRETR 1\r\n")]),
    (POP3, [("S", b"+OK POP3 server\r\n")]),
    (POP3, [("S", b"+OK hello <12.34@host>\r\n"), ("C", b"QUIT\r\n")]),
    ("SSH", [("S", b"SSH-2.0-dropbear_2022.83\r\n")]),
    ("SSH", [("C", b"SSH-2.0-x\r\n")]),
    ("TLS", [("C", TLS_CLIENT)]),
    ("TLS", [("C", b"HELO a b\r\n"), ("S", b"\x15\x03\x01\x00\x02\x02\x46")]),
    ("TLS", [("C", TLS_CLIENT), ("S", TLS_SERVER)]),
    ("HTTP", [("C", b"POST / HTTP/1.1\r\n\r\nREAD 1\r\nRETR\r\nACKS\r\n"), ("S", b"HTTP/1.1 200 OK\r\n\r\n=1\r\n")]),
    ("HTTP", [("C", b"GET /\r\n")]),
    ("SMTP", [("S", b"220 host ESMTP\r\n"), ("C", b"HELO my host\r\n")]),
    ("SMTP", [("C", b"EHLO host\r\nAUTH PLAIN x\r\n")]),
    ("FTP", [("S", b"220 host FTP server\r\n")]),
    ("FTP", [("S", b"220 welcome\r\n"), ("C", b"USER anonymous\r\n")]),
    ("IMAP", [("S", b"* OK ready\r\n")]),
    ("IMAP", [("C", b"a1 LOGIN x y\r\n")]),
    ("SOCKS", [("C", b"\x05\x01\x00"), ("S", b"\x05\x00")]),
    ("SOCKS", [("C", b"\x05\x02\x00\x02"), ("S", b"\x05\x02"), ("C", b"\x01\x04fred\x02pw")]),
    ("IMAP", [("C", b"a1 CAPABILITY\r\n")]),
    ("SMTP", [("S", b"554 go away\r\n")]),
    ("SMTP", [("S", b"220-quarry\r\n220 ESMTP\r\n"), ("C", b"QUIT\r\n")]),
    ("TLS", [("C", TLS_CLIENT), ("S", b"- Bogus or out of sequence command\r\n")]),
    ("HTTP", [("C", b"OPTIONS * HTTP/1.0\r\n\r\n"), ("S", b"")][:1]),
    (POP3, [("C", b"USER a\r\nPASS b\r\nUIDL\r\n")]),
    (POP3, [("S", b"+OK ready\r\n"), ("C", b"AUTH PLAIN AGEAYg==\r\n")]),
    (RFC918, [("S", b"+OK\r\n"), ("C", b"USER a\r\n"), ("S", b"+OK\r\n"), ("C", b"RCVD\r\n")]),
    (RFC918_OR_POP3, [("S", b"+OK\r\n"), ("C", b"USER a\r\nPASS b\r\nRSET\r\n")]),
    ("SOCKS", [("C", b"\x04\x01\x00\x50\x01\x02\x03\x04me\x00")]),
    (UNKNOWN, [("C", b"\x05\x01\x00rest")]),
    (UNKNOWN, [("C", b"x")]),
    (UNKNOWN, [("S", b"\n")]),
    (UNKNOWN, [("C", bytes(range(128, 256)))]),
    (UNKNOWN, [("C", b"QUIT\r\n")]),
    (UNKNOWN, [("C", b"HELO host\r\n")]),
    (NONE, []),
]


@pytest.mark.parametrize(("expected", "said"), WHOLE, ids=[f"{n}-{e}" for n, (e, _) in enumerate(WHOLE)])
def test_from_the_start(expected: str, said: Said) -> None:
    found = identify(*Conversation().script(said).streams())
    assert found.protocol.name == expected
    assert found.evidence


TEXTS = [
    b"220 is the number of the house\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nhello",
    b"* OK, said the first\r\n",
    b"+OK\r\n#55\r\n",
    b"=20\r\n=3D\r\n",
    TLS_SERVER,
    b"USER a\r\nRDEL b\r\nSTAT\r\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_capture_that_starts_in_a_message(text: bytes) -> None:
    assert name([("S", text), ("C", b"ACKS\r\n"), ("S", b"=0\r\n"), ("C", b"QUIT\r\n")], from_start=False) == POP2
    assert name([("S", text), ("S", b"=33 characters in message 2\r\n")], from_start=False) == POP2
    assert name([("S", text)], from_start=False) == UNKNOWN


@pytest.mark.parametrize("text", TEXTS)
def test_the_start_of_the_server_is_lost(text: bytes) -> None:
    client, server = Conversation().script([("S", text)]).streams()
    lost = Stream([span._replace(offset=span.offset + 9) for span in server.spans], [Gap(0, 9, "not captured")])
    assert identify(client, lost).protocol.name == UNKNOWN
    client, _ = Conversation().script([("C", b"HELO a b\r\n")]).streams()
    assert identify(client, lost).protocol.name == POP2


def test_other_protocols_without_their_start() -> None:
    assert name([("S", b"SSH-2.0-x\r\n"), ("S", b"\x00\x01")], from_start=False) == "SSH"
    assert name([("C", b"GET / HTTP/1.1\r\n\r\n"), ("S", b"HTTP/1.1 200 OK\r\n")], from_start=False) == "HTTP"
    assert name([("C", b"A page that tells of\r\nREAD\r\nand of\r\nmore\r\n")], from_start=False) == UNKNOWN


def test_a_line_does_not_go_across_a_gap() -> None:
    client, server = Conversation().script([("C", b"xxRE"), ("C", b"AD 1\r\n")]).streams()
    first, second = client.spans
    broken = Stream([first, second._replace(offset=14)], [Gap(4, 10, "not captured")])
    assert identify(broken, server).protocol.name == UNKNOWN


def test_cut_by_the_snap_length() -> None:
    client, server = Conversation().script([("S", b"+ POP2 pop.examp")]).streams()
    assert identify(client, Stream(server.spans, [Gap(16, 30, "cut by the snap length")])).protocol.name == POP2


SPEAK_OTHERWISE = {"not_pop2_on_109", "raw_errors"}
"""Captures in which clients speak another protocol, which only the server's greeting contradicts."""


@pytest.mark.parametrize("capture", capture_names())
def test_recorded_captures(capture: str) -> None:
    if capture.startswith("rfc918"):
        return
    expected = {("incident_small", 8): "SSH", ("incident_small", 9): "SSH", ("incident_small", 51): "SSH",
                ("not_pop2_on_109", 6): "HTTP"}  # fmt: skip
    for session in pop2dissect.iter_sessions(capture_path(capture)):
        right = expected.get((capture, session.id), POP2)
        assert session.protocol == right
        if capture in SPEAK_OTHERWISE:
            continue
        # Whatever the capture lacks of the start, the protocol is the same, or nothing is said.
        client, server = session.client_stream, session.server_stream
        for cut in (1, 40, 2000):
            late = Stream([span for span in server.spans if span.offset >= cut])
            assert identify(client, late, from_start=False).protocol.name in (right, UNKNOWN, NONE)
            assert identify(Stream([]), late, from_start=False).protocol.name in (right, UNKNOWN, NONE)


LINES = st.sampled_from([octets for _, said in WHOLE for _, octets in said] + TEXTS)


@given(st.lists(st.tuples(st.sampled_from("CS"), st.one_of(LINES, st.binary(max_size=40))), max_size=12), st.booleans())
def test_any_octets_get_a_name(said: Said, from_start: bool) -> None:
    found = identify(*Conversation().script(said).streams(), from_start=from_start)
    assert found.protocol.name
    assert found.evidence


@given(st.lists(st.tuples(st.sampled_from("CS"), LINES), max_size=8), st.integers(1, 9))
def test_segments_do_not_matter_at_the_start(said: Said, size: int) -> None:
    pieces = [(who, octets[at : at + size]) for who, octets in said for at in range(0, len(octets), size)]
    whole, cut = name(said), name(pieces)
    assert cut == whole or "SOCKS" in (cut, whole)  # its first message has no end but that of the segment


@pytest.mark.parametrize(
    ("answered", "said", "expected"),
    [
        (b"", b"", None),
        (b"+ PO", b"", None),
        (b"+ POP2 h", b"", True),
        (b"+ POP2 host\r\n", b"", True),
        (b"+ POPX", b"", False),
        (b"HTTP/1.0 200\r\n", b"GET / HTTP/1.0\r\n", False),
        (b"+OK POP3 ready\r\n", b"", True),
        (b"+OK\r\n", b"USER a\r\n", None),
        (b"+OK\r\n", b"USER a\r\nRDEL x\r\n", True),
        (b"+OK\r\n", b"USER a\r\nSTAT\r\n", True),
        (b"+OK\r\n", b"x" * 5000, False),
        # Services that greet in other ways are given up at their first line.
        (b"220 quarry FTP server ready\r\n", b"", False),
        (b"220 quarry ESMTP Sendmail\r\n", b"HELO fred secret\r\n", False),
        (b"200 quarry NNTP ready\r\n", b"", False),
        (b"* OK IMAP4rev1\r\n", b"", False),
        (b"SSH-2.0-x\r\n", b"", False),
        (TLS_SERVER, TLS_CLIENT, False),
        (b"RFB 003.008\n", b"", False),
        (b"HTTP/1.1 200 OK\r\n\r\n+ POP2 host ready\r\n", b"GET / HTTP/1.1\r\n\r\n", False),
        (b"+ POP2X\r\n", b"", False),
        (b"+ POP3 host\r\n", b"", False),
        (b"+PONG\r\n", b"PING\r\n", False),
        # And POP2's in all their forms.
        (b"+ POP2 [192.0.2.1] v4.46 server ready\r\n", b"", True),
        (b"+OK POP2 Server (ready).\r\n", b"", True),
        (b"- POP2 server disabled on this system\r\n", b"", True),
        (b"+ pop2 quarry\n", b"", True),
        # So are POP3's, by the greeting or by the first command that POP3 alone has.
        (b"+OK POP3 quarry ready <1.2@quarry>\r\n", b"", True),
        (b"+OK hello\r\n", b"USER fred\r\nPASS x\r\nLIST\r\n", True),
        (b"+OK hello\r\n", b"CAPA\r\n", True),
    ],
)
def test_greetings_on_any_port(answered: bytes, said: bytes, expected: bool | None) -> None:
    assert greets(answered, said, PROTOCOLS) is expected
