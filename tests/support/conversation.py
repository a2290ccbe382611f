"""Conversations written down: streams for dissectors, segments for tcp, packets for captures follow from what was said.

One is written as it reads::

    talk = (
        Conversation()
        .handshake()
        .server(b"+ POP2 dog-house.example server ready\\r\\n")
        .client(b"HELO smith secret\\r\\n")
        .server(b"#0 messages\\r\\n")
        .client(b"QUIT\\r\\n")
        .server(b"+ bye\\r\\n")
        .close("server")
    )
    talk.truth.server           # every octet that the server sent
    talk.streams()              # the two streams, for a dissector
    talk.packets                # as two well-behaved TCPs would have sent it
    save(path, talk.packets)    # tests.support.wire
    talk.segment("server", 7, b"dog-house")    # one that is placed by hand, for tests of reassembly

or as a script: ``Conversation().script([("S", b"+ POP2\\r\\n"), ("C", b"QUIT\\r\\n")])``.

The same calls give the same packets: initial sequence numbers and delays come from ``seed``. What
happens to packets on their way and at the place of capture is in :mod:`tests.support.impairments`.
"""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal, NamedTuple, Self, TypeAlias, TypedDict, Unpack

from pop2dissect.decode.segment import ACK, FIN, PSH, RST, SYN, URG, Segment
from pop2dissect.tcp.stream import Span, Stream

Address: TypeAlias = tuple[str, int]
Side: TypeAlias = Literal["client", "server"]
Script: TypeAlias = Iterable[tuple[str, bytes]]
"""Who says what, in turn: ``C`` or ``client``, ``S`` or ``server``."""

START = 477_586_800 * 10**9
"""Monday 18 February 1985, 15:00 UTC, when RFC 937 was new."""
SECOND = 10**9
MILLISECOND = 10**6
MICROSECOND = 10**3


LEADING = re.compile(rb"(?:\xff(?:\xfa[^\xff]*\xff\xf0|[\xf0-\xfe].?)|\xef\xbb\xbf|[\r\0])*", re.DOTALL)
"""What may stand before a command and is none of it."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One TCP segment, to be put on a wire by :mod:`tests.support.wire`."""

    time: int
    """In ns since 1970-01-01 UTC."""
    source: Address
    destination: Address
    seq: int
    ack: int
    flags: int
    payload: bytes = b""
    window: int = 64240
    options: bytes = b""
    urgent: int = 0
    ip_id: int = 0
    mark: str = ""
    """What it is, if it is none of the conversation's own: ``retransmission``, ``forged`` ..."""

    @property
    def length(self) -> int:
        """Sequence numbers that it takes: its octets, SYN and FIN."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)

    @property
    def next_seq(self) -> int:
        """The sequence number after it."""
        return (self.seq + self.length) % 2**32


class Truth(NamedTuple):
    """What each side sent."""

    client: bytes
    server: bytes


@dataclass
class _Peer:
    """One of the two TCPs."""

    address: Address
    isn: int
    window: int
    ip_id: int
    seq: int = 0
    """That of the next octet to be sent."""
    received: int = 0
    """The next sequence number expected of the other."""
    acknowledged: int = 0
    """What the other was last told of that."""
    heard: int = 0
    """So many of the other's octets were acknowledged."""
    octets: int = 0
    """So many were sent."""
    sent: list[bytes] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    """What was said, each utterance by itself, as of two ends of which the order is known."""

    def __post_init__(self) -> None:
        self.seq = self.isn


class How(TypedDict, total=False):
    """How something is said."""

    delay: int
    """Nanoseconds after what precedes it."""
    crossing: bool
    """Before what the other side last sent has arrived."""
    unheard: int
    """Before so many of the other's last octets have arrived, as with pipelined commands."""
    fin: bool
    urgent: int
    """So many octets are urgent data."""


class Conversation:
    """One TCP connection, as it is built up call by call; each call gives the conversation itself."""

    def __init__(
        self,
        client: Address = ("10.9.0.1", 40000),
        server: Address = ("10.9.0.2", 109),
        *,
        start: int = START,
        seed: int = 1,
        client_isn: int | None = None,
        server_isn: int | None = None,
        mss: int = 1460,
        window: int = 64240,
        round_trip: int = 2 * MILLISECOND,
        frames: count[int] | None = None,
    ) -> None:
        """Set out who talks; an initial sequence number near ``2**32`` makes a stream wrap around.

        Conversations whose segments are mixed count their ``frames`` together.
        """
        self._random = random.Random(f"{seed} {client} {server}")
        self._peers = {}
        for side, address, isn in (("client", client, client_isn), ("server", server, server_isn)):
            drawn = self._random.randrange(2**32), self._random.randrange(2**16)
            self._peers[side] = _Peer(address, drawn[0] if isn is None else isn, window, drawn[1])
        self._frames = frames or count(1)
        self._utterances = 0
        for peer, other in self._both_ways():
            peer.received = peer.acknowledged = other.isn
        self._time = start
        self._mss = mss
        self._round_trip = round_trip
        self._packets: list[Packet] = []

    # What comes of it ------------------------------------------------------------------------------

    @property
    def packets(self) -> list[Packet]:
        """The packets so far, in order of time."""
        return list(self._packets)

    @property
    def truth(self) -> Truth:
        """What each side has sent so far."""
        return Truth(b"".join(self._peers["client"].sent), b"".join(self._peers["server"].sent))

    @property
    def end(self) -> int:
        """The time of the last packet."""
        return self._time

    def isn(self, side: Side) -> int:
        """Return a side's initial sequence number: that of its SYN; its first octet has the next one."""
        return self._peers[side].isn

    def address(self, side: Side) -> Address:
        """Return a side's IP address and port."""
        return self._peers[side].address

    def streams(self, *, closed: bool = True, ordered: bool = True) -> tuple[Stream, Stream]:
        """Return the client's and the server's stream, each utterance a frame, from 1, that takes a second.

        Whoever speaks has heard all that was said before, but for what is ``crossing`` or ``unheard``; unless they are
        ``ordered``, nothing is known of that. ``closed`` says that both ends closed the connection.
        """
        client, server = (
            Stream(
                peer.spans if ordered else [span._replace(acknowledged=None) for span in peer.spans],
                finished=closed,
            )
            for peer in self._peers.values()
        )
        return client, server

    def segment(
        self,
        side: Side,
        offset: int,
        payload: bytes = b"",
        *,
        heard: int = 0,
        flags: int = ACK,
        length: int | None = None,
        urgent: int = 0,
        time: int | None = None,
    ) -> Segment:
        """Return a segment whose payload starts at a stream offset; ``heard`` is the offset that it acknowledges.

        Each is a frame of its own, a millisecond after the one before, whatever else is said in the conversation.
        """
        frame = next(self._frames)
        peer, other = self._both_ways()[side == "server"]
        return Segment(
            frame=frame,
            time=frame * MILLISECOND if time is None else time,
            key=self.key(side),
            seq=(peer.isn + 1 + offset) % 2**32,
            ack=(other.isn + 1 + heard) % 2**32,
            flags=flags,
            window=65535,
            urgent=urgent,
            data=payload,
            start=0,
            captured=len(payload),
            length=len(payload) if length is None else length,
            fragments=(),
        )

    def key(self, side: Side) -> bytes:
        """Return the flow key of what a side sends."""
        ends = [peer.address for peer in self._both_ways()[side == "server"]]
        hosts = b"".join(ipaddress.ip_address(host).packed for host, _ in ends)
        return hosts + b"".join(port.to_bytes(2) for _, port in ends)

    # Beginnings ------------------------------------------------------------------------------------

    def handshake(self) -> Self:
        """SYN; SYN, ACK; ACK."""
        self._send("client", SYN, options=self._syn_options())
        self._send("server", SYN | ACK, options=self._syn_options(), delay=self._half())
        return self._acknowledge("client", delay=self._half())

    def refused(self) -> Self:
        """SYN; RST, ACK: nothing listens on the port."""
        self._send("client", SYN, options=self._syn_options())
        self._peers["server"].seq = 0
        self._send("server", RST | ACK, window=0, delay=self._half())
        return self

    def unanswered(self, attempts: int = 3) -> Self:
        """SYN, sent again after 1, 2, 4 ... seconds; nobody answers."""
        for attempt in range(attempts):
            self._peers["client"].seq = self._peers["client"].isn
            self._send("client", SYN, options=self._syn_options(), delay=SECOND << attempt if attempt else None)
        return self

    def picked_up(self) -> Self:
        """Leave the handshake out: the connection was there before the capture."""
        for peer, other in self._both_ways():
            peer.seq = (peer.isn + 1) % 2**32
            peer.received = peer.acknowledged = (other.isn + 1) % 2**32
        return self

    # Talk ------------------------------------------------------------------------------------------

    def client(self, octets: bytes, **how: Unpack[How]) -> Self:
        """Have the client send octets."""
        return self.say("client", octets, **how)

    def server(self, octets: bytes, **how: Unpack[How]) -> Self:
        """Have the server send octets."""
        return self.say("server", octets, **how)

    def script(self, script: Script, *, size: int | None = None) -> Self:
        """Have both sides say what is written, in turn, in pieces of at most ``size`` octets."""
        for who, octets in script:
            for at in range(0, len(octets), size or len(octets) or 1):
                self.say("client" if who in ("C", "client") else "server", octets[at : at + (size or len(octets))])
        return self

    def say(self, side: Side, octets: bytes, **how: Unpack[How]) -> Self:
        """Have one side send octets, in segments of at most the MSS.

        What the other side sent before is acknowledged by the first of them; of long runs the other
        side acknowledges every second segment, as TCPs do.
        """
        other: Side = "server" if side == "client" else "client"
        peer = self._peers[side]
        crossing, unheard = how.get("crossing", False), how.get("unheard", 0)
        delay, fin, urgent = how.get("delay"), how.get("fin", False), how.get("urgent", 0)
        if self._peers[other].received != self._peers[other].acknowledged and not crossing:
            # The same side said something before this: that was acknowledged by itself.
            self._acknowledge(other)
        if octets:
            self._utterances += 1
            heard = peer.heard if crossing else self._peers[other].octets - unheard
            second = self._utterances * SECOND
            peer.spans.append(Span(peer.octets, len(octets), self._utterances, second, heard, octets, 0))
        known = peer.acknowledged if crossing else (peer.received - unheard) % 2**32 if unheard else None
        pieces = [octets[first : first + self._mss] for first in range(0, len(octets), self._mss)] or [b""]
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            flags = ACK | (PSH if last and piece else 0) | (FIN if last and fin else 0) | (URG if urgent else 0)
            gap = (self._think() if delay is None else delay) if number == 1 else self._jitter(40 * MICROSECOND)
            self._send(side, flags, piece, delay=gap, ack=known, urgent=urgent)
            if number % 2 == 0 and not last:
                self._acknowledge(other, delay=self._jitter(60 * MICROSECOND))
        return self

    def pause(self, nanoseconds: int) -> Self:
        """Let time go by."""
        self._time += nanoseconds
        return self

    def acknowledge(self, side: Side, *, window: int | None = None) -> Self:
        """Have one side send a bare acknowledgement of all it has received."""
        return self._acknowledge(side, window=window)

    # Endings ---------------------------------------------------------------------------------------

    def close(self, first: Side = "client") -> Self:
        """FIN from one side, then from the other, both acknowledged."""
        other: Side = "server" if first == "client" else "client"
        self.say(first, b"", fin=True)
        self.say(other, b"", fin=True, delay=self._half())
        return self._acknowledge(first, delay=self._half())

    def reset(self, side: Side = "client") -> Self:
        """RST from one side."""
        self._send(side, RST | ACK, window=0)
        return self

    # The two TCPs ----------------------------------------------------------------------------------

    def _both_ways(self) -> tuple[tuple[_Peer, _Peer], tuple[_Peer, _Peer]]:
        client, server = self._peers["client"], self._peers["server"]
        return (client, server), (server, client)

    def _send(
        self,
        side: Side,
        flags: int,
        payload: bytes = b"",
        *,
        delay: int | None = None,
        ack: int | None = None,
        window: int | None = None,
        options: bytes = b"",
        urgent: int = 0,
    ) -> None:
        peer, other = self._both_ways()[side == "server"]
        self._time += self._think() if delay is None else delay
        if ack is None:
            ack = peer.received if flags & ACK else 0
            peer.acknowledged = peer.received
            peer.heard = other.octets
        packet = Packet(
            time=self._time,
            source=peer.address,
            destination=other.address,
            seq=peer.seq,
            ack=ack,
            flags=flags,
            payload=payload,
            window=peer.window if window is None else window,
            options=options,
            urgent=urgent,
            ip_id=peer.ip_id,
        )
        peer.ip_id = (peer.ip_id + 1) % 2**16
        peer.seq = other.received = packet.next_seq
        peer.sent.append(payload)
        peer.octets += len(payload)
        self._packets.append(packet)

    def _acknowledge(self, side: Side, *, delay: int | None = None, window: int | None = None) -> Self:
        self._send(side, ACK, delay=self._half() if delay is None else delay, window=window)
        return self

    def _syn_options(self) -> bytes:
        return b"\x02\x04" + self._mss.to_bytes(2, "big") + b"\x01\x01\x04\x02"  # MSS, SACK permitted

    def _jitter(self, about: int) -> int:
        """Return a time of about so long, in whole microseconds."""
        return self._random.randrange(about // 2, about * 3 // 2) // MICROSECOND * MICROSECOND

    def _half(self) -> int:
        return self._jitter(self._round_trip // 2)

    def _think(self) -> int:
        """Return the time that passes between a packet and what a program answers."""
        return self._jitter(self._round_trip + 5 * MILLISECOND)


def merge(*conversations: list[Packet]) -> list[Packet]:
    """Put the packets of several conversations together in order of time.

    Port reuse is two conversations between the same addresses, the second starting after the first.
    """
    return sorted((packet for packets in conversations for packet in packets), key=lambda packet: packet.time)


def shift(packets: list[Packet], nanoseconds: int) -> list[Packet]:
    """Move packets in time."""
    return [replace(packet, time=packet.time + nanoseconds) for packet in packets]
