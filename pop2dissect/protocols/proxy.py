"""The header by which a load balancer names the true client: the PROXY protocol of HAProxy.

Source: HAProxy's ``doc/proxy-protocol.txt``, sections 2.1 (version 1, a line) and 2.2 (version 2, binary). The server
behind it takes the header off, and answers nothing.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.tcp.stream import Stream

_LINE = expression(rb"PROXY (?:UNKNOWN[^\r\n]*|TCP[46] (\S{2,39}) (\S{2,39}) (\d{1,5}) (\d{1,5}))\r\n")
_LONGEST_LINE = 107
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED = len(_SIGNATURE) + 4
_ADDRESSES = {1: 4, 2: 16}
"""Octets of an address, by the family in the high half of the fourteenth octet: AF_INET, AF_INET6."""


class ProxyHeader(NamedTuple):
    """A PROXY header at the start of a client's stream."""

    length: int
    """Octets of the stream that it takes."""
    version: int
    ip: str | None
    """Of the true client; None where the header does not name it."""
    port: int | None

    def __str__(self) -> str:
        if self.ip is None:
            return f"PROXY header (version {self.version}), which names no client"
        where = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"PROXY header (version {self.version}): the true client is {where}:{self.port}"


def proxy_header(client: Stream) -> ProxyHeader | None:
    """Return the header that a client's stream starts with; None where it starts with something else."""
    if not client.spans or client.spans[0].offset or client.missing_between(0, min(client.length, _FIXED)):
        return None
    head = client.read(0, min(client.length, _LONGEST_LINE))
    line = _LINE.match(head)
    if line is not None:
        ip, _, port, _ = line.groups()
        address = _address(ip)
        return ProxyHeader(line.end(), 1, address, int(port) if address else None)
    if not head.startswith(_SIGNATURE) or len(head) < _FIXED or head[12] >> 4 != 2:
        return None
    length = _FIXED + int.from_bytes(head[14:16])
    if client.length < length:
        return None
    octets = _ADDRESSES.get(head[13] >> 4, 0)
    body = client.read(_FIXED, length)
    if not head[12] & 1 or not octets or len(body) < 2 * octets + 4:  # LOCAL: the balancer's own check
        return ProxyHeader(length, 2, None, None)
    port = int.from_bytes(body[2 * octets : 2 * octets + 2])
    return ProxyHeader(length, 2, str(ipaddress.ip_address(body[:octets])), port)


def _address(text: bytes | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text.decode("ascii"))) if text else None
    except ValueError:
        return None
