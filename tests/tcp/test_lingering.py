"""When a connection that was closed is over."""

from __future__ import annotations

import pytest

from pop2dissect.decode.segment import ACK, FIN, RST
from pop2dissect.limits import Limits
from pop2dissect.tcp import Connection
from pop2dissect.tcp.lingering import Lingering
from tests.support.conversation import SECOND, Conversation

LIMITS = Limits(closed_seconds=10, reset_seconds=60)
NEVER = 1 << 100


def closed(*, reset: bool, at: int = 0) -> Connection:
    talk = Conversation()
    first = talk.segment("client", 0, b"x", time=at)
    connection = Connection(talk.key("client"), first)
    connection.add(connection.client, first)
    connection.add(connection.client, talk.segment("client", 1, flags=(RST if reset else FIN) | ACK, time=at))
    if not reset:
        connection.add(connection.server, talk.segment("server", 0, flags=FIN | ACK, heard=2, time=at))
    return connection


@pytest.mark.parametrize(("reset", "seconds"), [(False, 10), (True, 60)])
def test_it_is_over_only_after_its_time(reset: bool, seconds: int) -> None:
    connection = closed(reset=reset)
    lingering = Lingering(LIMITS)
    assert lingering.next_due(NEVER) == NEVER
    assert lingering.add(connection) == lingering.next_due(NEVER) == seconds * SECOND
    assert list(lingering.over(seconds * SECOND)) == []
    assert list(lingering.over(seconds * SECOND + 1)) == [connection]
    assert lingering.next_due(NEVER) == NEVER


def test_one_that_went_on_lingers_again_from_where_it_ends_again() -> None:
    connection, other = closed(reset=False), closed(reset=False, at=5 * SECOND)
    lingering = Lingering(LIMITS)
    lingering.add(connection)
    lingering.add(other)
    connection.closed_at = None
    assert list(lingering.over(12 * SECOND)) == []
    connection.closed_at = 12 * SECOND
    lingering.add(connection)
    assert list(lingering.over(16 * SECOND)) == [other]
    assert list(lingering.over(23 * SECOND)) == [connection]
