"""What the capture lacks puts what follows in doubt, and nothing else."""

from __future__ import annotations

from pop2dissect.assemble.doubt import drop_doubtful
from pop2dissect.session import Departure, Exchange, Reply


def exchange(kind: str | None, *violations: str, missing: int = 0, lost_reply: int = 0) -> Exchange:
    replies = [Reply(kind, 0, 9, 1, (1,), missing=lost_reply)] if kind is not None else []
    departures = tuple(Departure(one, "client", 0, 6, (1,)) for one in violations)
    return Exchange(
        0, "READ", (), b"READ", None, 0, 6, 1, (1,), "MBOX", "ITEM", "SIZE", replies, departures, (), missing
    )


def left(*exchanges: Exchange) -> list[tuple[str, ...]]:
    drop_doubtful(exchanges)
    return [one.violations for one in exchanges]


def test_without_loss_nothing_is_taken_back() -> None:
    assert left(exchange("ok", "protocol.state"), exchange("data", "protocol.length_mismatch")) == [
        ("protocol.state",),
        ("protocol.length_mismatch",),
    ]


def test_after_a_lost_command_up_to_the_first_that_is_in_order() -> None:
    assert left(
        exchange("unknown", missing=8),
        exchange("unknown", "protocol.state", "protocol.bare_lf"),
        exchange("length", "protocol.state"),
        exchange("length"),
        exchange("error", "protocol.state"),
    ) == [(), ("protocol.bare_lf",), (), (), ("protocol.state",)]


def test_a_lost_reply_is_as_good() -> None:
    assert left(exchange("unknown", lost_reply=8), exchange("error", "protocol.state")) == [(), ()]


def test_octets_of_a_message_are_counted_by_its_length() -> None:
    assert left(exchange("data", lost_reply=8), exchange("error", "protocol.state")) == [(), ("protocol.state",)]


def test_what_answers_a_command_that_is_not_known_may_be_a_message() -> None:
    octets = ("protocol.terminal_escape", "protocol.non_ascii", "protocol.long_line", "protocol.bare_lf")
    assert left(exchange("unknown", *octets, missing=6), exchange("ok", *octets)) == [(), octets]
