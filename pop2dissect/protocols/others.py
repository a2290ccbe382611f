"""Protocols that are only recognised: what else is tried on the port, and which program by what it calls itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import END, CommandRule, Interpretation, Protocol, Signature, Turn, signatures
from pop2dissect.session import Software
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

NMAP = "Nmap"

LOOKED_AT = 4096
"""Octets of each end that are looked at."""

# RFC 4253, section 4.2: SSH-protoversion-softwareversion SP comments. The groups hold the product and the version.
_SSH_BANNER = expression(rb"SSH-\d\.\d+-([A-Za-z][A-Za-z0-9.]{0,99})(?:[_-](\S{1,100}))?")
_HTTP_SERVER = expression(rb"HTTP/\d[^\n]*\n(?:[^\r\n]+\r?\n){0,50}?Server:[ \t]*([^\r\n]{1,200})", re.IGNORECASE)
_HTTP_CLIENT = expression(rb"[A-Z]+ [^\n]*\n(?:[^\r\n]+\r?\n){0,50}?User-Agent:[ \t]*([^\r\n]{1,200})", re.IGNORECASE)
# A probe of Nmap's version detection (nmap-service-probes: FourOhFourRequest).
_NMAP_PROBE = expression(rb"GET /nice%20ports%2C/Tri%6Eity\.txt%2ebak HTTP/1\.0\r?$", re.MULTILINE)


def is_nmap_probe(said: bytes) -> bool:
    """Whether the first octets of a client are a probe of Nmap's version detection."""
    return _NMAP_PROBE.search(said) is not None


def software_of(name: str, _: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    """Return the client and the server of a protocol by what they call themselves in their first octets."""
    said = client.read(0, min(client.length, LOOKED_AT))
    answered = server.read(0, min(server.length, LOOKED_AT))
    if is_nmap_probe(said):
        nmap = Software(NMAP, None, "a probe of its version detection")
        return Interpretation(client=nmap, server=_self_named(_HTTP_SERVER, answered))
    if name == "HTTP":
        return Interpretation(client=_self_named(_HTTP_CLIENT, said), server=_self_named(_HTTP_SERVER, answered))
    if name == "SSH":
        return Interpretation(client=_by_banner(said), server=_by_banner(answered))
    return Interpretation()


def _by_banner(octets: bytes) -> Software | None:
    match = _SSH_BANNER.match(octets)
    if match is None:
        return None
    product, version = match.groups()
    return Software(decode_text(product), decode_text(version) if version else None, "its version string")


def _self_named(pattern: re.Pattern[bytes], octets: bytes) -> Software | None:
    match = pattern.match(octets)
    if match is None:
        return None
    product, _, version = match.group(1).strip().partition(b"/")
    return Software(decode_text(product), decode_text(version) or None, "its header field") if product else None


# TLS records are of at most 2**14 + 2048 octets; a hello has a 24-bit length of which the first octet is 0
# (RFC 5246, section 6.2.3 and 7.4; the first octets are the same in all versions).
_HELLO = rb"\x16\x03[\x00-\x04][\x00-\x48].%b\x00"
# SOCKS 5 (RFC 1928, section 3): 5, the number of methods, the methods; then comes a request, or a password (RFC 1929).
_SOCKS5 = b"|".join(rb"\x05%b.{%d}(?:\Z|[\x01\x05])" % (re.escape(bytes([count])), count) for count in range(1, 11))
_WORD = rb"[ \t]+[^\s\0]"
_BARE = rb"[ \t]*"
_SSH_VERSION = rb"-\d\.\d+-[A-Za-z0-9._+-]+(?: [A-Za-z0-9._+() -]*)?"
_ADDRESS = rb"[ \t]*<?[A-Za-z0-9._@+=-]*>?(?: [A-Za-z0-9]+(?:=[A-Za-z0-9]+)?)*[ \t]*"


def _protocol(
    name: str,
    server: tuple[tuple[bytes, str], ...] = (),
    client: tuple[tuple[bytes, str], ...] = (),
    commands: tuple[CommandRule, ...] = (),
    may_greet: bytes | None = None,
    lone_reply: Signature | None = None,
    *,
    is_encrypted: bool = False,
) -> Protocol:
    return Protocol(
        name,
        server_signatures=signatures(*server),
        client_signatures=signatures(*client),
        commands=commands,
        interpret=partial(software_of, name),
        may_greet=may_greet,
        lone_reply=lone_reply,
        is_encrypted=is_encrypted,
    )


OTHERS = (
    _protocol(
        "SSH",
        ((rb"SSH-\d\.\d", "the server's version string (RFC 4253, section 4.2)"),),
        ((rb"SSH-\d\.\d", "the client's version string (RFC 4253, section 4.2)"),),
        (
            CommandRule(
                "SSH", rb"-\d\.\d", tells=False, harmless=rb"-\d\.\d+-[A-Za-z0-9._+-]+(?: [A-Za-z0-9._+() -]*)?"
            ),
        ),
        lone_reply=signatures((rb"SSH-\d\.\d[^\r\n]*\r?\n", "the server's version string (RFC 4253, section 4.2)"))[0],
        is_encrypted=True,
    ),
    _protocol(
        "TLS",
        (
            (_HELLO % rb"\x02", "a hello in a TLS record from the server (RFC 8446)"),
            (rb"\x15\x03[\x00-\x04]\x00\x02[\x01\x02]", "an alert in a TLS record from the server (RFC 8446)"),
        ),
        ((_HELLO % rb"\x01", "a hello in a TLS record from the client (RFC 8446)"),),
        is_encrypted=True,
    ),
    _protocol(
        "HTTP",
        ((rb"HTTP/\d(?:\.\d)? [1-5]\d\d", "the server's status line (RFC 9112, section 4)"),),
        (
            (rb"[A-Z]{3,16} \S+ HTTP/\d", "the client's request line (RFC 9112, section 3)"),
            (rb"GET /\S*\r?\n", "the client's request line (HTTP/0.9)"),
        ),
    ),
    _protocol(
        "FTP",
        ((rb"220[ -][^\r\n]*\bFTP", "the server's greeting with 220 and FTP (RFC 959)"),),
        commands=(
            CommandRule("(?:SYST|PASV|EPSV|FEAT|PWD|ABOR)"),
            CommandRule("TYPE", rb"[ \t]+[AIEL]"),
            CommandRule("(?:CWD|STOR)", _WORD),
            CommandRule("PORT", rb"[ \t]+\d+,\d"),
            CommandRule("(?:USER|PASS)", _WORD, tells=False),
        ),
        may_greet=rb"220[ -]",
    ),
    _protocol(
        "SMTP",
        ((rb"(?:220|421|554)[ -]", "the server's greeting (RFC 5321, section 3.1)"),),
        commands=(
            CommandRule("EHLO", _WORD, harmless=rb"[ \t]+(?:[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\])[ \t]*"),
            CommandRule("MAIL", rb"[ \t]+FROM:", harmless=rb"[ \t]+FROM:" + _ADDRESS),
            CommandRule("RCPT", rb"[ \t]+TO:", harmless=rb"[ \t]+TO:" + _ADDRESS),
            CommandRule("HELO", rb"[ \t]+[^\s\0]+\r?\nMAIL[ \t]+FROM:"),
            CommandRule("(?:DATA|STARTTLS)", END, tells=False, harmless=_BARE),
        ),
    ),
    _protocol(
        "IMAP",
        ((rb"\* (?:OK|PREAUTH|BYE)[ \r\n]", "the server's greeting (RFC 9051, section 7.1)"),),
        (
            (
                rb"[A-Z0-9.]{1,20} (?:(?:CAPABILITY|STARTTLS|LOGOUT)\r?\n|LOGIN \S+ \S|AUTHENTICATE \S)",
                "the client's command (RFC 9051, section 6)",
            ),
        ),
    ),
    _protocol(
        "SOCKS",
        client=(
            (rb"\x04[\x01\x02].{6}[^\x00]*\x00\Z", "the client's request (SOCKS 4)"),
            (_SOCKS5, "the client's methods (RFC 1928, section 3)"),
        ),
    ),
)
