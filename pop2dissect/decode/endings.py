"""What ends a walk over the layers: what is known to hold no TCP, and how the rest is named, so that it is said.

EtherTypes are those of the IEEE registry, SAPs those of IEEE 802.2, IP protocols and ports those of IANA.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pop2dissect.capture.linktypes import ETHERTYPES_NEVER_IP
from pop2dissect.capture.portfilter import NEVER_TCP_PROTOCOLS
from pop2dissect.decode.packet import ETHERTYPE, IP_PROTOCOL, LINK_TYPE, LLC_SAP, PPP_PROTOCOL, UDP_PORT

_FIRST_CONTROL_PROTOCOL: Final = 0x4000
"""PPP protocols from here on are of low volume or control other protocols (RFC 1661, section 2)."""

_WITHOUT_TCP: Final = frozenset(
    (
        *(ETHERTYPE | int.from_bytes(kind) for kind in ETHERTYPES_NEVER_IP),
        *(IP_PROTOCOL | protocol for protocol in NEVER_TCP_PROTOCOLS),
        ETHERTYPE | 0x0000,  # a keepalive of GRE
        LLC_SAP | 0x00,  # null
        LLC_SAP | 0x42,  # spanning tree
        LLC_SAP | 0xE0,  # IPX
        LLC_SAP | 0xF0,  # NetBIOS
        LLC_SAP | 0xF4,  # network management
        LLC_SAP | 0xFC,  # remote program load
        LLC_SAP | 0xFE,  # OSI
        LLC_SAP | 0xFF,  # IPX without LLC
    )
)
_NAMES: Final[Mapping[int, str]] = {
    ETHERTYPE | 0x22F3: "TRILL",
    ETHERTYPE | 0x8870: "LLC in an EtherType",
    ETHERTYPE | 0x8903: "Cisco FabricPath",
    ETHERTYPE | 0xDADA: "a distributed switch tag",
    IP_PROTOCOL | 33: "DCCP",
    IP_PROTOCOL | 50: "ESP, which is encrypted,",
    IP_PROTOCOL | 55: "minimal encapsulation",
    IP_PROTOCOL | 108: "IP payload compression",
    IP_PROTOCOL | 115: "L2TP version 3",
    PPP_PROTOCOL | 0x003D: "PPP multilink",
    PPP_PROTOCOL | 0x0053: "encrypted PPP",
    PPP_PROTOCOL | 0x00FD: "compressed PPP",
    UDP_PORT | 4500: "UDP port 4500 (ESP in UDP, which is encrypted)",
    UDP_PORT | 5247: "UDP port 5247 (CAPWAP)",
    UDP_PORT | 6080: "UDP port 6080 (generic UDP encapsulation)",
    UDP_PORT | 6636: "UDP port 6636 (MPLS in UDP, encrypted)",
}
_TABLES: Final = (
    (LINK_TYPE, "link type {}"),
    (LLC_SAP, "LLC service access point 0x{:02x}"),
    (PPP_PROTOCOL, "PPP protocol 0x{:04x}"),
    (IP_PROTOCOL, "IP protocol {}"),
    (ETHERTYPE, "EtherType 0x{:04x}"),
)


def named_ending(name: int) -> str | None:
    """Name a layer that no module decodes; None for one that holds no TCP, as far as anyone knows.

    Of UDP, whose ports anyone may use for anything, only those that are known for tunnels are named.
    """
    if name < 0 or name in _WITHOUT_TCP:
        return None
    if name in _NAMES:
        return _NAMES[name]
    if UDP_PORT <= name < PPP_PROTOCOL or (
        PPP_PROTOCOL <= name < LLC_SAP and name - PPP_PROTOCOL >= _FIRST_CONTROL_PROTOCOL
    ):
        return None
    return next(text.format(name - table) for table, text in _TABLES if name >= table)
