"""Which departures from the protocol are in doubt, because the capture lacks what came just before."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.session import Exchange

_BY_WHAT_CAME_BEFORE = frozenset(
    {"protocol.state", "protocol.pipelining", "protocol.reply_injection", "protocol.length_mismatch"}
)
"""Departures that one can only see who knows all that was said before."""

_BY_OCTETS = frozenset({"protocol.terminal_escape", "protocol.non_ascii", "protocol.long_line", "protocol.bare_lf"})
"""Departures of lines that may be lines of a message, where it is not known what was asked for."""

_SURE = frozenset({"count", "length", "data", "ok"})
"""Replies to a command that show what state the server is in."""


def drop_doubtful(exchanges: Sequence[Exchange]) -> None:
    """Take back the departures that follow lost octets, up to a command that was answered as it should be.

    Where a command and its reply are both lost, nothing tells how many there were, and which reply answers
    which command; so what follows may seem out of order and not be.
    """
    doubt = False
    for exchange in exchanges:
        lost = exchange.missing > 0 or any(reply.missing and reply.kind != "data" for reply in exchange.replies)
        if doubt or lost:
            doubtful = _BY_WHAT_CAME_BEFORE | (_BY_OCTETS if exchange.missing else frozenset())
            sure = tuple(one for one in exchange.departures if one.id not in doubtful)
            answered = bool(exchange.replies) and exchange.replies[0].kind in _SURE
            doubt = lost or not answered or len(sure) != len(exchange.departures)
            exchange.departures = sure
