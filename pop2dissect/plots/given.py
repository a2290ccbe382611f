"""What pictures are drawn from: sessions, the tables of a capture, or rows of its table of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import pandas as pd

from pop2dissect.capture.record import FrameRef
from pop2dissect.session import Endpoint, Ground, Login, Session, Verdict
from pop2dissect.tables.tables import Tables
from pop2dissect.tcp.stream import Stream

Given: TypeAlias = Sequence[Session] | Tables
"""What has whole sessions."""
GivenRows: TypeAlias = Given | pd.DataFrame
"""What has whole sessions, or rows of ``tables.sessions``, as chosen by pandas."""


def sessions_of(given: GivenRows) -> Sequence[Session]:
    """Return the sessions; those of rows have nothing but what the row says: ends, times, protocol and login."""
    if isinstance(given, Tables):
        return given.source.sessions
    if not isinstance(given, pd.DataFrame):
        return given
    times = (given[name].astype("datetime64[ns, UTC]").astype("int64") for name in ("start", "end"))
    names = ("session", "client_ip", "client_port", "server_ip", "server_port", "protocol", "user", "login")
    return [_session(*row) for row in zip(*(given[name] for name in names), *times, strict=True)]


def whole_sessions_of(given: GivenRows) -> Sequence[Session]:
    """Return the sessions. Raises TypeError for rows of a table, which have no conversations."""
    if isinstance(given, pd.DataFrame):
        raise TypeError("rows of a table do not have all that is to be drawn: give sessions, or capture.tables")
    return sessions_of(given)


def _session(
    number: int,
    client: str,
    client_port: int,
    server: str,
    server_port: int,
    protocol: str,
    user: object,
    login: str,
    start: int,
    end: int,
) -> Session:
    tried = Login(0, "", user if isinstance(user, str) else None, None, Verdict(login, Ground.SHOWN))  # type: ignore[arg-type]
    return Session(
        id=int(number),
        client=Endpoint(client, int(client_port)),
        server=Endpoint(server, int(server_port)),
        first_frame=FrameRef(0),
        last_frame=FrameRef(0),
        packets=0,
        start=int(start),
        end=int(end),
        protocol=protocol,
        protocol_evidence="",
        handshake="complete",
        ending="incomplete",
        logins=() if login == "none" else (tried,),
        state=None,
        exchanges=[],
        messages=[],
        client_stream=Stream([]),
        server_stream=Stream([]),
    )
