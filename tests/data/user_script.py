# pyright: strict
"""What a user's program may look like. It runs, and mypy and pyright find nothing in it, both strict."""

from __future__ import annotations

import dataclasses
import logging
import pickle
import sys
from datetime import UTC, datetime

import pop2dissect
from pop2dissect import Capture, CaptureError, Limits, Message, MissingLibraryError, Session, Settings, Thresholds


def story(capture: Capture) -> list[str]:
    """Return what happened, with the frames."""
    return [f"{one.severity}: {one.sentence} {[int(frame) for frame in one.frames]}" for one in capture.incidents]


def whole(session: Session) -> list[tuple[int, str, bytes]]:
    """Return the messages of a session that were captured whole."""
    messages: list[Message] = [message for message in session.messages if message.complete]
    return [(message.index, message.sha256, message.content()) for message in messages]


def main(paths: list[str]) -> int:
    """Ask for everything once."""
    logging.basicConfig(level=logging.WARNING)
    settings = Settings(ports=frozenset({109, 110}), limits=Limits(conflicts=7), thresholds=Thresholds(scan_servers=3))
    try:
        capture = pop2dissect.read(paths, settings=settings, overlap="first", any_port=True)
    except CaptureError as error:
        print(error, error.path, error.frame, error.offset)
        return 1
    print(len(capture), capture.warnings, [str(one.server) for one in capture.half_open], *story(capture), sep="\n")
    for session in capture.find(login="accepted", since=datetime(1985, 1, 1, tzinfo=UTC), sort="bytes", top=5):
        user: str | None = session.user
        latencies = [one.latency for one in session.exchanges if one.latency is not None]
        print(session.id, user, session.login_verdict.because, max(latencies, default=0), len(whole(session)))
        print(session.client_stream.read(0, 16), session.client.ip, capture.follow(session)[:80])
    first = capture.session(1)
    assert pickle.loads(pickle.dumps(first)) == first
    print(sorted(dataclasses.asdict(first)), capture.statistics().total.success_rate)
    print([(one.user, one.login) for one in pop2dissect.iter_sessions(paths, user="*")])
    try:
        tables = capture.tables
        print(len(tables.sessions), list(tables), [one.id for one in capture.sessions_of(tables.messages)])
    except MissingLibraryError as error:
        print(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [str(pop2dissect.samples()["rfc937_normal"])]))
