# cython: language_level=3, boundscheck=True, wraparound=False, annotation_typing=False
"""Finds the packets that may matter among the records in memory, passing by those that plainly do not.

This is what a compiler is used for, where there is one: a needle in a haystack is found at the speed of reading. It is
plain Python all the same, and says what the readers of both formats say without it, only more slowly; ``scan.pxd``
declares the types for Cython. It goes on as long as all is usual: at the first record that is not it stops, and leaves
that one to the reader.

``tables`` holds what tells which frames are passed by (:meth:`~pop2dissect.capture.portfilter.PortFilter.tables`), and
``sources`` has a row of :data:`WIDTH` numbers for each interface, one where the format knows none.

With :class:`Flows`, packets of conversations that go their way are taken here too: what a plain segment says that
continues one is written down in a row of numbers, and nobody sees the packet. All others go to the reader one by one.
"""

from __future__ import annotations

from array import array
from typing import TypeAlias

Octets: TypeAlias = bytes | bytearray
Numbers: TypeAlias = "array[int]"
Found: TypeAlias = list[tuple[int, int]]

COMPILED = not __file__.endswith(".py")
"""Whether this module is the compiled one."""

WIDTH = 8
"""Numbers in a row of ``sources``: the most octets captured of a packet; where a frame has the kind of what it carries,
in how many octets, and where that begins (:class:`~pop2dissect.capture.linktypes.LinkLayout`); where in ``tables`` the
kinds are; nanoseconds in a unit of its time stamps, 0 where it is not that simple; the earliest and the latest time
stamp, which are kept up to date here."""
PORTS, PROTOCOLS = 1 << 16, 1 << 8
"""Entries of the first two tables: which protocols keep a packet with a port, and by which of these one is kept."""
KINDS = 1 << 16
"""Entries of each of the tables that follow."""
IPV4, IPV6, NEVER_IP = 1, 2, 4
"""What a kind may be; nothing: not known, or not plain."""
LAYOUT = WIDTH, PORTS, PROTOCOLS, KINDS, IPV4, IPV6, NEVER_IP
"""The same for other modules: where it is compiled, these are no names of Python."""
PORTS_END = 24
"""Octets from the beginning of a plain IPv4 header to the end of the ports, and 20 more in IPv6."""
TCP, TCP_HEADER = 6, 20
"""The protocol, and the octets of its header without options."""
ACK, ODD_FLAGS = 0x10, 0x27
"""The flag that a segment of a conversation must have, and those that it must not: FIN, SYN, RST, URG."""
BATCH = 16
"""Packets that are handed over together while no conversation is taken over."""
MAX_STAMP = 1 << 52
"""Time stamps of pcapng from here on are left to the reader: in nanoseconds they might not fit."""
HALF, MASK = 1 << 31, (1 << 32) - 1
"""Of sequence numbers."""


class Flow:
    """One direction of a conversation that goes its way, as the general lane knew it when it was taken over here.

    The numbers of ``lead``, which is the client's direction, are those of both. :mod:`pop2dissect.tcp.lane` says what
    they mean in a connection.
    """

    def __init__(self, key: bytes, rows: Numbers) -> None:
        self.key = key
        self.rows = rows
        """Of each payload: offset, length, frame, time, what the sender had of the peer's stream, place in the file."""
        self.peer: Flow | None = None
        self.lead: Flow | None = None
        self.base = self.highest = self.reach = self.room = 0
        self.ack = self.acknowledged = self.proven = self.proven_before = self.proven_in = 0
        self.packets = self.last_frame = self.time = self.patience = self.spoke = 0


class Flows:
    """The conversations that go their way, and until when nothing else may happen by the clock alone."""

    def __init__(self, window: bytearray) -> None:
        self.window = window
        self.by_key: dict[bytes, Flow] = {}
        self.due = 0
        self.found = 0
        """The last packet that was handed over; those before it may not have been seen yet by who asks."""


def kind_index(octets: Octets, at: int, count: int) -> int:
    """Return the place in the table of kinds of what a link layer says: an EtherType, or an address family.

    Families, in four octets, may be in either byte order; those that are none of a few small numbers have no kind.
    """
    if count == 2:
        return octets[at] << 8 | octets[at + 1]
    if count == 0 or octets[at + 1] or octets[at + 2] or (octets[at] and octets[at + 3]):
        return 0
    return octets[at] | octets[at + 3]


def word(data: Octets, at: int, big: int) -> int:
    """Return the number in four octets, in either byte order."""
    one, two, three, four = data[at], data[at + 1], data[at + 2], data[at + 3]
    return one << 24 | two << 16 | three << 8 | four if big else four << 24 | three << 16 | two << 8 | one


def passes_by(data: Octets, start: int, captured: int, sources: Numbers, row: int, tables: Octets) -> bool:
    """Whether a frame plainly cannot be TCP on a wanted port, as ``PortFilter.skips`` has it."""
    network = start + sources[row + 3]
    left = captured - sources[row + 3]
    if left < PORTS_END:
        return False
    kind = tables[sources[row + 4] + kind_index(data, start + sources[row + 1], sources[row + 2])]
    version = data[network]
    if kind & IPV4 and version == 0x45:
        if data[network + 6] & 0x3F or data[network + 7]:  # a fragment
            return False
        protocol = data[network + 9]
        ports = network + 20
    elif kind & IPV6 and version >> 4 == 6 and left >= PORTS_END + 20:
        protocol = data[network + 6]
        ports = network + 40
    else:
        return kind & NEVER_IP != 0
    kept_by = tables[data[ports] << 8 | data[ports + 1]] | tables[data[ports + 2] << 8 | data[ports + 3]]
    return kept_by & tables[PORTS + protocol] == 0


def takes(
    flows: Flows,
    data: Octets,
    start: int,
    captured: int,
    sources: Numbers,
    row: int,
    tables: Octets,
    number: int,
    time: int,
    base: int,
) -> bool:
    """Take a frame if it is a plain segment that just continues a conversation; return whether it was.

    That is, if it is one for which ``Decoder.decode`` and then ``Connection.add`` would do just what is done here.
    """
    network = start + sources[row + 3]
    left = captured - sources[row + 3]
    if left < 20 + TCP_HEADER:
        return False
    kind = tables[sources[row + 4] + kind_index(data, start + sources[row + 1], sources[row + 2])]
    version = data[network]
    if kind & IPV4 and version == 0x45:
        if data[network + 6] & 0x3F or data[network + 7] or data[network + 9] != TCP:
            return False
        addresses, tcp = network + 12, network + 20
        end = network + (data[network + 2] << 8 | data[network + 3])
    elif kind & IPV6 and version >> 4 == 6 and left >= 40 + TCP_HEADER and data[network + 6] == TCP:
        addresses, tcp = network + 8, network + 40
        end = tcp + (data[network + 4] << 8 | data[network + 5])
    else:
        return False
    payload = tcp + (data[tcp + 12] >> 4 << 2)
    length = end - payload
    flags = data[tcp + 13]
    if payload < tcp + TCP_HEADER or length < 0 or end > start + captured:
        return False
    if flags & ODD_FLAGS or not flags & ACK:
        return False
    flow = flows.by_key.get(bytes(flows.window[addresses : tcp + 4]))
    if flow is None:
        return False
    peer, lead = flow.peer, flow.lead
    if peer is None or lead is None or time > flows.due:
        return False
    if time < lead.time or time - lead.time > lead.patience:
        return False
    if length and (flow.room <= 0 or (flow.base + flow.highest - word(data, tcp + 4, 1)) & MASK):
        return False
    ack = word(data, tcp + 8, 1)
    if ack != peer.ack:
        offset = peer.highest + ((ack - peer.base - peer.highest + HALF) & MASK) - HALF
        if offset > peer.highest or peer.proven > peer.highest or offset < peer.highest - peer.reach:
            return False
        peer.ack, peer.acknowledged = ack, offset
        if offset > peer.proven:
            peer.proven_before, peer.proven, peer.proven_in = peer.proven, offset, number
    lead.packets += 1
    lead.last_frame, lead.time = number, time
    flow.spoke = 1
    if length:
        rows = flow.rows
        rows.append(flow.highest)
        rows.append(length)
        rows.append(number)
        rows.append(time)
        rows.append(peer.acknowledged)
        rows.append(base + payload)
        flow.highest += length
        flow.room -= 1
    return True


def hands_over(flows: Flows, number: int, found: int) -> bool:
    """Whether what was found, the last of it just now, is to be seen before the scan goes on.

    At once where conversations are taken over, since it may be of one of them; else a few packets at a time, so that
    soon one can be.
    """
    flows.found = number
    return len(flows.by_key) > 0 or found >= BATCH


def pcap(
    data: Octets,
    position: int,
    end: int,
    form: Numbers,
    sources: Numbers,
    tables: Octets,
    number: int,
    found: Found,
    flows: Flows | None = None,
    base: int = 0,
) -> tuple[int, int]:
    """Hop over the records of a pcap file; return where it stopped, and the number of the last frame before that.

    ``form`` says how they are written: octets of a record header, where in it the captured length is, whether the
    numbers are big-endian, the units of a second, nanoseconds in one of them. ``found`` gets the number of each packet
    that may matter, and where its record begins; with ``flows`` it stops where :func:`hands_over` says so.
    ``base`` is where the data begins in the file.
    """
    header, captured_at, big, units, unit = form[0], form[1], form[2], form[3], form[4]
    earliest, latest = sources[6], sources[7]
    while position <= end - header:
        seconds = word(data, position, big)
        fraction = word(data, position + 4, big)
        captured = word(data, position + captured_at, big)
        following = position + header + captured
        if following > end or fraction >= units or not (seconds or fraction or captured):
            break
        number += 1
        time = seconds * 1_000_000_000 + fraction * unit
        if time < earliest:
            earliest = time
        if time > latest:
            latest = time
        if not passes_by(data, position + header, captured, sources, 0, tables):
            taken = (
                flows is not None
                and sources[5]
                and takes(flows, data, position + header, captured, sources, 0, tables, number, time, base)
            )
            if not taken:
                found.append((number, position))
                if flows is not None and hands_over(flows, number, len(found)):
                    position = following
                    break
        position = following
    sources[6], sources[7] = earliest, latest
    return position, number


def pcapng(
    data: Octets,
    position: int,
    end: int,
    big: int,
    sources: Numbers,
    tables: Octets,
    number: int,
    found: Found,
    flows: Flows | None = None,
    base: int = 0,
) -> tuple[int, int]:
    """Hop over the Enhanced Packet Blocks of a pcapng file (section 4.3); otherwise as :func:`pcap`."""
    interfaces = len(sources) // WIDTH
    while position <= end - 32:
        length = word(data, position + 4, big)
        interface = word(data, position + 8, big)
        high = word(data, position + 12, big)
        captured = word(data, position + 20, big)
        following = position + length
        if (
            word(data, position, big) != 6
            or following > end
            or length < captured + 32
            or length & 3
            or interface >= interfaces
            or high >> 31
            or word(data, following - 4, big) != length
        ):
            break
        row = interface * WIDTH
        if captured > sources[row]:
            break
        if length > captured + 35 and tells_drops(data, position + 28 + (captured + 3 & ~3), following - 4, big):
            break
        number += 1
        stamp = high << 32 | word(data, position + 16, big)
        if stamp < sources[row + 6]:
            sources[row + 6] = stamp
        if stamp > sources[row + 7]:
            sources[row + 7] = stamp
        if not passes_by(data, position + 28, captured, sources, row, tables):
            unit = sources[row + 5] if stamp < MAX_STAMP else 0
            taken = (
                flows is not None
                and unit
                and takes(flows, data, position + 28, captured, sources, row, tables, number, stamp * unit, base)
            )
            if not taken:
                found.append((number, position))
                if flows is not None and hands_over(flows, number, len(found)):
                    position = following
                    break
        position = following
    return position, number


def tells_drops(data: Octets, at: int, end: int, big: int) -> bool:
    """Whether the options of a packet say how many packets were dropped (epb_dropcount), before any damage."""
    while at + 4 <= end:
        both = word(data, at, big)
        code, length = (both >> 16, both & 0xFFFF) if big else (both & 0xFFFF, both >> 16)
        at += 4
        if code == 0 or at + length > end:
            return False
        if code == 4 and length == 8:
            return True
        at += length + 3 & ~3
    return False
