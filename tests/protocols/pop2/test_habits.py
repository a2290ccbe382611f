"""Programs are named right or not at all."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pop2dissect
from pop2dissect.protocols.others import NMAP, software_of
from pop2dissect.protocols.pop2 import dissect
from pop2dissect.protocols.pop2.habits import DELPHI, FETCHMAIL, KA9Q, POPCLIENT, UW, client_of, server_of
from pop2dissect.session import Software
from pop2dissect.tcp.stream import Stream
from tests.support.conversation import Conversation
from tests.support.truth import capture_names, capture_path, load_truth

Said = list[tuple[str, bytes]]


def others(protocol: str, client: Stream, server: Stream) -> tuple[Software | None, Software | None]:
    found = software_of(protocol, (), client, server)
    return found.client, found.server


def server(*lines: bytes) -> tuple[str, str | None] | None:
    said: Said = [("S", lines[0] + b"\r\n")]
    for line in lines[1:]:
        said += [("C", b"FOLD x\r\n"), ("S", line + b"\r\n")]
    found = server_of(list(dissect(*Conversation().script(said).streams())))
    return found and found[:2]


def client(said: Said) -> str | None:
    streams = Conversation().script(said).streams()
    found = client_of(list(dissect(*streams)), streams[0])
    return found.product if found else None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"+ POP2 host v4.46 server ready"], (UW, "v4.46")),
        ([b"+ POP2 [192.0.2.1] 2007f.75 server ready"], (UW, "2007f.75")),
        ([b"+ POP2 host 2010.75 server ready", b"#1 messages in this folder"], (UW, "2010.75")),
        ([b"- POP2 server disabled on this system"], (UW, None)),
        ([b"+ POP2 host", b"#3 messages in this folder"], (KA9Q, None)),
        ([b"+ POP2 host", b"- ERROR: (MBOX) Expected READ or QUIT command"], (KA9Q, None)),
        ([b"+OK POP2 Server (ready)."], (DELPHI, None)),
        ([b"+ POP2 gateway", b"#0 messages in <none>"], (UW, None)),
        ([b"+ POP2 gateway", b"+ Sayonara"], (UW, None)),
        ([b"+ POP2 gateway", b"+ Sayonara", b"#3 messages in this folder"], None),
        ([b"+ POP2 USC-ISIF.ARPA Server", b"#2 messages in your mailbox", b"=5 characters in message 1"], None),
        ([b"+ POP2 Server Ready", b"#13 messages for you"], None),
        ([b"+ POP2 host"], None),
        ([b"+ POP2 host 3.0 ready"], None),
    ],
)
def test_servers(lines: list[bytes], expected: tuple[str, str | None] | None) -> None:
    assert server(*lines) == expected


def session(commands: list[bytes], *, split: bool = False, count: int = 2) -> Said:
    said: Said = [("S", b"+ POP2 host\r\n")]
    for command in commands:
        keyword, _, argument = command.partition(b" ")
        if split and not argument:
            said += [("C", command), ("C", b"\r\n")]
        else:
            said.append(("C", command + b"\r\n"))
        answer = {b"HELO": b"#%d m\r\n" % count, b"FOLD": b"#%d m\r\n" % count, b"RETR": b"data", b"QUIT": b"+ b\r\n"}
        said.append(("S", answer.get(keyword, b"=4 m\r\n")))
    return said


READS = [b"READ 1", b"RETR", b"ACKD", b"READ 2", b"RETR", b"ACKD"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (session([b"HELO a b", *READS, b"QUIT"]), FETCHMAIL),
        (session([b"HELO a b", b"FOLD x", *READS, b"QUIT"]), FETCHMAIL),
        (session([b"HELO a b", *READS, b"QUIT"], count=3), None),
        (session([b"HELO a b", *READS]), None),
        (session([b"HELO a b", *READS[:5], b"ACKS", b"QUIT"]), None),
        (session([b"HELO a b", *READS[3:], *READS[:3], b"QUIT"]), None),
        (session([b"HELO a b", *READS[:3], b"QUIT"], count=1), None),
        (session([b"helo a b", *READS, b"QUIT"]), None),
        (session([b"HELO a b", b"READ", b"RETR", b"ACKS", b"RETR", b"ACKS", b"QUIT"], split=True), POPCLIENT),
        (session([b"HELO a b", b"READ", b"RETR", b"ACKS", b"RETR", b"ACKS", b"QUIT"]), None),
        (session([b"HELO a b", *READS, b"QUIT"], split=True), None),
        (session([b"HELO a b", b"QUIT"], split=True), None),
        ([("S", b"+ POP2 host\r\n")], None),
        ([], None),
        ([("C", b"GET /nice%20ports%2C/Tri%6Eity.txt%2ebak HTTP/1.0\r\n\r\n")], NMAP),
    ],
)
def test_clients(said: Said, expected: str | None) -> None:
    assert client(said) == expected


@pytest.mark.parametrize(
    ("protocol", "said", "expected"),
    [
        ("SSH", [("S", b"SSH-2.0-dropbear_2022.83\r\n"), ("C", b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n")],
         ("OpenSSH 9.2p1", "dropbear 2022.83")),
        ("SSH", [("S", b"SSH-1.5-1.2.20\n")], (None, None)),
        ("HTTP", [("C", b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: zgrab/0.x\r\n\r\n"),
                  ("S", b"HTTP/1.1 200 OK\r\nServer: nginx/1.2\r\n\r\n")], ("zgrab 0.x", "nginx 1.2")),
        ("HTTP", [("S", b"HTTP/1.1 200 OK\r\n\r\nServer: no header\r\n")], (None, None)),
        ("unknown", [("S", b"?")], (None, None)),
    ],
)  # fmt: skip
def test_other_protocols(protocol: str, said: Said, expected: tuple[str | None, str | None]) -> None:
    found = others(protocol, *Conversation().script(said).streams())
    assert tuple(one and str(one) for one in found) == expected


PRODUCTS = {"fetchmail": FETCHMAIL, "popclient": POPCLIENT, "UW": UW, "nmap": NMAP}


def right(recorded: str | None) -> str | None:
    return PRODUCTS.get((recorded or "").split(" ", 1)[0])


def test_recorded_captures_never_have_a_wrong_name() -> None:
    named: Counter[str] = Counter()
    for capture in capture_names():
        truth: dict[tuple[str, int], tuple[set[str | None], set[str | None]]] = {}
        for one in load_truth(capture)["sessions"]:
            clients, servers = truth.setdefault((one["client"]["addr"], one["client"]["port"]), (set(), set()))
            clients.add(right(one.get("client_software")))
            servers.add(right(one.get("server_software")))
        for found in pop2dissect.iter_sessions(capture_path(capture)):
            clients, servers = truth.get((found.client.ip, found.client.port), (set(), set()))
            if not clients:  # a connection that the truth does not tell of
                continue
            for ours, theirs in ((found.client_software, clients), (found.server_software, servers)):
                if ours is not None:
                    assert ours.product in theirs
                    assert ours.evidence
                    named[ours.product] += 1
                    assert ours.version in (None, "2010.75")
    assert named[UW] >= 650
    assert named[FETCHMAIL] >= 180
    assert named[POPCLIENT] >= 75


@given(
    st.lists(
        st.tuples(
            st.sampled_from("CS"),
            st.sampled_from(
                [b"HELO a b\r\n", b"READ 1\r\n", b"RETR\r\n", b"\r\n", b"ACKS\r\n", b"+ POP2 x\r\n", b"=3\r\n", b"Q"]
            ),
        ),
        max_size=15,
    )
)
def test_any_conversation(said: Said) -> None:
    streams = Conversation().script(said).streams()
    turns = list(dissect(*streams))
    for found in (server_of(turns), client_of(turns, streams[0]), *others("SSH", *streams)):
        assert found is None or isinstance(found, Software)
