"""The Post Office Protocol of RFC 918 (October 1984), POP2's predecessor on the same port."""

from dataclasses import replace

from pop2dissect.choices import DEFAULT_PORT
from pop2dissect.protocols.base import Heard, Protocol, Words
from pop2dissect.protocols.pop1.dissector import dissect
from pop2dissect.protocols.pop1.grammar import RULES, command_fields, reply_fields
from pop2dissect.protocols.pop1.meaning import interpret
from pop2dissect.protocols.pop1.states import SERVER, ServerState

__all__ = ["AMBIGUOUS", "PROTOCOL", "dissect"]

_NAME = "POP (RFC 918)"


def _recognise(heard: Heard) -> str | None:
    if b"#" not in heard.signs or heard.told is not None:
        return None
    if heard.command is not None:
        return "a reply of the server with # to the commands of RFC 918"
    return "a reply of the server with #, after a greeting with +OK" if heard.greeted_ok else None


PROTOCOL = Protocol(
    _NAME,
    greets_ok=True,
    recognise=_recognise,
    commands=RULES,
    dissect=dissect,
    interpret=interpret,
    initial_state=ServerState.AUTH,
    server_states=tuple(ServerState),
    client_states=("?",),
    transitions=tuple((state, command, after) for (state, command), (_, after, _) in SERVER.items()),
    words=Words(
        rules="RFC 918 (POP)",
        framing="RFC 918 announces the length of the mailbox as a whole, which the server sends after RCEV; its "
        "messages are taken apart by the lines that separate them.",
        deletion="By RFC 918 the mail that RDEL asked for is deleted when the client says RCVD and the server agrees.",
        commands={"kept": "RCVD", "deleted": "RDEL, RCVD", "refused": "RSET"},
    ),
    command_fields=command_fields,
    reply_fields=reply_fields,
    specification="RFC 918",
    ports=frozenset({DEFAULT_PORT}),
    is_subject=True,
)

AMBIGUOUS = replace(
    PROTOCOL,
    name="RFC 918 or POP3",
    recognise=None,
    commands=(),
    either=(_NAME, "POP3"),
    words=Words(rules="what RFC 918 (POP) and RFC 1939 (POP3) have in common"),
)
"""A conversation of nothing but what RFC 918 and RFC 1939 have in common."""
