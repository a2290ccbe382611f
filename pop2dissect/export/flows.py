"""Which frames belong to a session: also those that carry no payload, and fragments. Found in a second reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pop2dissect.decode.segment import Segment
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session
from pop2dissect.tcp import Connection
from pop2dissect.tcp.sender import Sender


class Frame(NamedTuple):
    """A frame of a session."""

    number: int
    """Frame reference."""
    session: int
    from_client: bool
    flags: int
    """Of the TCP header."""
    octets: int
    """Of TCP payload on the wire; 0 for a fragment that another frame completes."""
    part_of: int | None = None
    """The frame that completes the datagram that it is a fragment of."""


class _Recorded(Connection):
    """A connection that keeps which frames it took."""

    __slots__ = ("taken",)

    def __init__(self, client_key: bytes, segment: Segment, limits: Limits = DEFAULT) -> None:
        super().__init__(client_key, segment, limits)
        self.taken: list[tuple[Sender, Segment]] = []

    def add(self, sender: Sender, segment: Segment) -> None:
        self.taken.append((sender, segment._replace(data=b"")))
        super().add(sender, segment)

    def absorb(self, copy: Connection) -> None:
        assert isinstance(copy, _Recorded)
        ours = {copy.client: self.client, copy.server: self.server}
        self.taken += [(ours[sender], segment) for sender, segment in copy.taken]
        super().absorb(copy)


class Flows:
    """The sessions whose frames are wanted.

    Connections are told apart in the second reading just as in the first, so that each frame goes to the session that
    it went to then, however many have the same addresses and ports at once.
    """

    def __init__(self) -> None:
        self._wanted: set[int] = set()

    def add(self, session: Session) -> None:
        """Take a session whose frames are wanted."""
        self._wanted.add(session.id)

    def frames(self, dissection: Dissection) -> Iterator[Frame]:
        """Yield the frames of each of the sessions, fragments before the last of them."""
        for connection in dissection.connections(_Recorded):
            assert isinstance(connection, _Recorded)
            if connection.number not in self._wanted:
                continue
            for sender, segment in connection.taken:
                from_client = sender is connection.client
                for fragment in segment.fragments:
                    if fragment != segment.frame:
                        yield Frame(fragment, connection.number, from_client, segment.flags, 0, segment.frame)
                yield Frame(segment.frame, connection.number, from_client, segment.flags, segment.length)
