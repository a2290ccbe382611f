"""Community ID: the name of a connection by which the logs of Zeek, Suricata and others join.

Version 1 of the specification: https://github.com/corelight/community-id-spec
"""

from __future__ import annotations

import struct
from ipaddress import ip_address

from pop2dissect.session.ends import Endpoint

_SEED, _TCP = 0, 6


def community_id(one: Endpoint, other: Endpoint) -> str:
    """Return the Community ID of a TCP connection, the same whichever end comes first; with the usual seed, 0."""
    from base64 import b64encode
    from hashlib import sha1

    (low, low_port), (high, high_port) = sorted((ip_address(end.ip).packed, end.port) for end in (one, other))
    data = struct.pack("!H", _SEED) + low + high + struct.pack("!BBHH", _TCP, 0, low_port, high_port)
    return "1:" + b64encode(sha1(data, usedforsecurity=False).digest()).decode()
