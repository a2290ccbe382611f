"""What an end of a connection says of it: whether it is wanted, whatever the port, and which end is the server."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect import protocols
from pop2dissect.capture.extract.read import is_extract, octets_if_small
from pop2dissect.capture.record import frame_text
from pop2dissect.capture.source import stored_size
from pop2dissect.patterns import expression
from pop2dissect.protocols.identify import greets
from pop2dissect.tcp import Connection
from pop2dissect.tcp.sender import Sender
from pop2dissect.text.quoting import listed
from pop2dissect.text.values import count

_REPLY = expression(rb"[ \t\r\n]*(?:[-+#=*]|[1-5][0-9]{2}[ -])")

MAX_HEARD = 1 << 12
"""Bytes of one end, and twice as many of both, after which a connection must have shown what it is."""

SMALL = 4 << 20
"""Bytes of captures, as stored, up to which all ports are looked at, if only to say what was left out."""


def greets_as_wanted(connection: Connection) -> bool | None:
    """Whether the server of a connection greets as those of POP2 or RFC 918 do; None where more must be heard."""
    client, server = connection.client, connection.server
    verdict = greets(_heard(server), _heard(client), protocols.PROTOCOLS)
    if verdict is None and client.pieces.highest + server.pieces.highest > 2 * MAX_HEARD:
        return False
    return verdict


def serves(said: bytes) -> bool:
    """Whether an end whose first bytes are these is the server.

    A reply starts with a sign (RFC 937, RFC 1939, RFC 3501) or with a number of three digits (RFC 5321), a command with
    neither.
    """
    return _REPLY.match(said) is not None


def _heard(sender: Sender) -> bytes:
    return sender.pieces.head(MAX_HEARD, from_start=sender.space.initial is not None)


def registered_ports() -> frozenset[int]:
    """Return the ports at which the post office protocols are at home."""
    return frozenset().union(*(protocol.ports for protocol in protocols.subjects()))


def is_small(paths: Sequence[str]) -> bool:
    """Whether captures are files that are small enough to look at all of their packets.

    Those of an extract are if they were when it was made.
    """
    total = 0
    for path in paths:
        octets = octets_if_small(path) if is_extract(path) else stored_size(path)
        if octets is None or (total := total + octets) > SMALL:
            return False
    return True


class LeftOut:
    """Counts the connections of post office protocols on ports that are not looked at, so that it can be said.

    On the ports of such a protocol every connection that carries payload counts, elsewhere one whose server greets.
    """

    def __init__(self) -> None:
        self._registered = registered_ports()
        self._seen: dict[int, tuple[int, int]] = {}
        """How many connections, and the first frame of the first of them, by the server's port."""

    def note(self, connection: Connection) -> bool | None:
        """Take note of a connection on a port that is not looked at; False: it is not wanted. None: hear more."""
        key = connection.client_key
        ends = int.from_bytes(key[-2:]), int.from_bytes(key[-4:-2])
        port = next((one for one in ends if one in self._registered), None)
        if port is None:
            greets_so = greets_as_wanted(connection)
            if greets_so is not True:
                return greets_so
            port = ends[0]
        before, first = self._seen.get(port, (0, connection.first_frame))
        self._seen[port] = before + 1, min(first, connection.first_frame)
        return False

    @property
    def warnings(self) -> list[str]:
        """What to say of it; nothing where there is nothing of the kind."""
        if not self._seen:
            return []
        found = [
            f"{count(connections, 'connection')} on port {port} (the first began with {frame_text(first)})"
            for port, (connections, first) in sorted(self._seen.items())
        ]
        options = " ".join(f"--port {port}" for port in sorted(self._seen))
        return [
            f"mail may be fetched on ports that were not looked at: {listed(found)}; {options} looks there, "
            "--any-port wherever a post office protocol is spoken"
        ]
