"""The tables against what tshark says of the same captures: packets, frames, times, octets, stream by stream."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import pop2dissect
from tests.support.truth import capture_names, capture_path

FIELDS = (
    "frame.number",
    "frame.time_epoch",
    "tcp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.len",
    "tcp.seq",
    "tcp.flags.reset",
)


@dataclass
class Stream:
    """A TCP stream, as tshark tells it."""

    frames: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    payload: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {"client": [], "server": []})
    """Runs of relative sequence numbers that carried payload."""

    def octets(self, direction: str) -> int:
        """Count the octets, each once."""
        covered = end = 0
        for first, last in sorted(self.payload[direction]):
            covered += max(0, last - max(first, end))
            end = max(end, last)
        return covered


@dataclass
class Told:
    """What tshark tells of a capture."""

    streams: dict[int, Stream]
    """By first frame."""
    times: dict[int, int]
    lengths: dict[int, int]
    repeated_resets: set[int]


def ask(tshark: str, path: Path, port: int) -> Told:
    command = [tshark, "-n", "-r", str(path), "-Y", f"tcp.port == {port} && !icmp && !icmpv6", "-T", "fields"]
    for name in FIELDS:
        command += ["-e", name]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    streams: defaultdict[str, Stream] = defaultdict(Stream)
    told = Told({}, {}, {}, set())
    resets = set()
    for line in output.splitlines():
        number, epoch, stream, source, destination, length, seq, reset = line.split("\t")
        seconds, _, part = epoch.partition(".")
        time = int(seconds) * 10**9 + int(part.ljust(9, "0"))
        entry = streams[stream]
        entry.frames.append(int(number))
        entry.times.append(time)
        told.times[int(number)] = time
        told.lengths[int(number)] = int(length)
        if reset in ("1", "True"):
            if (stream, source, seq) in resets:
                told.repeated_resets.add(int(number))
            resets.add((stream, source, seq))
        way = "client" if int(destination) == port else "server"
        if int(length):
            entry.payload[way].append((int(seq), int(seq) + int(length)))
    told.streams = {stream.frames[0]: stream for stream in streams.values()}
    return told


@pytest.mark.parametrize("name", capture_names())
def test_sessions(tshark: str, name: str) -> None:
    port = 10109 if name == "inetd_port_10109" else 109
    told = ask(tshark, capture_path(name), port)
    capture = pop2dissect.read(capture_path(name), [port])
    events = [event for session in capture for event in session.events if "was not counted" in event]
    # A RST that came when all was over, does not fit or is repeated does not lengthen a session; tshark counts all.
    uncounted = {int(frame) for event in events for frame in re.findall(r"\(frame (\d+)\)", event)}
    uncounted |= told.repeated_resets
    tables = capture.tables
    gaps = tables.gaps[tables.gaps["reason"] == "cut by the snap length"]
    cut = gaps.groupby(["session", "direction"], observed=True)["octets"].sum().to_dict()
    assert len(tables.sessions)
    for row in tables.sessions.to_dict("records"):
        stream = told.streams[row["first_frame"]]
        assert row["packets"] == len(stream.frames)
        assert row["last_frame"] == stream.frames[-1]
        if name == "derived_time_backwards":  # the clock jumped: the session goes by the one that its start had
            assert row["start"].value == stream.times[0]
            assert row["duration"].value < max(stream.times) - min(stream.times)
        else:
            times = [time for frame, time in zip(stream.frames, stream.times, strict=True) if frame not in uncounted]
            assert row["start"].value == min(times)
            assert row["end"].value == max(times)
            assert row["duration"].value == max(times) - min(times)
        for direction in ("client", "server"):
            octets = row[f"{direction}_octets"] + cut.get((row["session"], direction), 0)
            assert octets == stream.octets(direction), direction
        if not cut:
            carried = sum(last - first for runs in stream.payload.values() for first, last in runs)
            assert row["repeated"] == carried - stream.octets("client") - stream.octets("server")
    with_payload = [stream for stream in told.streams.values() if any(stream.payload.values())]
    assert len(tables.sessions) == len(with_payload)


@pytest.mark.parametrize("name", ["incident_small", "many_sessions", "gaps_span_missed_3pct", "ipv6_socat"])
def test_segments_and_times(tshark: str, name: str) -> None:
    told = ask(tshark, capture_path(name), 109)
    tables = pop2dissect.read(capture_path(name)).tables
    by_frame = tables.segments.groupby("frame")["octets"].sum().to_dict()
    assert by_frame == {frame: length for frame, length in told.lengths.items() if length}
    for table, frame, time in (
        ("segments", "frame", "time"),
        ("exchanges", "frame", "time"),
        ("exchanges", "reply_frame", "reply_time"),
        ("messages", "frame", "start"),
    ):
        rows = tables[table].dropna(subset=[frame, time])
        assert len(rows) > 10
        assert [when.value for when in rows[time]] == [told.times[number] for number in rows[frame]]
    rows = tables.exchanges.dropna(subset=["frame", "reply_frame", "latency"])
    # A command may be in several frames, "12, 14-15": the last one completes it.
    asked = [int(re.split(r"\D+", frames)[-1]) for frames in rows["frames"]]
    latencies = [told.times[reply] - told.times[last] for last, reply in zip(asked, rows["reply_frame"], strict=True)]
    assert [latency.value for latency in rows["latency"]] == latencies
