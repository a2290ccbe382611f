"""No output shows a password unless asked to, whatever protocol it was given in, and wherever octets were lost."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from pop2dissect.cli import main
from tests.support.conversation import Conversation
from tests.support.wire import save

POP2 = b"+ POP2 quarry server ready\r\n"
SECRET = b"Sesame4711"
ENCODED = base64.b64encode(SECRET)
BOTH = base64.b64encode(b"\0fred\0" + SECRET)

Turns = list[tuple[bytes, bytes]]
"""What the client says, and what the server answers."""

DIALOGUES: dict[str, tuple[bytes, Turns]] = {
    "POP2": (POP2, [(b"HELO fred %b\r\n" % SECRET, b"- Bad login\r\n+ Sayonara\r\n")]),
    "POP3": (b"+OK POP3 ready\r\n", [(b"USER fred\r\n", b"+OK\r\n"), (b"PASS %b\r\n" % SECRET, b"+OK\r\n")]),
    "RFC 918": (
        b"+OK\r\n",
        [(b"USER fred\r\n", b"+OK\r\n"), (b"PASS %b\r\n" % SECRET, b"-ERR\r\n"), (b"RCVD\r\n", b"")],
    ),
    "POP3, AUTH LOGIN": (
        b"+OK POP3 ready\r\n",
        [
            (b"AUTH LOGIN\r\n", b"+ VXNlcm5hbWU6\r\n"),
            (b"ZnJlZA==\r\n", b"+ UGFzc3dvcmQ6\r\n"),
            (ENCODED + b"\r\n", b"+OK\r\n"),
        ],
    ),
    "POP3, AUTH LOGIN all at once": (
        b"+OK POP3 ready\r\n",
        [(b"AUTH LOGIN\r\nZnJlZA==\r\n%b\r\nSTAT\r\n" % ENCODED, b"-ERR\r\n-ERR\r\n-ERR\r\n-ERR\r\n")],
    ),
    "POP3, AUTH PLAIN": (b"+OK POP3 ready\r\n", [(b"AUTH PLAIN\r\n", b"+ \r\n"), (BOTH + b"\r\n", b"+OK\r\n")]),
    "POP3, AUTH PLAIN at once": (b"+OK POP3 ready\r\n", [(b"AUTH PLAIN %b\r\n" % BOTH, b"+OK\r\n")]),
    "RFC 918 or POP3, AUTH PLAIN": (
        b"+OK\r\n",
        [(b"NOOP\r\nAUTH PLAIN\r\n%b\r\n" % BOTH, b"-ERR\r\n-ERR\r\n-ERR\r\n")],
    ),
    "POP3 to a POP2 server": (
        POP2,
        [
            (
                b"AUTH LOGIN\r\nZnJlZA==\r\n%b\r\nPASS %b\r\n" % (ENCODED, SECRET),
                b"- Bogus or out of sequence command\r\n",
            )
        ],
    ),
    **{
        f"POP2, {line.decode('latin-1')!r}": (POP2, [(line % SECRET + b"\r\n", b"#1 messages in INBOX\r\n")])
        for line in (
            *(b"HLEO fred %b", b"ELO fred %b", b"HELOX fred %b", b"HELOfred %b", b"HELO fred,%b", b"HELO fred/%b"),
            *(b"HELO\0fred\0%b", b"HELO\xa0fred\xa0%b", b"HELO fred\r%b", b"HELO fred\r\n%b", b"HELO fred\\ %b"),
            *(b"LOG fred %b", b"USER fred %b", b"USER fred\r\nPASSWD %b", b"USER fred\r\nPW %b", b"RPOP %b"),
            *(b"fred\r\n%b", b"%b", b"\xff\xfd\x01HELO fred %b", b"auth fred %b", b"AUTHINFO PASS %b"),
        )
    },
    "POP2, after a refusal": (POP2, [(b"HELO fred wrong\r\n", b"- expected %b\r\n" % SECRET)]),
    "POP2, echoed": (POP2, [(b"HELO fred %b\r\n" % SECRET, b"#1 messages in %b\r\n" % SECRET)]),
    "POP2, echoed in base64": (POP2, [(b"HELO fred %b\r\n" % SECRET, b"- no %b\r\n" % ENCODED)]),
    "POP2, echoed in hexadecimal": (
        POP2,
        [(b"HELO fred %b\r\n" % SECRET, b"- no %b %b\r\n" % (SECRET.hex().encode(), SECRET.hex().upper().encode()))],
    ),
    "POP2, the folder is called so": (
        POP2,
        [(b"HELO fred %b\r\n" % SECRET, b"#1 ok\r\n"), (b"FOLD %b\r\n" % SECRET, b"#0 messages in %b\r\n" % SECRET)],
    ),
    "POP2, typed again after the login": (
        POP2,
        [(b"HELO fred %b\r\n" % SECRET, b"#1 ok\r\n"), (b"%b\r\n" % SECRET, b"- what?\r\n")],
    ),
    "POP2, a subject": (
        POP2,
        [
            (b"HELO fred %b\r\n" % SECRET, b"#1 ok\r\n"),
            (b"READ 1\r\n", b"=%d ok\r\n" % (13 + len(SECRET) + 4)),
            (b"RETR\r\n", b"Subject: pw: %b\r\n\r\n" % SECRET),
            (b"ACKS\r\n", b"=0 no more\r\n"),
        ],
    ),
    "POP2, who is the server is told wrongly": (
        b"HELO fred %b\r\n" % SECRET,
        [(b"+ POP2 quarry ready\r\n", b"READ\r\n"), (b"=0 none\r\n", b"QUIT\r\n")],
    ),
    "telnet": (b"login: ", [(b"fred\r\n", b"Password: "), (SECRET + b"\r\n", b"$ ")]),
    "SSH in name only": (b"SSH-2.0-OpenSSH_9\r\n", [(b"SSH-2.0-x\r\n", b"x"), (SECRET + b"\r\n", b"x")]),
    "HTTP, a form": (
        b"",
        [(b"POST /login HTTP/1.1\r\nHost: x\r\n\r\nuser=fred&password=%b" % SECRET, b"HTTP/1.1 200 OK\r\n\r\n")],
    ),
    "HTTP, a query": (b"", [(b"GET /x?password=%b HTTP/1.1\r\n\r\n" % SECRET, b"HTTP/1.1 200 OK\r\n\r\n")]),
    "sieve": (
        b'"IMPLEMENTATION" "sieve"\r\nOK\r\n',
        [
            (b'AUTHENTICATE "PLAIN" "%b"\r\n' % BOTH, b"OK\r\n"),
            (b'AUTHENTICATE "PLAIN" {28+}\r\n%b\r\n' % BOTH, b"OK\r\n"),
        ],
    ),
    "HTTP": (
        b"",
        [(b"GET / HTTP/1.1\r\nAuthorization: Basic %b\r\nHost: x\r\n\r\n" % BOTH, b"HTTP/1.1 401 No\r\n\r\n")],
    ),
    "HTTP, folded": (
        b"",
        [(b"GET / HTTP/1.1\r\nAuthorization: Basic\r\n %b\r\n\r\n" % BOTH, b"HTTP/1.1 401 No\r\n\r\n")],
    ),
    "HTTP to a POP2 server": (
        POP2,
        [(b"GET / HTTP/1.1\r\nProxy-Authorization:Basic %b\r\n\r\n" % BOTH, b"- Bogus or out of sequence command\r\n")],
    ),
    "HTTP with a password in the address": (
        b"",
        [(b"GET http://fred:%b@quarry.example/ HTTP/1.1\r\n\r\n" % SECRET, b"HTTP/1.1 401 No\r\n\r\n")],
    ),
    "SMTP": (
        b"220 quarry ESMTP\r\n",
        [
            (b"EHLO x\r\n", b"250 AUTH LOGIN\r\n"),
            (b"AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n"),
            (b"ZnJlZA==\r\n", b"334 UGFzc3dvcmQ6\r\n"),
            (ENCODED + b"\r\n", b"235 ok\r\n"),
        ],
    ),
    "SMTP to a POP2 server": (
        POP2,
        [(b"EHLO x\r\nAUTH PLAIN %b\r\nMAIL FROM:<x@y>\r\n" % BOTH, b"- Bogus or out of sequence command\r\n")],
    ),
    "IMAP": (b"* OK IMAP4rev1\r\n", [(b"a1 LOGIN fred %b\r\n" % SECRET, b"a1 OK\r\n")]),
    "IMAP, quoted": (b"* OK IMAP4rev1\r\n", [(b'a1 login "fred" "%b"\r\n' % SECRET, b"a1 OK\r\n")]),
    "IMAP, literals": (
        b"* OK IMAP4rev1\r\n",
        [
            (b"a1 LOGIN {4}\r\n", b"+ go on\r\n"),
            (b"fred {%d}\r\n" % len(SECRET), b"+ go on\r\n"),
            (SECRET + b"\r\n", b"a1 OK\r\n"),
            (b"a2 SELECT INBOX\r\n", b"a2 OK\r\n"),
        ],
    ),
    "IMAP, AUTHENTICATE": (
        b"* OK IMAP4rev1\r\n",
        [(b"a1 AUTHENTICATE PLAIN\r\n", b"+ \r\n"), (BOTH + b"\r\n", b"a1 OK\r\n")],
    ),
    "IMAP to a POP2 server": (
        POP2,
        [(b"a1 LOGIN {4+}\r\nfred {%d+}\r\n%b\r\n" % (len(SECRET), SECRET), b"- Bogus or out of sequence command\r\n")],
    ),
    "SOCKS 5": (
        b"",
        [(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x04fred%c%b" % (len(SECRET), SECRET), b"\x01\x01")],
    ),
    "SOCKS 5, more methods": (
        b"",
        [(b"\x05\x03\x00\x01\x02", b"\x05\x02"), (b"\x01\x04fred%c%b" % (len(SECRET), SECRET), b"\x01\x00\x05\x00")],
    ),
    "FTP": (b"220 quarry FTP server\r\n", [(b"USER fred\r\n", b"331\r\n"), (b"PASS %b\r\n" % SECRET, b"230\r\n")]),
    "NNTP": (
        b"200 quarry\r\n",
        [(b"AUTHINFO USER fred\r\n", b"381\r\n"), (b"AUTHINFO PASS %b\r\n" % SECRET, b"281\r\n")],
    ),
}


def _is_repeated(turns: Turns) -> bool:
    forms = (SECRET, ENCODED, SECRET.hex().encode())
    times = sum(form in octets for turn in turns for octets in turn for form in forms)
    return times > 1 or any(form in answer for _, answer in turns for form in forms)


def spoken(name: str) -> Conversation:
    greeting, turns = DIALOGUES[name]
    talk = Conversation().handshake()
    if greeting:
        talk.server(greeting)
    for said, answered in turns:
        talk.client(said)
        if answered:
            talk.server(answered)
    return talk.close("client")


OUTPUTS: dict[str, Callable[[Path], list[str]]] = {
    "timeline": lambda _: [],
    "tree": lambda _: ["-V"],
    "json": lambda _: ["--json"],
    "jsonl": lambda _: ["--jsonl"],
    "follow": lambda _: ["--follow", "1"],
    "report": lambda folder: ["--report", str(folder / "report.html")],
    "csv": lambda folder: ["--csv", str(folder / "csv")],
    "zeek": lambda folder: ["--zeek-logs", str(folder / "zeek")],
    "timesketch": lambda folder: ["--timesketch", str(folder / "timesketch.jsonl")],
    "case": lambda folder: ["--export-case", str(folder / "case.json")],
}


def shown(capture: Path, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, str]:
    """Return what each output shows."""
    texts = {}
    for kind, options in OUTPUTS.items():
        place = folder / kind
        place.mkdir()
        assert main([*options(place), *more, str(capture)]) == 0
        files = [path.read_text(encoding="utf-8", errors="replace") for path in place.rglob("*") if path.is_file()]
        texts[kind] = "\n".join([capsys.readouterr().out, *files])
    return texts


def secrets_in(text: str) -> list[str]:
    """Return the forms of the password that a text shows, parts of it and other cases of letters included."""
    forms = [SECRET[1:], SECRET[:-1], ENCODED[4:-2], BOTH[8:-2], SECRET[1:].hex().encode()]
    return [form.decode() for form in forms if form.decode().lower() in text.lower()]


@pytest.mark.parametrize("name", DIALOGUES)
def test_passwords_are_masked_everywhere(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = save(tmp_path / "x.pcap", spoken(name).packets)
    for kind, text in shown(capture, tmp_path, capsys).items():
        assert not secrets_in(text), kind


@pytest.mark.parametrize("name", DIALOGUES)
def test_and_shown_on_request(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = save(tmp_path / "x.pcap", spoken(name).packets)
    assert main(["--show-passwords", "--follow", "1", str(capture)]) == 0
    assert secrets_in(capsys.readouterr().out)


# What the server repeats is known by what the client said.
@pytest.mark.parametrize("name", [name for name, (_, turns) in DIALOGUES.items() if not _is_repeated(turns)])
def test_no_packet_lost_brings_one_to_light(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packets = spoken(name).packets
    for lost, packet in enumerate(packets):
        if not packet.payload:
            continue
        capture = save(tmp_path / "x.pcap", [*packets[:lost], *packets[lost + 1 :]])
        for options in ([], ["-V"], ["--json"], ["--follow", "1"]):
            main([*options, str(capture)])
            assert not secrets_in(capsys.readouterr().out), (packet, options)


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (b"HELO fr", b"ed %b\r\n"),
        (b"QUIT\r\nHELO fr", b"ed %b\r\n"),
        (b"FOLD x\r\nHE", b"LO fred %b\r\n"),
        (b"READ", b" 1\r\nHELO fred %b\r\n"),
    ],
)
@pytest.mark.parametrize("from_start", [True, False])
def test_what_a_gap_joins_to_a_password(
    before: bytes, kept: bytes, from_start: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, lost = before[:4], before[4:]
    talk = Conversation().handshake().server(POP2).client(head)
    if lost:
        talk.client(lost)
    talk.client(kept % SECRET).server(b"#3 messages\r\n").client(b"READ 1\r\n").server(b"=9 octets\r\n")
    packets = [packet for packet in talk.close("client").packets if not lost or packet.payload != lost]
    capture = save(tmp_path / "x.pcap", packets if from_start else packets[4:])
    for options in ([], ["-V"], ["--json"], ["--follow", "1"]):
        main([*options, str(capture)])
        text = capsys.readouterr().out
        assert "READ 1" in text
        assert not secrets_in(text), options


def test_a_capture_that_begins_within_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk = Conversation().handshake().server(POP2).client(b"HELO fr").client(b"ed %b\r\n" % SECRET)
    packets = talk.server(b"#3 messages in /var/mail/fred\r\n").client(b"READ 1\r\n").server(b"=9 octets\r\n").packets
    first = next(place for place, packet in enumerate(packets) if packet.payload.startswith(b"ed "))
    capture = save(tmp_path / "x.pcap", packets[first:])
    for options in ([], ["-V"], ["--json"], ["--follow", "1"]):
        main([*options, str(capture)])
        assert not secrets_in(capsys.readouterr().out), options


def test_commands_after_a_login_are_not_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = save(tmp_path / "x.pcap", spoken("POP3, AUTH LOGIN all at once").packets)
    assert main(["--follow", "1", str(capture)]) == 0
    assert "→ STAT" in capsys.readouterr().out
    capture = save(tmp_path / "y.pcap", spoken("IMAP, literals").packets)
    assert main(["--follow", "1", str(capture)]) == 0
    assert "→ a2 SELECT INBOX" in capsys.readouterr().out
