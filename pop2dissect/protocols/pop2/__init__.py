"""The Post Office Protocol, version 2 (RFC 937), as specified and as really spoken."""

from pop2dissect.choices import DEFAULT_PORT
from pop2dissect.protocols.base import Heard, Protocol, Words, signatures
from pop2dissect.protocols.pop2.dissector import dissect
from pop2dissect.protocols.pop2.grammar import FAREWELL, GREETED_BY, GREETING, RULES, command_fields, reply_fields
from pop2dissect.protocols.pop2.habits import is_vulnerable
from pop2dissect.protocols.pop2.meaning import DISPOSITIONS, interpret
from pop2dissect.protocols.pop2.states import DIAGRAM, SERVER, ClientState, ServerState

__all__ = ["PROTOCOL", "dissect"]

_NAME = "POP2"

# A reply of which the greeting is not known: only = and the texts of real servers count.
_LONE_REPLY = (
    rb"=\d{1,20}(?: (?:characters in message|no more messages)[^\r\n]*)?\r?\n"
    rb"|#\d{1,20} messages? in [^\r\n]+\r?\n|\+ Sayonara\r?\n",
    "a reply of the server as POP2 servers word them",
)


def _recognise(heard: Heard) -> str | None:
    if b"=" in heard.signs:
        return "a reply of the server with =, which only POP2 has"
    told = heard.told is not None and heard.told.name == _NAME
    if told and heard.greeted_ok and b"#" in heard.signs and heard.command is not None:
        return f"the client's {heard.command.keyword}, a command that only this protocol has"
    return None


PROTOCOL = Protocol(
    _NAME,
    server_signatures=signatures((GREETING, "the server's greeting (RFC 937)")),
    greeting_starts=(b"+ POP2", b"- POP2", b"+OK POP2"),
    greeted_by=GREETED_BY,
    may_greet=rb"[^\n]{1,512}\n#\d{1,10}[ \r\n]",  # whatever it says first: no other protocol answers with "#"
    recognise=_recognise,
    lone_reply=signatures(_LONE_REPLY)[0],
    commands=RULES,
    dissect=dissect,
    interpret=interpret,
    initial_state=ServerState.AUTH,
    server_states=tuple(ServerState),
    client_states=tuple(ClientState),
    transitions=tuple((state, command, after) for (state, command), (_, after) in SERVER.items()),
    diagram=DIAGRAM,
    words=Words(
        rules="RFC 937 (POP2)",
        framing="POP2 announces the length of each message; the octets of a message are those that the server sent "
        "between RETR and the next reply.",
        deletion="By RFC 937 a message is deleted when the mailbox is released, by QUIT or another FOLD, after ACKD.",
        commands={disposition: command for command, disposition in DISPOSITIONS.items()},
    ),
    command_fields=command_fields,
    reply_fields=reply_fields,
    specification="RFC 937",
    ports=frozenset({DEFAULT_PORT}),
    counted_as="pop2_sessions",
    is_vulnerable=is_vulnerable,
    farewell=FAREWELL,
    knows_secrets=True,
    is_subject=True,
)
