"""Community ID: the name of a connection by which the logs of Zeek, Suricata and others join.

Version 1 of the specification: https://github.com/corelight/community-id-spec
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from functools import lru_cache
from ipaddress import ip_address

from pop2dissect.session.ends import Endpoint

_SEED, _TCP = 0, 6


def community_id(one: Endpoint, other: Endpoint) -> str:
    """Return the Community ID of a TCP connection, the same whichever end comes first; with the usual seed, 0."""
    from hashlib import sha1

    (low, low_port), (high, high_port) = sorted(((_packed(one.ip), one.port), (_packed(other.ip), other.port)))
    data = struct.pack("!H", _SEED) + low + high + struct.pack("!BBHH", _TCP, 0, low_port, high_port)
    return "1:" + b2a_base64(sha1(data, usedforsecurity=False).digest(), newline=False).decode()


@lru_cache(maxsize=4096)
def _packed(ip: str) -> bytes:
    return ip_address(ip).packed
