"""What the compiled scan is told of the interfaces of a capture, and of the ports that are wanted."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from pop2dissect.capture import scan
from pop2dissect.capture.linktypes import LAYOUTS, max_captured
from pop2dissect.capture.portfilter import NEVER_TCP_PROTOCOLS, TCP, TUNNEL_UDP_PORTS, UDP

_WIDTH, _PORTS, _PROTOCOLS, _KINDS, *_KIND_BITS = scan.LAYOUT
_NOT_YET = (1 << 63) - 1, -1
"""Earliest and latest time stamp where there are none."""
_CONTINUED = frozenset({1, 12, 14, 101})
"""Link types of which the scan takes what continues a conversation: in others more than the kind says what follows."""
_LONGEST_UNIT = 1000
"""Nanoseconds in a unit of time stamps of which the scan reads: those of a longer one might not fit its numbers."""
_WANTED, _TUNNEL, _ANY = 1, 2, 4
"""What a port is to packets of TCP, of UDP, and of protocols whose ports are not looked at."""


class Scanner(Protocol):
    """The module :mod:`pop2dissect.capture.scan`, compiled or not."""

    pcap: Callable[..., tuple[int, int]]
    pcapng: Callable[..., tuple[int, int]]
    Flow: Callable[[bytes, array[int]], scan.Flow]
    Flows: Callable[[bytearray], scan.Flows]


scanner: Scanner | Any = scan if scan.COMPILED else None
"""What finds the packets that may matter; None: uncompiled it is slower than what the readers do without."""


LANE = "with the compiled scan" if scan.COMPILED else "without the compiled scan"
"""Which of the ways to the same records this installation has, in words."""


class Continued(NamedTuple):
    """What of one capture the scan takes by itself, once its reader was asked for it."""

    flows: scan.Flows
    new_flow: Callable[[bytes, array[int]], scan.Flow]
    frames: mmap.mmap
    """Where the octets of the payloads lie."""


class Interfaces:
    """The interfaces of a section, or the one of a file, as the scan wants them; and the ports that are wanted."""

    def __init__(self, ports: frozenset[int] | None) -> None:
        """None stands for every port: no packet is passed by."""
        self.tables, self._kinds = _tables(ports)
        self.rows = array("q")

    def add(self, link_type: int, unit: int) -> None:
        """Add an interface, whose time stamps count so many nanoseconds; 0 where it is not that simple."""
        layout = LAYOUTS.get(link_type)
        places = (0, 0, 0) if layout is None else layout[:3]
        at = self._kinds.get(link_type, self._kinds[None])
        known = unit if link_type in _CONTINUED and unit <= _LONGEST_UNIT else 0
        self.rows.extend((max_captured(link_type), *places, at, known, *_NOT_YET))

    def unscanned(self) -> tuple[int, ...]:
        """Return the rows as they were before any packet."""
        rows = array("q", self.rows)
        for at in range(0, len(rows), _WIDTH):
            rows[at + _WIDTH - 2], rows[at + _WIDTH - 1] = _NOT_YET
        return tuple(rows)

    def stamps(self) -> Iterator[tuple[int, int, int]]:
        """Yield of each interface that packets were scanned of its index, and the earliest and latest time stamp."""
        ends = zip(self.rows[_WIDTH - 2 :: _WIDTH], self.rows[_WIDTH - 1 :: _WIDTH], strict=True)
        return ((index, *stamps) for index, stamps in enumerate(ends) if stamps != _NOT_YET)


@lru_cache(maxsize=2)
def _tables(ports: frozenset[int] | None) -> tuple[bytes, dict[int | None, int]]:
    """Return all tables, and where in them the kinds of each link type are; None is one that is not plain.

    All readers of a run have the same.
    """
    tables = _port_table(ports or frozenset()) + (bytes([_ANY]) * _PROTOCOLS if ports is None else _protocol_table())
    kinds: dict[int | None, int] = {None: len(tables)}
    tables += bytes(_KINDS)
    for link_type, layout in LAYOUTS.items():
        at = kinds[link_type] = len(tables)
        tables += bytes(_KINDS)
        known = (layout.ipv4, layout.ipv6, layout.never_ip if ports is not None else frozenset[bytes]())
        for octets, bit in zip(known, _KIND_BITS, strict=True):
            for kind in octets:
                tables[at + scan.kind_index(kind, 0, len(kind))] |= bit
    return bytes(tables), kinds


def _port_table(wanted: frozenset[int]) -> bytearray:
    """Return for each port by which kinds of protocols it is looked for."""
    table = bytearray([_ANY]) * _PORTS
    for ports, bit in ((wanted, _WANTED), (TUNNEL_UDP_PORTS, _TUNNEL)):
        for port in ports:
            table[port] |= bit
    return table


def _protocol_table() -> bytearray:
    """Return for each IP protocol which ports keep a packet of it."""
    table = bytearray([_ANY]) * _PROTOCOLS
    for protocol in NEVER_TCP_PROTOCOLS:
        table[protocol] = 0
    table[TCP], table[UDP] = _WANTED, _TUNNEL
    return table
