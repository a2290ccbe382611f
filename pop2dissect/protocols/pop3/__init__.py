"""The Post Office Protocol, version 3 (RFC 1939), with its extensions, as specified and as really spoken."""

from pop2dissect.protocols.base import Protocol, Words, signatures
from pop2dissect.protocols.pop3.dissector import dissect
from pop2dissect.protocols.pop3.grammar import RULES, command_fields, reply_fields
from pop2dissect.protocols.pop3.meaning import interpret
from pop2dissect.protocols.pop3.states import DIAGRAM, SERVER, ServerState

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
    initial_state=ServerState.AUTHORIZATION,
    server_states=tuple(ServerState),
    transitions=tuple((state, command, after) for (state, command), after in SERVER.items()),
    diagram=DIAGRAM,
    words=Words(
        rules="RFC 1939 (POP3), with RFC 2449, 2595, 3206, 5034 and 6856",
        framing="A POP3 message ends with a line that holds one dot, whatever size was declared; a dot that "
        "byte-stuffing put before a line is on the wire, and not counted as part of the message.",
        deletion="By RFC 1939 a message that DELE marked is deleted when the client says QUIT and the server agrees.",
        commands={"deleted": "DELE"},
    ),
    command_fields=command_fields,
    reply_fields=reply_fields,
    specification="RFC 1939",
    ports=frozenset({110}),
    tls_ports=frozenset({995}),
    broken_into={
        "USER": "CVE-1999-0494, BID 789",
        "PASS": "CVE-2003-0264, CVE-1999-0006",
        "AUTH": "CVE-1999-0822",
        "LIST": "CVE-2000-0096",
        "XTND": "Snort rule 1938",
    },
    knows_secrets=True,
    is_subject=True,
)
