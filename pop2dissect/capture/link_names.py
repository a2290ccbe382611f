"""Names of link types, as https://www.tcpdump.org/linktypes.html registers them, in few words."""

from __future__ import annotations

_NAMES = {
    0: "BSD loopback",
    1: "Ethernet",
    6: "Token Ring",
    7: "ARCNET",
    8: "SLIP",
    9: "PPP",
    10: "FDDI",
    12: "raw IP",
    14: "raw IP",
    50: "PPP over serial",
    51: "PPP over Ethernet",
    100: "LLC over ATM",
    101: "raw IP",
    104: "Cisco HDLC",
    105: "IEEE 802.11",
    107: "Frame Relay",
    108: "OpenBSD loopback",
    113: "Linux cooked",
    117: "OpenBSD pflog",
    119: "IEEE 802.11 with Prism header",
    122: "IP over Fibre Channel",
    127: "IEEE 802.11 with radiotap",
    163: "IEEE 802.11 with AVS header",
    166: "PPP of pppd",
    192: "PPI",
    204: "PPP with direction",
    205: "Cisco HDLC with direction",
    228: "IPv4",
    229: "IPv6",
    258: "macOS packet tap",
    276: "Linux cooked v2",
}


def link_type_name(link_type: int) -> str:
    """Name a LINKTYPE_ value; one that is not in the table by its number."""
    return _NAMES.get(link_type, f"link type {link_type}")
