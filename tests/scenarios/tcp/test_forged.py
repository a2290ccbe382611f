"""One forged packet, anywhere in a recorded capture, changes nothing but the events, and annotating still works."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import pop2dissect
from pop2dissect import Capture
from pop2dissect.capture import CaptureReader
from pop2dissect.decode import Decoder
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, Segment, reverse_key
from pop2dissect.session import Session
from tests.support.truth import ROOT, capture_path

CAPTURES = (
    "rfc937_normal",
    "fetchmail_delete_ackd",
    "fetchmail_keep_acks",
    "popclient_keep_delete",
    "raw_split_pipelined",
    "wrong_password",
    "raw_read_nack",
    "tcp_oddities",
    "port_reuse",
    "rfc918_normal",
    "pop3/apop_right_wrong",
    "pop3/dele_without_quit_dovecot",
    "pop3/fetchmail_keep_popa3d",
    "pop3/split_octets_pipelined_courier",
)
SIDES = (
    "oneway_c2s_only",
    "pop3/derived_oneway_c2s_only",
    "fetchmail_delete_ackd",
    "port_reuse",
    "pop3/apop_right_wrong",
)
"""Captures of which one side is left out, where it is not missing anyway."""
POP3 = ROOT / "tests" / "data" / "captures-pop3"
PLACES = 20
KINDS = {"SYN": SYN, "SYN-ACK": SYN | ACK, "FIN": FIN | ACK, "RST": RST, "RST-ACK": RST | ACK}
NUMBERS = ("exact", "near", "random")
PORTS = frozenset({109, 110})


class Recorded(NamedTuple):
    """A capture taken apart, to be put together with one packet more."""

    header: bytes
    records: list[bytes]
    """Each with its header."""
    segments: list[Segment | None]

    def without(self, side: str) -> Recorded:
        """Return it without what one side sent: as one tap of two gives it."""
        gone = [segment is not None and (ports(segment)[1] in PORTS) is (side == "client") for segment in self.segments]
        return Recorded(
            self.header,
            [record for record, is_gone in zip(self.records, gone, strict=True) if not is_gone],
            [segment for segment, is_gone in zip(self.segments, gone, strict=True) if not is_gone],
        )

    def goes_on(self, place: int, key: bytes) -> bool:
        """Whether after a place the connection of a flow key still carries payload."""
        for segment in self.segments[place:]:
            if (
                segment is not None
                and segment.key in (key, reverse_key(key))
                and (segment.length or segment.flags & SYN)
            ):
                return segment.length > 0
        return False


class Forged(NamedTuple):
    """A packet that nobody sent, and where it is put."""

    place: int
    """Records before it."""
    model: int
    """The record whose addresses and ports it has."""
    reverse: bool
    """It goes the other way than that."""
    seq: int
    ack: int
    flags: int


def path_of(name: str) -> Path:
    folder, _, stem = name.rpartition("/")
    return POP3 / f"{stem}.pcap" if folder else capture_path(name)


def recorded(name: str) -> Recorded:
    octets = path_of(name).read_bytes()
    assert octets[:4] == b"\xd4\xc3\xb2\xa1", "a little-endian pcap file"
    records, at = [], 24
    while at < len(octets):
        length = 16 + struct.unpack_from("<I", octets, at + 8)[0]
        records.append(octets[at : at + length])
        at += length
    decoder = Decoder(None)
    with CaptureReader([path_of(name)]) as reader:
        segments = [decoder.decode(record) for record in reader]
    return Recorded(octets[:24], records, segments)


def forge(capture: Recorded, place: int, kind: str, number: str, direction: str, dice: random.Random) -> Forged:
    """Make a packet of the connection that spoke last before a place, with the numbers that an attacker would use."""
    model = max(
        index
        for index, segment in enumerate(capture.segments[:place])
        if segment is not None and not PORTS.isdisjoint(ports(segment))
    )
    last = capture.segments[model]
    assert last is not None
    after = last.seq + last.length + bool(last.flags & (SYN | FIN))
    reverse = (ports(last)[1] in PORTS) is not (direction == "client")
    seq, ack = (last.ack, after) if reverse else (after, last.ack)
    if number == "near":
        seq += dice.choice((-300, -20, -2, -1, 1, 2, 20, 300))
        ack += dice.choice((-30, -1, 0, 1, 30))
    elif number == "random":
        seq, ack = dice.getrandbits(32), dice.getrandbits(32)
    return Forged(place, model, reverse, seq % 2**32, ack % 2**32, KINDS[kind])


def ports(segment: Segment | None) -> tuple[int, int]:
    assert segment is not None
    return int.from_bytes(segment.key[-4:-2]), int.from_bytes(segment.key[-2:])


def with_packet(capture: Recorded, forged: Forged) -> bytes:
    """Return the capture with a packet more: Ethernet, IPv4 and TCP as in the model, without options and payload."""
    model = capture.records[forged.model][16:]
    assert model[12:15] == b"\x08\x00\x45", "IPv4 without options in Ethernet"
    source, destination, ports_at = (30, 26, (36, 34)) if forged.reverse else (26, 30, (34, 36))
    tcp = b"".join(model[at : at + 2] for at in ports_at)
    tcp += struct.pack(">IIBBHHH", forged.seq, forged.ack, 0x50, forged.flags, 1024, 0, 0)
    ip = model[14:16] + struct.pack(">H", 40) + model[18:24] + b"\0\0"
    ip += model[source : source + 4] + model[destination : destination + 4]
    packet = model[:14] + ip + tcp
    at = max(forged.place - 1, 0)
    stamp = capture.records[at][:8]
    record = stamp + struct.pack("<II", len(packet), len(packet)) + packet
    records = [*capture.records[: forged.place], record, *capture.records[forged.place :]]
    return capture.header + b"".join(records)


def story(sessions: list[Session]) -> Iterator[dict[str, Any]]:
    """Yield what each session tells, without what an event more may change."""
    for session in sessions:
        yield {
            "ends": (str(session.client), str(session.server)),
            "protocol": session.protocol,
            "login": (session.user, session.password, session.login),
            "ending": session.ending,
            "duration": session.duration,
            "exchanges": [
                (one.command, one.arguments, one.raw, [(reply.kind, reply.raw) for reply in one.replies])
                for one in session.exchanges
            ],
            "messages": [(one.octets, one.sha256, one.disposition, one.committed) for one in session.messages],
            "streams": [
                (stream.octets, stream.sha256(), stream.missing, stream.finished)
                for stream in (session.client_stream, session.server_stream)
            ],
        }


def difference(capture: Capture, without: list[dict[str, Any]]) -> str | None:
    """Return how the story of a capture differs from that of the recorded one; None where it does not."""
    with_it = list(story(capture.sessions))
    if len(with_it) != len(without):
        return f"{len(with_it)} sessions for {len(without)}"
    for one, other in zip(with_it, without, strict=True):
        for key in other:
            if one[key] != other[key]:
                return f"{key}: {one[key]!r} for {other[key]!r}"
    return None


def attempts(name: str, capture: Recorded, *, to_the_end: bool = True) -> Iterator[tuple[str, Forged]]:
    """Yield one forged packet for each of some places, of all kinds in turn.

    At the end of a connection of which one side was not captured, nothing can speak against a FIN or a RST: unless
    ``to_the_end``, there are none.
    """
    dice = random.Random(name)
    last = len(capture.records)
    first = next(at for at, segment in enumerate(capture.segments) if segment is not None)
    places = sorted(dice.sample(range(first + 1, last + 1), min(PLACES, last - first)))
    for place in places:
        what = dice.choice(sorted(KINDS)), dice.choice(NUMBERS), dice.choice(("client", "server"))
        forged = forge(capture, place, *what, dice)
        model = capture.segments[forged.model]
        assert model is not None
        if to_the_end or forged.flags & SYN or capture.goes_on(place, model.key):
            yield " ".join(what) + f" after frame {place}", forged


def what_changes(name: str, capture: Recorded, folder: Path, *, to_the_end: bool = True) -> dict[str, str]:
    """Return what forged packets change in a capture: nothing, if all is well."""
    path = folder / "plain.pcap"
    path.write_bytes(capture.header + b"".join(capture.records))
    without = list(story(pop2dissect.read(path, PORTS).sessions))
    assert without
    wrong = {}
    for number, (what, forged) in enumerate(attempts(name, capture, to_the_end=to_the_end)):
        path = folder / f"{number}.pcap"
        path.write_bytes(with_packet(capture, forged))
        read = pop2dissect.read(path, PORTS)
        unlike = difference(read, without)
        if unlike is not None:
            wrong[what] = unlike
        read.annotate(folder / f"{number}.pcapng")
    return wrong


@pytest.mark.parametrize("name", CAPTURES)
def test_a_forged_packet_changes_nothing(name: str, tmp_path: Path) -> None:
    assert what_changes(name, recorded(name), tmp_path) == {}


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("name", SIDES)
def test_where_one_side_was_not_captured_neither(name: str, side: str, tmp_path: Path) -> None:
    capture = recorded(name)
    if "oneway" not in name:
        capture = capture.without(side)
    assert what_changes(f"{name} {side}", capture, tmp_path, to_the_end=False) == {}
