"""The Post Office Protocol, version 3 (RFC 1939), in outline: which command got which answer."""

from pop2dissect.protocols.base import Protocol, Words, signatures
from pop2dissect.protocols.pop3.dissector import dissect
from pop2dissect.protocols.pop3.grammar import RULES
from pop2dissect.protocols.pop3.meaning import interpret

__all__ = ["PROTOCOL", "dissect"]

PROTOCOL = Protocol(
    "POP3",
    server_signatures=signatures(
        (rb"\+OK[^\r\n]*(?:POP-?3|<[^<>\s]+@[^<>\s]+>)", "the server's greeting (RFC 1939, sections 4 and 7)")
    ),
    greets_ok=True,
    commands=RULES,
    dissect=dissect,
    interpret=interpret,
    words=Words(
        rules="RFC 1939 (POP3)",
        deletion="By RFC 1939 a message that DELE marked is deleted when the client says QUIT and the server agrees.",
    ),
    specification="RFC 1939",
    ports=frozenset({110}),
)
