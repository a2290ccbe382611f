"""What befalls packets between those who talk and the capture, done to a list of packets with a seed.

Each function gives a new list in order of time, and can be applied to the result of another. What a
capture then still holds of each stream, :func:`coverage` says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.support.conversation import (
    ACK,
    FIN,
    MILLISECOND,
    PSH,
    RST,
    SYN,
    Address,
    Conversation,
    Packet,
    Side,
)

Packets = list[Packet]


def _in_time(packets: Iterable[Packet]) -> Packets:
    return sorted(packets, key=lambda packet: packet.time)


def _chosen(packets: Packets, seed: int, share: float, which: Callable[[Packet], bool]) -> set[int]:
    """Choose a share of the packets that are eligible, one at least if there is one."""
    eligible = [index for index, packet in enumerate(packets) if which(packet)]
    count = min(len(eligible), max(1, round(share * len(eligible))))
    return set(random.Random(seed).sample(eligible, count))


def _has_data(packet: Packet) -> bool:
    return bool(packet.payload)


def _room(packets: Packets, index: int) -> int:
    """Return the time from a packet to the next one, within which others can be put in order."""
    return packets[index + 1].time - packets[index].time if index + 1 < len(packets) else MILLISECOND


def not_captured(packets: Packets, seed: int = 1, share: float = 0.05) -> Packets:
    """Leave out some packets with data, as a capture does that cannot keep up; they did arrive."""
    chosen = _chosen(packets, seed, share, _has_data)
    return [packet for index, packet in enumerate(packets) if index not in chosen]


def lost(packets: Packets, seed: int = 1, share: float = 0.05, delay: int = 200 * MILLISECOND) -> Packets:
    """Lose some packets with data before the capture; they are sent again and come late."""
    chosen = _chosen(packets, seed, share, _has_data)
    return _in_time(
        replace(packet, time=packet.time + delay, mark="retransmission") if index in chosen else packet
        for index, packet in enumerate(packets)
    )


def duplicated(packets: Packets, seed: int = 1, share: float = 0.1) -> Packets:
    """Send some packets with data twice."""
    chosen = _chosen(packets, seed, share, _has_data)
    result = []
    for index, packet in enumerate(packets):
        result.append(packet)
        if index in chosen:
            later = packet.time + _room(packets, index) // 2
            result.append(replace(packet, time=later, ip_id=packet.ip_id ^ 0x8000, mark="retransmission"))
    return _in_time(result)


def reordered(packets: Packets, seed: int = 1, share: float = 0.2, by: int = 10 * MILLISECOND) -> Packets:
    """Delay some packets, so that later ones come before them; the handshake keeps its place."""
    chosen = _chosen(packets, seed, share, lambda packet: not packet.flags & SYN)
    choose = random.Random(seed)
    return _in_time(
        replace(packet, time=packet.time + choose.randrange(by)) if index in chosen else packet
        for index, packet in enumerate(packets)
    )


def split(packets: Packets, size: int = 1) -> Packets:
    """Cut the data into segments of so many octets; urgent pointers are not adapted."""
    result = []
    for index, packet in enumerate(packets):
        pieces = range(0, len(packet.payload), size)
        if len(pieces) < 2 or packet.flags & SYN:
            result.append(packet)
            continue
        step = _room(packets, index) // (len(pieces) + 1)
        for number, first in enumerate(pieces):
            last = number == len(pieces) - 1
            result.append(
                replace(
                    packet,
                    time=packet.time + number * step,
                    seq=(packet.seq + first) % 2**32,
                    payload=packet.payload[first : first + size],
                    flags=packet.flags if last else packet.flags & ~(PSH | FIN),
                )
            )
    return result


def overlapped(packets: Packets, seed: int = 1, share: float = 0.2, *, conflicting: bool = False) -> Packets:
    """After some packets with data send a part of their octets again, with other limits.

    With ``conflicting`` the copy's octets are others (marked ``forged``), and it comes after the
    original, so that ``first`` is the truth.
    """
    chosen = _chosen(packets, seed, share, _has_data)
    choose = random.Random(seed)
    result = []
    before: dict[Address, Packet] = {}  # the segment that ended where this one begins
    for index, packet in enumerate(packets):
        result.append(packet)
        if index in chosen:
            previous = before.get(packet.source)
            head = b""
            if previous and previous.next_seq == packet.seq and not previous.flags & (SYN | FIN):
                head = previous.payload[choose.randrange(len(previous.payload) + 1) :]
            if head:
                first, last = 0, choose.randrange(1, len(packet.payload) + 1)
            else:
                first = choose.randrange(len(packet.payload))
                last = choose.randrange(first + 1, len(packet.payload) + 1)
            octets = head + packet.payload[first:last]
            if conflicting:
                octets = bytes(octet ^ 0x20 for octet in octets)
            result.append(
                replace(
                    packet,
                    time=packet.time + _room(packets, index) // 2,
                    seq=(packet.seq + bool(packet.flags & SYN) + first - len(head)) % 2**32,
                    payload=octets,
                    flags=packet.flags & ~(SYN | FIN),
                    mark="forged" if conflicting else "retransmission",
                )
            )
        if packet.payload:
            before[packet.source] = packet
    return _in_time(result)


def from_middle(packets: Packets, first: int) -> Packets:
    """Begin the capture at the packet of that index."""
    return packets[first:]


def one_way(packets: Packets, source: Address) -> Packets:
    """Keep only what one side sent, as on a span port of one direction."""
    return [packet for packet in packets if packet.source == source]


def _acknowledged(packet: Packet, later: int, mark: str) -> Packet:
    """Return the bare acknowledgement of a packet."""
    return replace(
        packet,
        time=packet.time + later,
        source=packet.destination,
        destination=packet.source,
        seq=packet.ack,
        ack=packet.next_seq,
        flags=ACK,
        payload=b"",
        mark=mark,
    )


def keep_alives(packets: Packets, seed: int = 1, share: float = 0.1, octet: bytes = b"") -> Packets:
    """After some packets, let their sender probe by its last sequence number once more (RFC 9293, 3.8.4).

    Most TCPs send no octet, some one of garbage.
    """
    done = {packet.source for packet in packets if packet.flags & (FIN | RST)}
    chosen = _chosen(packets, seed, share, lambda packet: packet.source not in done or _has_data(packet))
    result = []
    for index, packet in enumerate(packets):
        result.append(packet)
        if index in chosen and not packet.flags & (SYN | FIN | RST):
            room = _room(packets, index)
            answer = _acknowledged(packet, room * 2 // 3, "keep-alive answer")
            probe = replace(
                packet,
                time=packet.time + room // 3,
                seq=(packet.next_seq - 1) % 2**32,
                flags=ACK,
                payload=octet,
                mark="keep-alive",
            )
            result += [probe, answer]
    return result


def zero_windows(packets: Packets, seed: int = 1, share: float = 0.1) -> Packets:
    """Have the receiver of some data close its window, be probed with the next octet, and open it again."""
    chosen = _chosen(packets, seed, share, lambda packet: bool(packet.payload and packet.flags & ACK))
    result = []
    for index, packet in enumerate(packets):
        result.append(packet)
        following = packets[index + 1] if index + 1 < len(packets) else None
        if index not in chosen or following is None:
            continue
        room = _room(packets, index)
        closed = replace(_acknowledged(packet, room // 5, "zero window"), window=0)
        result.append(closed)
        if following.source == packet.source and following.seq == packet.next_seq and following.payload:
            result.append(
                replace(
                    following,
                    time=packet.time + room * 2 // 5,
                    payload=following.payload[:1],
                    flags=ACK,
                    mark="zero window probe",
                )
            )
        result.append(replace(closed, time=packet.time + room * 3 // 5, window=packet.window, mark="window update"))
    return result


def coverage(packets: Packets, conversation: Conversation, side: Side) -> list[tuple[int, int]]:
    """Return the ranges of one side's stream (offsets, start and end) that the packets hold.

    Keep-alives and forged segments count for nothing.
    """
    source, destination = (
        conversation.address(side),
        conversation.address("server" if side == "client" else "client"),
    )
    base = conversation.isn(side) + 1
    ranges = sorted(
        (start, start + len(packet.payload))
        for packet in packets
        if packet.payload and packet.mark not in ("forged", "keep-alive")
        if (packet.source, packet.destination) == (source, destination)
        for start in [(packet.seq - base) % 2**32]
    )
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
