"""What an end of a connection says of it: whether it is wanted, whatever the port, and which end is the server."""

from __future__ import annotations

import re

from pop2dissect import protocols
from pop2dissect.protocols.identify import greets
from pop2dissect.tcp import Connection
from pop2dissect.tcp.sender import Sender

_REPLY = re.compile(rb"[ \t\r\n]*(?:[-+#=*]|[1-5][0-9]{2}[ -])")

MAX_HEARD = 1 << 12
"""Bytes of one end, and twice as many of both, after which a connection must have shown what it is."""


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
