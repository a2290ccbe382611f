"""What tshark is asked for of each packet, and how a TCP segment is made of its answer."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple

from pop2dissect.decode.problems import WRONG_IP_CHECKSUM, WRONG_TCP_CHECKSUM, Problems, Verdict
from pop2dissect.decode.segment import Segment
from pop2dissect.engine.tshark.facts import nanoseconds

FIELDS: Final = (
    "frame.number",
    "frame.time_epoch",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.urgent_pointer",
    "tcp.len",
    "ip.checksum.status",
    "tcp.checksum.status",
    "ip.fragment",
    "ipv6.fragment",
    "tcp.payload",
)
"""Columns, in this order, parted by tabs. A packet with several headers of a kind has their values parted by commas."""

OPTIONS: Final = (
    "ip.defragment:TRUE",
    "ipv6.defragment:TRUE",
    "ip.tso_support:TRUE",  # total length 0, as segmentation offload leaves it, means what was captured
    "tcp.desegment_tcp_streams:FALSE",  # streams are put together here, where gaps and conflicts are kept
    "tcp.analyze_sequence_numbers:FALSE",
)
"""Preferences that the fields depend on, whatever a user has set for Wireshark."""

CHECKSUM_OPTIONS: Final = ("ip.check_checksum", "tcp.check_checksum")
"""Off unless asked for: offload leaves checksums wrong, and with wrong ones tshark puts no fragments together."""

DECODE_AS: Final = ("udp.port==8472,vxlan",)  # Linux before the port of VXLAN was assigned
"""Ports that tshark is told what is on them, as its option ``-d`` takes it."""

_WRONG: Final = "0"
"""Value of a checksum's status where it is wrong (``PROTO_CHECKSUM_E_BAD``)."""

_QUOTING: Final = frozenset({"icmp", "icmpv6", "sflow"})
"""Protocols that quote the headers of other packets, which are not segments that were sent there."""

_FLAGS = 0xFF
"""The octet of flags; tshark gives the four reserved bits before it as well."""


class _Row(NamedTuple):
    """The columns, each as a list of its values."""

    numbers: list[str]
    times: list[str]
    protocols: list[str]
    ip_sources: list[str]
    ip_destinations: list[str]
    ipv6_sources: list[str]
    ipv6_destinations: list[str]
    source_ports: list[str]
    destination_ports: list[str]
    seqs: list[str]
    acks: list[str]
    flags: list[str]
    windows: list[str]
    urgent: list[str]
    lengths: list[str]
    ip_checksums: list[str]
    tcp_checksums: list[str]
    fragments: list[str]
    ipv6_fragments: list[str]
    payloads: list[str]

    def has_headers(self, count: int) -> bool:
        """Whether every field of a TCP header is there as often as there are headers."""
        columns = (
            self.source_ports, self.destination_ports, self.seqs, self.acks, self.flags, self.windows, self.urgent,
            self.lengths,
        )  # fmt: skip
        return all(len(column) == count for column in columns)

    def doubts(self) -> tuple[str, ...]:
        """Return the reasons to doubt the packet; there are some only where checksums are verified."""
        wrong = []
        if _WRONG in self.ip_checksums:
            wrong.append(WRONG_IP_CHECKSUM)
        if _WRONG in self.tcp_checksums:
            wrong.append(WRONG_TCP_CHECKSUM)
        return tuple(wrong)


class RowReader:
    """Makes the segments of one capture from the lines of tshark, and keeps account of those that it cannot.

    Wanted are segments from or to one of the ports; None stands for every port. ``base`` is the
    frame reference of frame 0 of the capture.
    """

    def __init__(self, ports: Container[int] | None, problems: Problems, base: int = 0) -> None:
        self._ports = ports
        self._problems = problems
        self._base = base

    def segments(self, line: bytes) -> Iterator[Segment]:
        """Yield the segments of one packet: one a TCP header, which is more than one only in odd link layers."""
        columns = line.decode("ascii", "replace").rstrip("\r\n").split("\t")
        if len(columns) != len(FIELDS):
            return
        row = _Row(*(_values(column) for column in columns))
        layers = columns[2].split(":")
        count = _tcp_headers(layers)
        if not count:
            return
        frame = self._base | int(row.numbers[0])
        payloads = _payloads(row.lengths, row.payloads)
        if payloads is None or not row.has_headers(count):
            self._problems.add(Verdict.UNDECODED, "tshark does not decode its TCP header", frame)
            return
        time, doubts = nanoseconds(row.times[0]), row.doubts()
        fragments = tuple(sorted({self._base | int(part) for part in row.fragments + row.ipv6_fragments}))
        for at, addresses in enumerate(_addresses(layers, row)):
            source, destination = int(row.source_ports[at]), int(row.destination_ports[at])
            if self._ports is not None and source not in self._ports and destination not in self._ports:
                continue
            if addresses is None:
                self._problems.add(Verdict.UNDECODED, "tshark gives no IP addresses", frame)
                continue
            for doubt in doubts:
                self._problems.add(Verdict.DOUBTFUL, doubt, frame)
            octets = bytes.fromhex(payloads[at])
            yield Segment(
                frame=frame,
                time=time,
                key=addresses + source.to_bytes(2) + destination.to_bytes(2),
                seq=int(row.seqs[at]),
                ack=int(row.acks[at]),
                flags=int(row.flags[at], 16) & _FLAGS,
                window=int(row.windows[at]),
                urgent=int(row.urgent[at]),
                data=octets,
                start=0,
                captured=len(octets),
                length=int(row.lengths[at]),
                fragments=fragments,
                doubts=doubts,
            )


def _values(column: str) -> list[str]:
    return column.split(",") if column else []


def _tcp_headers(layers: list[str]) -> int:
    """Count the TCP headers of a packet, none where they may be quotations."""
    return 0 if not _QUOTING.isdisjoint(layers) else layers.count("tcp")


def _payloads(lengths: list[str], captured: list[str]) -> list[str] | None:
    """Return each TCP header its payload in hexadecimal; None where it cannot be told whose a payload is.

    Segments without payload, or of which the snap length left none, have no value in their column.
    """
    with_payload = [at for at, length in enumerate(lengths) if length != "0"]
    if len(captured) not in (0, len(with_payload)):
        return None
    payloads = [""] * len(lengths)
    for at, octets in zip(with_payload, captured, strict=False):
        payloads[at] = octets.replace(":", "")
    return payloads


def _addresses(layers: list[str], row: _Row) -> list[bytes | None]:
    """Return each TCP header the addresses of the IP header before it, the source's first; None where there are none.

    Headers are counted from the last: one whose addresses were not decoded can only be among the first.
    """
    left = {
        "ip": list(zip(row.ip_sources, row.ip_destinations, strict=False)),
        "ipv6": list(zip(row.ipv6_sources, row.ipv6_destinations, strict=False)),
    }
    unnamed = {layer: len(pairs) - layers.count(layer) for layer, pairs in left.items()}
    if min(unnamed.values()) < 0 < max(unnamed.values()):
        return [None] * layers.count("tcp")  # a header goes by the name of another: 4.6 takes IPv6 in GTP for IPv4
    found: list[bytes | None] = []
    waiting = 0
    for layer in reversed(layers):
        if layer == "tcp":
            waiting += 1
        elif layer in left:
            pairs = left[layer]
            pair = pairs.pop() if pairs else None
            found += [_pair(*pair) if pair else None] * waiting
            waiting = 0
    # From 4.4 on the IP header after MPLS labels is not named among the layers.
    rest = [pair for pairs in left.values() for pair in pairs]
    found += [_pair(*rest[0]) if len(rest) == 1 else None] * waiting
    return found[::-1]


@lru_cache(maxsize=1 << 16)
def _pair(source: str, destination: str) -> bytes:
    return ip_address(source).packed + ip_address(destination).packed
