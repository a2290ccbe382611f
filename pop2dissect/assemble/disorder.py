"""Time stamps that contradict the order of the conversation: said where they are, and no latency comes of them."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.session import Exchange
from pop2dissect.tcp.clock import Step
from pop2dissect.text.values import duration


def mark_disorder(exchanges: Sequence[Exchange], jumps: Sequence[Step]) -> None:
    """Note lines that have earlier times than what came before them, and forget latencies across jumps of the clock.

    A client that pipelines speaks before it is answered: times go back only where a line is earlier than another one
    of the same side, or than the command that it answers.
    """
    for jump in jumps:
        _forget_latency(exchanges, jump.frame)
    client = server = 0
    for exchange in exchanges:
        asked = exchange.time if exchange.raw is not None else None
        notes = [_note("client", client - asked)] if asked is not None and asked < client else []
        client = asked or client
        for reply in exchange.replies:
            before = max(server, asked or 0)
            if reply.time is not None and reply.time < before:
                notes.append(_note("server", before - reply.time))
            server = reply.time or server
        if notes:
            exchange.notes = (*exchange.notes, notes[0])


def _note(side: str, by: int) -> str:
    return (
        f"out of time order: by its time stamp the {side} said it {duration(by)} before what "
        "it follows (packets out of order in the capture, or a clock that was set)"
    )


def _forget_latency(exchanges: Sequence[Exchange], jump: int) -> None:
    """Let no latency be known of an exchange during which the time stamps jumped, at a frame."""
    for exchange in exchanges:
        replied = next((reply.frames[0] for reply in exchange.replies if reply.frames), None)
        if replied is not None and exchange.frames and exchange.frames[-1] < jump <= replied:
            exchange.end_time = None
