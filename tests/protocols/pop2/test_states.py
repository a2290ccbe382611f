"""The tables are those of RFC 937, written down here a second time from its text."""

from pop2dissect.protocols.pop2.grammar import COMMANDS, ReplyKind
from pop2dissect.protocols.pop2.states import CLIENT, SERVER, ClientState, ServerState, after_reply, allowed

SERVER_ROWS = """
HELO  #->MBOX  .        .        .
FOLD  .        #->MBOX  #->MBOX  .
READ  .        =->ITEM  =->ITEM  .
RETR  .        .        d->NEXT  .
ACKS  .        .        .        =->ITEM
ACKD  .        .        .        =->ITEM
NACK  .        .        .        =->ITEM
QUIT  +->DONE  +->DONE  +->DONE  .
"""
KINDS = {"#": ReplyKind.COUNT, "=": ReplyKind.LENGTH, "d": ReplyKind.DATA, "+": ReplyKind.OK}


def test_the_server_decision_table() -> None:
    expected = {}
    for row in SERVER_ROWS.split("\n")[1:-1]:
        command, *cells = row.split()
        for state, cell in zip(("AUTH", "MBOX", "ITEM", "NEXT"), cells, strict=True):
            if cell != ".":
                expected[ServerState(state), command] = (KINDS[cell[0]], ServerState(cell[3:]))
    assert expected == SERVER


def test_what_the_table_lacks_is_not_allowed_and_an_error_ends_the_session() -> None:
    for state in ServerState:
        for command in COMMANDS:
            if state is not ServerState.UNKNOWN:
                assert allowed(state, command) == ((state, command) in SERVER)
            assert after_reply(state, command, ReplyKind.ERROR) is ServerState.DONE


def test_a_reply_leads_to_the_same_state_in_every_row() -> None:
    for (state, command), (reply, after) in SERVER.items():
        assert after_reply(state, command, reply) is after
        assert after_reply(ServerState.UNKNOWN, command, reply) is after
        assert after_reply(ServerState.UNKNOWN, "", reply) is after


def test_the_client_quits_from_every_state_but_xfer() -> None:
    for (state, _), row in CLIENT.items():
        assert ("QUIT" in row) == (state is not ClientState.XFER)
