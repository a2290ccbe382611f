"""Make the captures of RFC 918 (POP, October 1984), and their truth files, in this folder.

    python tools/samples/rfc918.py [FOLDER]

``rfc918_normal`` is "The Normal Scenario" of the RFC, command for command and reply for reply, with a
number for its ``#xxx``. ``rfc918_cases`` holds what the RFC allows or leaves open, a session each. The
mail is made up. No program that speaks this protocol is known to exist any more. Every run writes the
same octets. Needs dpkt.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.conversation import SECOND, START, Conversation, Packet, merge
from tests.support.wire import save

LETTERS = (
    b"From smith@fido.example Thu Oct 18 09:12:33 1984\r\n"
    b"Date: 18 Oct 84 09:12:33 PDT\r\n"
    b"From: John Smith <smith@fido.example>\r\n"
    b"To: Fred <fred@dog-house.example>\r\n"
    b"Subject: The new protocol\r\n"
    b"Message-Id: <841018.091233.1@fido.example>\r\n"
    b"\r\n"
    b"It hands over the whole mailbox at once.\r\n"
    b"\r\n",
    b"From joyce@isif.example Fri Oct 19 16:40:02 1984\r\n"
    b"Date: 19 Oct 84 16:40:02 PDT\r\n"
    b"From: Joyce <joyce@isif.example>\r\n"
    b"To: Fred <fred@dog-house.example>\r\n"
    b"Subject: Diagrams\r\n"
    b"Message-Id: <841019.164002.7@isif.example>\r\n"
    b"\r\n"
    b"From what I see, one of the boxes has RECV and the text has RCEV.\r\n"
    b"\r\n"
    b"From now on I read everything twice.\r\n"
    b"\r\n",
    b"From MAILER-DAEMON Sat Oct 20 00:00:01 1984\r\n"
    b"Date: 20 Oct 84 00:00:01 PDT\r\n"
    b"From: Mailer Daemon <mailer-daemon@dog-house.example>\r\n"
    b"To: Fred <fred@dog-house.example>\r\n"
    b"Subject: Three messages\r\n"
    b"Message-Id: <841020.000001.3@dog-house.example>\r\n"
    b"\r\n"
    b"+OK is how a reply begins, -ERR is another, and #3 a third.\r\n",
)
MAILBOX = b"".join(LETTERS)
PLAIN = b"Subject: no mbox\r\n\r\n+OK\r\n-ERR\r\nFrom here on there is no separator.\r\n"


class Line(NamedTuple):
    """What the client says, and what the server answers: a line, mail, both, or nothing."""

    command: str | None
    reply: str | None
    mail: bytes = b""


class Dialogue(NamedTuple):
    """A session, and what is to be found in it."""

    what: str
    lines: tuple[Line, ...]
    protocol: str = "POP (RFC 918)"
    user: str | None = "Fred"
    password: str | None = "password"
    login: str = "accepted"
    messages: tuple[bytes, ...] = ()
    disposition: str = ""
    committed: bool = False
    state: str = "DONE"
    violations: tuple[str, ...] = ()


def _login(*more: Line) -> tuple[Line, ...]:
    return (Line(None, "+OK"), Line("USER Fred", "+OK"), Line("PASS password", "+OK"), *more)


_QUIT = Line("QUIT", "+OK")


def _read(
    verb: str, mail: bytes, *, spelling: str = "RCEV", ok: str | None = None, done: str = "+OK"
) -> tuple[Line, ...]:
    return (
        Line(f"{verb} mailbox", f"#{len(mail)}"),
        Line(spelling, ok, mail),
        Line("RCVD", done),
    )


NORMAL = Dialogue(
    "The Normal Scenario: a mailbox is read and deleted",
    _login(*_read("RDEL", LETTERS[0]), _QUIT),
    messages=LETTERS[:1],
    disposition="deleted",
    committed=True,
)

CASES = (
    Dialogue(
        "RETR keeps three messages; +OK stands before the data, as the text of the RFC has it",
        _login(*_read("RETR", MAILBOX, ok="+OK"), _QUIT),
        messages=LETTERS,
        disposition="kept",
    ),
    Dialogue(
        "RECV, as the diagram spells it, and no +OK before the data",
        _login(*_read("RDEL", MAILBOX, spelling="RECV"), _QUIT),
        messages=LETTERS,
        disposition="deleted",
        committed=True,
    ),
    Dialogue(
        "a refused password, and another try",
        (
            Line(None, "+OK"),
            Line("USER Fred", "+OK"),
            Line("PASS passwort", "-ERR try again"),
            *_login(*_read("RETR", LETTERS[1]), _QUIT)[1:],
        ),
        messages=LETTERS[1:2],
        disposition="kept",
    ),
    Dialogue(
        "RDEL, and the server cannot delete the mail",
        _login(*_read("RDEL", MAILBOX, ok="+OK here it comes", done="-ERR mailbox is locked"), _QUIT),
        messages=LETTERS,
        disposition="kept",
    ),
    Dialogue(
        "mail that is no mbox and looks like replies: one body",
        _login(*_read("RDEL", PLAIN), _QUIT),
        messages=(PLAIN,),
        disposition="deleted",
        committed=True,
    ),
    Dialogue(
        "an empty mailbox, and RSET in place of reading it",
        _login(Line("RDEL mailbox", "#0 nothing"), Line("RSET", "+OK"), Line("NOOP", "+OK"), _QUIT),
    ),
    Dialogue(
        "no such mailbox, then a transaction that RSET aborts after the data",
        _login(
            Line("RETR nowhere", "-ERR no such mailbox"),
            *_read("RETR", LETTERS[2])[:2],
            Line("RSET", "+OK"),
            _QUIT,
        ),
        messages=LETTERS[2:],
        disposition="refused",
    ),
    Dialogue(
        "commands where they do not belong",
        _login(Line("RCEV", "-ERR no mailbox"), Line("RCVD", "-ERR no mailbox"), _QUIT),
        violations=("protocol.state",),
    ),
    Dialogue(
        "USER, PASS and QUIT only, which POP3 has as well",
        _login(_QUIT),
        protocol="RFC 918 or POP3",
    ),
    Dialogue(
        "a POP3 client and server",
        (
            Line(None, "+OK POP3 server ready <1896.697170952@dog-house.example>"),
            Line("USER Fred", "+OK"),
            Line("PASS password", "+OK maildrop locked and ready"),
            Line("STAT", "+OK 1 20"),
            _QUIT,
        ),
        protocol="POP3",
        state="UPDATE",
    ),
)


def speak(dialogue: Dialogue, number: int) -> tuple[Conversation, list[int]]:
    """Turn a dialogue into a conversation; also give the time at which each turn began."""
    conversation = Conversation(
        client=("192.0.2.18", 1025 + number),
        server=("192.0.2.109", 109),
        start=START - 120 * 24 * 3600 * SECOND + number * 60 * SECOND,  # October 1984
        seed=918,
        mss=536,
        window=4096,
    ).handshake()
    times = []
    for line in dialogue.lines:
        begun = len(conversation.packets)
        if line.command is not None:
            conversation.client(line.command.encode("ascii") + b"\r\n")
        if answer := _answer(line):
            conversation.server(answer)
        times.append(conversation.packets[begun].time)
    return conversation.close("server"), times


def truth(capture: str, dialogues: tuple[Dialogue, ...], packets: list[Packet]) -> dict[str, Any]:
    """Return what the capture holds, in the words of the recorded captures' truth files where they fit."""
    sessions = []
    for number, dialogue in enumerate(dialogues):
        conversation, times = speak(dialogue, number)
        client, server = (_digest(octets) for octets in conversation.truth)
        sessions.append(
            {
                "index": number,
                "note": dialogue.what,
                "client": dict(zip(("addr", "port"), conversation.address("client"), strict=True)),
                "server": dict(zip(("addr", "port"), conversation.address("server"), strict=True)),
                "client_software": None,
                "server_software": None,
                "protocol": dialogue.protocol,
                "user": dialogue.user,
                "password": dialogue.password,
                "login": dialogue.login,
                "state": dialogue.state or None,
                "violations": list(dialogue.violations),
                "c2s": {"sent_by_client": client, "read_by_server": client, "agree": True},
                "s2c": {"written_by_server": server, "received_by_client": server, "agree": True},
                "turns": [
                    {
                        "n": index,
                        "t": time / SECOND,
                        "command": None if line.command is None else line.command + "\r\n",
                        "kind": "greeting" if line.command is None else "message" if line.mail else "reply",
                        "replies": [line.reply] if line.reply is not None else [],
                        "data_octets": len(line.mail),
                        "reply_octets": len(_answer(line)),
                        "reply_sha256": hashlib.sha256(_answer(line)).hexdigest(),
                    }
                    for index, (line, time) in enumerate(zip(dialogue.lines, times, strict=True))
                ],
                "messages": [
                    {
                        "order": order,
                        "number": order,
                        "folder": "mailbox",
                        "declared": len(mail),
                        "octets": len(mail),
                        "sha256": hashlib.sha256(mail).hexdigest(),
                        "disposition": dialogue.disposition,
                        "committed": dialogue.committed,
                        "complete": True,
                    }
                    for order, mail in enumerate(dialogue.messages, 1)
                ],
                "ending": "QUIT accepted",
                "tcp_end_in_capture": {"fin_from": ["server", "client"], "rst_from": []},
            }
        )
    return {
        "capture": capture,
        "scenario": "RFC 918 (POP, October 1984)",
        "made_with": "tools/samples/rfc918.py",
        "software": {},
        "notes": ["the scenario is that of RFC 918; the mail, addresses and times are made up"],
        "session_count": len(sessions),
        "packets": len(packets),
        "tcp_streams": len(sessions),
        "first_packet": packets[0].time / SECOND,
        "last_packet": packets[-1].time / SECOND,
        "schema": "pop2-truth-1",
        "sessions": sessions,
    }


def make(folder: Path) -> list[Path]:
    """Write the captures and their truth files into a folder, and give their paths."""
    written = []
    for name, dialogues in (("rfc918_normal", (NORMAL,)), ("rfc918_cases", CASES)):
        packets = merge(*(speak(dialogue, number)[0].packets for number, dialogue in enumerate(dialogues)))
        capture = save(folder / f"{name}.pcap", packets)
        path = folder / f"{name}.truth.json"
        text = json.dumps(truth(capture.name, dialogues, packets), indent=1)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        written += [capture, path]
    return written


def _answer(line: Line) -> bytes:
    return (line.reply.encode("ascii") + b"\r\n" if line.reply is not None else b"") + line.mail


def _digest(octets: bytes) -> dict[str, Any]:
    return {"octets": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}


if __name__ == "__main__":
    for made in make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "samples"):
        print(made)
