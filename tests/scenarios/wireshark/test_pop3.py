"""POP3, where the preference ``pop2.pop3`` gives it to the plugin: as the native dissector and the servers saw it."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import pop2dissect
from tests.support.conversation import Conversation
from tests.support.truth import ROOT
from tests.support.wire import save
from tests.wireshark.agreement import disagreements, session_of
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import digest, dissect, dissect_joined, export_mail, run_tshark

RECORDED = ROOT / "tests" / "data" / "captures-pop3"
PORTS = (109, 110, 11000)
POP3 = ("-o", "pop2.pop3:TRUE", "-o", "pop2.ports:109,11000")
OUT_OF_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")

NEXT = "a farewell, or a second line that nothing asked for, is told by its words; the plugin goes by the order"
TLS = "what follows STLS in plain text is given to Wireshark's TLS"
EARLY = "a server answers a line before its end"
GAP = "after a gap Wireshark reads on only"
UNKNOWN = "a word that is no command is a keyword all the same"
SCAN = "lines of a scan come before the last one is answered"

KNOWN = {
    ("derived_gap_in_message", 2): GAP,
    ("hostile_commands_courier", 2): EARLY,
    ("hostile_commands_courier", 5): NEXT,
    ("hostile_commands_courier", 7): UNKNOWN,
    ("hostile_commands_dovecot", 15): NEXT,
    ("hostile_commands_dovecot", 16): NEXT,
    ("recon_nmap_top_only", 1): SCAN,
    ("stls_required_plain_refused", 6): TLS,
    ("stls_required_plain_refused", 7): TLS,
}
"""Sessions in which they differ, and why: docs/wireshark.md says it to the plugin's users."""


def truth_of(capture: Path) -> dict[str, Any]:
    name = capture.name.partition(".")[0]
    packed, plain = (RECORDED / f"{name}.truth.json{ending}" for ending in (".gz", ""))
    truth: dict[str, Any] = json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes())
    return truth


@pytest.fixture(scope="module")
def captures() -> dict[str, Path]:
    """Return the captures whose segments are in order, by name."""
    found = {path.stem: path for path in sorted(RECORDED.glob("*.pcap*"))}
    return {name: path for name, path in found.items() if not name.startswith("impaired")}


@pytest.fixture(scope="module")
def joined(captures: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """Return the captures put into one, with their markers."""
    path = tmp_path_factory.mktemp("joined") / "joined.pcapng"
    return path, join(captures, path)


def test_agreement(captures: dict[str, Path], joined: tuple[Path, dict[str, int]], tshark: str) -> None:
    found = dissect_joined(*joined, "-2", *POP3)
    wrong: dict[tuple[str, int], list[str]] = {}
    compared = 0
    for name, path in captures.items():
        sessions = [one for one in pop2dissect.read(path, ports=PORTS).sessions if one.protocol == "POP3"]
        missed = {session.id for session in sessions}
        for stream in found[name].values():
            session = session_of(stream, sessions)
            if session is None:
                continue
            missed.discard(session.id)
            compared += 1
            if different := disagreements(session, stream):
                wrong[name, session.id] = different
        assert not missed, name
    assert compared > 200
    assert {key: texts for key, texts in wrong.items() if key not in KNOWN} == {}
    assert KNOWN.keys() <= wrong.keys(), "no longer different"


def test_exported_mail_is_what_was_retrieved(
    captures: dict[str, Path], joined: tuple[Path, dict[str, int]], tshark: str, tmp_path: Path
) -> None:
    messages = [
        one for path in captures.values() for session in truth_of(path)["sessions"] for one in session["messages"]
    ]
    retrieved = {one["sha256"] for one in messages if one["by"] == "RETR" and one["complete"]}
    assert len(retrieved) > 40
    assert {digest(mail) for mail in export_mail(joined[0], tmp_path / "mail", *POP3)} == retrieved


@pytest.mark.parametrize("options", [(), OUT_OF_ORDER], ids=["default", "out-of-order"])
def test_no_mail_is_made_of_segments_out_of_order(options: tuple[str, ...], tshark: str, tmp_path: Path) -> None:
    capture = next(RECORDED.glob("impaired*.pcap"))
    retrieved = {one["sha256"] for session in truth_of(capture)["sessions"] for one in session["messages"]}
    exported = {digest(mail) for mail in export_mail(capture, tmp_path / "mail", *POP3, *options)}
    assert len(exported) > 2
    assert not exported - retrieved


def test_deletions_are_those_that_the_server_was_asked_for(tshark: str) -> None:
    """Of each stream the messages deleted by QUIT: not those unmarked by RSET, nor those of a lost connection."""
    for name in ("sessions_50", "dele_without_quit_dovecot"):
        listed = run_tshark(
            *("-r", RECORDED / f"{name}.pcap", "-Y", "pop2.deleted", *POP3),
            *("-T", "fields", "-e", "tcp.stream", "-e", "pop2.deleted"),
        )
        found: dict[int, list[int]] = defaultdict(list)
        for line in listed.stdout.decode().splitlines():
            stream, numbers = line.split("\t")
            found[int(stream)] += [int(number) for number in numbers.split(",")]
        committed = {
            session["tshark_stream"]: [one["number"] for one in session["deletions"] if one["committed"]]
            for session in truth_of(RECORDED / f"{name}.pcap")["sessions"]
        }
        assert found == {stream: numbers for stream, numbers in committed.items() if numbers}


def test_passwords_are_hidden_in_whatever_form_they_come(tshark: str, tmp_path: Path) -> None:
    secrets = ["AGFkYQBudXRtZWctaGFyYm9yLTQx", "nutmeg harbor", "c29tZXRoaW5nIGxvbmdlcg==", "bnV0bWVn", "YWRh"]
    talk = Conversation(server=("10.0.0.2", 110)).handshake().server(b"+OK ready\r\n")
    talk.client(b"AUTH PLAIN AGFkYQBudXRtZWctaGFyYm9yLTQx\r\n").server(b"-ERR no\r\n")
    talk.client(b"c29tZXRoaW5nIGxvbmdlcg==\r\n").server(b"-ERR no\r\n")
    talk.client(b"AUTH LOGIN\r\n").server(b"+ VXNlcm5hbWU6\r\n").client(b"YWRh\r\n").server(b"+ UGFzc3dvcmQ6\r\n")
    talk.client(b"bnV0bWVn\r\n").server(b"-ERR no\r\n")
    talk.client(b"USER ada\r\n").server(b"+OK\r\n").client(b"PASS nutmeg harbor\r\n").server(b"+OK in\r\n").close()
    capture = save(tmp_path / "talk.pcap", talk.packets)
    shown = run_tshark("-r", capture, "-O", "pop2", "-V", *POP3).stdout.decode()
    assert "PASS ********" in shown
    assert not [secret for secret in secrets if secret in shown]
    assert dissect(capture, *POP3)[0].turns[7].answers[0].shown("state.next") == "TRANSACTION"


@pytest.mark.parametrize("dissector", ["pop", "pop2"])
def test_the_port_is_wireshark_s_own_unless_it_is_given_away(dissector: str, tshark: str) -> None:
    options = POP3 if dissector == "pop2" else ()
    capture = RECORDED / "fetch_keep_poplib.pcap"
    listed = run_tshark("-r", capture, "-Y", "tcp.len > 0", "-T", "fields", "-e", "frame.protocols", *options)
    lines = listed.stdout.decode().splitlines()
    assert lines
    assert all(dissector in line.split(":") for line in lines)
