"""A connection that was captured twice counts once, whatever the difference between the two clocks."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.scenarios.tcp.test_forged import recorded
from tests.support.truth import capture_path

MILLISECOND, SECOND = 10**6, 10**9
OFFSETS = (MILLISECOND, 7 * MILLISECOND, 80 * MILLISECOND, 2 * SECOND, 9 * SECOND, 40 * SECOND, 3600 * SECOND)
DAY = 86_400 * SECOND
NAMES = ("rfc937_normal", "fetchmail_delete_ackd", "rfc918_normal", "port_reuse")


def moved(record: bytes, offset: int, vlan: int | None = None, source: bytes | None = None) -> bytes:
    """Return a record of a pcap file with another time, perhaps with a VLAN tag."""
    seconds, micro = struct.unpack_from("<II", record)
    time = seconds * SECOND + micro * 1000 + offset
    octets = record[16:]
    if vlan is not None:
        octets = octets[:12] + struct.pack(">HH", 0x8100, vlan) + octets[12:]
    head = struct.pack("<IIII", time // SECOND, time % SECOND // 1000, len(octets), len(octets))
    return head + octets


def twice(name: str, offset: int, path: Path, *, in_order: bool, vlan: int | None = None) -> Path:
    """Save a capture with all packets again by a clock that is ahead: sorted by time, or one after the other."""
    capture = recorded(name)
    records = [*capture.records, *(moved(record, offset, vlan) for record in capture.records)]
    if in_order:
        records.sort(key=lambda record: struct.unpack_from("<II", record))
    path.write_bytes(capture.header + b"".join(records))
    return path


def facts(session: Session) -> tuple[object, ...]:
    streams = [
        (stream.octets, stream.sha256(), stream.missing) for stream in (session.client_stream, session.server_stream)
    ]
    messages = [(one.sha256, one.disposition, one.committed) for one in session.messages]
    return session.id, session.user, session.login, session.ending, session.duration, streams, messages


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("offset", [*OFFSETS, DAY])
def test_two_taps_are_one_connection(name: str, offset: int, tmp_path: Path) -> None:
    for in_order in (True, False):
        path = twice(name, offset, tmp_path / "twice.pcap", in_order=in_order)
        with pop2dissect.Dissection(path) as dissection:
            sessions = sorted(dissection, key=lambda session: session.id)
            said = "\n".join([*dissection.warnings, *(event for one in sessions for event in one.events)])
        plain = pop2dissect.read(capture_path(name)).sessions
        assert [facts(one) for one in sessions] == [facts(one) for one in plain], in_order
        assert "captured again" in said or "captured twice" in said


@pytest.mark.parametrize("offset", [0, 3 * MILLISECOND, 5 * SECOND])
def test_one_tap_with_a_tag_and_one_without(offset: int, tmp_path: Path) -> None:
    plain = pop2dissect.read(capture_path("rfc937_normal")).sessions
    path = twice("rfc937_normal", offset, tmp_path / "twice.pcap", in_order=True, vlan=10)
    assert [facts(one) for one in pop2dissect.read(path).sessions] == [facts(one) for one in plain]
