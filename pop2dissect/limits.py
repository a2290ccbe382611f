"""The bounds of what is remembered and looked at, each with its reason; all can be set.

No input may take more memory or time than these allow, however hostile. Where one is reached, a
warning, an event of the connection or a defect of the message says what was lost: never silence.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import ClassVar

HIGHEST = 1 << 62
"""No number that can be set is larger."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers that can be set, by their names. Raises ValueError, which names the first that cannot be one."""

    MAY_BE_ZERO: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name, number in self.as_dict().items():
            lowest = 0 if name in self.MAY_BE_ZERO else 1
            if isinstance(number, bool) or not isinstance(number, int) or not lowest <= number <= HIGHEST:
                raise ValueError(f"{name} must be a whole number from {lowest}, not {number!r:.60}")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the numbers."""
        return tuple(one.name for one in fields(cls))

    def as_dict(self) -> dict[str, int]:
        """Return names and values, for the settings that a report records."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Limits(Numbers):
    """How much is remembered. Names are those of the option ``--limit NAME=N``."""

    MAY_BE_ZERO: ClassVar[tuple[str, ...]] = ("closed_seconds", "reset_seconds", "idle_seconds", "fragment_seconds")

    stream_segments: int = 1 << 22
    """Segments of a stream. An index entry takes about 250 octets, so four million take 1 GB; segments of usual
    size then carry 6 GB."""
    stream_octets: int = 1 << 30
    """Octets of a stream that are held in memory: those of pipes and compressed captures. Of a plain file only an
    index is held, and this does not count."""
    stream_distance: int = 1 << 30
    """Octets that a segment may lie from what is known of its stream: the largest window that TCP can offer
    (RFC 7323, section 2.3). What lies further away belongs to another connection, or is forged."""
    unseen_octets: int = 1 << 24
    """Octets that an acknowledgement may run ahead of what was captured and still prove that they existed: 16 MiB,
    more than senders keep in flight. A stray segment's random number must not make a hole of a gigabyte."""
    conflicts: int = 1000
    """Conflicts kept for a stream: enough for any evidence."""
    events: int = 100
    """Kinds of events kept for a connection, and urgent octets of a stream."""
    half_open: int = 1 << 15
    """Connections without payload that are kept open: 50 MB for a flood of SYNs. Past it the oldest counts as over,
    and a payload that it carries later begins a connection without handshake."""
    probe_pairs: int = 1 << 15
    """Pairs of client and server port whose connections without payload are counted, a row each: 150 MB with all that
    is made of them. A flood from forged addresses has a new pair with every SYN."""
    closed_seconds: int = 10
    """Seconds for which a connection that both ends closed takes segments. Both have all octets by then: what comes
    later are copies that the capture, not the network, put out of order, and those may fill gaps."""
    reset_seconds: int = 660
    """Seconds for which a connection takes segments after a RST, which may be forged or not accepted: longer than the
    ten minutes that a mail server at least waits for a command (RFC 1939, section 3)."""
    remembered: int = 1 << 14
    """Connections that are remembered when they are over, so that late copies do not begin new ones."""
    idle_seconds: int = 0
    """Seconds of capture time without a segment after which a connection counts as over; 0 for never. For live pipes
    without an end: sessions that nobody closes come out too, and take no more memory."""
    fragmented_datagrams: int = 1024
    """Datagrams of which fragments are kept: a network that reorders has a few on their way, a flood has no end."""
    fragment_octets: int = 32 << 20
    """Octets of fragments that are kept: 500 datagrams of the largest size."""
    fragment_seconds: int = 60
    """Seconds from a datagram's first fragment (RFC 8200, section 4.5; RFC 1122, section 3.3.2)."""
    layers: int = 32
    """Headers in one packet before TCP: more than any network stacks, and an end to tunnels in tunnels."""
    line_octets: int = 1 << 16
    """Octets of a line that are looked at: far more than any command or reply has, and an end to a stream that never
    ends its line. Offsets always count the whole line."""
    mail_octets: int = 64 << 20
    """Octets of a message that are taken apart. Far above any mail; keeps a forged one from costing minutes."""
    mail_depth: int = 20
    """Containers within containers of a message that are opened. Mail programs make up to about five."""
    mail_parts: int = 1000
    """Parts of a message that are listed. A digest has some tens, a directory mailed file by file perhaps hundreds."""
    block_octets: int = 16 << 20
    """Octets of a pcapng block beyond which it is taken for damaged, if its contents matter; others are skipped."""
    interfaces: int = 1 << 16
    """Interfaces of a pcapng section beyond which it is taken for damaged, as each one costs memory."""


DEFAULT = Limits()
