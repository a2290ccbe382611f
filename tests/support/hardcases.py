"""Connections that are hard to put together again: a random talk, and random things that befall its packets.

Everything follows from a seed. What was said is known (:attr:`HardCase.truth`), and whether the packets
still hold all of it. ``tests/scenarios/tcp/test_hardcases.py`` says what must come of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from tests.support import impairments
from tests.support.conversation import (
    ACK,
    FIN,
    MILLISECOND,
    PSH,
    RST,
    START,
    SYN,
    Address,
    Conversation,
    Packet,
    Truth,
)

Packets = list[Packet]
SERVER_PORT = 109


class HardCase(NamedTuple):
    """One connection with all that befell it."""

    client: Address
    server: Address
    deeds: tuple[str, ...]
    """What was done to it, by name."""
    packets: Packets
    truth: Truth
    whole: bool
    """The packets hold every octet of both sides, and where two copies differ, the first is the right one."""


def _again(packets: Packets, chance: random.Random, which: Callable[[Packet], bool]) -> Packets:
    """Repeat one of some packets, up to a second later."""
    chosen = [packet for packet in packets if which(packet)]
    if not chosen:
        return packets
    packet = chance.choice(chosen)
    copy = replace(packet, time=packet.time + chance.randrange(1000) * MILLISECOND + 1, mark="retransmission")
    return _in_time([*packets, copy])


def _in_time(packets: Packets) -> Packets:
    return sorted(packets, key=lambda packet: packet.time)


def _spanned(packets: Packets, chance: random.Random) -> Packets:
    """Capture every packet twice, as where a switch port is captured in both directions."""
    return [copy for packet in packets for copy in (packet, replace(packet, time=packet.time + 1))]


def _syn_repeated(packets: Packets, chance: random.Random) -> Packets:
    return _again(packets, chance, lambda packet: bool(packet.flags & SYN))


def _fin_repeated(packets: Packets, chance: random.Random) -> Packets:
    return _again(packets, chance, lambda packet: bool(packet.flags & FIN))


def _data_in_syn(packets: Packets, chance: random.Random) -> Packets:
    """Move the client's first octets into its SYN (RFC 7413), which the server takes."""
    if not packets or packets[0].flags != SYN:
        return packets
    first = next((p for p in packets if p.source == packets[0].source and p.payload), None)
    if first is None or first.flags & FIN:
        return packets
    taken = chance.randrange(1, len(first.payload) + 1)
    result = []
    for packet in packets:
        if packet is packets[0]:
            result.append(replace(packet, payload=first.payload[:taken]))
        elif packet is not first:
            if packet.source == first.source and packet.seq == first.seq:
                packet = replace(packet, seq=(packet.seq + taken) % 2**32)
            elif packet.source != first.source and packet.ack == first.seq:
                packet = replace(packet, ack=(packet.ack + taken) % 2**32)
            result.append(packet)
        elif taken < len(first.payload):
            result.append(replace(first, seq=(first.seq + taken) % 2**32, payload=first.payload[taken:]))
    return result


def _joined(packets: Packets, chance: random.Random) -> Packets:
    """Join segments that follow each other, as segmentation offload does."""
    result: Packets = []
    for packet in packets:
        last = result[-1] if result else None
        if (
            last is not None
            and last.payload
            and packet.payload
            and last.source == packet.source
            and last.next_seq == packet.seq
            and not (last.flags | packet.flags) & (SYN | FIN | RST)
            and chance.random() < 0.7
        ):
            result[-1] = replace(last, payload=last.payload + packet.payload, flags=last.flags | packet.flags)
        else:
            result.append(packet)
    return result


def _stray_reset(packets: Packets, chance: random.Random) -> Packets:
    """Have a RST with a number far outside of the window come in the middle; nobody minds it."""
    if len(packets) < 6:
        return packets
    at = chance.randrange(3, len(packets))
    packet = packets[at]
    reset = replace(
        packet, seq=(packet.seq + 2**31 + 7) % 2**32, flags=RST, payload=b"", time=packet.time - 1, mark="forged"
    )
    return _in_time([*packets, reset])


def _all_again(packets: Packets, chance: random.Random) -> Packets:
    """Send everything of one side once more after the end, in one segment each."""
    side = chance.choice([packets[0].source, packets[0].destination])
    end = packets[-1].time
    late = [replace(p, time=end + n + 1, mark="retransmission") for n, p in enumerate(packets) if p.source == side]
    return packets + [p for p in late if p.payload and not p.flags & SYN]


GARBAGE = "keep-alives with an octet"

HARMLESS: dict[str, Callable[[Packets, random.Random], Packets]] = {
    # by the sender
    "data in SYN": _data_in_syn,
    "joined": _joined,
    "split": lambda packets, chance: impairments.split(packets, chance.choice([1, 2, 7, 100])),
    "zero windows": lambda packets, chance: impairments.zero_windows(packets, chance.randrange(2**32), 0.3),
    "keep-alives": lambda packets, chance: impairments.keep_alives(packets, chance.randrange(2**32), 0.2),
    GARBAGE: lambda packets, chance: impairments.keep_alives(packets, chance.randrange(2**32), 0.2, b"\0"),
    # on the way
    "duplicated": lambda packets, chance: impairments.duplicated(packets, chance.randrange(2**32), 0.3),
    "lost": lambda packets, chance: impairments.lost(packets, chance.randrange(2**32), 0.2),
    "overlapped": lambda packets, chance: impairments.overlapped(packets, chance.randrange(2**32), 0.4),
    "SYN repeated": _syn_repeated,
    "FIN repeated": _fin_repeated,
    "stray reset": _stray_reset,
    "all again": _all_again,
    # at the capture
    "reordered": lambda packets, chance: impairments.reordered(packets, chance.randrange(2**32), 0.4),
    "captured twice": _spanned,
}
"""What a receiver copes with, in the order in which it happens: both streams must come out whole."""

HARMFUL: dict[str, Callable[[Packets, random.Random], Packets]] = {
    "not captured": lambda packets, chance: impairments.not_captured(packets, chance.randrange(2**32), 0.2),
    "from the middle": lambda packets, chance: packets[chance.randrange(1, len(packets)) :],
    "one way": lambda packets, chance: impairments.one_way(
        packets, chance.choice([packets[0].source, packets[0].destination])
    ),
    "conflicting": lambda packets, chance: impairments.overlapped(
        packets, chance.randrange(2**32), 0.3, conflicting=True
    ),
}
"""What takes octets away, or makes two versions of them."""


def talk(seed: int, client: Address, server: Address, start: int = START) -> Conversation:
    """Make up a conversation of random lines and blocks, of any ending."""
    chance = random.Random(seed)
    near_wrap = 2**32 - chance.randrange(1, 5000)
    made = Conversation(
        client,
        server,
        start=start,
        seed=seed,
        client_isn=chance.choice([None, None, near_wrap, 2**32 - 1, 2**32 - 2]),
        server_isn=chance.choice([None, None, near_wrap, 0]),
        mss=chance.choice([1460, 536, 100]),
    )
    made.handshake()
    for number in range(chance.randrange(1, 8)):
        made.server(_octets(chance, f"server {seed}.{number} ", chance.choice([1, 5, 30, 400, 3000])))
        made.client(_octets(chance, f"client {seed}.{number} ", chance.choice([1, 5, 30, 100])))
    ending = chance.randrange(4)
    if ending < 2:
        made.close(chance.choice(["client", "server"]))
    elif ending == 2:
        made.reset(chance.choice(["client", "server"]))
    return made


def _octets(chance: random.Random, head: str, size: int) -> bytes:
    """Return octets that tell where they come from, no two runs alike."""
    return (head.encode() + chance.randbytes(size).hex().encode())[: max(size, 1)]


def hard_case(seed: int, *, harmful: bool = True, start: int = START, six: bool = False) -> HardCase:
    """Make a connection, whose addresses follow from the seed too."""
    chance = random.Random(seed)
    host = f"10.{seed >> 16 & 255}.{seed >> 8 & 255}.{seed & 255}"
    client: Address = (host if not six else f"fd00::{1 + (seed >> 16):x}:{seed & 0xFFFF:x}", 1024 + seed % 50000)
    server: Address = ("192.0.2.109" if not six else "fd00:109::1", SERVER_PORT)
    made = talk(seed, client, server, start)
    packets = made.packets
    deeds = sorted(chance.sample(list(HARMLESS), chance.randrange(4)), key=list(HARMLESS).index)
    if GARBAGE in deeds:  # such a probe comes when all was acknowledged long ago, so never before what it repeats
        deeds = [deed for deed in deeds if deed not in ("lost", "reordered")]
    whole = True
    if harmful and chance.random() < 0.5:
        deeds.append(chance.choice(sorted(HARMFUL)))
        whole = deeds[-1] == "conflicting"
    for deed in deeds:
        if packets:
            packets = (HARMLESS.get(deed) or HARMFUL[deed])(packets, chance)
    return HardCase(client, server, tuple(deeds), packets, made.truth, whole)


__all__ = ["ACK", "HARMFUL", "HARMLESS", "PSH", "HardCase", "hard_case", "talk"]
