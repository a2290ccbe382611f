"""Which frames belong to a session: also those that carry no payload, and fragments. Found in a second reading."""

from __future__ import annotations

import ipaddress
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pop2dissect.decode.segment import Segment, reverse_key
from pop2dissect.session import Endpoint, Session


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


@dataclass(slots=True)
class _Flow:
    session: int
    first_frame: int
    last_frame: int
    client_key: bytes
    begun: bool = False


class Flows:
    """The sessions whose frames are wanted, by addresses and ports.

    Several may have the same, one after the other: each goes from its first frame to its last, in the
    order in which the captures are read.
    """

    def __init__(self) -> None:
        self._flows: list[_Flow] = []

    def add(self, session: Session) -> None:
        """Take a session whose frames are wanted."""
        key = _key(session.client, session.server)
        self._flows.append(_Flow(session.id, session.first_frame, session.last_frame, key))

    def frames(self, segments: Iterable[Segment]) -> Iterator[Frame]:
        """Yield the frames of the sessions among all segments of the captures; fragments before the last of them."""
        pending: dict[bytes, deque[_Flow]] = defaultdict(deque)
        for flow in sorted(self._flows, key=lambda flow: flow.session):
            pending[flow.client_key].append(flow)
        for segment in segments:
            flows = pending.get(segment.key) or pending.get(reverse_key(segment.key))
            if not flows:
                continue
            flow = flows[0]
            flow.begun = flow.begun or segment.frame == flow.first_frame
            if not flow.begun:
                continue
            from_client = segment.key == flow.client_key
            for fragment in segment.fragments:
                if fragment != segment.frame:
                    yield Frame(fragment, flow.session, from_client, segment.flags, 0, segment.frame)
            yield Frame(segment.frame, flow.session, from_client, segment.flags, segment.length)
            if segment.frame == flow.last_frame:
                flows.popleft()


def _key(client: Endpoint, server: Endpoint) -> bytes:
    addresses = b"".join(ipaddress.ip_address(end.ip).packed for end in (client, server))
    return addresses + client.port.to_bytes(2) + server.port.to_bytes(2)
