"""When a connection that was closed is over: not at once, since late segments and copies may still come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from pop2dissect.limits import Limits
from pop2dissect.tcp.clock import SECOND
from pop2dissect.tcp.connection import Connection


class Lingering:
    """Connections that are closed, in the order in which they will be over: after a RST, which may be forged, later."""

    def __init__(self, limits: Limits) -> None:
        self._closed: deque[Connection] = deque()
        """Closed by both ends, or replaced by another on the same addresses and ports."""
        self._reset: deque[Connection] = deque()
        """Closed by a RST."""
        self._limits = limits

    def add(self, connection: Connection) -> int:
        """Take a connection that is closed; return the time at which it is over, if nothing else happens."""
        assert connection.closed_at is not None
        self._queue(connection).append(connection)
        return self._due(connection, connection.closed_at)

    def over(self, now: int) -> Iterator[Connection]:
        """Yield those that were closed for long enough. Others may be added meanwhile."""
        for queue in (self._closed, self._reset):
            for _ in range(len(queue)):
                connection = queue[0]
                if connection.over or connection.closed_at is None or self._queue(connection) is not queue:
                    queue.popleft()  # it went on, and is queued again where it ends again
                    if not connection.over and connection.closed_at is not None:
                        self.add(connection)
                    continue
                if now <= self._due(connection, connection.closed_at):
                    break
                queue.popleft()
                yield connection

    def next_due(self, never: int) -> int:
        """Return when the first of each kind is over; ``never`` where there is none."""
        firsts = (queue[0] for queue in (self._closed, self._reset) if queue)
        return min((self._due(one, one.closed_at or 0) for one in firsts), default=never)

    def _queue(self, connection: Connection) -> deque[Connection]:
        return self._reset if connection.is_reset else self._closed

    def _due(self, connection: Connection, closed_at: int) -> int:
        limits = self._limits
        return closed_at + (limits.reset_seconds if connection.is_reset else limits.closed_seconds) * SECOND
