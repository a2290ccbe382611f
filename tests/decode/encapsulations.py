"""Every way in which the decoder finds TCP in a frame: name -> (link type, frame).

Each frame holds the one packet ``PACKET`` (IPv4) or ``PACKET6`` of :mod:`build`.
"""

from __future__ import annotations

from struct import pack

from tests.decode.build import (
    CLIENT6,
    MAC,
    MACS,
    OUTER,
    OUTER6,
    PACKET,
    PACKET6,
    SERVER6,
    ethernet,
    ipv4,
    ipv6,
    snap,
    tcp,
    udp,
)

TCP6 = tcp(source=CLIENT6, destination=SERVER6)
FINAL = ipv4(tcp())  # for source routes


def in_ipv4(protocol: int, payload: bytes) -> bytes:
    return ethernet(ipv4(payload, *OUTER, protocol=protocol))


def in_udp(port: int, payload: bytes) -> bytes:
    return in_ipv4(17, udp(payload, port))


def gre(flags: int, protocol: int, payload: bytes) -> bytes:
    return in_ipv4(47, pack(">HH", flags, protocol) + payload)


def extension(following: int, kind: int, contents: bytes = b"\1\4\0\0\0\0") -> tuple[int, bytes]:
    """Return the extension header and its number; a PadN option fills it unless told otherwise."""
    return kind, bytes((following, (len(contents) + 2) // 8 - 1)) + contents


def with_extensions(*headers: bytes, first: int) -> bytes:
    return ethernet(ipv6(b"".join(headers) + TCP6, following=first), 0x86DD)


def mac_802_11(control: bytes, tail: bytes = b"") -> bytes:
    return control + b"\0\0" + MAC * 3 + b"\x10\0" + tail


def amsdu() -> bytes:
    body = snap(PACKET)
    return MACS + pack(">H", len(body)) + body


def macsec(control: bytes, frame: bytes, channel: bytes = b"") -> bytes:
    return frame[:12] + b"\x88\xe5" + control + b"\0\0\0\7" + channel + frame[12:] + b"\xcc" * 16


def isl(frame: bytes) -> bytes:
    head = b"\x01\0\x0c\0\0\0" + MAC + pack(">H", 12 + len(frame) + 4)
    return head + b"\xaa\xaa\3\0\0\x0c\0\x0e\0\0\0\0" + frame + bytes(4)


PAD = b"\1\4\0\0\0\0"
PLAIN = ethernet(PACKET)
VLAN = b"\x60\x6d"
LABEL = bytes.fromhex("00010040")
BOTTOM = bytes.fromhex("000121ff")
RADIOTAP = pack("<BBHI", 0, 0, 8, 0) + mac_802_11(b"\x08\1") + snap(PACKET)
PPP_IP = b"\0\x21" + PACKET

ENCAPSULATIONS: dict[str, tuple[int, bytes]] = {
    # link.py
    "ethernet": (1, PLAIN),
    "ethernet, IPv6": (1, ethernet(PACKET6, 0x86DD)),
    "ethernet, padded": (1, ethernet(ipv4(tcp(b"x"))) + b"\0" * 5),
    "ethernet, LLC and SNAP": (1, ethernet(snap(PACKET), len(snap(PACKET)))),
    "ethernet, SNAP of a bridge": (1, ethernet(b"\xaa\xaa\3\0\0\xf8\x08\0" + PACKET, 8 + len(PACKET))),
    "ethernet, IP over LLC": (1, ethernet(b"\6\6\3" + PACKET, 3 + len(PACKET)) + b"\0" * 3),
    "802.1Q": (1, ethernet(VLAN + b"\x08\0" + PACKET, 0x8100)),
    "802.1Q, IPv6": (1, ethernet(VLAN + b"\x86\xdd" + PACKET6, 0x8100)),
    "802.1ad": (1, ethernet(VLAN + b"\x81\0" + VLAN + b"\x08\0" + PACKET, 0x88A8)),
    "tags of 9100": (1, ethernet(VLAN + b"\x91\0" + VLAN + b"\x08\0" + PACKET, 0x9100)),
    "tags of 9200": (1, ethernet(VLAN + b"\x08\0" + PACKET, 0x9200)),
    "802.1Q, LLC": (1, ethernet(VLAN + pack(">H", len(snap(PACKET))) + snap(PACKET), 0x8100)),
    "802.1ah": (1, ethernet(b"\0\0\1\1" + PLAIN, 0x88E7)),
    "MPLS": (1, ethernet(LABEL + LABEL + BOTTOM + PACKET, 0x8847)),
    "MPLS, IPv6": (1, ethernet(BOTTOM + PACKET6, 0x8848)),
    "MPLS, pseudowire with control word": (1, ethernet(BOTTOM + b"\0\0\0\1" + PLAIN, 0x8847)),
    "MPLS, pseudowire": (1, ethernet(BOTTOM + b"\xf2" + PLAIN[1:], 0x8847)),
    "PPPoE": (1, ethernet(b"\x11\0\0\7" + pack(">H", len(PPP_IP)) + PPP_IP, 0x8864)),
    "PPPoE, IPv6": (1, ethernet(b"\x11\0\0\7" + pack(">H", 2 + len(PACKET6)) + b"\0\x57" + PACKET6, 0x8864)),
    "null, little-endian": (0, b"\2\0\0\0" + PACKET),
    "null, big-endian": (0, b"\0\0\0\2" + PACKET),
    "null, IPv6 of Linux": (0, b"\x0a\0\0\0" + PACKET6),
    "null, IPv6 of Windows": (0, b"\x17\0\0\0" + PACKET6),
    "null, IPv6 of NetBSD": (0, b"\x18\0\0\0" + PACKET6),
    "null, IPv6 of FreeBSD": (0, b"\0\0\0\x1c" + PACKET6),
    "null, IPv6 of macOS": (0, b"\x1e\0\0\0" + PACKET6),
    "loop": (108, b"\0\0\0\2" + PACKET),
    "loop, IPv6": (108, b"\0\0\0\x18" + PACKET6),
    "cooked": (113, pack(">HHH", 0, 1, 6) + MAC + b"\0\0\x08\0" + PACKET),
    "cooked, 802.1Q": (113, pack(">HHH", 0, 1, 6) + MAC + b"\0\0\x81\0" + VLAN + b"\x86\xdd" + PACKET6),
    "cooked, LLC": (113, pack(">HHH", 0, 1, 6) + MAC + b"\0\0\0\4" + snap(PACKET)),
    "cooked 2": (276, b"\x08\0\0\0" + pack(">IHBB", 2, 1, 0, 6) + MAC + b"\0\0" + PACKET),
    "cooked 2, IPv6": (276, b"\x86\xdd\0\0" + pack(">IHBB", 2, 1, 0, 6) + MAC + b"\0\0" + PACKET6),
    "raw": (101, PACKET),
    "raw, IPv6": (101, PACKET6),
    "raw, BSD": (12, PACKET),
    "raw, OpenBSD": (14, PACKET6),
    "raw, IPv4 only": (228, PACKET),
    "raw, IPv6 only": (229, PACKET6),
    "FDDI": (10, b"\x54" + MACS + snap(PACKET)),
    "token ring": (6, b"\x10\x40" + MACS + snap(PACKET)),
    "token ring, source route": (
        6,
        b"\x10\x40" + MAC + b"\x82" + MAC[1:] + b"\6\0\0\x10\0\x20" + snap(PACKET),
    ),
    "ATM, LLC": (100, snap(PACKET)),
    "frame relay": (107, b"\x18\x41\3\xcc" + PACKET),
    "frame relay, IPv6": (107, b"\x18\x41\3\x8e" + PACKET6),
    "frame relay, SNAP": (107, b"\x18\x41\3\0\x80\0\0\0\x08\0" + PACKET),
    "Cisco HDLC": (104, b"\x0f\0\x08\0" + PACKET),
    "Cisco HDLC with direction": (205, b"\0\x0f\0\x86\xdd" + PACKET6),
    "packet filter log": (117, b"\x3d\2\0\0" + b"\0" * 60 + PACKET),
    "PPI": (192, b"\0\0\x08\0\1\0\0\0" + PLAIN),
    "packet tap": (258, pack("<III", 108, 1, 1) + b"\0" * 96 + PLAIN),
    "ATM, bridged": (100, b"\xaa\xaa\3\0\x80\xc2\0\7\0\0" + PLAIN),
    "frame relay, bridged": (107, b"\x18\x41\3\0\x80\0\x80\xc2\0\7" + PLAIN),
    "frame relay, Cisco": (107, b"\x18\x41\x08\0" + PACKET),
    "cooked, radiotap": (113, pack(">HHH", 0, 803, 6) + MAC + b"\0\0\0\0" + RADIOTAP),
    # tags.py
    "R-tag": (1, ethernet(b"\0\0\0\1\x08\0" + PACKET, 0xF1C1)),
    "MACsec": (1, macsec(b"\0\0", PLAIN)),
    "MACsec, channel": (1, macsec(b"\x20\0", PLAIN, MAC + b"\0\1")),
    "MACsec, short and padded": (1, macsec(b"\0\x2b", ethernet(ipv4(tcp(b"x")))) + bytes(3)),
    "MACsec, 802.1Q": (1, macsec(b"\0\0", ethernet(VLAN + b"\x86\xdd" + PACKET6, 0x8100))),
    "Arista, 64 bits": (1, ethernet(b"\0\1\0\x10" + bytes(8) + b"\x08\0" + PACKET, 0xD28B)),
    "Arista, 48 bits": (1, ethernet(b"\0\1\0\x20" + bytes(6) + b"\x86\xdd" + PACKET6, 0xD28B)),
    "TTag": (1, ethernet(bytes(6) + b"\x08\0" + PACKET, 0x88B5)),
    "ISL": (1, isl(PLAIN)),
    "batman-adv": (1, ethernet(b"\x40\x0f\x32\1" + MAC + PLAIN, 0x4305)),
    "batman-adv, broadcast": (1, ethernet(b"\1\x0f\x32\0" + bytes(4) + MAC + PLAIN, 0x4305)),
    "batman-adv, four addresses": (1, ethernet(b"\x42\x0f\x32\1" + MACS + b"\1\0" + PLAIN, 0x4305)),
    # ppp.py
    "PPP, Cisco HDLC": (9, b"\x0f\0\x08\0" + PACKET),
    "PPP with direction, Cisco HDLC": (204, b"\1\x8f\0\x86\xdd" + PACKET6),
    "PPP": (9, b"\xff\3" + PPP_IP),
    "PPP, no address and control": (9, PPP_IP),
    "PPP, protocol of one octet": (9, b"\xff\3" + PPP_IP[1:]),
    "PPP, nothing but one octet": (9, PPP_IP[1:]),
    "PPP, IPv6": (9, b"\xff\3\0\x57" + PACKET6),
    "PPP, MPLS": (9, b"\xff\3\2\x81" + BOTTOM + PACKET),
    "PPP in HDLC": (50, b"\xff\3" + PPP_IP),
    "PPP in HDLC, Cisco": (50, b"\x8f\0\x08\0" + PACKET),
    "PPPoE without Ethernet": (51, b"\x11\0\0\7" + pack(">H", len(PPP_IP)) + PPP_IP),
    "pppd": (166, b"\0\3" + PPP_IP),
    "pppd, no control": (166, b"\1" + PPP_IP),
    "PPP with direction": (204, b"\1\xff\3" + PPP_IP),
    "SLIP": (8, b"\0\x45" + b"\0" * 14 + PACKET),
    "SLIP, sent compressed": (8, b"\1\x8b" + b"\0" * 14 + PACKET),
    # wireless.py
    "802.11": (105, mac_802_11(b"\x08\1") + snap(PACKET)),
    "802.11, to the station": (105, mac_802_11(b"\x08\2") + snap(PACKET)),
    "802.11, four addresses": (105, mac_802_11(b"\x08\3", MAC) + snap(PACKET)),
    "802.11, QoS": (105, mac_802_11(b"\x88\1", b"\0\0") + snap(PACKET)),
    "802.11, HT control": (105, mac_802_11(b"\x88\x81", b"\0\0\0\0\0\0") + snap(PACKET)),
    "802.11, four addresses, QoS": (105, mac_802_11(b"\x88\3", MAC + b"\0\0") + snap(PACKET6, 0x86DD)),
    "802.11, A-MSDU": (105, mac_802_11(b"\x88\1", b"\x80\0") + amsdu()),
    "radiotap": (127, pack("<BBHI", 0, 0, 8, 0) + mac_802_11(b"\x08\1") + snap(PACKET)),
    "radiotap, padding": (
        127,
        pack("<BBHIQB", 0, 0, 17, 3, 0, 0x20) + mac_802_11(b"\x88\1", b"\0\0\0\0") + snap(PACKET),
    ),
    "radiotap, more fields": (
        127,
        pack("<BBHIIB", 0, 0, 13, 0x80000002, 0, 0x20) + mac_802_11(b"\x88\1", b"\0\0\0\0") + snap(PACKET),
    ),
    "Prism": (119, pack("<II", 0x44, 144) + b"\0" * 136 + mac_802_11(b"\x08\1") + snap(PACKET)),
    "Prism, AVS": (119, pack(">II", 0x80211001, 64) + b"\0" * 56 + mac_802_11(b"\x08\1") + snap(PACKET)),
    "AVS": (163, pack(">II", 0x80211001, 64) + b"\0" * 56 + mac_802_11(b"\x08\1") + snap(PACKET)),
    # ip.py
    "IPv4 options": (1, ethernet(ipv4(tcp(), options=b"\1\1\1\1\x94\4\0\0"))),
    "IPv4 source route": (
        1,
        ethernet(ipv4(tcp(), destination="10.9.9.9", options=b"\1\x83\7\4" + bytes((198, 51, 100, 9)))),
    ),
    "IPv4 source route, at its end": (
        1,
        ethernet(ipv4(tcp(), options=b"\1\x83\7\x08" + bytes((10, 9, 9, 9)))),
    ),
    "IPv4 total length 0": (1, ethernet(ipv4(tcp(), total=0))),
    "IPv4 authentication header": (1, ethernet(ipv4(b"\6\4" + b"\0" * 22 + tcp(), protocol=51))),
    "TCP options": (1, ethernet(ipv4(tcp(options=b"\2\4\5\xb4\1\1\4\2")))),
    "IPv6 payload length 0": (1, ethernet(ipv6(TCP6, length=0), 0x86DD)),
    "IPv6 hop-by-hop options": (1, with_extensions(bytes((6, 0)) + PAD, first=0)),
    "IPv6 destination options": (1, with_extensions(bytes((6, 0)) + PAD, first=60)),
    "IPv6 mobility": (1, with_extensions(bytes((6, 0, 0, 0, 0, 0, 0, 0)), first=135)),
    "IPv6 host identity": (1, with_extensions(bytes((6, 4)) + b"\1\x11" + b"\0" * 36, first=139)),
    "IPv6 shim": (1, with_extensions(bytes((6, 0)) + b"\x80" + b"\0" * 5, first=140)),
    "IPv6 authentication header": (1, with_extensions(bytes((6, 4)) + b"\0" * 22, first=51)),
    "IPv6 several extension headers": (
        1,
        with_extensions(bytes((60, 0)) + PAD, bytes((43, 0)) + PAD, b"\6\0\0\0\0\0\0\0", first=0),
    ),
    "IPv6 routing header, at its end": (
        1,
        with_extensions(b"\6\2\0\0\0\0\0\0" + OUTER6[0].encode().ljust(16, b"\0"), first=43),
    ),
    "IPv6 atomic fragment": (1, with_extensions(b"\6\0\0\0\0\0\0\5", first=44)),
    # tunnel.py
    "IP in IP": (1, in_ipv4(4, PACKET)),
    "6in4": (1, in_ipv4(41, PACKET6)),
    "IPv4 in IPv6": (1, ethernet(ipv6(PACKET, *OUTER6, following=4), 0x86DD)),
    "IPv6 in IPv6": (1, ethernet(ipv6(PACKET6, *OUTER6, following=41), 0x86DD)),
    "MPLS in IP": (1, in_ipv4(137, BOTTOM + PACKET)),
    "EtherIP": (1, in_ipv4(97, b"\x30\0" + PLAIN)),
    "GRE": (1, gre(0, 0x0800, PACKET)),
    "GRE, key": (1, gre(0x2000, 0x86DD, b"\0\0\0\1" + PACKET6)),
    "GRE, sequence": (1, gre(0x1000, 0x0800, b"\0\0\0\1" + PACKET)),
    "GRE, all": (1, gre(0xB000, 0x0800, b"\0" * 12 + PACKET)),
    "GRE, routing": (1, gre(0x4000, 0x0800, b"\0" * 4 + b"\x08\0\0\4\1\2\3\4" + b"\0" * 4 + PACKET)),
    "GRE, Ethernet": (1, gre(0, 0x6558, PLAIN)),
    "GRE, PPTP": (1, gre(0x3081, 0x880B, pack(">HHII", 2 + len(PPP_IP), 1, 1, 1) + b"\xff\3" + PPP_IP)),
    "ERSPAN I": (1, gre(0, 0x88BE, PLAIN)),
    "ERSPAN II": (1, gre(0x1000, 0x88BE, b"\0\0\0\1" + b"\x10\1\0\1\0\0\0\1" + PLAIN)),
    "ERSPAN III": (1, gre(0x1000, 0x22EB, b"\0\0\0\1" + b"\x20\1\0\1" + b"\0" * 8 + PLAIN)),
    "ERSPAN III, subheader": (
        1,
        gre(0x1000, 0x22EB, b"\0\0\0\1" + b"\x20\1\0\1" + b"\0" * 7 + b"\1" + b"\0" * 8 + PLAIN),
    ),
    "VXLAN": (1, in_udp(4789, b"\x08\0\0\0\0\0\1\0" + PLAIN)),
    "VXLAN, Linux": (1, in_udp(8472, b"\x08\0\0\0\0\0\1\0" + PLAIN)),
    "Geneve": (1, in_udp(6081, b"\1\0\x65\x58\0\0\1\0" + b"\0\0\1\0" + PLAIN)),
    "GTP-U": (1, in_udp(2152, b"\x30\xff" + pack(">HI", len(PACKET), 7) + PACKET)),
    "GTP-U, sequence": (1, in_udp(2152, b"\x32\xff" + pack(">HI", 4 + len(PACKET6), 7) + b"\0\1\0\0" + PACKET6)),
    "GTP-U, extension": (
        1,
        in_udp(2152, b"\x34\xff" + pack(">HI", 8 + len(PACKET), 7) + b"\0\0\0\x85\1\0\0\0" + PACKET),
    ),
    "L2TP": (1, in_udp(1701, b"\0\2\0\1\0\2\xff\3" + PPP_IP)),
    "L2TP, all": (
        1,
        in_udp(1701, b"\x4a\2" + pack(">H", 18 + len(PPP_IP)) + bytes(8) + b"\0\2\0\0\xff\3" + PPP_IP),
    ),
    "Teredo": (1, in_udp(3544, PACKET6)),
    "Teredo, origin": (1, in_udp(3544, b"\0\0" + bytes(6) + PACKET6)),
    "Teredo, authentication": (1, in_udp(3544, b"\0\1\0\0" + bytes(9) + b"\0\0" + bytes(6) + PACKET6)),
    "WCCP 2": (1, gre(0, 0x883E, b"\0\0\0\0" + PACKET)),
    "WCCP 1": (1, gre(0, 0x883E, PACKET)),
    "LISP": (1, in_udp(4341, b"\x80\1\2\3\0\0\0\1" + PACKET)),
    "LISP, IPv6": (1, in_udp(4341, b"\x40" + bytes(7) + PACKET6)),
    "LISP, next protocol": (1, in_udp(4341, b"\x0c\0\0\3\0\0\0\1" + PLAIN)),
    "TZSP": (1, in_udp(37008, b"\1\0\0\1\1" + PLAIN)),
    "TZSP, fields": (1, in_udp(37008, b"\1\1\0\1\x0a\1\x55\0\x0d\4\0\0\0\1\1" + PLAIN)),
    "TZSP, 802.11": (1, in_udp(37008, b"\1\0\0\x12\1" + mac_802_11(b"\x08\1") + snap(PACKET))),
    "MPLS in UDP": (1, in_udp(6635, LABEL + BOTTOM + PACKET)),
    "VXLAN-GPE": (1, in_udp(4790, b"\x0c\0\0\3\0\0\1\0" + PLAIN)),
    "VXLAN-GPE, NSH": (1, in_udp(4790, b"\x0c\0\0\4\0\0\1\0" + b"\0\6\1\1" + bytes(20) + PACKET)),
    "NSH": (1, ethernet(b"\0\2\2\3\0\0\1\xff" + PLAIN, 0x894F)),
    "VN-tag": (1, ethernet(b"\0\0\0\0\x08\0" + PACKET, 0x8926)),
    "HSR": (1, ethernet(b"\0\x34\0\1\x08\0" + PACKET, 0x892F)),
    "Cisco metadata": (1, ethernet(b"\1\1\0\1\0\7\x08\0" + PACKET, 0x8909)),
    # pseudo.py
    "netfilter log": (
        239,
        b"\2\0\0\5" + b"\x05\0\x0a\0x\0\0\0" + pack("<HH", 4 + len(PACKET), 9) + PACKET,
    ),
    "netfilter log, big-endian": (239, b"\x0a\0\0\5" + pack(">HH", 4 + len(PACKET6), 9) + PACKET6),
    "IPsec in the clear": (109, pack("<III", 2, 1, 2) + PACKET),
    "IPsec in the clear, big-endian": (109, pack(">III", 24, 1, 2) + PACKET6),
    "ipnet": (226, b"\1\2" + bytes(22) + PACKET),
    "ipnet, IPv6": (226, b"\1\x1a" + bytes(22) + PACKET6),
    "netANALYZER": (240, bytes(4) + PLAIN),
    "netANALYZER, transparent": (241, bytes(4) + b"\x55" * 7 + b"\xd5" + PLAIN),
    "ERF": (197, bytes(8) + b"\2\4" + pack(">HHH", 18 + len(PLAIN), 0, len(PLAIN)) + b"\0\0" + PLAIN),
    "ERF, extension": (
        197,
        bytes(8) + b"\x82\4" + pack(">HHH", 26 + len(PLAIN), 0, len(PLAIN)) + b"\1" + bytes(9) + PLAIN,
    ),
    "ERF, IPv4": (197, bytes(8) + b"\x16\4" + pack(">HHH", 16 + len(PACKET), 0, len(PACKET)) + PACKET),
    "MPLS only": (219, LABEL + BOTTOM + PACKET),
    "Geneve, IP": (1, in_udp(6081, b"\0\0\x08\0\0\0\1\0" + PACKET)),
    "GRE in IP in IP": (1, in_ipv4(4, ipv4(pack(">HH", 0, 0x0800) + PACKET, *OUTER, protocol=47))),
}
