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


def elsewhere(record: bytes, client: bytes) -> bytes:
    """Return a record with another address in place of the client's, as behind an address translation."""
    at = 16 + 14 + 12
    ends = [record[at : at + 4], record[at + 4 : at + 8]]
    return record[:at] + b"".join(b"\xc6\x33\x64\x07" if end == client else end for end in ends) + record[at + 8 :]


def odd(record: bytes) -> bytes:
    """Return a record with another byte near the end of its payload."""
    return record[:-3] + bytes([record[-3] ^ 1]) + record[-2:]


@pytest.mark.parametrize("offset", [80 * MILLISECOND, 40 * SECOND, DAY])
@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("how", ["alike", "one lacks a segment", "other bytes"])
def test_sensors_that_disagree_and_both_sides_of_a_translation(
    how: str, behind: bool, offset: int, tmp_path: Path
) -> None:
    capture = recorded("rfc937_normal")
    plain = pop2dissect.read(capture_path("rfc937_normal")).sessions[0]
    place = [at for at, segment in enumerate(capture.segments) if segment is not None and segment.length][4]
    again = [moved(record, offset) for record in capture.records]
    if how == "other bytes":
        again[place] = odd(again[place])
    elif how == "one lacks a segment":
        del again[place]
    if behind:
        first = capture.records[0]
        again = [elsewhere(record, first[16 + 26 : 16 + 30]) for record in again]
    path = tmp_path / "two.pcap"
    path.write_bytes(capture.header + b"".join([*capture.records, *again]))
    sessions = pop2dissect.read(path).sessions
    said = " ".join(event for session in sessions for event in session.events)
    assert "d 0 h" in said if offset == DAY else f"{offset / SECOND:.3f} s" in said
    assert len(sessions) == 1 + (behind or how == "other bytes")
    assert facts(sessions[0]) == facts(plain)
    if how == "other bytes":
        assert "11 of 12 segments" in said
        assert "other bytes" in said
    elif behind:
        assert "address translation" in said
    else:
        assert ("1 segment with payload only the first time" in said) is (how != "alike")


def test_two_accounts_of_the_same_moments_are_not_mixed(tmp_path: Path) -> None:
    """One of two copies of a capture was changed: each stays whole, whichever is named first."""
    capture = recorded("rfc937_normal")
    changed = [odd(record) if number in (4, 9) else record for number, record in enumerate(capture.records)]
    paths = [tmp_path / "one.pcap", tmp_path / "other.pcap"]
    for path, records in zip(paths, (capture.records, changed[:12]), strict=True):
        path.write_bytes(capture.header + b"".join(records))
    expected = sorted(facts(session)[1:] for path in paths for session in pop2dissect.read(path).sessions)
    assert len(expected) == 2
    for order in (paths, paths[::-1]):
        found = pop2dissect.read(order).sessions
        assert sorted(facts(session)[1:] for session in found) == expected


def test_an_account_without_an_answer_takes_none_of_another_capture(tmp_path: Path) -> None:
    """Of the damaged copy only the client was heard when the server's next words came, by the other capture."""
    capture = recorded("rfc937_normal")
    damaged = [record for number, record in enumerate(capture.records[:10]) if number not in (1, 3)]
    sequence_number = slice(16 + 14 + 20 + 4, 16 + 14 + 20 + 8)
    stray = bytearray(damaged[2])
    stray[sequence_number] = struct.pack(">I", struct.unpack(">I", stray[sequence_number])[0] - 13_000_000)
    damaged[2] = bytes(stray)
    damaged[-1] = odd(damaged[-1])
    paths = [tmp_path / "one.pcap", tmp_path / "other.pcap"]
    for path, records in zip(paths, (capture.records, damaged), strict=True):
        path.write_bytes(capture.header + b"".join(records))
    found = [[facts(one)[1:] for one in pop2dissect.read(order).sessions] for order in (paths, paths[::-1])]
    assert found[0] == found[1][::-1]
    (whole,) = pop2dissect.read(paths[0]).sessions
    assert found[0][0] == facts(whole)[1:]


def content(session: Session) -> tuple[object, ...]:
    """Return the facts but for the duration, which depends on which of two sensors saw the last segments."""
    return tuple(fact for number, fact in enumerate(facts(session)) if number != 4)


@pytest.mark.parametrize("name", ["rfc937_normal", "fetchmail_delete_ackd"])
@pytest.mark.parametrize("which", [slice(1), slice(2), slice(5), slice(0, None, 3), slice(1, None, 2)])
def test_a_few_packets_in_another_capture_change_nothing(name: str, which: slice, tmp_path: Path) -> None:
    """A SYN alone, the first packets, every third: the connection of which more was captured takes them up."""
    capture = recorded(name)
    whole, few = tmp_path / "whole.pcap", tmp_path / "few.pcap"
    whole.write_bytes(capture.header + b"".join(capture.records))
    plain = [content(one) for one in pop2dissect.read(whole).sessions]
    for offset in (0, -SECOND, SECOND):
        few.write_bytes(capture.header + b"".join(moved(record, offset) for record in capture.records[which]))
        for order in ([whole, few], [few, whole]):
            assert [content(one) for one in pop2dissect.read(order).sessions] == plain, (offset, order)


def test_the_first_words_may_be_in_the_other_capture_only(tmp_path: Path) -> None:
    """The capture that has more lacks the server's SYN, what acknowledges it, and the greeting."""
    capture = recorded("rfc937_normal")
    most = [record for number, record in enumerate(capture.records) if number not in (1, 2, 3, 4)]
    paths = [tmp_path / "most.pcap", tmp_path / "first.pcap"]
    for path, records in zip(paths, (most, capture.records[:6]), strict=True):
        path.write_bytes(capture.header + b"".join(records))
    plain = [content(one) for one in pop2dissect.read(capture_path("rfc937_normal")).sessions]
    for order in (paths, paths[::-1]):
        assert [content(one) for one in pop2dissect.read(order).sessions] == plain, order


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_first_packets_forged_on_another_network_hide_nothing(count: int, tmp_path: Path) -> None:
    capture = recorded("rfc937_normal")
    path = tmp_path / "forged.pcap"
    forged = [moved(record, -MILLISECOND, vlan=7) for record in capture.records[:count]]
    path.write_bytes(capture.header + b"".join([*forged, *capture.records]))
    plain = pop2dissect.read(capture_path("rfc937_normal")).sessions
    assert [content(one) for one in pop2dissect.read(path).sessions] == [content(one) for one in plain]
