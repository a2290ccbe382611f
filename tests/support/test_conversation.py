"""The made-up captures are what they say: as dpkt, tshark and a plain reassembly read them."""

from __future__ import annotations

import gzip
import io
import subprocess
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path

import dpkt  # type: ignore[import-untyped]
import pytest

from tests.support import impairments, wire
from tests.support.conversation import ACK, FIN, RST, SYN, Conversation, Packet, Side, merge, shift
from tests.support.programs import need
from tests.support.wire import save

LONG = b"".join(b"line %d of a long message\r\n" % number for number in range(300))


def talk(**options: object) -> Conversation:
    return (
        Conversation(**options)  # type: ignore[arg-type]
        .handshake()
        .server(b"+ POP2 dog-house.example server ready\r\n")
        .client(b"HELO smith secret\r\n")
        .server(b"#1 messages\r\n")
        .client(b"READ")
        .client(b"\r\n")
        .server(b"=%d characters\r\n" % len(LONG))
        .client(b"RETR\r\n")
        .server(LONG)
        .client(b"ACKS\r\n")
        .server(b"=0 no more\r\n")
        .client(b"QUIT\r\n")
        .server(b"+ bye\r\n")
        .close("server")
    )


TALK = talk()


def assembled(packets: list[Packet], conversation: Conversation, side: Side) -> bytes:
    """Put a stream together in the plainest way: octet by octet, the first copy counts."""
    base = conversation.isn(side) + 1
    octets: dict[int, int] = {}
    for packet in packets:
        if packet.source == conversation.address(side) and not packet.mark.startswith("keep-alive"):
            for offset, octet in enumerate(packet.payload, (packet.seq - base) % 2**32):
                octets.setdefault(offset, octet)
    return bytes(octets[offset] for offset in sorted(octets))


def test_truth_is_the_transcript() -> None:
    assert TALK.truth.client == b"HELO smith secret\r\nREAD\r\nRETR\r\nACKS\r\nQUIT\r\n"
    assert TALK.truth.server.endswith(b"characters\r\n" + LONG + b"=0 no more\r\n+ bye\r\n")
    for side, octets in (("client", TALK.truth.client), ("server", TALK.truth.server)):
        assert assembled(TALK.packets, TALK, side) == octets  # type: ignore[arg-type]
        assert impairments.coverage(TALK.packets, TALK, side) == [(0, len(octets))]  # type: ignore[arg-type]


def test_packets_are_those_of_two_sound_tcps() -> None:
    packets = TALK.packets
    assert [packet.flags for packet in packets[:3]] == [SYN, SYN | ACK, ACK]
    assert [packet.flags for packet in packets[-3:]] == [FIN | ACK, FIN | ACK, ACK]
    assert all(first.time < second.time for first, second in pairwise(packets))
    following: dict[object, int] = {}
    for packet in packets:
        assert following.get(packet.source, packet.seq) == packet.seq
        following[packet.source] = packet.next_seq
        if packet.flags & ACK:
            assert packet.ack == following[packet.destination]
    assert max(len(packet.payload) for packet in packets) == 1460
    assert packets == talk().packets
    assert packets != talk(seed=2).packets


def test_crossing_and_fin_with_data() -> None:
    conversation = (
        Conversation()
        .picked_up()
        .server(b"- Bad login\r\n")
        .client(b"QUIT\r\n", crossing=True)
        .server(b"+ Sayonara\r\n", crossing=True, fin=True)
        .pause(10**9)
        .acknowledge("client", window=0)
        .reset("client")
    )
    login, quit_, farewell, acknowledgement, reset = conversation.packets
    assert quit_.ack == login.seq
    assert farewell.ack == quit_.seq
    assert farewell.flags & FIN
    assert acknowledgement.ack == farewell.next_seq
    assert acknowledgement.window == 0
    assert reset.flags & RST
    assert conversation.end == reset.time


def test_no_connection() -> None:
    syn, answer = Conversation().refused().packets
    assert answer.flags == RST | ACK
    assert (answer.seq, answer.ack) == (0, syn.next_seq)
    attempts = Conversation().unanswered().packets
    assert {(packet.flags, packet.seq) for packet in attempts} == {(SYN, syn.seq)}


def test_sequence_numbers_wrap_around() -> None:
    conversation = talk(server_isn=2**32 - 100, client_isn=2**32 - 1)
    assert min(packet.seq for packet in conversation.packets) == 0
    assert assembled(conversation.packets, conversation, "server") == conversation.truth.server


def test_port_reuse() -> None:
    first = talk(seed=1)
    second = talk(seed=2, start=first.end + 10**9)
    packets = merge(second.packets, first.packets)
    assert packets == first.packets + second.packets
    assert shift(first.packets, 5)[0].time == first.packets[0].time + 5


Impairment = Callable[[list[Packet]], list[Packet]]


@pytest.mark.parametrize(
    "impair",
    [
        impairments.lost,
        impairments.duplicated,
        impairments.reordered,
        impairments.split,
        lambda packets: impairments.split(packets, 7),
        impairments.overlapped,
        lambda packets: impairments.overlapped(packets, conflicting=True),
        impairments.keep_alives,
        lambda packets: impairments.keep_alives(packets, octet=b"\0"),
        impairments.zero_windows,
        lambda packets: impairments.reordered(impairments.overlapped(impairments.split(packets, 100))),
    ],
)
def test_impairments_lose_nothing(impair: Impairment) -> None:
    packets = impair(TALK.packets)
    assert packets != TALK.packets
    assert packets == impair(TALK.packets)
    assert [packet.time for packet in packets] == sorted(packet.time for packet in packets)
    sides: tuple[Side, Side] = ("client", "server")
    for side in sides:
        octets = getattr(TALK.truth, side)
        assert assembled(packets, TALK, side) == octets
        assert impairments.coverage(packets, TALK, side) == [(0, len(octets))]


def test_conflicting_overlap_differs() -> None:
    packets = impairments.overlapped(TALK.packets, share=1, conflicting=True)
    forged = [packet for packet in packets if packet.mark == "forged"]
    assert len(forged) == sum(bool(packet.payload) for packet in TALK.packets)
    for packet in forged:
        side: Side = "client" if packet.source == TALK.address("client") else "server"
        start = (packet.seq - TALK.isn(side) - 1) % 2**32
        true = getattr(TALK.truth, side)[start : start + len(packet.payload)]
        assert len(true) == len(packet.payload)
        assert all(octet != other for octet, other in zip(true, packet.payload, strict=True))


def test_what_a_capture_lacks() -> None:
    packets = impairments.not_captured(TALK.packets, seed=3, share=0.3)
    covered = impairments.coverage(packets, TALK, "server")
    assert len(covered) > 1
    assert assembled(packets, TALK, "server") == b"".join(TALK.truth.server[first:last] for first, last in covered)
    assert impairments.coverage(impairments.from_middle(TALK.packets, 8), TALK, "server")[0][0] > 0
    server_only = impairments.one_way(TALK.packets, TALK.address("server"))
    assert impairments.coverage(server_only, TALK, "client") == []
    assert impairments.coverage(server_only, TALK, "server") == [(0, len(TALK.truth.server))]


def test_formats(tmp_path: Path) -> None:
    for big_endian in (False, True):
        for nanoseconds in (False, True):
            packets = [*TALK.packets[:5], *shift(TALK.packets[5:], 7)]
            name = f"{big_endian}{nanoseconds}"
            plain = save(tmp_path / f"{name}.pcap", packets, nanoseconds=nanoseconds, big_endian=big_endian)
            block = save(tmp_path / f"{name}.pcapng", packets, nanoseconds=nanoseconds, big_endian=big_endian)
            zipped = save(tmp_path / f"{name}.pcap.gz", packets, nanoseconds=nanoseconds, big_endian=big_endian)
            assert gzip.decompress(zipped.read_bytes()) == plain.read_bytes()
            read = list(dpkt.pcap.Reader(io.BytesIO(plain.read_bytes())))
            blocks = list(dpkt.pcapng.Reader(io.BytesIO(block.read_bytes())))
            assert [octets for _, octets in read] == [octets for _, octets in blocks]
            assert [octets for _, octets in read] == [frame.octets for frame in wire.encode(packets)]
            for (time, _), (other, _), packet in zip(read, blocks, packets, strict=True):
                assert abs(float(time) * 1e9 - packet.time) < 1e3
                assert abs(float(other) * 1e9 - packet.time) < 1e3


def test_snap_length_and_padding() -> None:
    whole = wire.encode(TALK.packets, pad=True)
    cut = wire.encode(TALK.packets, pad=True, snap_length=70)
    assert min(frame.original for frame in whole) == 60
    assert [frame.original for frame in cut] == [len(frame.octets) for frame in whole]
    assert max(len(frame.octets) for frame in cut) == 70


WIRES: list[dict[str, object]] = [
    {},
    {"link": "vlan"},
    {"link": "sll"},
    {"link": "raw"},
    {"link": "null"},
    {"mtu": 300},
    {"nanoseconds": True, "pad": True},
]


def test_tshark_reads_the_truth(tmp_path: Path, tshark: str) -> None:
    """All of them in one file, each with a port of its own, so that tshark starts once."""
    truth, paths = {}, []
    for port, (ending, options, ip) in enumerate(product(("pcap", "pcapng"), WIRES, ("10.9.0.", "2001:db8::")), 40000):
        conversation = talk(client=(f"{ip}1", port), server=(f"{ip}2", 109))
        paths.append(save(tmp_path / f"{port}.{ending}", conversation.packets, **options))  # type: ignore[arg-type]
        truth |= {(str(port), "109"): conversation.truth.client, ("109", str(port)): conversation.truth.server}
    joined = tmp_path / "joined.pcapng"
    subprocess.run([need("mergecap"), "-a", "-w", joined, *paths], check=True, capture_output=True)
    fields = ("tcp.srcport", "tcp.dstport", "tcp.payload")
    faults = ("_ws.malformed", "ip.checksum.status", "tcp.checksum.status", "tcp.analysis.flags")
    asked = [word for field in (*fields, *faults) for word in ("-e", field)]
    command = [tshark, "-r", joined, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields"]
    rows = subprocess.run([*command, *asked], check=True, capture_output=True, text=True).stdout.splitlines()
    said: defaultdict[tuple[str, str], bytes] = defaultdict(bytes)
    for source, destination, payload, *wrong in (row.split("\t") for row in rows):
        said[source, destination] += bytes.fromhex(payload)
        assert wrong in (["", ip, "1" if source else "", ""] for ip in ("", "1"))  # a fragment has no ports of its own
    assert {key: octets for key, octets in said.items() if key[0]} == truth


def test_streams_are_what_was_said_in_its_order() -> None:
    client, server = (
        Conversation()
        .server(b"+ POP2\r\n")
        .client(b"HELO a b\r\n")
        .client(b"QUIT\r\n", unheard=2)
        .server(b"- no\r\n", crossing=True)
        .streams()
    )
    assert [(span.frame, span.offset, span.acknowledged, bytes(span.data)) for span in server.spans] == [
        (1, 0, 0, b"+ POP2\r\n"),
        (4, 8, 10, b"- no\r\n"),
    ]
    assert [(span.frame, span.offset, span.acknowledged) for span in client.spans] == [(2, 0, 8), (3, 10, 6)]
    assert [span.time for span in client.spans] == [2 * 10**9, 3 * 10**9]


def test_a_script_is_the_same_in_pieces() -> None:
    script = [("S", b"+ POP2\r\n"), ("C", b"QUIT\r\n"), ("S", b"")]
    whole, cut = Conversation().script(script), Conversation().script(script, size=3)
    assert whole.truth == cut.truth == (b"QUIT\r\n", b"+ POP2\r\n")
    (client, server), (cut_client, cut_server) = whole.streams(), cut.streams(ordered=False, closed=False)
    assert (len(client.spans), len(cut_client.spans), len(cut_server.spans)) == (1, 2, 3)
    assert {span.acknowledged for span in cut_client.spans} == {None}
    assert server.finished
    assert not cut_server.finished


def test_what_has_not_arrived_is_not_acknowledged() -> None:
    talk = Conversation().handshake().server(b"+ POP2\r\n").client(b"QUIT\r\n", unheard=3)
    *_, greeting, quit_ = talk.packets
    assert (greeting.next_seq - quit_.ack) % 2**32 == 3


def test_segments_are_placed_by_hand() -> None:
    talk = Conversation(client_isn=2**32 - 1, server_isn=9)
    first, second = talk.segment("client", 0, b"HELO", heard=5), talk.segment("server", -1, flags=SYN | ACK)
    assert (first.frame, first.seq, first.ack, first.length, first.flags) == (1, 0, 15, 4, ACK)
    assert (second.frame, second.seq, second.time) == (2, 9, 2_000_000)
    assert (
        first.key == bytes((10, 9, 0, 1, 10, 9, 0, 2)) + (40000).to_bytes(2) + (109).to_bytes(2) == talk.key("client")
    )
    assert second.key == talk.key("server") != first.key
