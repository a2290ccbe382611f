"""Wireshark's names of link layers, and the LINKTYPE_ value of each that has one.

The names are those that capinfos prints (wiretap/wtap.c, ``encap_table_base``); the values are registered at
https://www.tcpdump.org/linktypes.html. Of several values that Wireshark reads alike, the registered one is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# fmt: off
LINK_TYPES: Final[Mapping[str, int]] = {
    "null": 0, "ether": 1, "xeth": 2, "ax25": 3, "tr": 6, "arcnet": 7, "slip": 8, "ppp": 9, "fddi-swapped": 10,
    "redback": 32, "pppoes": 51, "symantec": 99, "atm-rfc1483": 100, "rawip": 101, "chdlc": 104, "ieee-802-11": 105,
    "linux-atm-clip": 106, "frelay": 107, "loop": 108, "enc": 109, "linux-sll": 113, "ltalk": 114, "pflog": 117,
    "ios": 118, "ieee-802-11-prism": 119, "hhdlc": 121, "ip-over-fc": 122, "atm-pdus": 123,
    "ieee-802-11-radiotap": 127, "tzsp": 128, "arcnet_linux": 129, "juniper-mlppp": 130, "juniper-mlfr": 131,
    "juniper-ggsn": 133, "juniper-atm2": 135, "juniper-svcs": 136, "juniper-atm1": 137, "ap1394": 138,
    "mtp2-with-phdr": 139, "mtp2": 140, "mtp3": 141, "sccp": 142, "docsis": 143, "user0": 147, "user1": 148,
    "user2": 149, "user3": 150, "user4": 151, "user5": 152, "user6": 153, "user7": 154, "user8": 155, "user9": 156,
    "user10": 157, "user11": 158, "user12": 159, "user13": 160, "user14": 161, "user15": 162, "ieee-802-11-avs": 163,
    "bacnet-ms-tp": 165, "juniper-pppoe": 167, "gprs-llc": 169, "gfp-t": 170, "gfp-f": 171, "gcom-tie1": 172,
    "gcom-serial": 173, "juniper-ether": 178, "juniper-ppp": 179, "juniper-frelay": 180, "juniper-chdlc": 181,
    "juniper-vp": 183, "juniper-vn": 184, "usb-freebsd": 186, "bluetooth-h4": 187, "ieee-802-16-mac-cps": 188,
    "usb-linux": 189, "can20b": 190, "ppi": 192, "wpan": 195, "sita-wan": 196, "erf": 197, "ipmb-kontron": 199,
    "juniper-st": 200, "bluetooth-h4-linux": 201, "ax25-kiss": 202, "lapd": 203, "ppp-with-direction": 204,
    "i2c-linux": 209, "flexray": 210, "most": 211, "lin": 212, "x2e-serial": 213, "x2e-xoraya": 214,
    "wpan-nonask-phy": 215, "usb-linux-mmap": 220, "fc2": 224, "fc2sof": 225, "ipnet": 226, "socketcan": 227,
    "rawip4": 228, "rawip6": 229, "wpan-nofcs": 230, "dbus": 231, "dvbci": 235, "mux27010": 236, "s5066-dpdu": 237,
    "nflog": 239, "netanalyzer": 240, "netanalyzer-transparent": 241, "ip-ib": 242, "mp2ts": 243, "nfc-llcp": 245,
    "sctp": 248, "usb-usbpcap": 249, "rtac-serial": 250, "bluetooth-le-ll": 251, "wireshark-upper-pdu": 252,
    "netlink": 253, "bluetooth-linux-monitor": 254, "bluetooth-bredr-bb-rf": 255, "bluetooth-le-ll-rf": 256,
    "pktap": 258, "epon": 259, "ipmi-trace": 260, "iso14443": 264, "usb-darwin": 266, "sdlc": 268, "loratap": 270,
    "vsock": 271, "nordic_ble": 272, "docsis31_xra31": 273, "ether-mpacket": 274, "dpauxmon": 275, "linux-sll2": 276,
    "ebhscr": 279, "vpp": 280, "wpan-tap": 283, "zwave-serial": 287, "usb-20": 288, "etw": 290, "zbncp": 292,
    "usb-20-low": 293, "usb-20-full": 294, "usb-20-high": 295,
}
# fmt: on
