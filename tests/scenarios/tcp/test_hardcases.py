"""Hard cases by the hundred: the transcript is the truth, and tshark and tcpflow are the second opinion."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from pop2dissect.assemble.assemble import endpoints
from pop2dissect.capture import CaptureReader
from pop2dissect.choices import OverlapPolicy
from pop2dissect.decode import Decoder
from pop2dissect.tcp import Tracker
from tests.scenarios.test_differential import follow
from tests.support.conversation import MILLISECOND, START, Address
from tests.support.hardcases import SERVER_PORT, HardCase, hard_case
from tests.support.programs import need
from tests.support.wire import Link, save

Pair = tuple[bytes, bytes]


def capture(path: Path, cases: Iterable[HardCase], *, link: Link = "ethernet", mtu: int | None = None) -> Path:
    packets = sorted((packet for case in cases for packet in case.packets), key=lambda packet: packet.time)
    return save(path, packets, link=link, mtu=mtu, nanoseconds=True)


def cases_of(first: int, number: int, *, six: bool = False) -> list[HardCase]:
    """Return connections that overlap in time."""
    return [
        hard_case(seed, start=START + (seed - first) * 10 * MILLISECOND, six=six)
        for seed in range(first, first + number)
    ]


def reassembled(path: Path, policy: OverlapPolicy = "first") -> dict[Address, list[tuple[int, Pair]]]:
    """Return for each client the first frames and streams of its connections."""
    ports = frozenset({SERVER_PORT})
    found: dict[Address, list[tuple[int, Pair]]] = defaultdict(list)
    with CaptureReader([path], ports=ports) as reader:
        segments = filter(None, map(Decoder(ports).decode, reader))
        for connection in Tracker(ports, policy).connections(segments):
            assert connection.streams is not None
            client, server = connection.streams
            address, _ = endpoints(connection.client_key)
            streams = (client.read(0, client.length), server.read(0, server.length))
            found[address.ip, address.port].append((connection.first_frame, streams))
    return found


@pytest.mark.parametrize(
    ("name", "link", "mtu", "six"),
    [
        ("hard.pcap", "ethernet", None, False),
        ("hard.pcapng", "ethernet", None, True),
        ("hard.pcap", "vlan", None, False),
        ("hard.pcapng", "sll", 576, False),
        ("hard.pcap.gz", "raw", 1280, True),
        ("hard.pcap", "null", 68, False),
    ],
)
def test_what_was_said_is_what_comes_out(tmp_path: Path, name: str, link: Link, mtu: int | None, six: bool) -> None:
    cases = cases_of(5000, 60, six=six)
    found = reassembled(capture(tmp_path / name, cases, link=link, mtu=mtu))
    complete = [case for case in cases if case.whole]
    assert len(complete) > 35
    for case in complete:
        assert [streams for _, streams in found[case.client]] == [tuple(case.truth)], (case.client, case.deeds)


def test_where_tshark_and_tcpflow_agree_so_do_we(tmp_path: Path, tshark: str) -> None:
    cases = cases_of(9000, 120)
    path = capture(tmp_path / "hard.pcap", cases)
    numbers, by_tshark = follow(tshark, str(path))
    by_tcpflow = flows(path, tmp_path / "flows")
    found = reassembled(path)
    agreed = 0
    for case in cases:
        if len(found[case.client]) != 1:
            continue
        ((first, streams),) = found[case.client]
        ends = sorted(by_tshark[numbers[first]])
        recorded = sorted(
            by_tcpflow.get(ends_of, b"") for ends_of in ((case.client, case.server), (case.server, case.client))
        )
        if ends == recorded:
            if "from the middle" in case.deeds and {"all again", "lost", "reordered"} & {*case.deeds}:
                continue  # both drop octets from before the first that they saw; see docs/reassembly.md
            if "data in SYN" in case.deeds and {"lost", "reordered"} & {*case.deeds}:
                continue  # both drop what a SYN carries that was captured late
            agreed += 1
            assert sorted(streams) == ends, (case.client, case.deeds)
    assert agreed > 60


def flows(path: Path, folder: Path) -> dict[tuple[Address, Address], bytes]:
    """Return what tcpflow recorded of flows that it took for one connection each."""
    folder.mkdir()
    command = [need("tcpflow"), "-r", str(path), "-o", str(folder), "-S", "enable_report=NO"]
    subprocess.run(command, capture_output=True, check=True)
    found: dict[tuple[Address, Address], bytes] = {}
    for file in folder.iterdir():
        match = re.fullmatch(r"([\d.]+)\.(\d{5})-([\d.]+)\.(\d{5})", file.name)
        if match:
            ends = [(".".join(str(int(part)) for part in match[n].split(".")), int(match[n + 1])) for n in (1, 3)]
            found[ends[0], ends[1]] = file.read_bytes()
    return found
