"""Make the captures of RFC 937's own dialogues, and their truth files, in this folder.

    python tools/samples/rfc937.py [FOLDER]

Commands and replies are the RFC's word for word (pages 4, 13 and 14); so example 2 has two blanks in
``READ  27``. It gives no mail, only its length: the messages here are made up, each with exactly as many
octets as announced, CRLF counted as two. Every run writes the same octets. Needs dpkt.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.conversation import SECOND, START, Conversation
from tests.support.wire import save


class Turn(NamedTuple):
    """What the client says, and what the server answers: a line, a message, or nothing (it closes)."""

    command: str | None
    reply: str | bytes | None


class Dialogue(NamedTuple):
    """One of the RFC's dialogues."""

    name: str
    page: int
    scenario: str
    turns: tuple[Turn, ...]


def message(octets: int, *lines: str) -> bytes:
    """Return a mail of exactly that many octets: the lines, with dots in the last but one up to the length."""
    text = "".join(line + "\r\n" for line in lines)
    fill = octets - len(text)
    if fill < 0:
        raise ValueError(f"{-fill} octets too long")
    *before, signature = lines
    return "".join(line + "\r\n" for line in (*before[:-1], before[-1] + "." * fill, signature)).encode("ascii")


def report(octets: int) -> bytes:
    """Return a longer mail of exactly that many octets."""
    lines = [
        "Date: 15 Feb 85 16:20:41 PST",
        "From: Operator <operator@ISI-VAXA.ARPA>",
        "To: smith@ISI-VAXA.ARPA",
        "Subject: Dumps of this week",
        "Message-Id: <8502160020.AA00417@ISI-VAXA.ARPA>",
        "",
        "These file systems were dumped this week:",
        "",
    ]
    signature = "-- the operator"
    room = octets - len(signature) - 2 - sum(len(line) + 2 for line in lines)
    number = 0
    while room > 140:  # the last line takes what is left, within the 1000 that a line may have
        number += 1
        blocks = number * 37 % 9000 + 800
        volume = f"/usr/spool/volume{number:03}"
        line = f"{number:3}  {volume}  level {number % 10}, {blocks} blocks, tape A{number:04}"
        lines.append(line)
        room -= len(line) + 2
    return message(octets, *lines, "All of them were read back without errors. ", signature)


FRED = message(
    537,
    "Date: 18 Feb 85 08:41:20 PST",
    "From: Wilma <wilma@quarry.example>",
    "To: Fred <fred@quarry.example>",
    "Subject: The workstation on your desk",
    "Message-Id: <850218.084120.1@quarry.example>",
    "",
    "Fred,",
    "",
    "it is plugged in and knows its own name now. Your mail stays where it was,",
    "on the machine down the hall that is always up; the new program asks that",
    "machine for it over the net. If you want to keep a letter, it keeps it, and",
    "if you want to be rid of one, it says so and the other side forgets it.",
    "",
    "Dots are for rulers",
    "Wilma",
)

POSTEL_1 = message(
    537,
    "Date: 14 Feb 85 09:12:33 PST",
    "From: Joyce <joyce@isif.example>",
    "To: POSTEL@USC-ISIF.ARPA",
    "Subject: Draft of the memo",
    "Message-Id: <850214.091233.7@isif.example>",
    "",
    "The second version is on your desk. Two things are new in it: the reply to",
    "the reading of a message says how long it is, so that no line of it can be",
    "taken for its end, and a message is deleted only after the other side has",
    "said that it has it. The tables at the back are redrawn, one for each side.",
    "",
    "See you at ten; bring the old one with you, please",
    "Joyce",
)

POSTEL_2 = message(
    234,
    "Date: 14 Feb 85 11:02:08 PST",
    "From: Dale <dale@isif.example>",
    "To: POSTEL@USC-ISIF.ARPA",
    "Subject: Lunch",
    "Message-Id: <850214.110208.2@isif.example>",
    "",
    "Half past twelve, at the marina, if the fog lifts. Your turn to drive",
    "Dale",
)

SMITH_27 = report(10123)

DIALOGUES = (
    Dialogue(
        "rfc937_normal",
        4,
        "The Normal Scenario: one message is read and kept",
        (
            Turn(None, "+ POP2 Server Ready"),
            Turn("HELO Fred Secret", "#13 messages for you"),
            Turn("READ 13", "=537 characters in that message"),
            Turn("RETR", FRED),
            Turn("ACKS", "=0 no more messages"),
            Turn("QUIT", "+ OK"),
        ),
    ),
    Dialogue(
        "rfc937_example1",
        13,
        "Example 1: both messages are read and deleted",
        (
            Turn(None, "+ POP2 USC-ISIF.ARPA Server"),
            Turn("HELO POSTEL SECRET", "#2 messages in your mailbox"),
            Turn("READ", "=537 characters in message 1"),
            Turn("RETR", POSTEL_1),
            Turn("ACKD", "=234 characters in message 2"),
            Turn("RETR", POSTEL_2),
            Turn("ACKD", "=0 no more messages"),
            Turn("QUIT", "+ OK, bye, bye"),
        ),
    ),
    Dialogue(
        "rfc937_example2",
        14,
        "Example 2: another folder, its last message read and kept",
        (
            Turn(None, "+ POP2 ISI-VAXA.ARPA server here"),
            Turn("HELO smith secret", "#35 messages"),
            Turn("FOLD /usr/spool/mail/smith", "#27 messages"),
            Turn("READ  27", "=10123 characters in that message"),
            Turn("RETR", SMITH_27),
            Turn("ACKS", "=0 no more messages"),
            Turn("QUIT", "+ bye, call again sometime."),
        ),
    ),
    Dialogue(
        "rfc937_example3",
        14,
        "Example 3: READ of an empty mailbox, which the server answers by closing",
        (
            Turn(None, "+ POP2 ISI-VAXA.ARPA server here"),
            Turn("HELO Jones secret", "#0 messages"),
            Turn("READ", None),
        ),
    ),
)


def speak(dialogue: Dialogue, number: int) -> tuple[Conversation, list[int]]:
    """Turn a dialogue into a conversation; also give the time at which each turn began."""
    conversation = Conversation(
        client=("192.0.2.10", 1025 + number),
        server=("192.0.2.109", 109),
        start=START + number * 3600 * SECOND,
        seed=937,
        mss=536,  # what hosts on the ARPA-Internet would take (RFC 879)
        window=4096,
    ).handshake()
    times = []
    for turn in dialogue.turns:
        begun = len(conversation.packets)
        if turn.command is not None:
            conversation.client(turn.command.encode("ascii") + b"\r\n")
        if turn.reply is not None:
            conversation.server(_octets(turn.reply))
        times.append(conversation.packets[begun].time)
    return conversation.close("server"), times


def truth(dialogue: Dialogue, conversation: Conversation, times: list[int], capture: str) -> dict[str, Any]:
    """Return what the capture holds, in the words of the recorded captures' truth files."""
    turns: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    user = password = ""
    folder = None
    number = 1
    declared = 0
    for index, (turn, time) in enumerate(zip(dialogue.turns, times, strict=True)):
        reply = _octets(turn.reply)
        entry: dict[str, Any] = {
            "n": index,
            "t": _seconds(time),
            "command": None if turn.command is None else turn.command + "\r\n",
            "kind": "greeting" if turn.command is None else "message" if turn.command == "RETR" else "reply",
            "reply_octets": len(reply),
            "reply_sha256": hashlib.sha256(reply).hexdigest(),
        }
        if entry["kind"] != "message":
            entry["replies"] = [turn.reply] if turn.reply is not None else []
        turns.append(entry)
        keyword, *arguments = (turn.command or "").split() or [""]
        if keyword == "HELO":
            user, password = arguments
        elif keyword == "FOLD":
            folder, number = arguments[0], 1
        elif keyword == "READ":
            number = int(arguments[0]) if arguments else number
        elif keyword == "RETR":
            following = dialogue.turns[index + 1]
            messages.append(
                {
                    "order": len(messages) + 1,
                    "turn": index,
                    "folder": folder,
                    "number": number,
                    "declared": declared,
                    "octets": len(reply),
                    "sha256": entry["reply_sha256"],
                    "ends_with_hex": reply[-4:].hex(),
                    "disposition": following.command,
                    "next_command": following.command,
                    "complete": True,
                    "acknowledgement_reply": following.reply,
                }
            )
        elif keyword in ("ACKS", "ACKD"):
            number += 1
        if isinstance(turn.reply, str) and turn.reply.startswith("="):
            declared = int(turn.reply[1:].split()[0])
    client, server = (_digest(octets) for octets in conversation.truth)
    first, last = conversation.packets[0], conversation.packets[-1]
    session = {
        "index": 0,
        "client": dict(zip(("addr", "port"), conversation.address("client"), strict=True)),
        "server": dict(zip(("addr", "port"), conversation.address("server"), strict=True)),
        "client_software": None,
        "server_software": None,
        "user": user,
        "password_on_wire": password,
        "password": password,
        "login_ok": True,
        "c2s": {"read_by_server": client, "sent_by_client": client, "agree": True},
        "s2c": {"written_by_server": server, "received_by_client": server, "agree": True},
        "turns": turns,
        "messages": messages,
        "ending": "QUIT accepted (+ farewell)" if dialogue.turns[-1].command == "QUIT" else "closed by the server",
        "tcp_end_in_capture": {"fin_from": ["server", "client"], "rst_from": []},
    }
    return {
        "capture": capture,
        "scenario": dialogue.scenario,
        "made_with": "tools/samples/rfc937.py",
        "software": {},
        "notes": [f"commands and replies: RFC 937, page {dialogue.page}; messages, addresses and times: made up"],
        "session_count": 1,
        "packets": len(conversation.packets),
        "tcp_streams": 1,
        "first_packet": _seconds(first.time),
        "last_packet": _seconds(last.time),
        "schema": "pop2-truth-1",
        "sessions": [session],
    }


def make(folder: Path) -> list[Path]:
    """Write all captures and their truth files into a folder, and give their paths."""
    written = []
    for number, dialogue in enumerate(DIALOGUES):
        conversation, times = speak(dialogue, number)
        capture = save(folder / f"{dialogue.name}.pcap", conversation.packets)
        text = json.dumps(truth(dialogue, conversation, times, capture.name), indent=1)
        path = folder / f"{dialogue.name}.truth.json"
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        written += [capture, path]
    return written


def _octets(reply: str | bytes | None) -> bytes:
    if reply is None:
        return b""
    return reply if isinstance(reply, bytes) else reply.encode("ascii") + b"\r\n"


def _digest(octets: bytes) -> dict[str, Any]:
    return {"octets": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}


def _seconds(nanoseconds: int) -> float:
    return nanoseconds / SECOND


if __name__ == "__main__":
    for path in make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "samples"):
        print(path)
