"""Passwords in exchanges that no grammar can know from one line."""

from __future__ import annotations

from collections.abc import Iterable

from pop2dissect.protocols.credentials import CredentialWatch
from pop2dissect.protocols.pop1.grammar import ARGUMENTS
from pop2dissect.protocols.pop2.grammar import COMMANDS
from pop2dissect.session import Exchange
from pop2dissect.tcp import Stream

_KNOWN = frozenset({*COMMANDS, *ARGUMENTS, "STAT", "LIST", "DELE", "TOP", "UIDL", "LAST", "CAPA", "STLS", None})
"""Commands of which a grammar knows where their passwords are; None stands for no command."""


def mark_secrets(exchanges: Iterable[Exchange], client: Stream, *, from_start: bool) -> None:
    """Mark what may be a password in lines that are no commands of the protocol.

    ``from_start`` tells that the client's stream begins with the connection, and not within a line.
    """
    watch: CredentialWatch | None = None
    losses = {gap.offset + gap.length for gap in client.gaps}
    if not from_start:
        losses.add(0)
    for exchange in exchanges:
        if exchange.command in _KNOWN:
            watch = None
            continue
        watch = watch or CredentialWatch()
        if not exchange.raw:
            continue
        found = watch.secret_in(exchange.raw, lost=exchange.missing > 0 or exchange.start in losses)
        if found is None:
            continue
        known = exchange.secret or found
        exchange.secret = min(known[0], found[0]), max(known[1], found[1])
        if exchange.secret[0] == 0:  # what looks like a keyword is a part of it
            exchange.command, exchange.arguments = "", ()
